"""Keys that change what is shown: panels, timestep, unit, layer, sample, parameter."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.session import commands
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.screen_actions import ScreenActions


class SelectionActions(ScreenActions):
    """Change the selection and what the session is asked to show."""

    def action_panel(self, distance: int) -> None:
        """Give the focus to the next or previous panel."""
        self.focus_panel(selection_moves.next_panel(self.selection.panel, distance))

    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus, and on a narrow screen a place."""
        self.selection = replace(self.selection, panel=panel, prefix="")
        if panel != "timestep":
            self._other_panel = panel
        self._arrange(*self.size)

    def action_zoom(self) -> None:
        """Show the panel with the focus on the whole screen, or all again."""
        self._zoomed = not self._zoomed
        self._take_count()
        self._arrange(*self.size)

    def action_variant(self, direction: int) -> None:
        """Show the next or previous of the things that the panel with the focus can show."""
        distance, panel = direction * self._take_count(), self.selection.panel
        spec = panel_spec(panel)
        variants = spec.variants(self.session.latest)
        if len(variants) < 2:
            self._show_notice(
                f"{panel} shows one thing here; d is for panels that can show several"
            )
        elif spec.variants_in_zoom and not self._zoomed:
            self._show_notice(
                f"z first: on the whole screen {panel} can show {', '.join(variants)}"
            )
        else:
            self._select(selection_moves.move_variant(variants, self.selection, distance))

    def action_timestep(self, direction: int) -> None:
        """Select a timestep; at an update, a parameter; of a tensor, a column."""
        distance = direction * self._take_count()
        if panel_spec(self.selection.panel).selects_entries:
            self._select(
                selection_moves.move_entry(self.session.latest, self.selection, 0, distance)
            )
        elif selection_moves.arrows_select_parameters(self.session.latest, self.selection):
            self._select(
                selection_moves.move_parameter(self.session.latest, self.selection, distance)
            )
        else:
            self._move_timestep(distance)

    def _move_timestep(self, distance: int) -> None:
        """Select the timestep `distance` after the selected one."""
        self._select_timestep((self._request.t or self.session.latest.t) + distance)

    def _select_timestep(self, t: int) -> None:
        """Select timestep `t`, or the nearest there is."""
        self.selection = replace(self.selection, operation=0)
        self._change_request(t=selection_moves.timestep_to_request(self.session.latest, t))

    def action_unit(self, direction: int) -> None:
        """Select a unit; for some panels and places a timestep, a temperature, a row, a tensor."""
        distance, snapshot = direction * self._take_count(), self.session.latest
        spec = panel_spec(self.selection.panel)
        if "↑" in spec.timestep_keys:  # the last timestep is on top
            self._move_timestep(-distance)
        elif spec.selects_entries:
            self._select(selection_moves.move_entry(snapshot, self.selection, distance, 0))
        elif spec.units is not None:
            units = spec.units(self._draw_context(snapshot))
            self._select(selection_moves.move_in_order(units, self.selection, distance))
        elif self.selection.panel == "predictions" and snapshot.vocabulary is not None:
            text = self._request.text
            temperature = selection_moves.temperature_to_request(text.temperature, -distance)
            self._change_request(text=replace(text, temperature=temperature))
        elif selection_moves.arrows_select_parameters(snapshot, self.selection):
            self._select(selection_moves.move_tensor(snapshot, self.selection, distance))
        else:
            self._select(selection_moves.move_unit(snapshot, self.selection, distance))

    def action_layer(self, direction: int) -> None:
        """Show another layer; above the last one, that of the newest operation."""
        layer = selection_moves.layer_to_request(self.session.latest, direction)
        self._change_request(layer=layer)

    def action_sample(self, direction: int) -> None:
        """Show another sample of the batch."""
        distance, snapshot = direction * self._take_count(), self.session.latest
        sample = selection_moves.sample_to_request(snapshot, self._request.sample, distance)
        self._change_request(sample=sample)

    def action_parameter(self, direction: int) -> None:
        """Select a parameter, whatever the arrow keys select."""
        distance = direction * self._take_count()
        self._select(selection_moves.move_parameter(self.session.latest, self.selection, distance))

    def action_operation(self, direction: int) -> None:
        """Show the equation of another operation of this timestep; of tensors, another tensor."""
        distance = direction * self._take_count()
        if panel_spec(self.selection.panel).selects_entries:
            self._select(
                selection_moves.move_tensor(self.session.latest, self.selection, -distance)
            )
            return
        self._select(selection_moves.move_operation(self.session.latest, self.selection, distance))

    def action_escape(self) -> None:
        """Cancel the first of: count, gradient check, zoom, choices, move under way, what-if."""
        snapshot = self.session.latest
        if self.selection.prefix:
            self._select(replace(self.selection, prefix=""))
        elif snapshot.proving is not None and snapshot.proving[0] == "proof":
            self._send(commands.StopGradientCheck())
        elif self._zoomed:
            self.action_zoom()
        elif self._request.t is not None:
            self._send_request(t=None)
        elif self._request.layer is not None:
            self._send_request(layer=None)
        elif snapshot.running or snapshot.number <= self._moved_at:
            self._send(commands.Pause())
        elif snapshot.what_if is not None:
            self._send(commands.Discard(snapshot.what_if.intervention))
        else:
            self._frames.draw_after_key()
