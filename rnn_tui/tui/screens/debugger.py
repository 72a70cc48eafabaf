"""The main screen: header, panels and footer; `key_actions` has what the keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.message import Message
from textual.widgets import Static

from rnn_tui.engine.training.breakpoints import BreakpointHit
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.kiosk import Kiosk
from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.source import SnapshotSource
from rnn_tui.settings import Settings
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext, Following
from rnn_tui.tui.layout import LEAST, Focus, arrange
from rnn_tui.tui.link import Link
from rnn_tui.tui.marks import ValueMark
from rnn_tui.tui.panel_spec import needs_of, panel_spec
from rnn_tui.tui.panel_widget import BIG, LinesWidget, Panel
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.presented_view import PresentedView
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.lesson_actions import LessonActions
from rnn_tui.tui.themes import THEMES

if TYPE_CHECKING:
    from rnn_tui.places.place_line import PlaceLine
    from rnn_tui.tui.take_home.capture import Capture


class Debugger(LessonActions):
    """The main screen: where its panels are placed, and when they are drawn.

    Attributes:
        ascii: the terminal shows ASCII alone.
        followers: how many follow this screen; None where nobody can.
        following: see `DrawContext`.
    """

    class NewSnapshot(Message):
        """The session has a newer snapshot. One waiting message is enough for several."""

        def can_replace(self, message: Message) -> bool:
            """Return whether the waiting `message` is of the same kind."""
            return isinstance(message, Debugger.NewSnapshot)

    def __init__(self, session: SnapshotSource, link: Link, kiosk: Kiosk | None = None) -> None:
        """Show `session`.

        Args:
            session: the session to show.
            link: the link to the terminal, whose pace the frames of training follow.
            kiosk: what a guest may do; None for a user.
        """
        super().__init__(session, link, kiosk)
        self._arranged_size = Size()
        self._placed: tuple[Focus, Settings, str] | None = None  # what was arranged
        self._regions: Mapping[str, Region] = {}  # where they are
        self._placed_while_running = False  # the panels
        self._chosen_while_running = False  # the panel above the timestep
        self._last_notice = 0  # number of the session's newest notice that was shown
        self._last_stop: BreakpointHit | None = None  # the one in the newest snapshot
        self._first_cell = session.latest.settings.cell
        self._selected_in = session.latest  # the snapshot that the selection was made in
        self._last_question = 0  # likewise of the newest question that was asked
        self._chart_cache = ChartCache()
        # A snapshot, in ASCII or not, and the same with its names as they can be shown.
        self._as_written: tuple[Snapshot, object, Snapshot] | None = None
        self.ascii = False
        self.followers: int | None = None
        self._covered = False  # by a dialog
        self.following: Following = ""
        self.after_imports: Callable[[], None] = lambda: None  # called in the importing thread

    # ---------------------------------------------------------------- panels

    def compose(self) -> ComposeResult:
        """Yield header, panels and footer; `arrange` gives them a place.

        The panels of proofs and heat maps are added when they are first shown.
        """
        yield LinesWidget(header.draw, "header")
        for name in PANELS.names:
            if PANELS[name].group in ("fixed", "chart"):
                yield Panel.registered(name)
        yield LinesWidget(footer.draw, "footer")
        yield Static(id="too-small")

    def begin_at(self, line: PlaceLine) -> None:
        """Go to a place first of all, once the screen is there; it has been checked."""
        self.opens_at, self._selected_in = line, self.session.latest

    def on_mount(self) -> None:
        """Arrange the panels before Textual lays them out; import plotext after the first frame."""
        self._frames.start(self)
        self._chart_cache.postpone()
        self._arrange(*self.app.size)
        if self.opens_at is not None:
            self.take_place(self.opens_at, fresh=True)
        self.call_after_refresh(self._chart_cache.import_plotext, self._plotext_imported)

    def on_screen_suspend(self) -> None:
        """Name no keys while a dialog has them."""
        self._covered = True
        self.stop_play()
        self._frames.draw_footer()

    def on_screen_resume(self) -> None:
        """Name the keys again."""
        if self._covered:
            self._covered = False
            self._frames.draw_footer()

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the panels for the new size.

        That is the terminal's: below a dialog, Textual's event may have the size from before. To
        arrange for it would cause the next event with the other size, and so on without an end.
        """
        if self.app.size != self._arranged_size:
            self._arrange(*self.app.size)

    def _arrange(self, width: int, height: int) -> None:
        """Place the panels, hide those without a place, and request what the visible ones show."""
        snapshot = self.session.latest
        self._placed = self._place(snapshot)
        regions = self._regions = self._regions_of(width, height, snapshot, self._placed[0])
        self._mount_missing(regions)
        big = bool(self.selection.big)
        self._place_big(Region(0, 0, width, max(height - 1, 0)) if big else None)
        too_small = not regions and not big
        too_small_text = self.query_one("#too-small", Static)
        too_small_text.display = too_small
        if too_small:
            too_small_text.update(_too_small_words(width, height))
        context = self._draw_context(snapshot)
        for widget in self._frames.widgets:
            widget.prepare(context)
            if widget.id in ("header", "footer"):  # the stylesheet places them
                widget.display = not too_small and (widget.id == "footer" or not big)
            elif widget.id != BIG:
                widget.place(regions.get(widget.id or ""))
        self._arranged_size = Size(width, height)
        shown = self._panels_shown(regions)
        characters = regions.get("predictions", Region()).area
        self._send_request(
            text=replace(self._request.text, characters=characters),
            predictions="predictions" in shown,
            proofs=_proofs_of(shown, snapshot),
            parameter=self.selection.parameter,
            variants=self.selection.variants,
        )
        self.call_after_refresh(self._frames.draw_all)
        self.call_after_refresh(self.keep_pointer)

    def _regions_of(
        self, width: int, height: int, snapshot: Snapshot, focus: Focus
    ) -> Mapping[str, Region]:
        """Return the regions of the panels; none where one thing fills the screen."""
        if self.selection.big:
            return {}
        return arrange(width, height, focus, needs_of(snapshot))

    def _panels_shown(self, regions: Mapping[str, Region]) -> Iterable[str]:
        """Return the panels whose contents are on the screen, in large or not."""
        return {self.selection.panel} if self.selection.big else regions

    def _place_big(self, region: Region | None) -> None:
        """Show what fills the screen in large, or hide it; it is mounted when it first appears."""
        widget = next((each for each in self._frames.widgets if each.id == BIG), None)
        if widget is None and region:
            from rnn_tui.tui.big import view  # seldom needed

            widget = LinesWidget(view.draw, BIG)
            self._frames.widgets.append(widget)
            self.mount(widget)
        if widget is not None:
            widget.place(region)

    def _mount_missing(self, names: Iterable[str]) -> None:
        """Mount those of the panels `names` that are not there yet, importing their modules."""
        for name in {*names} - {widget.id for widget in self._frames.widgets}:
            panel = Panel.registered(name)
            self._frames.widgets.append(panel)
            self.mount(panel)

    def _plotext_imported(self) -> None:
        """Draw the charts; go on, in the thread that calls this, with all other late imports."""
        from rnn_tui.tui import preload

        self.announce()
        preload.import_all()
        if region := self._regions.get("timestep"):
            declaration = self.session.latest.window.declaration
            preload.measure_equations(declaration, region.width, ascii=self.ascii)
        self.after_imports()

    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus; one that is chosen while running stays above the timestep."""
        self._chosen_while_running |= self._placed_while_running and panel != "timestep"
        super().focus_panel(panel)

    def _panel_above(self, running: bool) -> str:
        """Return the panel above the timestep: while running the loss, unless one was chosen."""
        chosen = self._other_panel != "network" or self._chosen_while_running
        return "loss" if running and not chosen else self._other_panel

    def _place(self, snapshot: Snapshot) -> tuple[Focus, Settings, str]:
        """Return all that the places of the panels depend on, beside the size of the terminal."""
        above = self._panel_above(self._placed_while_running)
        proofs = snapshot.cursor.stage in (Pass.BACKWARD, Pass.CLIP) and not snapshot.running
        untrained = not snapshot.curve.update.size
        lesson = self._lesson_room()
        focus = Focus(self.selection.panel, above, self._zoomed, proofs, untrained, lesson)
        return focus, snapshot.settings, self.selection.big

    def presented_view(self) -> PresentedView:
        """Return the place on this screen, for those who follow; in any thread."""
        chosen = self._chosen_while_running
        view = PresentedView(self.selection, self._zoomed, self._other_panel, chosen)
        return view if self.lesson is None else self.with_lesson(view)

    def _note_place(self, snapshot: Snapshot) -> None:
        """Arrange the panels where a run has begun or ended, or another pass or network came."""
        if snapshot.training != self._placed_while_running:
            self._placed_while_running = snapshot.training
            self._chosen_while_running = False
        if (place := self._place(snapshot)) != self._placed:
            big_before = self._placed[2] if self._placed is not None else ""
            self._placed = place
            regions = self._regions_of(*self.app.size, snapshot, place[0])
            proofs = _proofs_of(self._panels_shown(regions), snapshot)
            other = bool(big_before) != bool(place[2])
            if other or self._regions != regions or self._request.proofs != proofs:
                self._arrange(*self.app.size)

    # ---------------------------------------------------------------- snapshots

    def announce(self) -> None:
        """Post a message about a new snapshot; called by the session's thread."""
        self.post_message(self.NewSnapshot())

    def announce_followers(self, followers: int) -> None:
        """Show how many follow; in any thread."""
        self.followers = followers
        self.announce()

    def when_drawn(self, call: Callable[[], object]) -> None:
        """Have `call` called whenever something on this screen is drawn."""
        self._frames.drawn = call

    def on_debugger_new_snapshot(self) -> None:
        """Draw the newest snapshot."""
        self.take_snapshot()

    def take_snapshot(self) -> None:
        """Draw the newest snapshot."""
        snapshot = self.session.latest
        self.note_arrival(snapshot)
        if snapshot.stop is not None and snapshot.stop != self._last_stop and not self._notice[1]:
            self._notice = ("", False)  # the advice at a stop comes before an older message
        self._last_stop = snapshot.stop
        if snapshot.notice is not None and snapshot.notice.number > self._last_notice:
            self._last_notice = snapshot.notice.number
            if self.lesson is None or not self.lesson.view.busy:  # what a lesson does needs no word
                self._notice = (snapshot.notice.text, snapshot.notice.error)
        question = snapshot.question
        if question is not None and question.number > self._last_question:
            self._last_question = question.number
            self.ask_where_to_save(question)
        before, self._selected_in = self._selected_in, snapshot
        self.selection = selection_moves.carried_selection(before, snapshot, self.selection)
        self._note_place(snapshot)
        if self.lesson is None or self.lesson.takes(snapshot):
            self._frames.draw_snapshot(snapshot)
        self.keep_pointer()

    def _draw_context(self, snapshot: Snapshot) -> DrawContext:
        """Return all that the widgets need to draw `snapshot`."""
        lesson, covered = self._lesson_shown()
        context = DrawContext(
            self._written(snapshot),
            self.selection,
            *self._notice,
            self._chart_cache,
            self._errors,
            self._link.limit_text() if snapshot.running else "",
            self.ascii,
            self._zoomed,
            bool(self._regions) and "network" not in self._regions,
            self.kiosk is not None,
            self.followers,
            self.following,
            playing=self.playing_words(),
            slide=self.slide_words(),
            slow_link=self._link.is_slow and not self._zoomed,
            covered=self._covered,
            lesson=lesson,
            covered_values=covered,
        )
        if self.selection.pointing:
            mark = ValueMark(self.selection.pointed, self.selection.pointing == "dims")
            context = replace(context, mark=mark)
        elif lesson is not None and lesson.mark:
            context = replace(context, mark=ValueMark(lesson.mark, lesson.dim))
        elif covered is not None and covered.names:
            context = replace(context, mark=ValueMark(""))  # so that cells have their names
        return replace(context, paged=True) if self._has_pages(context) else context

    @property
    def laid_out(self) -> bool:
        """Whether all panels that have a place are there."""
        there = {widget.id: widget.region for widget in self._frames.widgets if widget.display}
        return all(there.get(name) == region for name, region in self._regions.items())

    def capture(self) -> Capture | None:
        """Return what is on the screen now; None where the terminal is too small for it."""
        from rnn_tui.tui.take_home.capture import Capture

        snapshot, (width, height) = self.session.latest, self.app.size
        widgets = tuple(
            (widget, widget.region) for widget in self._frames.widgets if widget.display
        )
        if not any(widget.id in (self.selection.panel, BIG) for widget, _ in widgets):
            return None
        theme = next(name for name, each in THEMES.items() if each.name == self.app.theme)
        context = self._draw_context(snapshot)
        file = self.session.own_file
        if context.covered_values is not None and context.covered_values.names:
            snapshot = context.snapshot  # numbers that are covered are not taken home either
        return Capture(context, snapshot, (width, height), widgets, theme, file)

    def _has_pages(self, context: DrawContext) -> bool:
        """Return whether the table of the window has more pages than one."""
        region = self._regions.get("timestep")
        if region is None or context.snapshot.running or not _shows_table(context.snapshot):
            return False
        from rnn_tui.tui.panels.current_pass.window_table import has_pages

        return has_pages(context, region.width, region.height - 1)

    def action_terms(self, direction: int) -> None:
        """Show another page of the terms of a product, or of the table of a window."""
        zoomed = self._zoomed and self.selection.panel == "timestep"
        paged = zoomed or self._lesson_has_pages(self._regions)
        if not paged and not _shows_table(self.session.latest):
            self._take_count()
            self._show_notice("pages of terms are those of the whole timestep panel: z shows it")
            return
        page = self.selection.page + direction * self._take_count()
        self._select(replace(self.selection, page=page))

    def room_came(self) -> None:
        """Start the frame that waits for room in the link."""
        self._frames.room_came()

    def link_changed(self) -> None:
        """Draw as many frames as the link is now said to take."""
        self._frames.set_rate()

    def _written(self, snapshot: Snapshot) -> Snapshot:
        """Return `snapshot` as it is to be drawn; the same each time.

        Its names are as this terminal can show them, and what is not to be seen yet is covered.
        """
        covered = self._lesson_shown()[1]
        known, how = self._as_written, (self.ascii, covered)
        if known is None or known[0] is not snapshot or known[1] != how:
            shown = self._in_characters(snapshot)
            if covered is not None:
                from rnn_tui.tui.lesson.covering import covered_snapshot

                shown = covered_snapshot(shown, covered)
            known = self._as_written = snapshot, how, shown
        return known[2]

    def _in_characters(self, snapshot: Snapshot) -> Snapshot:
        """Return `snapshot` with its names in the characters of this terminal."""
        if not self.ascii:
            if snapshot.task.symbols is None:
                return snapshot
            from rnn_tui.tui.visible_names import with_visible_names

            return with_visible_names(snapshot)
        from rnn_tui.tui.ascii_names import snapshot_in_ascii

        return snapshot_in_ascii(snapshot)

    def draw_in(self, *, ascii: bool, grounds: bool) -> None:
        """Draw in ASCII from now on, or in Unicode, and curves on a ground of their own, or not."""
        self.ascii = self._chart_cache.ascii = ascii
        self._chart_cache.grounds = grounds
        context = self._draw_context(self.session.latest)
        for widget in self._frames.widgets:
            widget.draw_anew(context)

    # ---------------------------------------------------------------- mouse

    def on_click(self, event: events.Click) -> None:
        """Give the panel the focus; in the network panel, select the timestep too."""
        widget = event.widget
        if not isinstance(widget, Panel) or widget.id is None:
            return
        self.select_at(widget.id, widget.size.width, event.x)
        if widget.id != self.selection.panel:
            self.focus_panel(widget.id)

    def select_at(self, panel: str, width: int, x: int) -> None:
        """Select the timestep drawn at column `x` of a panel that is so wide, if there is one."""
        if (timestep_at := panel_spec(panel).timestep_at) is not None:
            t = timestep_at(self._written(self.session.latest), width, x)
            if t is not None:
                self._select_timestep(t)


def _proofs_of(panels: Iterable[str], snapshot: Snapshot) -> frozenset[str]:
    """Return the proofs that these panels show; of a case also whether its numbers agree."""
    found = {proof for name in panels for proof in panel_spec(name).proofs}
    return frozenset(found | {"theirs"} if snapshot.task.has_theirs else found)


def _too_small_words(width: int, height: int) -> str:
    """Return what is said where the panels have no room: in one line, where that is possible."""
    needs, here = f"{LEAST[0]}×{LEAST[1]}", f"{width}×{height}"
    words = (
        f"rnn-tui needs {needs}, this terminal is {here}; * shows one thing in large, q quits",
        f"rnn-tui needs {needs}, not {here}; * enlarges, q quits",
        f"needs {needs}, not {here}; * enlarges",
    )
    return next((each for each in words if len(each) < width), words[1])


def _shows_table(snapshot: Snapshot) -> bool:
    """Return whether the panel of the current pass shows the window as a table."""
    cursor = snapshot.cursor
    in_pass = cursor.has_batch and cursor.stage in (Pass.BATCH, Pass.LOSS)
    return in_pass and snapshot.request.t is None
