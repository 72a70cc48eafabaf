"""Unexpected errors of the screen: what goes on after them, and what ends."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from textual import events
from textual._context import active_message_pump
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import MountError

from rnn_tui.files.error_log import LoggedError, details_in, log_error

if TYPE_CHECKING:
    from textual.screen import Screen

    from rnn_tui.files.error_log import LoggedError

    AnyScreen = Screen[Any]
else:
    AnyScreen = object  # for Textual, only a class derived from Screen is one


def logged(error: BaseException) -> LoggedError:
    """Log an error that ends the program, and return the one that the command line tells."""
    path = log_error(error, "the screen")
    result = LoggedError(f"an unexpected error ended the program; {details_in(path)}")
    result.__cause__ = error
    return result


def log_other_errors() -> None:
    """Log errors of threads and of what is deleted, which Python would print over the screen."""

    def of_thread(failed: threading.ExceptHookArgs) -> None:
        name = failed.thread.name if failed.thread is not None else "unknown"
        if failed.exc_value is not None:
            log_error(failed.exc_value, f"thread {name}")

    def of_object(failed: sys.UnraisableHookArgs) -> None:
        if failed.exc_value is not None and "race condition" not in str(failed.exc_value):
            # The exception is Python's word for a signal that arrives as the program is ending.
            log_error(failed.exc_value, failed.err_msg or "an object that was deleted")

    threading.excepthook = of_thread
    sys.unraisablehook = of_object


class ErrorBoundary(AnyScreen):
    """Of a screen: it goes on after an error in one of its message handlers or actions.

    Textual alone would end the program, as it still does where the main screen does not come about.
    """

    class Failed(Message):
        """Something failed that the main screen is to tell the user."""

        def __init__(self, error: Exception, what: str, where: str) -> None:
            """Carry the arguments of `ErrorReports.line`."""
            super().__init__()
            self.error = error
            self.what = what
            self.where = where

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if isinstance(error, NoWidget) and isinstance(message, events.MouseEvent):
                return  # a click beyond a terminal that has shrunk since
            begins = isinstance(message, events.Compose | events.Mount)
            if begins and not self.closing and self.app.screen_stack[:1] == [self]:
                raise
            self.caught(error)

    async def _on_resize(self, event: events.Resize) -> None:
        """Do nothing for a size that the terminal has no more; the present one follows.

        For each of two sizes on their way at the same time, Textual lays the screen out, and sends
        it the size anew as it differs from the other one: without an end.
        """
        if event.size != self.app.size:
            event.stop()
            event.prevent_default()

    @property
    def closing(self) -> bool:
        """Whether the screen's widgets are being removed, or all are."""
        return self.app._exit or self._closing or self._pruning or not self.is_attached

    def caught(self, error: Exception) -> None:
        """Go on after an error; where it is only that widgets are missing, nothing is to be done.

        Keys may arrive in one packet with the one that opens or closes this screen.
        """
        incomplete = self.closing or not self.is_mounted
        if not (incomplete and isinstance(error, NoMatches | MountError)):
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Go on after an error in a message handler or an action of this screen.

        Every screen says how. Textual's metaclass leaves no room for that of abstract classes.
        """
        raise NotImplementedError


def failed_dialog() -> ErrorBoundary | None:
    """Return the dialog a widget of which has just failed; None if it was of no dialog.

    Textual calls no more handlers of that widget, so that its dialog has to be closed.
    """
    try:
        screen = getattr(active_message_pump.get(None), "screen", None)
    except NoScreen:  # it has been removed
        return None
    dialog = isinstance(screen, ErrorBoundary) and isinstance(screen, ModalScreen)
    return screen if dialog else None
