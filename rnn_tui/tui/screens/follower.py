"""The main screen of one who follows: what the presenter shows, laid out for this terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from rnn_tui.following.followed_session import FollowedSession, Presenter
from rnn_tui.kiosk import EARLY_TIMES
from rnn_tui.tui.draw_context import Big, Following, Selection
from rnn_tui.tui.error_boundary import ErrorBoundary
from rnn_tui.tui.idle import time_text
from rnn_tui.tui.key_bindings import FOLLOWERS_ACTIONS
from rnn_tui.tui.link import Link
from rnn_tui.tui.presented_view import PresentedView, is_computed, with_own_view
from rnn_tui.tui.screens.debugger import Debugger

if TYPE_CHECKING:
    from typing import ClassVar

    from rnn_tui.kiosk import Kiosk
    from rnn_tui.tui.charts.chart_view import ChartView
    from rnn_tui.tui.lesson.room import LessonRoom
    from rnn_tui.tui.lesson.view import Covered, LessonView

FOLLOWS = "you follow the presenter: tab, z, m and d change what you look at"
WAITING = "Waiting for the presenter: what is shown appears here by itself."


class FollowerScreen(Debugger):
    """Takes over the presenter's place, until this user chooses another panel or zooms.

    Then the panel in focus, what panels show and how charts are looked at are this user's own; what
    is selected stays the presenter's. `esc` follows again.
    """

    session: FollowedSession

    def __init__(
        self,
        session: FollowedSession,
        link: Link,
        kiosk: Kiosk | None = None,
        when_left: Callable[[], object] = lambda: None,
    ) -> None:
        """Show what `session` follows; see `Debugger`.

        Args:
            session: the presenter's session, as it is seen here.
            link: the link to the terminal.
            kiosk: what a guest may do; None for a user.
            when_left: called when the presenter has left.
        """
        super().__init__(session, link, kiosk)
        self._followed = session
        self._when_left = when_left
        self._own = False  # the view is this user's own
        self._own_pointer = False  # so is the pointer
        self._presented: PresentedView | None = None
        self.following = "live"

    # ---------------------------------------------------------------- the presenter's place

    def take_snapshot(self) -> None:
        """Draw the newest snapshot at the presenter's place, or say that there is no presenter."""
        view = self._followed.picture.view
        if isinstance(view, PresentedView):
            moved, self._presented = view != self._presented, view
            self._take_place(view)
            self._selected_in = self.session.latest  # the presenter selected it there
        else:
            moved = False
        following = self._words()
        moved |= following != self.following
        if following == "left" != self.following:
            self._when_left()
        self.following = following
        super().take_snapshot()
        if moved:
            self._frames.draw_after_key()
        if self._presented is not None and isinstance(self.app.screen, WaitingScreen):
            self.app.screen.dismiss()

    def _words(self) -> Following:
        """Return what the footer says of following."""
        if self._followed.presenter is Presenter.GONE:
            return "left"
        return "own" if self._own else "live"

    def _take_place(self, view: PresentedView) -> None:
        """Select what the presenter has selected, and look at it likewise unless told otherwise."""
        if self._own:
            own = self.selection
            if not self._own_pointer:
                own = replace(own, pointing="", pointed="")
            self.selection = with_own_view(view.selection, own)
            return
        self.selection = replace(view.selection, prefix=self.selection.prefix)
        self._zoomed = view.zoomed
        self._other_panel = view.above
        self._chosen_while_running = view.above_chosen

    def _leave_place(self) -> None:
        """Have a view of one's own from now on, beginning with the presenter's."""
        self._own = True
        self.following = self._words()

    def slide_words(self) -> str:
        """Return which slide the presenter shows."""
        return self._presented.slide if self._presented is not None else ""

    def _lesson_shown(self) -> tuple[LessonView | None, Covered | None]:
        """Return what the presenter shows of a lesson."""
        view = self._presented
        return (view.lesson, view.covered) if view is not None else (None, None)

    def _lesson_room(self) -> LessonRoom | None:
        """Return what says how many lines the presenter's question needs."""
        return self._presented.room if self._presented is not None else None

    # ---------------------------------------------------------------- keys

    def says_who_drives(self, action: str) -> bool:
        """Say that one follows if an action would drive; return whether it would."""
        if action in FOLLOWERS_ACTIONS or action == "take_home":  # which says why not, or writes
            return False
        self._take_count()
        self.show_notice(FOLLOWS)
        return True

    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus, which is this user's own choice."""
        self._leave_place()
        super().focus_panel(panel)

    def action_zoom(self) -> None:
        """Zoom, which is this user's own choice."""
        self._leave_place()
        super().action_zoom()

    def action_big(self) -> None:
        """Show one thing in large, which is this user's own choice."""
        self._leave_place()
        super().action_big()

    def show_big(self, big: Big) -> None:
        """Show one thing in large, which is this user's own choice."""
        self._leave_place()
        super().show_big(big)

    @property
    def _drives_pointer(self) -> bool:
        """Whether the pointer is this user's own."""
        return self._own_pointer

    def action_pointer(self) -> None:
        """Point at something of one's own."""
        self._leave_place()
        if not self._own_pointer:
            self._own_pointer = True
            self.selection = replace(self.selection, pointing="", pointed="")
        super().action_pointer()
        self._own_pointer = bool(self.selection.pointing)

    def action_unit(self, direction: int) -> None:
        """Move one's own pointer; the unit is the presenter's."""
        if self._own_pointer:
            super().action_unit(direction)
        else:
            self._take_count()
            self.show_notice(FOLLOWS)

    def action_variant(self, direction: int) -> None:
        """Show another thing, unless the presenter's session has to compute what is shown."""
        if is_computed(self.selection.panel) and not self.selection.big:
            self._take_count()
            self.show_notice(f"what {self.selection.panel} shows is the presenter's choice")
            return
        self._leave_place()
        super().action_variant(direction)

    def action_terms(self, direction: int) -> None:
        """Show another page, which is this user's own choice."""
        self._leave_place()
        super().action_terms(direction)

    def action_timestep(self, direction: int) -> None:
        """Move one's own pointer, or the cursor of a chart; the timestep is the presenter's."""
        if self._own_pointer:
            super().action_timestep(direction)
        elif not self.move_chart_cursor(direction * self._take_count()):
            self.show_notice(FOLLOWS)

    def _look(self, view: ChartView) -> None:
        """Look at a chart, which is this user's own choice."""
        self._leave_place()
        super()._look(view)

    def action_escape(self) -> None:
        """Drop a count; else follow again."""
        if self.selection.prefix:
            self._select(replace(self.selection, prefix=""))
        elif self._own:
            self._own = self._own_pointer = False
            self.following = self._words()
            self._take_place(self._presented or PresentedView(Selection(), False, "network", False))
            self._arrange(*self.app.size)
        else:
            self._frames.draw_after_key()

    def select_at(self, panel: str, width: int, x: int) -> None:
        """Select nothing: that is the presenter's choice."""


class WaitingScreen(ErrorBoundary, Screen[None]):
    """Lies over the main screen until there is something to see."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "leave", "quit"),
    ]

    def __init__(self, kiosk: Kiosk | None = None) -> None:
        """Wait; `kiosk` says for how long one may."""
        super().__init__()
        self._kiosk = kiosk

    def compose(self) -> ComposeResult:
        """Yield the one line, for how long one may wait, and how to leave."""
        lines = [WAITING, ""]
        if self._kiosk is not None:
            least = time_text(EARLY_TIMES * self._kiosk.idle)
            lines.append(f"Nobody who waits is sent away within {least}.")
        yield Static("\n".join([*lines, "q quits"]), id="waiting", markup=False)

    def action_leave(self) -> None:
        """Quit."""
        self.app.exit()

    def failed(self, error: Exception) -> None:
        """Go on waiting."""
