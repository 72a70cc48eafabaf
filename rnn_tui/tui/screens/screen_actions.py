"""What all actions of the main screen share: the selection, the count, the notice, the session."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen

from rnn_tui.files.error_log import ErrorReports
from rnn_tui.session import commands
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.source import SnapshotSource
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.error_boundary import ErrorBoundary
from rnn_tui.tui.key_bindings import KEYS
from rnn_tui.tui.key_order import Question
from rnn_tui.tui.link import Link
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.frame_schedule import FrameSchedule
from rnn_tui.tui.screens.lost_training import LostTraining, lost_by_restarting

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import ScreenView
    from rnn_tui.kiosk import Kiosk
    from rnn_tui.tui.take_home.capture import Capture


class ScreenActions(ErrorBoundary, Screen[None]):
    """What the actions of the main screen change, and how they tell the session and the user.

    Some actions change what is selected, `selection` and the `_request` to the session; the others
    send a command to the session. The screen itself derives from their classes and draws.
    """

    # Digits are bindings like all keys, so that a count belongs to the key typed after it.
    BINDINGS: ClassVar[list[BindingType]] = [
        *(key.binding() for key in KEYS),
        *(Binding(str(digit), f"digit({digit})", show=False) for digit in range(10)),
    ]

    def __init__(self, session: SnapshotSource, link: Link, kiosk: Kiosk | None = None) -> None:
        """Act on `session`.

        Args:
            session: the session that the screen shows.
            link: the link to the terminal, whose pace the frames of training follow.
            kiosk: what a guest may do; None for a user.
        """
        super().__init__()
        self.session = session
        self.kiosk = kiosk
        self._link = link
        self.selection = selection_moves.initial_selection(session.latest)
        self._request = session.latest.request  # the newest that was sent
        self._other_panel = "network"  # above the timestep on a narrow screen
        self._zoomed = False
        self._notice = ("", False)  # text and whether it is an error
        self._asked = ""  # the key that, pressed again, answers the question in the notice
        self._question: Question | None = None
        self.notice_seen: Callable[[], None] | None = None  # called once when a notice is answered
        self._moved_at = -1  # number of the newest snapshot when a move was sent last
        self._errors = ErrorReports()
        self._frames = FrameSchedule(session, link, self._draw_context)
        self._frames.shares_machine = kiosk is not None

    @property
    def asked(self) -> commands.ViewRequest:
        """What the screen has asked the session for."""
        return self._request

    def restore_view(self, view: ScreenView) -> None:
        """Select what was selected when the run was saved; called before the screen opens."""
        self.selection = selection_moves.restored_selection(self.session.latest, view)
        self._zoomed = view.zoomed
        if view.panel != "timestep":
            self._other_panel = view.panel

    def screen_view(self) -> ScreenView:
        """Return what is selected, to be saved with the run; called by the session's thread."""
        from rnn_tui.checkpoint.run_view import ScreenView

        selection, request = self.selection, self._request
        return ScreenView(
            panel=selection.panel,
            zoomed=self._zoomed,
            unit=selection.unit,
            operation=selection.operation,
            parameter=selection.parameter,
            sample=request.sample,
            t=request.t,
            layer=request.layer,
        )

    @abstractmethod
    def _draw_context(self, snapshot: Snapshot) -> DrawContext:
        """Return all that the widgets need to draw `snapshot`."""

    @abstractmethod
    def capture(self) -> Capture | None:
        """Return what is on the screen now; None where the terminal is too small for it."""

    @abstractmethod
    def _arrange(self, width: int, height: int) -> None:
        """Place the panels, hide those without a place, and request what the visible ones show."""

    # ---------------------------------------------------------------- what all keys share

    def on_key(self, event: events.Key) -> None:
        """Clear the notice, and the question in it unless it is answered."""
        self._frames.suspend_session()
        if self._notice[0]:
            self._notice = ("", False)
            self._frames.draw_after_key()  # the key may do nothing else here, as one of a dialog
        if self.notice_seen is not None:
            self.notice_seen()
            self.notice_seen = None
        if event.key != self._asked:
            self._asked = ""

    def show_notice(self, text: str) -> None:
        """Show why a key does nothing, until the next key; it stands where a question stood."""
        self._notice, self._asked = (text, True), ""
        self._frames.draw_after_key()

    def action_digit(self, digit: int) -> None:
        """Add a digit to the count; none begins with 0, and a larger one becomes the largest."""
        prefix = self.selection.prefix
        if prefix or digit:
            count = min(int(f"{prefix}{digit}"), commands.LARGEST_COUNT)
            self._select(replace(self.selection, prefix=str(count)))
        else:
            self._frames.draw_after_key()

    def _take_count(self) -> int:
        """Return the count that was typed, 1 if none, and clear it."""
        prefix = self.selection.prefix
        self.selection = replace(self.selection, prefix="")
        return int(prefix) if prefix else 1

    def _select(self, selection: Selection) -> None:
        """Change the selection; proofs follow it."""
        self.selection = selection
        if self._request.proofs:
            self._send_request(parameter=selection.parameter, variants=selection.variants)
        self._frames.draw_after_key()

    def _send_request(self, **changes: object) -> None:
        """Tell the session what the screen shows, if that has changed."""
        # The names and types are those of ViewRequest's fields; callers are all in this file.
        request = replace(self._request, **changes)  # type: ignore[arg-type]  # fields of it
        if request != self._request:
            self._request = request
            self.session.send(request)

    def _change_request(self, **changes: object) -> None:
        """Change the selection as the session knows it."""
        self._send_request(**changes)
        self._frames.draw_after_key()

    def _send(self, command: commands.Command) -> None:
        """Send a command, dropping a count that was typed."""
        self._take_count()
        self.session.send(command)
        self._frames.draw_after_key()

    def _send_move(self, command: commands.Command) -> None:
        """Send a command that moves the cursor; the timestep shown follows it."""
        self._send_request(t=None)
        self._moved_at = self.session.latest.number
        self._send(command)

    def _show_notice(self, text: str, error: bool = False) -> None:
        """Show a notice until the next key."""
        self._notice = (text, error)
        self._frames.draw_after_key()

    def _show_at_once(self, text: str) -> None:
        """Show a notice on the screen before the work that follows, which takes long."""
        self._notice = (text, False)
        self._frames.draw_footer_now()

    def _withdraw_notice(self, text: str) -> None:
        """Show no notice any more, unless it is another one by now."""
        if self._notice == (text, False):
            self._show_notice("")

    def _lost_by_restarting(self) -> LostTraining | None:
        """Return what a restart would lose; None where that is nothing, or could not be saved."""
        return None if self.kiosk is not None else lost_by_restarting(self.session.latest)

    def _asks(self, key: str, does: str, lost: LostTraining | None) -> bool:
        """Ask once before training is lost; return False if there is nothing left to ask.

        Args:
            key: the key that was pressed; pressed again, it is the answer, unless the question was
                not seen yet.
            does: what that does.
            lost: what would be lost; None for nothing.
        """
        answered, self._asked = self._asked == key, ""
        if answered and self._question is not None:
            answered = self._question.answered_in_knowledge()
        if answered or lost is None:
            return False
        self._asked, self._question = key, Question(self)
        self._notice = (f"{lost.text}: {key} again {does}, {lost.way_out}", True)
        self._frames.draw_all()
        return True

    def failed(self, error: Exception) -> None:
        """Say that a key or another message did nothing, or not all that it should."""
        self._show_notice(self._errors.line(error, "something went wrong", "the screen"), True)

    def on_error_boundary_failed(self, event: ErrorBoundary.Failed) -> None:
        """Say what has failed in a dialog."""
        self._show_notice(self._errors.line(event.error, event.what, event.where), True)
