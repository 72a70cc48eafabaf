"""In a follower's process: the snapshots of the presenter's session, for the screens."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from rnn_tui.files.error_log import ErrorReports
from rnn_tui.following.messages import (
    MOST_CHARACTERS,
    NOTHING,
    Ask,
    Looks,
    Message,
    Picture,
    Presence,
    send,
)
from rnn_tui.following.picture import PictureError, PresentedPicture, decode
from rnn_tui.following.sealed_memory import SealedMemoryError, view
from rnn_tui.following.socket_thread import SocketThread
from rnn_tui.session.commands import Command, Say, ViewRequest
from rnn_tui.session.snapshot import Notice, Snapshot

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import ScreenView

LONGEST_DRAWING = 0.1  # seconds to wait for a screen that draws


class Presenter(Enum):
    """What a follower knows of the presenter."""

    AWAITED = "awaited"  # nothing has been seen yet
    HERE = "here"
    GONE = "gone"  # what was seen last stays


class FollowedSession(SocketThread):
    """Gives the newest snapshot that the presenter's session has sent; commands do not reach it.

    The newest picture waits here unread. It is read at once where it is the answer to a key of the
    presenter's; while training is under way, when the screen has room for another frame.

    Attributes:
        presenter: what is known of the presenter.
        picture: what was read last: the snapshot and the presenter's place on the screen.
    """

    def __init__(self, connection: socket.socket, before: Snapshot) -> None:
        """Follow, once `start` is called.

        Args:
            connection: the socket to the server.
            before: the snapshot until there is one.
        """
        super().__init__(connection, "following")
        self.presenter = Presenter.AWAITED
        self.picture = PresentedPicture(before, None)
        self._notify: Callable[[], None] = lambda: None
        self._looks = NOTHING
        self._asked: Looks | None = None  # what was asked for and has not come
        self._unread: tuple[Picture, int] | None = None  # the newest picture and its descriptor
        self._wanted = False  # by the screen
        self._may_work = threading.Event()
        self._may_work.set()
        self._errors = ErrorReports()
        self._notice: Notice | None = None

    # ---------------------------------------------------------------- for the screen

    @property
    def latest(self) -> Snapshot:
        """The newest snapshot."""
        return self.picture.snapshot

    @property
    def own_file(self) -> str | None:
        """There is none: files are the presenter's."""
        return None

    def listen(self, notify: Callable[[], None]) -> None:
        """Have `notify` called, from any thread, whenever there is a new snapshot or presenter."""
        self._notify = notify

    def look_through(self, screen_view: Callable[[], ScreenView | None]) -> None:
        """Save nothing."""

    def start(self) -> None:
        """Start the thread."""
        self.start_thread()

    def stop(self, timeout: float = 1.0, *, left: bool = False) -> None:
        """End the thread."""
        self._may_work.set()
        self.stop_thread(timeout)

    def send(self, command: Command) -> None:
        """Note what the screen looks at, and what it says to its user; nothing else is taken."""
        match command:
            case ViewRequest():
                characters = min(command.text.characters, MOST_CHARACTERS)
                self._looks = Looks(command.proofs, command.predictions, characters)
                self.wake()
            case Say(text, error):
                number = 1 if self._notice is None else self._notice.number + 1
                self._notice = Notice(number, text, error)
                self._show(self.picture)

    @property
    def waiting(self) -> int:
        """No command waits."""
        return 0

    def refresh(self) -> None:
        """Ask for a newer snapshot, if there is one."""
        self._wanted = True
        self.wake()

    def suspend(self) -> None:
        """Have the thread wait while the screen answers a key or draws."""
        self._may_work.clear()

    def resume(self) -> None:
        """Let the thread go on."""
        self._may_work.set()

    def call_beside(self, work: Callable[[], None]) -> None:
        """Do nothing: there are no files."""

    def autosave_now(self, timeout: float = 1.0) -> bool:
        """Save nothing."""
        return True

    # ---------------------------------------------------------------- the thread

    def take(self, message: Message, descriptor: int | None) -> None:
        """Take what the server says; a picture replaces one that was not read."""
        match message, descriptor:
            case Picture() as picture, int(descriptor):
                self._forget_unread()
                self._unread = picture, descriptor
                self._asked = None
            case Presence(present), _:
                self._note_presence(present)

    def ended(self) -> None:
        """Note that the server is gone, and the presenter with it."""
        self._note_presence(False)

    def work(self) -> float | None:
        """Ask for the next picture, and read the newest if it is to be shown."""
        with contextlib.suppress(OSError):  # the server is gone; the end is read
            if self._asked != self._looks and send(self.connection, Ask(self._looks)):
                self._asked = self._looks
        if self._unread is not None:
            picture, _ = self._unread
            if self._wanted or not (picture.running and self.latest.running):
                self._may_work.wait(LONGEST_DRAWING)
                self._read_picture()
        return None

    def _read_picture(self) -> None:
        """Read the newest picture and show it."""
        assert self._unread is not None
        (_, descriptor), self._unread = self._unread, None
        self._wanted = False
        try:
            picture = decode(view(descriptor))
        except (PictureError, SealedMemoryError, OSError) as error:
            self.failed(error)
            return
        finally:
            os.close(descriptor)
        self.presenter = Presenter.HERE
        self._show(picture)

    def _show(self, picture: PresentedPicture) -> None:
        """Show a picture, with what there is to say to this user."""
        self.picture = replace(picture, snapshot=replace(picture.snapshot, notice=self._notice))
        self._notify()

    def _note_presence(self, present: bool) -> None:
        """Note whether the presenter is there; one who has come back is seen with a picture."""
        if not present and self.presenter is Presenter.HERE:
            if self._unread is not None:
                self._read_picture()
            self.presenter = Presenter.GONE
            last = replace(self.latest, running=False, training=False, seeking=None)
            self._show(replace(self.picture, snapshot=last))

    def _forget_unread(self) -> None:
        if self._unread is not None:
            os.close(self._unread[1])
            self._unread = None

    def stop_thread(self, timeout: float = 1.0) -> None:
        """End the thread and close what it has."""
        super().stop_thread(timeout)
        self._forget_unread()

    def failed(self, error: Exception) -> None:
        """Say that a picture cannot be shown; the next one is tried."""
        line = self._errors.line(error, "this picture cannot be shown", "following")
        self.send(Say(line, error=True))
