"""Keys that change what is shown: panels, timestep, unit, layer, sample, parameter."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session import commands
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.panel_spec import hidden_panels, panel_spec
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.chart_actions import ChartActions


class SelectionActions(ChartActions):
    """Change the selection and what the session is asked to show."""

    def action_panel(self, distance: int) -> None:
        """Give the focus to the next or previous panel."""
        hidden = self._hidden_panels()
        self.focus_panel(selection_moves.next_panel(self.selection.panel, distance, hidden))

    def _hidden_panels(self) -> dict[str, str]:
        """Return the panels that have nothing to show, and why."""
        return hidden_panels(self.session.latest)

    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus, and on a narrow screen a place."""
        before = self.selection.panel
        self.selection = replace(self.selection, panel=panel, prefix="")
        if panel == "lesson":  # what was looked at stays beside it
            self._other_panel = self._other_panel if before == panel else before
        elif panel != "timestep":
            self._other_panel = panel
        self._arrange(*self.size)

    def action_jump(self) -> None:
        """Open the list of panels, which gives the focus to one of them."""
        from rnn_tui.tui.screens.jump import JumpScreen

        self._take_count()

        def jump(panel: str | None) -> None:
            if panel is not None and (why := self._hidden_panels().get(panel)):
                self._show_notice(why)
            elif panel is not None and panel != self.selection.panel:
                self.focus_panel(panel)

        self.app.push_screen(JumpScreen(self._draw_context(self.session.latest)), jump)

    def action_code(self) -> None:
        """Give the focus to the code of the update, and from there back to the timestep."""
        self.focus_panel("timestep" if self.selection.panel == "code" else "code")

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
            moved = selection_moves.move_variant(variants, self.selection, distance)
            self._select(moved)
            self._show_notice(f"{panel}: {moved.variant(panel, variants)}")

    def action_timestep(self, direction: int) -> None:
        """Select a timestep, at an update a parameter, of a tensor a column; or move a cursor."""
        distance = direction * self._take_count()
        snapshot = self.session.latest
        if self.move_chart_cursor(distance):
            return
        if panel_spec(self.selection.panel).selects_entries:
            moved = selection_moves.move_entry(snapshot, self.selection, 0, distance)
            self._move_to(moved, "column", distance)
        elif selection_moves.arrows_select_parameters(snapshot, self.selection):
            moved = selection_moves.move_parameter(snapshot, self.selection, distance)
            self._move_to(moved, "parameter", distance)
        else:
            self._move_timestep(distance)

    def _move_to(self, moved: Selection, what: str, distance: int) -> None:
        """Select what was moved to, or say that it is the first or the last already.

        Args:
            moved: what is selected then.
            what: of which it is one.
            distance: the direction that was asked for, further on where it is positive.
        """
        if moved == self.selection:
            self._show_notice(
                f"there is no {what} {'after' if distance > 0 else 'before'} this one"
            )
            return
        self._select(moved)

    def _move_timestep(self, distance: int) -> None:
        """Select the timestep `distance` after the selected one."""
        snapshot = self.session.latest
        here = self._request.t or snapshot.t
        if here == (snapshot.steps if distance > 0 else 1):
            only = "only one" if snapshot.steps == 1 else "last" if distance > 0 else "first"
            self._show_notice(f"timestep {here} is the {only}")
            return
        self._select_timestep(here + distance)

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
            moved = selection_moves.move_entry(snapshot, self.selection, distance, 0)
            self._move_to(moved, "row", distance)
        elif spec.units is not None:
            units = spec.units(self._draw_context(snapshot))
            moved = selection_moves.move_in_order(units, self.selection, distance)
            self._move_to(moved, "unit", distance)
        elif self.selection.panel == "predictions" and snapshot.vocabulary is not None:
            text = self._request.text
            temperature = selection_moves.temperature_to_request(text.temperature, -distance)
            if temperature == text.temperature:
                self._show_notice(f"temperature {temperature:g} is the {_end(distance > 0)}")
                return
            self._change_request(text=replace(text, temperature=temperature))
        elif selection_moves.arrows_select_parameters(snapshot, self.selection):
            moved = selection_moves.move_tensor(snapshot, self.selection, distance)
            self._move_to(moved, "tensor", distance)
        else:
            moved = selection_moves.move_unit(snapshot, self.selection, distance)
            self._move_to(moved, "unit", distance)

    def action_layer(self, direction: int) -> None:
        """Show another layer; above the last one, that of the newest operation."""
        layers = self.session.latest.settings.layers
        layer = selection_moves.layer_to_request(self.session.latest, direction)
        if layers == 1:
            self._show_notice("there is one layer: [ ] are for --layers 2 and more")
        elif layer == self._request.layer:
            what = f"layer {layer} is the lowest" if layer else "the cursor's layer is shown"
            self._show_notice(what)
        else:
            if panel_spec(self.selection.panel).selects_entries:
                self.selection = selection_moves.move_to_layer(
                    self.session.latest, self.selection, layer or layers
                )
            self._change_request(layer=layer, parameter=self.selection.parameter)

    def action_sample(self, direction: int) -> None:
        """Show another sample of the batch."""
        distance, snapshot = direction * self._take_count(), self.session.latest
        if snapshot.settings.batch == 1:
            self._show_notice("the batch is one sample: x is for --batch 2 and more")
            return
        sample = selection_moves.sample_to_request(snapshot, self._request.sample, distance)
        self._change_request(sample=sample)

    def action_parameter(self, direction: int) -> None:
        """Select a parameter, whatever the arrow keys select."""
        distance = direction * self._take_count()
        moved = selection_moves.move_parameter(self.session.latest, self.selection, distance)
        self._move_to(moved, "parameter", distance)

    def action_operation(self, direction: int) -> None:
        """Show the equation of another operation of this timestep; of tensors, another tensor."""
        distance = direction * self._take_count()
        snapshot = self.session.latest
        if panel_spec(self.selection.panel).selects_entries:
            moved = selection_moves.move_tensor(snapshot, self.selection, -distance)
            self._move_to(moved, "tensor", -distance)
            return
        if snapshot.request.t is None and snapshot.cursor.stage not in (
            Pass.FORWARD,
            Pass.BACKWARD,
        ):
            self._show_notice("operations are those of a timestep: in FORWARD, BACKWARD, or by ← →")
            return
        moved = selection_moves.move_operation(snapshot, self.selection, distance)
        self._move_to(moved, "operation at this timestep", -distance)

    def action_escape(self) -> None:
        """Cancel the first of: count, check, chart's view, zoom, choices, move, what-if."""
        snapshot = self.session.latest
        if self.selection.prefix:
            self._select(replace(self.selection, prefix=""))
        elif snapshot.proving is not None and snapshot.proving[0] == "proof":
            self._send(commands.StopGradientCheck())
        elif self.leave_chart_view():
            return
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
            self._frames.draw_after_key()  # says nothing: it may begin a key that is torn apart


def _end(lowest: bool) -> str:
    """Return what the end of a scale is called."""
    return "lowest" if lowest else "highest"
