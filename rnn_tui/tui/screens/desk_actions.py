"""Keys of whoever shows the screen to others: one thing in large, a pointer, and play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.registry import PANELS
from rnn_tui.session import commands
from rnn_tui.tui.draw_context import THINGS, Big, Pointing
from rnn_tui.tui.marks import ValueCell, beside, nearest
from rnn_tui.tui.number_format import count
from rnn_tui.tui.panel_widget import LinesWidget
from rnn_tui.tui.screens.key_actions import KeyActions

if TYPE_CHECKING:
    from textual.timer import Timer

    from rnn_tui.session.snapshot import Snapshot
    from rnn_tui.tui.lines import Lines

RATES = (0.5, 1.0, 2.0, 4.0)  # steps a second that can be played
FIRST_RATE = 1.0
NAME = "pointer-name"  # the widget
POINTER = "arrows move the pointer; F3 or ; again dims all else, and again: no pointer"
NOT_IN_LARGE = "the pointer is for panels: esc shows them again"
NO_POINTER = "{panel} has no values that one could point at here: no pointer"
NOTHING_TO_POINT_AT = "{panel} has no values that one could point at here; tab: other panels"


class DeskActions(KeyActions):
    """One thing that fills the screen; and a pointer at a value, which the arrows move; and play.

    What is played are steps, one after the other: a step is left out while the one before is not
    done, or not shown yet on a slow link, so nothing is queued.
    """

    _pointed_at: ValueCell | None = None  # where the pointer was when it was drawn last
    _name_lines: Lines = ()  # its name in large
    _last_big: Big = "equation"
    _panel_before = ""  # with the focus, before one thing filled the screen
    _rate = 0.0  # steps a second that are played; 0: none
    _stride = Stride.TIMESTEP  # that was stepped by last
    _play_timer: Timer | None = None
    _played = False  # a step has been played since it began

    # ---------------------------------------------------------------- one thing in large

    def action_big(self) -> None:
        """Fill the screen with the equation, or what did so last; or show all panels again."""
        self._take_count()
        self.show_big("" if self.selection.big else self._last_big)

    def show_big(self, big: Big) -> None:
        """Fill the screen with one thing; "" for all panels again.

        The panel that it belongs to has the focus meanwhile, so that keys are about it.
        """
        panel = self.selection.panel
        if big and not self.selection.big:
            self._panel_before = panel
        charts = PANELS.in_group("chart")
        if big == "curve":
            panel = panel if panel in charts else charts[0]
        elif big:
            panel = "timestep"
        else:
            panel = self._panel_before or panel
        self._last_big = big or self._last_big
        pointing: Pointing = "" if big else self.selection.pointing
        self.selection = replace(self.selection, big=big, panel=panel, pointing=pointing)
        self._arrange(*self.app.size)
        self._frames.draw_footer()

    def focus_panel(self, panel: str) -> None:
        """Give a panel the focus; in large, the next chart, or else all panels are shown again."""
        if self.selection.big == "curve" and panel in PANELS.in_group("chart"):
            self.selection = replace(self.selection, panel=panel, prefix="")
            self._panel_before = panel
            self._arrange(*self.app.size)
            return
        moves = panel != self.selection.panel
        self.selection = replace(self.selection, big="")
        super().focus_panel(panel)
        if moves and self.selection.pointing and self._drives_pointer:
            self._take_pointer_along()

    def _take_pointer_along(self) -> None:
        """Point at a value of the panel that has got the focus; no more where it has none."""
        self._pointed_at = None
        panel = self.selection.panel
        widget = next((each for each in self._frames.widgets if each.id == panel), None)
        region = self._regions.get(panel)
        if (
            widget is not None
            and region
            and widget.cells_in(self._draw_context(self.session.latest), *region.size)
        ):
            return  # at which of them is found once they are drawn
        self.selection = replace(self.selection, pointing="", pointed="")
        self._place_name()
        self._show_notice(NO_POINTER.format(panel=panel))

    def action_zoom(self) -> None:
        """Show all panels again if one thing fills the screen; else see `SelectionActions`."""
        if self.selection.big:
            self.action_big()
        else:
            super().action_zoom()

    def action_variant(self, direction: int) -> None:
        """Fill the screen with the next thing; else see `SelectionActions`."""
        if not self.selection.big:
            super().action_variant(direction)
            return
        place = THINGS.index(self.selection.big) + direction * self._take_count()
        self.show_big(THINGS[place % len(THINGS)])

    # ---------------------------------------------------------------- the pointer

    def action_pointer(self) -> None:
        """Point at a value of the panel in focus; then dim all else; then point no more."""
        self._take_count()
        selection = self.selection
        if selection.big:
            self._show_notice(NOT_IN_LARGE)
            return
        if selection.pointing:
            after: Pointing = "dims" if selection.pointing == "on" else ""
            pointed = selection.pointed if after else ""
            self._select(replace(selection, pointing=after, pointed=pointed))
            self._place_name()
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

    def _cells(self) -> Sequence[ValueCell]:
        """Return the cells of the panel with the focus that show a value."""
        panel = self._pointed_panel()
        return panel.cells if panel is not None else ()

    def _pointed_panel(self) -> LinesWidget | None:
        """Return the panel with the focus, if it is on the screen."""
        shown = (each for each in self._frames.widgets if each.id == self.selection.panel)
        panel = next(shown, None)
        return panel if panel is not None and panel.display else None

    @property
    def _drives_pointer(self) -> bool:
        """Whether the pointer is this user's own, and not that of a presenter."""
        return True

    def keep_pointer(self) -> None:
        """Point at the value that has come to the place of the one pointed at, if that is gone.

        Called after every drawing: a step changes what stands where one points.
        """
        if self.selection.pointing and self._drives_pointer:
            self._keep_pointed()
        self._place_name()

    def _keep_pointed(self) -> None:
        """Find the value that is pointed at, or the one that has come to its place."""
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

    def _shown_mark(self) -> tuple[LinesWidget, ValueCell] | None:
        """Return where the value that is pointed at is drawn; None where it is not."""
        name, here = self.selection.pointed, self._pointed_at
        if not self.selection.pointing or not name:
            return None
        panel = self._pointed_panel()
        if self._drives_pointer and panel is not None and here is not None and here.name == name:
            return panel, here
        visible = (each for each in self._frames.widgets if each.display)
        found = ((each, cell) for each in visible for cell in each.cells if cell.shows(name))
        return next(found, None)

    def _place_name(self) -> None:
        """Show the name of the value that is pointed at, where it does not hide that."""
        found = self._shown_mark()
        widget = next((each for each in self.query(LinesWidget) if each.id == NAME), None)
        if found is None:
            if widget is not None and widget.display:
                widget.place(None)
            return
        from rnn_tui.tui.big.pointer_name import drawn_name, place_of_name

        panel, cell = found
        size = self.app.size
        ascii = self._draw_context(self._frames.frame).ascii
        lines = drawn_name(cell, size.width, ascii=ascii)
        if widget is None:
            widget = LinesWidget(lambda context, across, down: self._name_lines, NAME)
            self.mount(widget)
        self._name_lines = lines
        shown = (each for each in self._frames.widgets if each.display and each.id != "footer")
        parts = ((each.region, each.lines, each is panel) for each in shown)
        widget.place(place_of_name(lines, parts, panel.region.y + cell.y, size))
        widget.draw_anew(self._draw_context(self._frames.frame))

    def _first(self, cells: Sequence[ValueCell]) -> ValueCell:
        """Return the cell that the pointer begins at: what was computed last, or the first one."""
        snapshot: Snapshot = self.session.latest
        if snapshot.selectable_operations(snapshot.t):
            from rnn_tui.tui.panels.current_pass.timestep_view import selected_operation

            symbol = selected_operation(self._draw_context(snapshot)).symbol
            for unit in (self.selection.unit + 1, 1):  # of the outputs there may be fewer
                name = value_name(symbol, snapshot.t, unit)
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
        if here is self._pointed_at:
            self._show_notice(f"there is no value {_side(across, down)} this one")
            return
        self._pointed_at = here
        self._select(replace(self.selection, pointed=here.name))
        self._place_name()

    def action_timestep(self, direction: int) -> None:
        """Move the pointer, if there is one; else see `SelectionActions`."""
        if self.selection.pointing:
            self.move_pointer(direction, 0, self._take_count())
        else:
            self.stop_play()
            super().action_timestep(direction)

    def action_unit(self, direction: int) -> None:
        """Move the pointer, if there is one; else see `SelectionActions`."""
        if self.selection.pointing:
            self.move_pointer(0, direction, self._take_count())
        else:
            super().action_unit(direction)

    def action_escape(self) -> None:
        """Play no more, point no more, show the panels; else see `SelectionActions`."""
        if self.selection.prefix:
            super().action_escape()
        elif self._rate:
            self.stop_play()
            self._frames.draw_after_key()
        elif self.selection.pointing:
            self._select(replace(self.selection, pointing="", pointed=""))
            self._place_name()
        elif self.selection.big:
            self.action_big()
        else:
            super().action_escape()

    # ---------------------------------------------------------------- play

    def action_play(self) -> None:
        """Play steps like the last one, one a second; while they are played, faster."""
        self._take_count()
        if self.session.latest.running and not self._rate:
            self._show_notice("training is under way: space pauses it, then > plays single steps")
            return
        self._set_rate(faster(self._rate) if self._rate else FIRST_RATE)

    def action_slower(self) -> None:
        """Play more slowly."""
        self._take_count()
        if not self._rate:
            self._show_notice("nothing is played: > plays steps, one a second")
            return
        self._set_rate(slower(self._rate))

    def _set_rate(self, rate: float) -> None:
        """Play so many steps a second, the first one at once."""
        begins = not self._rate
        self._rate = rate
        if self._play_timer is not None:
            self._play_timer.stop()
        self._play_timer = self.set_interval(1 / rate, self._play_step)
        if begins:
            self._played = False
            self._play_step()
        self._frames.draw_footer()

    def stop_play(self) -> None:
        """Play no more."""
        if self._play_timer is not None:
            self._play_timer.stop()
        self._play_timer, self._rate = None, 0.0

    def _play_step(self) -> None:
        """Make one step, unless the one before is not done and shown; end with the update."""
        snapshot = self.session.latest
        moving = snapshot.running or snapshot.number <= self._moved_at
        if moving or not self._link.has_room_for_frame():
            return
        ended = self._played and snapshot.cursor.stage is Pass.UPDATE
        if ended or snapshot.divergence is not None:
            self.stop_play()
            self._show_notice(f"played to the end of update {count(snapshot.cursor.update)}")
            return
        self._played = True
        self.selection = replace(self.selection, operation=0)
        self._send_request(t=None)
        self._moved_at = snapshot.number
        self.session.send(commands.Step(self._stride, 1))

    def playing_words(self) -> str:
        """Return what is played, and how fast; "" for nothing."""
        if not self._rate:
            return ""
        what = "operations" if self._stride is Stride.OPERATION else "timesteps"
        return f"playing {what}, {self._rate:g} a second"

    def action_go(self, stride: str) -> None:
        """Go forward; what is played next are strides like this."""
        if Stride(stride) in (Stride.OPERATION, Stride.TIMESTEP):
            self._stride = Stride(stride)
        super().action_go(stride)

    def action_run_or_pause(self) -> None:
        """Stop what is played; else see `TrainingActions`."""
        if self._rate:
            self._take_count()
            self.stop_play()
            self._frames.draw_after_key()
        else:
            super().action_run_or_pause()

    def _send(self, command: commands.Command) -> None:
        """Send a command; what is played ends with any other."""
        self.stop_play()
        super()._send(command)


def _side(across: int, down: int) -> str:
    """Return where something is, as words before "this one"."""
    if across:
        return "right of" if across > 0 else "left of"
    return "below" if down > 0 else "above"


def faster(rate: float) -> float:
    """Return the next higher rate."""
    return next((each for each in RATES if each > rate), RATES[-1])


def slower(rate: float) -> float:
    """Return the next lower rate."""
    return next((each for each in reversed(RATES) if each < rate), RATES[0])
