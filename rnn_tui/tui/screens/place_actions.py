"""Keys about places: going to one that is typed, copying this one, bookmarks, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.session import commands
from rnn_tui.tui.screens.selection_actions import SelectionActions
from rnn_tui.tui.screens.training_actions import TrainingActions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.geometry import Region

    from rnn_tui.places.bookmark import Bookmark
    from rnn_tui.places.place_line import PlaceLine
    from rnn_tui.session.snapshot import Snapshot
    from rnn_tui.tui.charts.chart_cache import ChartCache
    from rnn_tui.tui.screens.place_looking import Look

JUMP = "before the jump"
"""The moment that the session notes before a jump."""


class PlaceActions(TrainingActions, SelectionActions):
    """Go to places by name, name this one, and come back."""

    opens_at: PlaceLine | None = None  # the place to go to first of all
    _regions: Mapping[str, Region]  # where the panels are
    _chart_cache: ChartCache
    _first_cell = ""  # of the network that commands move, at the start
    _before_jump: Look | None = None  # how the run was looked at there

    # Where one is

    def look(self) -> Look:
        """Return how the run is looked at."""
        from rnn_tui.tui.screens.place_looking import Look

        return Look.at(self.selection, self._request, self._zoomed, self._other_panel)

    def place_line(self) -> PlaceLine:
        """Return this place with what is looked at, as a line."""
        from rnn_tui.session.named_places import line_of_cursor
        from rnn_tui.tui.screens.place_looking import (
            axes_of,
            checked_of,
            front_of,
            looked_of,
            looking_of,
            tested_of,
        )

        snapshot = self.session.latest
        looking = (*looking_of(snapshot, self.look()), *front_of(snapshot, self._first_cell))
        if "proof" in self._regions:
            looking = (*looking, *checked_of(snapshot))
        if "loss" in self._regions:
            looking = (*looking, *tested_of(snapshot))
        if "predictions" in self._regions:
            looking = (*looking, *looked_of(snapshot))
        looking = (*looking, *axes_of(self._chart_cache.ranges, self._regions))
        if (reached := snapshot.timeline.reached) is not None:
            looking = (*looking, ("reached", reached.short))
        return replace(line_of_cursor(snapshot.cursor), looking=looking)

    def check_place(self, line: PlaceLine) -> None:
        """Check that the run has such a place, in reach, and what is to be looked at there.

        Raises:
            PlaceError: it has not.
        """
        from rnn_tui.engine.training.schedule import Schedule
        from rnn_tui.places.reading import parse_place
        from rnn_tui.session.named_places import place_of_line
        from rnn_tui.tui.screens.place_looking import look_of

        snapshot = self.session.latest
        lines = [line, *(parse_place(v) for n, v in line.looking if n == "reached")]
        for each in lines:
            declaration, first = snapshot.window.declaration, snapshot.timeline.first
            place_of_line(Schedule(snapshot.steps), declaration, each, first)
        look_of(snapshot, line.looking)

    # Going

    def note_jump(self) -> None:
        """Note where one is, before a jump from there."""
        self._before_jump = self.look()
        self.session.send(commands.NoteMoment(JUMP))

    def action_go_to(self) -> None:
        """Go to the update whose number was typed; without one, ask for a place."""
        if self.selection.prefix:
            self.note_jump()
            self._send_move(commands.GoTo(self._take_count()))
            return
        from rnn_tui.tui.screens.places import PlaceScreen

        def go(line: PlaceLine | None) -> None:
            if line is not None:
                self.take_place(line, looking=bool(line.looking))

        self.app.push_screen(PlaceScreen(self.session, self.check_place), go)

    def action_go_to_newest(self) -> None:
        """Go to the newest place reached."""
        self.note_jump()
        super().action_go_to_newest()

    def take_place(self, line: PlaceLine, *, looking: bool = True, fresh: bool = False) -> None:
        """Go to a place and look at what its line says; it has been checked.

        Args:
            line: the place.
            looking: whether all that the line does not name is looked at as at the start.
            fresh: whether the run is to have come as far as the line says before; it is then no
                jump that one comes back from.
        """
        from rnn_tui.tui.screens.place_looking import check_of, look_of

        if not fresh:
            self._before_jump = self.look()
        self._moved_at = self.session.latest.number
        self._take_count()
        if looking:
            self.look_at(look_of(self.session.latest, line.looking))
        else:
            self.selection = replace(self.selection, operation=0)
            self._send_request(t=None)
        self.session.send(_fresh_way(line) if fresh else commands.GoToPlace(line.alone, JUMP))
        if (check := check_of(self.session.latest, line.looking)) is not None:
            self.session.send(check)  # once the way is over
        self._frames.draw_after_key()

    def note_arrival(self, snapshot: Snapshot) -> None:
        """Have axes the ranges that the line says, once the place is reached that was opened at.

        Args:
            snapshot: the newest.
        """
        line = self.opens_at
        if line is None or snapshot.running or snapshot.number <= self._moved_at:
            return
        from rnn_tui.tui.screens.place_looking import ranges_of

        self.opens_at = None
        self._chart_cache.ranges.begin_with(ranges_of(line.looking))

    def look_at(self, look: Look) -> None:
        """Look at the run so."""
        self.selection = look.selection
        self._zoomed, self._other_panel = look.zoomed, look.above
        text = replace(self._request.text, temperature=look.temperature, draw=look.draw)
        self._send_request(sample=look.sample, t=look.t, layer=look.layer, text=text)
        self._arrange(*self.app.size)
        self._frames.draw_all()

    def jump_back(self) -> None:
        """Go back to where one was before the last jump, and forth."""
        if self._before_jump is None:
            self._show_notice("there was no jump yet: g, G and bookmarks make one")
            return
        before, self._before_jump = self._before_jump, self.look()
        self._moved_at = self.session.latest.number
        self.look_at(before)
        self.session.send(commands.ReturnToMoment(JUMP, exchanged=True))

    # Naming

    def action_copy_place(self) -> None:
        """Copy this place to the clipboard, as a line, and show it."""
        self._take_count()
        line = self.place_line()
        self.app.copy_to_clipboard(str(line))
        copied = "place" if self.kiosk is not None else "copied"
        without = self._left_out()
        begin = f"{without} · {copied}: " if without else f"{copied}: "
        room = self.app.size.width - len(f" {begin}")
        text = str(line) if len(str(line)) <= room else line.short
        self._show_notice(f"{begin}{text}")

    def _left_out(self) -> str:
        """Return what is on the screen and not in the line; "" for nothing."""
        from rnn_tui.tui.screens.place_looking import left_out

        parts = left_out(self.session.latest, self._regions)
        return f"without {' and '.join(parts)}" if parts else ""

    def action_note_place(self) -> None:
        """Note this place as a bookmark; where it is one, change its note."""
        from rnn_tui.places.bookmark import Bookmark
        from rnn_tui.tui.screens.places import NoteScreen

        self._take_count()
        line = self.place_line()
        noted = next((b for b in self.session.latest.bookmarks if b.place == line), None)

        def note(text: str | None) -> None:
            if text is not None:
                if noted is None or text != noted.note:
                    self._send(commands.ChangeBookmark(noted, Bookmark(line, text)))
                self._show_notice(f"noted {line.alone.short}: ' lists bookmarks")

        self.app.push_screen(NoteScreen(line, noted), note)

    def action_bookmarks(self) -> None:
        """List the bookmarks, to go to one of them; the same key again goes back."""
        from rnn_tui.tui.screens.places import BACK, BookmarksScreen

        self._take_count()

        def go(chosen: Bookmark | str | None) -> None:
            if chosen == BACK:
                self.jump_back()
            elif chosen is not None and not isinstance(chosen, str):
                self._go_to_bookmark(chosen)

        self.app.push_screen(BookmarksScreen(self.session), go)

    def _go_to_bookmark(self, bookmark: Bookmark) -> None:
        """Go to a bookmark, if this run has such a place."""
        from rnn_tui.places.looking import PlaceError

        try:
            self.check_place(bookmark.place)
        except PlaceError as error:
            self._show_notice(str(error), error=True)
            return
        self.take_place(bookmark.place)


def _fresh_way(line: PlaceLine) -> commands.GoToPlace:
    """Return the command that brings a new run to a place as the line says that it came there."""
    from rnn_tui.places.looking import updates_of
    from rnn_tui.places.reading import parse_place

    said = dict(line.looking)
    reached = parse_place(said["reached"]) if "reached" in said else None
    tested = updates_of(said["tested"]) if "tested" in said else ()
    looked = (updates_of(said["looked"]) if "looked" in said else None) or ()
    return commands.GoToPlace(line.alone, reached=reached, tested=tested, looked=looked)
