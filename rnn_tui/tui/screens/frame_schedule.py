"""Scheduling of drawing: which widgets of the main screen are drawn when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import fields

from textual.screen import Screen
from textual.timer import Timer

from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.source import SnapshotSource
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.link import Link
from rnn_tui.tui.panel_widget import BIG, LinesWidget

LOSS = "loss"
ALWAYS = ("header", "footer", LOSS)  # drawn in each frame of training
TABLE_SECONDS = 0.95  # from one drawing of the tables to the next: each fifth frame
PICTURE_TURNS = 3  # of the tables, in which each picture is drawn once
# Fields of a snapshot that are others once a move begins (`SnapshotBuilder.under_way`).
BEGINS_WITH = frozenset({"number", "running", "seeking", "notice"})
FIXED = PANELS.in_group("fixed")  # tables of a few rows; all others are pictures of many cells
# On a machine that guests share, this many times what a frame took passes until the next one: a
# frame that others' work has held up is followed by fewer, so that there is room for keys.
REST = 10.0
NOTICEABLE_WAIT = 0.05  # seconds; a frame that waits for less is not what the link limits


class FrameSchedule:
    """Draws the widgets of a screen, all at once or a few at a time.

    While paused, every new snapshot and every key draw all widgets. During training a frame is a
    snapshot drawn in the header, the loss chart and one of the other charts, in turn: drawing
    takes time from training, and bytes from the link. The tables, whose numbers nobody can read at
    that rate, take the other chart's turn once a second, and where a key has changed what they are
    about; their titles name the update. Pictures of a whole matrix, most of whose cells change with
    every window, are drawn at every third of these turns, one at a time, unless one has the focus.

    The session is suspended while anything is drawn: both threads share one interpreter.

    Attributes:
        widgets: all widgets of the screen that are drawn from a snapshot, hidden ones included.
        frame: the newest snapshot that was drawn.
        drawn: called whenever something was drawn.
        shares_machine: other guests' programs run on this machine.
    """

    def __init__(
        self,
        session: SnapshotSource,
        link: Link,
        context_of: Callable[[Snapshot], DrawContext],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Draw what `context_of` makes of the session's snapshots, once `start` is called.

        Frames of training start where `link` has room for them.
        """
        self.widgets: list[LinesWidget] = []
        self.drawn: Callable[[], object] = lambda: None
        self._session = session
        self._link = link
        self._waiting_since: float | None = None  # a frame is to start as soon as there is room
        self._context_of = context_of
        self._clock = clock
        self._screen: Screen[None] | None = None
        self._timer: Timer | None = None
        self._key_drawn = self._key_waits = False  # not shown yet; and another key has followed
        self._key_chart = ""  # that a key was about which is not drawn yet
        self._turns = 0  # of the charts other than the loss
        self._tables_due = 0.0  # when they are drawn next
        self._table_turns = 0
        self.frame = session.latest
        self.shares_machine = False
        self._frame_began: float | None = None  # of one that is being drawn
        self._rests_until = 0.0
        self._in_tables: dict[str | None, Snapshot] = {}  # the snapshot that each table shows

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

    def draw_footer(self) -> None:
        """Draw the footer alone."""
        self._draw([widget for widget in self.widgets if widget.id == "footer"])

    def draw_footer_now(self) -> None:
        """Draw the footer, and have it displayed before anything else is done."""
        footer = [widget for widget in self.widgets if widget.id == "footer"]
        self._draw(footer)
        if self._screen is not None:  # Textual would do this after the messages that wait
            self._screen._compositor.update_widgets({*footer})
            self._screen._compositor_refresh()

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """Draw a snapshot that has just arrived; while training, only what is due."""
        if self._timer is not None:
            (self._timer.resume if snapshot.running else self._timer.pause)()
        if not snapshot.training or not self.frame.running:
            self._tables_due = self._clock() + TABLE_SECONDS
            shown, self.frame = self.frame, snapshot
            self._draw(self._around() if _only_begins(snapshot, shown) else self.widgets)
        else:
            self.frame = snapshot
            self._draw(self._due())

    def draw_after_key(self, chart: str = "") -> None:
        """Draw what a key has changed; while running, without charts and of the same snapshots.

        So the answer to a key is a few bytes: the tables' numbers stay those of their update.

        Args:
            chart: the chart that the key is about, which is drawn too; "" for none.
        """
        self._key_chart = chart or self._key_chart
        if not (self.frame.running and self._session.latest.running):
            self.draw_all()
        elif self._key_drawn:  # a key held down would else be answered long after it is let go
            self._key_waits = True
        else:
            self._draw(self._without_charts(self._key_chart), keep_tables=True)
            self._key_chart = ""
            if self._screen is not None:
                self._key_drawn = True
                self._screen.call_after_refresh(self._draw_after_next_key)

    def _draw_after_next_key(self) -> None:
        """Draw what keys have changed since the last of them was drawn, which is shown now."""
        waits, self._key_waits, self._key_drawn = self._key_waits, False, False
        if waits:
            self.draw_after_key()

    def suspend_session(self) -> None:
        """Suspend the session until the next refresh of the screen is done."""
        self._session.suspend()
        self._resume_after_refresh()

    def _resume_after_refresh(self) -> None:
        """Resume the session once the screen has been refreshed."""
        if self._screen is not None:
            self._screen.call_after_refresh(self._resume)

    def _resume(self) -> None:
        """Resume the session; what it took from the start of a frame says when the next may be."""
        self._session.resume()
        if self._frame_began is not None:
            now = self._clock()
            self._rests_until = now + REST * (now - self._frame_began)
            self._frame_began = None

    def tick(self) -> None:
        """Start a frame, or have it wait for room in the link; called by the clock."""
        if self.shares_machine and self._clock() < self._rests_until:
            return
        if self._link.has_room_for_frame():
            self._start_frame()
        elif self._waiting_since is None:
            self._waiting_since = self._clock()
        else:
            self._link.note_wait()

    def room_came(self) -> None:
        """Start the frame that waits, if one does and there is room for it."""
        if (
            self._waiting_since is not None
            and self.frame.running
            and self._link.has_room_for_frame()
        ):
            if self._timer is not None:
                self._timer.reset()
            self._start_frame()

    def _start_frame(self) -> None:
        """Ask for the snapshot of the next frame."""
        waited = 0.0 if self._waiting_since is None else self._clock() - self._waiting_since
        self._waiting_since = None
        if waited >= NOTICEABLE_WAIT:
            self._link.note_wait()
        self._link.note_frame(waited > 0)
        self._frame_began = self._clock()
        self._session.refresh()

    def _around(self) -> list[LinesWidget]:
        """Return header and footer, which say what is under way."""
        return [widget for widget in self.widgets if widget.id in ("header", "footer")]

    def _due(self) -> list[LinesWidget]:
        """Return the visible widgets that the next frame of training is drawn in."""
        now = self._clock()
        visible = [widget for widget in self.widgets if widget.display]
        curve = self._context_of(self.frame).selection.big == "curve"
        ids = (*ALWAYS, BIG) if curve else ALWAYS
        always = [widget for widget in visible if widget.id in ids]
        tables = [each for each in visible if _is_table(each) and each.id not in ids]
        anew = [widget for widget in tables if self._table_of_now(widget) is self.frame]
        if now >= self._tables_due or anew:
            self._tables_due = now + TABLE_SECONDS
            return [*always, *(anew or self._tables_of_turn(tables))]
        others = [each for each in visible if _is_chart(each) and each.id != LOSS]
        self._turns += 1
        return [*always, *(others[self._turns % len(others)] for _ in others[:1])]

    def _without_charts(self, but: str) -> list[LinesWidget]:
        """Return the visible widgets that are no charts, or the chart `but`."""
        visible = [each for each in self.widgets if each.display]
        return [each for each in visible if not _is_chart(each) or each.id == but]

    def _tables_of_turn(self, tables: list[LinesWidget]) -> list[LinesWidget]:
        """Return the tables that are drawn next: of the pictures at most one."""
        self._table_turns += 1
        focus = self._context_of(self.frame).selection.panel
        pictures = [each for each in tables if each.id not in (*FIXED, BIG, focus)]
        others = [each for each in tables if each not in pictures]
        turn = self._table_turns % max(len(pictures), PICTURE_TURNS)
        return [*others, *pictures[turn : turn + 1]]

    def _table_of_now(self, table: LinesWidget) -> Snapshot:
        """Return the snapshot that a table shows, or the frame's if a key made that another."""
        frame = self.frame
        shown = self._in_tables.get(table.id, frame)
        same = (
            shown.settings == frame.settings
            and shown.request == frame.request
            and shown.pins == frame.pins
            and (shown.second_network is None) == (frame.second_network is None)
        )
        return shown if same else frame

    def _draw(self, widgets: Iterable[LinesWidget], *, keep_tables: bool = False) -> None:
        """Show the current frame in `widgets`; with `keep_tables`, in tables what they show."""
        self._session.suspend()
        context = self._context_of(self.frame)
        contexts = {id(self.frame): context}
        for widget in widgets:
            if not _is_table(widget):
                widget.show(context)
                continue
            snapshot = self._table_of_now(widget) if keep_tables else self.frame
            if id(snapshot) not in contexts:
                contexts[id(snapshot)] = self._context_of(snapshot)
            widget.show(contexts[id(snapshot)])
            if widget.display:
                self._in_tables[widget.id] = snapshot
            else:
                self._in_tables.pop(widget.id, None)
        self._resume_after_refresh()
        self.drawn()


def _only_begins(snapshot: Snapshot, before: Snapshot) -> bool:
    """Return whether a move begins with `snapshot`, and all else is as it was `before`."""
    return (
        snapshot.running
        and not snapshot.training
        and not before.running
        and all(
            getattr(snapshot, each.name) is getattr(before, each.name)
            for each in fields(snapshot)
            if each.name not in BEGINS_WITH
        )
    )


def _is_chart(widget: LinesWidget) -> bool:
    """Return whether a widget is the panel of a chart."""
    return widget.id in PANELS.in_group("chart")


def _is_table(widget: LinesWidget) -> bool:
    """Return whether a widget is a panel that is no chart."""
    return widget.id not in ALWAYS and not _is_chart(widget)
