"""The two applications of a room in which somebody presents: the presenter's, and a follower's."""

from __future__ import annotations

import socket
import time
from typing import Any

from textual.dom import DOMNode

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.following.followed_session import FollowedSession, Presenter
from rnn_tui.following.presenting import Presenting
from rnn_tui.kiosk import waits_for_presenter
from rnn_tui.session.worker import Session
from rnn_tui.settings import compose
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.key_bindings import Key, followers_keys
from rnn_tui.tui.screens.debugger import Debugger
from rnn_tui.tui.screens.follower import FollowerScreen, WaitingScreen


class PresenterTui(RnnTui):
    """The application whose session and place on the screen others follow.

    Attributes:
        presenting: sends them to the server.
    """

    def __init__(self, trainer: Trainer, connection: socket.socket, **options: Any) -> None:
        """Present over `connection`; `options` are those of `RnnTui`."""
        super().__init__(trainer, **options)
        assert isinstance(self.session, Session)
        self.presenting = Presenting(
            self.session, connection, self.debugger.presented_view, self._counted
        )
        self.debugger.followers = 0
        self.debugger.when_drawn(self.presenting.changed)

    def on_mount(self) -> None:
        """Begin to present once the screen is there."""
        self.call_after_refresh(self.presenting.start_thread)

    def on_unmount(self) -> None:
        """Present no more."""
        self.presenting.stop_thread()

    def awake(self) -> bool:
        """Return True: whoever presents talks for a while without a key."""
        return True

    def _counted(self) -> None:
        """Show how many follow; called by the presenting thread."""
        self.debugger.announce_followers(self.presenting.followers)


class FollowerTui(RnnTui):
    """The application that shows what the presenter shows."""

    def __init__(self, connection: socket.socket, **options: Any) -> None:
        """Follow over `connection`; `options` are those of `RnnTui`."""
        before = Session(Trainer(compose({"hidden": 1, "steps": 2}))).latest
        self._followed = FollowedSession(connection, before)
        self._began = time.monotonic()
        super().__init__(self._followed, **options)

    def make_debugger(self) -> Debugger:
        """Return the main screen of one who follows."""
        return FollowerScreen(self._followed, self.link, self.kiosk, self.presenter_left)

    def on_mount(self) -> None:
        """Wait for the presenter."""
        self.push_screen(WaitingScreen(self.kiosk))

    def awake(self) -> bool:
        """Return whether there is a presenter, or will be: whoever looks on presses no key."""
        if self._followed.presenter is Presenter.AWAITED and self.kiosk is not None:
            return waits_for_presenter(self.kiosk.idle, time.monotonic() - self._began)
        return self._followed.presenter is Presenter.HERE

    def presenter_left(self) -> None:
        """Count the time without a key from now on."""
        if self._idle is not None:
            self._idle.heard()

    def palette_keys(self) -> tuple[Key, ...]:
        """Return the keys that are a follower's own."""
        return followers_keys()

    def run_commands(self, screen: Debugger) -> tuple[()]:
        """Return no commands that change the run."""
        return ()

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        """Call an action; one that would drive says who does."""
        if isinstance(namespace, FollowerScreen) and namespace.says_who_drives(action_name):
            return True
        return await super()._dispatch_action(namespace, action_name, params)
