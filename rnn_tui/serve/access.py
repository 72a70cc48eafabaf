"""Who may come in, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import asyncssh

from rnn_tui.serve.keys import KeyFile

Role = Literal["guest", "presenter", "follower"]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in.

    Attributes:
        open_to_all: one may come in without a key.
        guests: the keys of those who may; None where that is not asked.
        presenters: the keys of those who present; None where nobody does.
    """

    open_to_all: bool
    guests: KeyFile | None
    presenters: KeyFile | None

    @property
    def needs_login(self) -> bool:
        """Whether a key tells anything: who may come in, or who presents.

        Without a login, a client's first request for one succeeds and no key is offered.
        """
        return not self.open_to_all or self.presenters is not None

    def admits(self, key: asyncssh.SSHKey) -> tuple[bool, bool]:
        """Return whether a key's holder may come in with it, and whether to present.

        Where everybody may come in, only the presenters' keys are accepted: the client then goes on
        to its next key, which may be one of those, and comes in without a key at the end.
        """
        if self.presenters is not None and key in self.presenters:
            return True, True
        return self.guests is not None and key in self.guests, False

    def role(self, *, presents: bool) -> Role:
        """Return what somebody is who has come in."""
        if self.presenters is None:
            return "guest"
        return "presenter" if presents else "follower"
