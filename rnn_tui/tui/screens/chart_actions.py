"""Keys on a chart that has the focus: its cursor, and the part of its x axis that is seen."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from rnn_tui.session import commands
from rnn_tui.tui.charts.chart_view import WHOLE, ChartView, cursor_at, moved, zoomed
from rnn_tui.tui.charts.curves import Chart
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.screens.screen_actions import ScreenActions


class ChartActions(ScreenActions):
    """Change how the chart of the panel with the focus is looked at."""

    def _chart(self) -> Chart | None:
        """Return the whole chart of the panel with the focus; None if it has none to look at."""
        chart = panel_spec(self.selection.panel).chart(self._draw_context(self.session.latest))
        return chart if chart is not None and chart.drawable else None

    def move_chart_cursor(self, distance: int) -> bool:
        """Move the cursor of the chart with the focus.

        Returns:
            False if there is no chart, or its cursor is the timestep: the key means another thing.
        """
        panel = self.selection.panel
        chart = None if panel_spec(panel).timestep_keys else self._chart()
        if chart is None:
            return False
        before = self.selection.chart_view(panel)
        view = moved(chart, before, distance)
        if view == before:
            self._show_notice(f"the cursor is at the {'last' if distance > 0 else 'first'} point")
        else:
            self._look(view)
        return True

    def action_chart_zoom(self, direction: int) -> None:
        """Show a smaller part of the x axis around the cursor, or a larger one."""
        times, panel, chart = self._take_count(), self.selection.panel, self._chart()
        if chart is None:
            self._show_notice("+ and − are for a chart: tab brings the loss, then the others")
            return
        before = view = self.selection.chart_view(panel)
        for _ in range(min(times, 64)):
            view = zoomed(chart, view, direction)
        if view == before:
            limit = "as near as the points allow" if direction > 0 else "all of the chart"
            self._show_notice(f"this is {limit}")
            return
        self._look(view)

    def _look(self, view: ChartView) -> None:
        """Change how the chart with the focus is looked at, and draw it at once."""
        panel = self.selection.panel
        self.selection = self.selection.looking(panel, view)
        self._frames.draw_after_key(panel)

    def leave_chart_view(self) -> bool:
        """Look at the whole chart with the focus again; return False if that is so already."""
        if self.selection.chart_view(self.selection.panel) == WHOLE:
            return False
        self._look(WHOLE)
        return True

    def action_enter(self) -> None:
        """Go to the update at the cursor of the loss chart; elsewhere keep the what-if."""
        if self.selection.panel == "loss" and (chart := self._chart()) is not None:
            at = cursor_at(chart, self.selection.chart_view("loss"))
            if at is not None:
                self.note_jump()
                self._send_move(commands.GoTo(int(at)))
                return
        if self.selection.panel == "theirs":
            self._go_to_difference()
            return
        what_if = self.session.latest.what_if
        if what_if is not None:
            self._send(commands.Keep(what_if.intervention))
        else:
            self._take_count()
            self._show_notice(_enter_does_nothing(self.selection))

    def _go_to_difference(self) -> None:
        """Go to the first number of theirs that differs, and select it."""
        from rnn_tui.tui.panels.proofs import theirs  # imported with its panel

        snapshot = self.session.latest
        found = theirs.place_of_first(snapshot)
        if found is None:
            self._take_count()
            self._show_notice(theirs.why_nowhere(snapshot))
            return
        place, first = found
        selection = replace(self.selection, operation=0)
        if place.parameter is not None:
            selection = replace(selection, parameter=place.parameter)
        if first.unit is not None:
            selection = replace(selection, unit=first.unit)
        self._send_request(
            sample=first.sample or 0, layer=first.layer, parameter=selection.parameter
        )
        self.selection = selection
        self._zoomed = False  # a picture of the cell has no room for theirs
        self.focus_panel("ledger" if place.parameter is not None else "timestep")
        self._send_move(commands.GoToOperation(0, place.stage, place.t, place.symbol))

    @abstractmethod
    def note_jump(self) -> None:
        """Note where one is, before a jump from there; see `PlaceActions`."""

    @abstractmethod
    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus; see `SelectionActions`."""


def _enter_does_nothing(selection: Selection) -> str:
    """Return why enter does nothing here, by what it may have been pressed for."""
    if selection.panel == "loss":
        return "enter goes to the update at the cursor: ← → set it"
    if selection.chart_view(selection.panel).cursor is not None:
        return "this cursor is for reading: enter goes to an update in the loss chart alone"
    return "there is no what-if to keep: e makes one"
