"""What if: one line to type, that begins with what is selected."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rnn_tui.engine.network.interventions import Intervention, InterventionError, parse, pinnable
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.numbers import number
from rnn_tui.tui.parameters import parameter_name
from rnn_tui.tui.view import View

_FORMS = (
    "f = 1          a gate of every unit at every timestep",
    "f_3 @7 = 0.5   of unit 3 at timestep 7; likewise h_3 @7, x @7",
    "W_h[1,2] = 0   a weight or a bias; W_h = 0 the whole tensor",
    "detach @7      no gradient from timestep 7 to 6",
    "release        nothing is held any more",
)


class WhatIfScreen(ModalScreen[Intervention | None]):
    """Enter makes it so from the start of this window on; esc leaves all as it is."""

    CSS_PATH = "../dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel", priority=True)]

    def __init__(self, snapshot: Snapshot, view: View) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._selected = selected(snapshot, view)

    def compose(self) -> ComposeResult:
        """A field, what can be typed, what is wrong with what is."""
        with Vertical(id="what-if") as box:
            box.border_title = "what if"
            box.border_subtitle = "enter recomputes the window with it · esc cancels"
            yield Input(self._selected, id="intervention", compact=True)
            yield Static(id="what-if-reason", markup=False)
            yield Static("\n".join(_FORMS), id="what-if-forms", markup=False)

    def on_mount(self) -> None:
        """Ready to type the new number."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong as it is typed."""
        reason = self._parse(event.value)
        shown = reason if isinstance(reason, str) else ""
        self.query_one("#what-if-reason", Static).update(shown)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand it back, if it is one."""
        found = self._parse(event.value)
        if not isinstance(found, str):
            self.dismiss(found)

    def _parse(self, text: str) -> Intervention | str:
        try:
            return parse(text, self._snapshot.window.network)
        except InterventionError as error:
            return str(error)

    def action_cancel(self) -> None:
        """Leave all as it is."""
        self.dismiss(None)


def selected(snapshot: Snapshot, view: View) -> str:
    """What is selected, with its value: a parameter at an update, else a value of the timestep."""
    if snapshot.request.t is None and snapshot.cursor.stage in (Pass.CLIP, Pass.UPDATE):
        value = float(snapshot.optimizer.parameters[view.parameter])
        return f"{parameter_name(snapshot, view.parameter)} = {number(value)}"
    t = snapshot.t
    revealed = snapshot.backward_revealed(t) or snapshot.forward_revealed(t)
    row = revealed[max(len(revealed) - 1 - view.operation, 0)].row if revealed else "x_t"
    names = {symbol: name for name, symbol in pinnable(snapshot.window.network).items()}
    symbol = row if row in names else "x_t" if row not in ("y_t", "h_<t-1>") else "h_t"
    array = snapshot.window.values(t)[symbol][0]
    unit = min(view.unit, len(array) - 1)
    place = f"_{unit + 1}" if len(array) > 1 else ""
    known = symbol == "x_t" or symbol in {operation.symbol for operation in revealed}
    value = float(array[unit]) if known or snapshot.forward_complete(t) else 0.0
    return f"{names[symbol]}{place} @{t} = {number(value)}"
