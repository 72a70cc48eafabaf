"""What the tests of the session share: a session whose thread runs, waited for by predicate."""

from __future__ import annotations

import time
from collections.abc import Callable

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Command, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, num_points=100, noise=0.0)
Condition = Callable[[Snapshot], bool]


class Driver:
    """A running session, waited for by predicate; `heard` counts the snapshots announced."""

    def __init__(self, trainer: Trainer, versus: Versus | None = None) -> None:
        self.session = Session(trainer, versus=versus)
        self.heard = 0
        self.session.listen(self._hear)
        self.session.start()

    def _hear(self) -> None:
        self.heard += 1

    @property
    def latest(self) -> Snapshot:
        return self.session.latest

    def send(self, *commands: Command) -> None:
        for command in commands:
            self.session.send(command)

    def until(self, condition: Condition, *, ask: bool = True, timeout: float = 10) -> Snapshot:
        """Return the first snapshot seen for which `condition` holds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            snapshot = self.latest
            if condition(snapshot):
                return snapshot
            if ask:
                self.session.refresh()
            time.sleep(0.001)
        raise AssertionError(f"never came true; the newest is {self.latest.cursor}")

    def after(self, *commands: Command) -> Snapshot:
        """Return the first paused snapshot made after all these commands were carried out.

        A request that differs from the one before is sent last: once a snapshot has it, the
        commands have been carried out.
        """
        now = self.latest.request
        request = next((c for c in reversed(commands) if isinstance(c, ViewRequest)), now)
        mark = ViewRequest(request.sample, request.t, not now.predictions)
        self.send(*commands, mark)
        self.until(lambda s: s.request == mark)
        return self.until(lambda s: not s.running)
