"""A field to type a what-if, filled with the selected value."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.interventions import (
    Intervention,
    InterventionError,
    hint,
    parse,
    pinnable,
)
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.ascii_filter import draws_ascii
from rnn_tui.tui.ascii_text import in_ascii
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.number_format import number
from rnn_tui.tui.parameter_names import parameter_name
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.screens.text_field import TextField

_FORMS = (
    "f = 1          a gate of every unit at every timestep",
    "f_7[3] = 0.5   of unit 3 at timestep 7; likewise h_7[3], h_7, x_7, f[3]",
    "W_h[1,2] = 0   a weight or a bias; W_h = 0 the whole tensor",
    "detach @7      no gradient from timestep 7 to 6",
    "release        nothing is held any more",
)


class WhatIfScreen(Dialog[Intervention | None]):
    """The what-if that is typed: enter returns it, esc returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel", priority=True)]

    def __init__(self, snapshot: Snapshot, selection: Selection) -> None:
        """Offer the value that `selection` selects in `snapshot`."""
        super().__init__()
        self._snapshot = snapshot
        self._offered = selected_assignment(snapshot, selection)

    def compose(self) -> ComposeResult:
        """Yield a field, a line that says why the text is no what-if, and the forms of what-ifs."""
        with Vertical(id="what-if") as box:
            batch = self._snapshot.settings.batch
            box.border_title = "what if" + (f" · in all {batch} samples" if batch > 1 else "")
            box.border_subtitle = "enter recomputes the window with it · esc cancels"
            # What is typed is shown as it is, so a minus is one that this terminal can show.
            offered = in_ascii(self._offered) if draws_ascii(self.app) else self._offered
            yield TextField(offered, id="intervention", compact=True)
            yield Static(id="what-if-reason", markup=False)
            yield Static("\n".join(_FORMS), id="what-if-forms", markup=False)

    def on_mount(self) -> None:
        """Let the keys go to the field."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show why the text is no what-if, or how it is read, while it is typed."""
        result = self._parse(event.value)
        wrong = isinstance(result, str)
        reason = result if isinstance(result, str) else self._hint(event.value)
        line = self.query_one("#what-if-reason", Static)
        line.update(reason)
        line.set_class(wrong, "wrong")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the what-if, if the text is one."""
        result = self._parse(event.value)
        if not isinstance(result, str):
            self.dismiss(result)

    def _parse(self, text: str) -> Intervention | str:
        """Return the what-if, or the reason why `text` is none."""
        try:
            return parse(text, self._snapshot.window.declaration)
        except InterventionError as error:
            return str(error)

    def _hint(self, text: str) -> str:
        """Return how a what-if is read that could be meant otherwise."""
        return hint(text, self._snapshot.window.declaration)

    def action_cancel(self) -> None:
        """Return nothing."""
        self.dismiss(None)


def selected_assignment(snapshot: Snapshot, selection: Selection) -> str:
    """Return the what-if that changes nothing: the selected value, such as ``f_7[3] = 0.952``.

    At an update that is the selected parameter; elsewhere the selected unit of the row whose
    equation is shown, or of a value that can be held if that one cannot, in the layer shown.
    """
    if snapshot.request.t is None and snapshot.cursor.stage in (Pass.CLIP, Pass.UPDATE):
        value = float(snapshot.optimizer.parameters[selection.parameter])
        return f"{parameter_name(snapshot, selection.parameter)} = {number(value)}"
    t = snapshot.t
    revealed = snapshot.selectable_operations(t)
    row = revealed[max(len(revealed) - 1 - selection.operation, 0)].row if revealed else "x_t"
    held = pinnable(snapshot.window.declaration).values()
    h = name_in_layer("h_t", snapshot.layer)
    outputs = tuple(each.symbol for each in snapshot.window.declaration.loss_function.rows)
    before = row.replace("_<t-1>", "_t")  # for a state that arrives, offer the one that leaves
    symbol = h if row in outputs else before if before in held else "x_t"
    array = snapshot.window.values(t)[symbol][0]
    unit = min(selection.unit, len(array) - 1)
    entry = (unit + 1,) if len(array) > 1 else ()
    known = symbol == "x_t" or symbol in {operation.symbol for operation in revealed}
    value = float(array[unit]) if known or snapshot.forward_complete(t) else 0.0
    return f"{value_name(symbol, t, *entry)} = {number(value)}"
