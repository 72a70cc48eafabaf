"""In the presenter's process: makes a picture of the session when somebody waits for one."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from rnn_tui.files.error_log import ErrorReports
from rnn_tui.following.messages import (
    NOTHING,
    Audience,
    Looks,
    Message,
    Picture,
    Wanted,
    send,
)
from rnn_tui.following.picture import PresentedPicture, encode, for_followers
from rnn_tui.following.sealed_memory import seal
from rnn_tui.following.socket_thread import SocketThread
from rnn_tui.session.commands import Say, ShowFollowers
from rnn_tui.session.worker import Session

PICTURES_PER_SECOND = 4.0  # at most, as many as screens have frames over SSH
REST = 9.0  # times as long as a picture took to make, at least, until the next is made
SCREEN_FIRST = 0.02  # seconds from a new snapshot until the presenter's own screen draws it
LONGEST_DRAWING = 0.2  # seconds to wait for it


class Presenting(SocketThread):
    """Sends pictures of a session to the server, in a thread of its own.

    Where nobody follows, there is nothing to do. A picture is made when a follower waits for it and
    there is something new, no more often than `PICTURES_PER_SECOND`, and never so often that it
    takes more than a tenth of the time.

    Attributes:
        followers: how many follow.
    """

    def __init__(
        self,
        session: Session,
        connection: socket.socket,
        view: Callable[[], object],
        counted: Callable[[], object],
    ) -> None:
        """Present `session`, once `start_thread` is called.

        Args:
            session: the session.
            connection: the socket to the server.
            view: returns the place on the screen, immutable, at any time and in any thread.
            counted: called, from the thread, when there are more followers or fewer.
        """
        super().__init__(connection, "presenting")
        self.followers = 0
        self._session = session
        self._view = view
        self._counted = counted
        self._looks: Looks = NOTHING  # of all followers
        self._shown: Looks = NOTHING  # those that the session knows of
        self._looks_due = 0.0
        self._waited_for = False
        self._sent: tuple[object, object] | None = None  # the newest snapshot and view
        self._due = 0.0
        self._errors = ErrorReports()
        self._said = ""  # of the errors
        session.present(self.changed)

    def changed(self) -> None:
        """Note that there may be something new to show; from any thread."""
        if self._waited_for:
            self.wake()

    def take(self, message: Message, descriptor: int | None) -> None:
        """Take what the server says."""
        match message:
            case Wanted(looks):
                self._waited_for, self._looks = True, looks
            case Audience(followers):
                self._count(followers)

    def ended(self) -> None:
        """Note that the server is gone: nobody follows."""
        self._waited_for = False
        self._count(0)

    def _count(self, followers: int) -> None:
        """Note how many follow."""
        if followers == self.followers:
            return
        self.followers = followers
        if not followers:
            self._waited_for, self._looks, self._sent = False, NOTHING, None
        self._counted()

    def work(self) -> float | None:
        """Do what is due; return the seconds until more is."""
        waits = [each for each in (self._look(), self._show()) if each is not None]
        return min(waits, default=None)

    def _look(self) -> float | None:
        """Have the session show what followers look at, no more often than there are pictures."""
        if self._looks == self._shown:
            return None
        now = time.monotonic()
        if now < self._looks_due:
            return self._looks_due - now
        self._shown, self._looks_due = self._looks, now + 1 / PICTURES_PER_SECOND
        looks = self._looks
        self._session.send(ShowFollowers(looks.proofs, looks.predictions, looks.characters))
        return None

    def _show(self) -> float | None:
        """Send a picture if one is waited for and due; return the seconds until one may be."""
        if not self._waited_for:
            return None
        if (seconds := self._due - time.monotonic()) > 0:
            return seconds
        if not self._is_new():
            if not self._session.latest.running:
                return None
            self._session.refresh_for_followers()
            return 1 / PICTURES_PER_SECOND
        time.sleep(SCREEN_FIRST)
        self._session.wait_for_screen(LONGEST_DRAWING)
        self._send()
        return 1 / PICTURES_PER_SECOND if self._waited_for else None

    def _is_new(self) -> bool:
        """Return whether there is something that was not sent."""
        sent = self._sent
        return sent is None or sent[0] is not self._session.latest or sent[1] != self._view()

    def _send(self) -> None:
        """Make a picture and send it."""
        begun = time.monotonic()
        snapshot, view = self._session.latest, self._view()
        self._sent = snapshot, view
        descriptor = seal(encode(PresentedPicture(for_followers(snapshot), view)))
        try:
            if send(self.connection, Picture(snapshot.running), descriptor):
                self._waited_for = False
            else:
                self._sent = None  # the server does not read; once more, later
        finally:
            os.close(descriptor)
            now = time.monotonic()
            self._due = max(begun + 1 / PICTURES_PER_SECOND, now + REST * (now - begun))

    def failed(self, error: Exception) -> None:
        """Say that followers do not see this picture; the next one is tried."""
        self._due = time.monotonic() + 1
        line = self._errors.line(error, "followers cannot see this", "presenting")
        if line != self._said:
            self._said = line
            self._session.send(Say(line, error=True))
