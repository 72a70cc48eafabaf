"""Scheduling of drawing: which widgets of the main screen are drawn when."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.screen import Screen
from textual.timer import Timer

from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.link import Link
from rnn_tui.tui.panel_widget import LinesWidget


class FrameSchedule:
    """Draws the widgets of a screen, all at once or a few at a time.

    While paused, every new snapshot and every key draw all widgets. During training, charts
    take too long for that: a frame is a snapshot drawn without them, and between two frames one of
    the charts is drawn, in turn. Keys then draw no chart either.

    The session is suspended while anything is drawn: both threads share one interpreter.

    Attributes:
        widgets: all widgets of the screen that are drawn from a snapshot, hidden ones included.
        frame: the newest snapshot that was drawn.
    """

    def __init__(
        self,
        session: Session,
        link: Link,
        context_of: Callable[[Snapshot], DrawContext],
    ) -> None:
        """Draw what `context_of` makes of the session's snapshots, once `start` is called.

        Frames of training start where `link` has room for them.
        """
        self.widgets: list[LinesWidget] = []
        self._session = session
        self._link = link
        self._waiting = False  # a frame is to start as soon as there is room for it
        self._context_of = context_of
        self._screen: Screen[None] | None = None
        self._timer: Timer | None = None
        self._ticks = 0
        self.frame = session.latest

    def start(self, screen: Screen[None]) -> None:
        """Find the widgets of `screen` and be ready to draw them."""
        self._screen = screen
        self.widgets = list(screen.query(LinesWidget))
        self.set_rate()

    def set_rate(self) -> None:
        """Take the link's number of frames per second."""
        if self._timer is not None:
            self._timer.stop()
        if self._screen is not None:
            seconds = 1 / self._link.frames_per_second
            paused = not self.frame.running
            self._timer = self._screen.set_interval(seconds, self.tick, pause=paused)

    def draw_all(self) -> None:
        """Draw the newest snapshot in all visible widgets."""
        self.frame = self._session.latest
        self._draw(self.widgets)

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """Draw a snapshot that has just arrived; while running, without charts."""
        if self._timer is not None:
            (self._timer.resume if snapshot.running else self._timer.pause)()
        if not snapshot.running or not self.frame.running:
            self.draw_all()
        else:
            self.frame = snapshot
            self._draw(self._without_charts())

    def draw_after_key(self) -> None:
        """Draw what a key has changed; while running, without charts and of the same snapshot."""
        if self.frame.running and self._session.latest.running:
            self._draw(self._without_charts())
        else:
            self.draw_all()

    def suspend_session(self) -> None:
        """Suspend the session until the next refresh of the screen is done."""
        self._session.suspend()
        self._resume_after_refresh()

    def _resume_after_refresh(self) -> None:
        """Resume the session once the screen has been refreshed."""
        if self._screen is not None:
            self._screen.call_after_refresh(self._session.resume)

    def tick(self) -> None:
        """Start a frame, or have it wait for room in the link; called by the clock."""
        if self._link.has_room_for_frame():
            self._start_frame()
        else:
            self._waiting = True
            self._link.note_wait()

    def room_came(self) -> None:
        """Start the frame that waits, if one does and there is room for it."""
        if self._waiting and self.frame.running and self._link.has_room_for_frame():
            if self._timer is not None:
                self._timer.reset()
            self._start_frame()

    def _start_frame(self) -> None:
        """Ask for the next frame, or draw one of the charts: in turn, while running."""
        self._waiting = False
        self._ticks += 1
        if self._ticks % 2:
            self._session.refresh()
            return
        charts = PANELS.in_group("chart")
        visible = [widget for widget in self.widgets if widget.display and widget.id in charts]
        if visible:
            self._draw([visible[self._ticks // 2 % len(visible)]])

    def _without_charts(self) -> list[LinesWidget]:
        """Return the visible widgets that are no charts."""
        charts = PANELS.in_group("chart")
        return [widget for widget in self.widgets if widget.display and widget.id not in charts]

    def _draw(self, widgets: Iterable[LinesWidget]) -> None:
        """Show the current frame in `widgets`."""
        self._session.suspend()
        context = self._context_of(self.frame)
        for widget in widgets:
            widget.show(context)
        self._resume_after_refresh()
