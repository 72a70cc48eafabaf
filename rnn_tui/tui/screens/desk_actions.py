"""Keys of whoever shows the screen to others: a pointer, one thing in large, and play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.core.value_names import value_name
from rnn_tui.tui.draw_context import Pointing
from rnn_tui.tui.marks import Cell, beside, nearest
from rnn_tui.tui.screens.key_actions import KeyActions

if TYPE_CHECKING:
    from rnn_tui.session.snapshot import Snapshot

POINTER = "arrows move the pointer; F3 or ; again dims all else, and again: no pointer"
NOTHING_TO_POINT_AT = "{panel} has no values that one could point at here; tab: other panels"


class DeskActions(KeyActions):
    """The pointer: a value on the panel in focus is marked, and the arrows move the mark."""

    _pointed_at: Cell | None = None  # where the pointer was when it was drawn last

    def action_pointer(self) -> None:
        """Point at a value of the panel in focus; then dim all else; then point no more."""
        self._take_count()
        selection = self.selection
        if selection.pointing:
            after: Pointing = "dims" if selection.pointing == "on" else ""
            pointed = selection.pointed if after else ""
            self._select(replace(selection, pointing=after, pointed=pointed))
            return
        self._pointed_at = None
        self.selection = replace(selection, pointing="on", pointed="")
        self._frames.draw_all()
        if not self._cells():
            self.selection = replace(selection, pointing="", pointed="")
            self._show_notice(NOTHING_TO_POINT_AT.format(panel=selection.panel))
            self._frames.draw_all()
            return
        self.keep_pointer()
        self._show_notice(POINTER)

    def _cells(self) -> Sequence[Cell]:
        """Return the cells of the panel with the focus that show a value."""
        shown = (each for each in self._frames.widgets if each.id == self.selection.panel)
        panel = next(shown, None)
        return panel.cells if panel is not None and panel.display else ()

    def keep_pointer(self) -> None:
        """Point at the value that has come to the place of the one pointed at, if that is gone.

        Called after every drawing: a step changes what stands where one points.
        """
        if not self.selection.pointing:
            return
        cells, name = self._cells(), self.selection.pointed
        found = [cell for cell in cells if cell.shows(name)]
        before = self._pointed_at
        if found:
            at = before if before is not None else found[0]
            self._pointed_at = nearest(found, at.middle, at.y)
        elif cells:
            chosen = nearest(cells, before.middle, before.y) if before else self._first(cells)
            self._pointed_at = chosen
            if chosen is not None:
                self._select(replace(self.selection, pointed=chosen.name))

    def _first(self, cells: Sequence[Cell]) -> Cell:
        """Return the cell that the pointer begins at: what was computed last, or the first one."""
        snapshot: Snapshot = self.session.latest
        if snapshot.selectable_operations(snapshot.t):
            from rnn_tui.tui.panels.current_pass.timestep_view import selected_operation

            symbol = selected_operation(self._draw_context(snapshot)).symbol
            name = value_name(symbol, snapshot.t, self.selection.unit + 1)
            found = [cell for cell in cells if cell.shows(name)]
            if found:
                return max(found, key=lambda cell: cell.width)  # the number, not its bar
        return cells[0]

    def move_pointer(self, across: int, down: int, times: int) -> None:
        """Point at another value of the panel, so many further in a direction."""
        cells, here = self._cells(), self._pointed_at
        if here is None or not cells:
            self._show_notice(NOTHING_TO_POINT_AT.format(panel=self.selection.panel))
            return
        for _ in range(min(times, len(cells))):
            there = beside(cells, here, across, down)
            if there is here:
                break
            here = there
        self._pointed_at = here
        self._select(replace(self.selection, pointed=here.name))

    def action_timestep(self, direction: int) -> None:
        """Move the pointer, if there is one; else see `SelectionActions`."""
        if self.selection.pointing:
            self.move_pointer(direction, 0, self._take_count())
        else:
            super().action_timestep(direction)

    def action_unit(self, direction: int) -> None:
        """Move the pointer, if there is one; else see `SelectionActions`."""
        if self.selection.pointing:
            self.move_pointer(0, direction, self._take_count())
        else:
            super().action_unit(direction)

    def action_escape(self) -> None:
        """Point no more; else see `SelectionActions`."""
        if self.selection.pointing and not self.selection.prefix:
            self._select(replace(self.selection, pointing="", pointed=""))
        else:
            super().action_escape()
