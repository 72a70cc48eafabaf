"""The what-ifs, each of which can be released, and a field to type another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.interventions import (
    Intervention,
    InterventionError,
    Release,
    hint,
    parse,
    pinnable,
)
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.pins import Cut, Pin
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.commands import Command, Intervene, ReleaseWhatIf
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.source import SnapshotSource
from rnn_tui.tui.ascii_filter import draws_ascii
from rnn_tui.tui.ascii_text import in_ascii
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.number_format import count, number
from rnn_tui.tui.parameter_names import parameter_name
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.screens.text_field import TextField
from rnn_tui.tui.screens.what_if_forms import forms
from rnn_tui.tui.themes import style_of

_ALONE = "enter recomputes the window with it · esc cancels"
_WITH_LIST = "enter recomputes · ↑↓ list · del releases · esc closes"


@dataclass(frozen=True, slots=True)
class ListedWhatIf:
    """A what-if that can be released, or a value that is held for good until it is.

    Attributes:
        text: what it is.
        origin: where it comes from.
        tried: whether it is a what-if, which can be undone.
        release: the command that releases it.
    """

    text: str
    origin: str
    tried: bool
    release: Command


def listed_what_ifs(snapshot: Snapshot) -> tuple[ListedWhatIf, ...]:
    """Return what is held for good, then the what-ifs, the newest last."""
    what_if, declaration = snapshot.what_if, snapshot.window.declaration
    tried = what_if.interventions if what_if is not None else ()
    kept = (
        ListedWhatIf(str(pin), "kept", False, Intervene(Release(pin), declaration))
        for pin in snapshot.window.pins
        if not any(pin is each for each in tried)
    )
    since = what_if.since if what_if is not None else ()
    return (
        *kept,
        *(
            ListedWhatIf(str(each), _origin(snapshot, each, update), True, ReleaseWhatIf(each))
            for each, update in zip(tried, since, strict=True)
        ),
    )


def _origin(snapshot: Snapshot, what_if: Intervention, update: int) -> str:
    """Return since when there is a what-if, and whether a later one has taken its place."""
    pins, words = snapshot.window.pins, f"since update {count(update)}"
    held = not isinstance(what_if, Pin | Cut) or any(pin is what_if for pin in pins)
    return words if held or snapshot.cursor.update < update else f"{words}, replaced since"


class WhatIfList(PagesAnywhere, OptionList):
    """The what-ifs, one a line; below the last one is the field."""

    def action_cursor_down(self) -> None:
        """Go to the next line, from the last one to the field."""
        if self.highlighted is None or self.highlighted >= self.option_count - 1:
            self.screen.query_one(Input).focus()
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """Go to the line above, if there is one."""
        if self.highlighted:
            super().action_cursor_up()


class WhatIfField(TextField):
    """The field, above which is the list."""

    def action_scroll_up(self) -> None:
        """Go to the list, as ↑ scrolls nothing here."""
        if isinstance(self.screen, WhatIfScreen):
            self.screen.to_list()


class WhatIfScreen(Dialog[Intervention | None]):
    """The what-ifs: enter returns the typed one, delete releases that of the list, esc closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("delete,backspace", "release", "release"),
    ]

    def __init__(
        self, session: SnapshotSource, selection: Selection, shown: Snapshot | None = None
    ) -> None:
        """Offer the value that `selection` selects in the newest snapshot of `session`.

        Args:
            session: the session.
            selection: what is selected.
            shown: the newest snapshot with values covered that are not to be seen; None for none.
        """
        super().__init__()
        self._session = session
        self._snapshot = session.latest
        self._offered = selected_assignment(shown or self._snapshot, selection)
        self._shown: tuple[str, ...] | None = None  # the texts of the newest snapshot seen
        self._listed: list[ListedWhatIf] = []  # the same after what was released

    def compose(self) -> ComposeResult:
        """Yield the list, a field, a line that says why the text is no what-if, and the forms."""
        with Vertical(id="what-if") as box:
            batch = self._snapshot.settings.batch
            box.border_title = "what if" + (f" · in all {batch} samples" if batch > 1 else "")
            yield WhatIfList(id="what-if-list")
            # What is typed is shown as it is, so a minus is one that this terminal can show.
            ascii_only = draws_ascii(self.app)
            offered = in_ascii(self._offered) if ascii_only else self._offered
            yield WhatIfField(offered, id="intervention")
            yield Static(id="what-if-reason", markup=False)
            inputs = self._snapshot.task.parts
            shown = forms(self._snapshot.window.declaration, inputs)
            lines = "\n".join(form.line for form in shown)
            lines = lines.replace("·I", "*I") if ascii_only else lines
            yield Static(lines, id="what-if-forms", markup=False)

    def on_mount(self) -> None:
        """Show the list, and again whenever it has changed; let the keys go to the field."""
        self._show()
        self.set_interval(0.1, self._show)
        self.query_one(Input).focus()

    def _show(self) -> None:
        """Show the what-ifs if they have changed."""
        listed = listed_what_ifs(self._session.latest)
        texts = tuple(each.text for each in listed)
        if texts == self._shown:
            return
        self._shown, self._listed = texts, list(listed)
        self._list(self.query_one(OptionList).highlighted)

    def _list(self, highlighted: int | None) -> None:
        """Fill the list, and highlight the row, or the last one if there are fewer."""
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(each)) for each in self._listed])
        options.display = bool(self._listed)
        box = self.query_one("#what-if")
        box.border_subtitle = _WITH_LIST if self._listed else _ALONE
        if self._listed and highlighted is not None:
            options.highlighted = min(highlighted, len(self._listed) - 1)
        elif not self._listed:
            self.query_one(Input).focus()

    def _line(self, listed: ListedWhatIf) -> Text:
        """Return one line of the list."""
        theme = self.app.theme
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("? " if listed.tried else "● ", style_of("title", theme))
        text.append(f"{listed.text:<30} ", style_of("strong" if listed.tried else "", theme))
        text.append(listed.origin, style_of("dim", theme))
        return text

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

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Put a what-if of the list into the field, to be typed again with another value."""
        if event.option_index < len(self._listed):
            field = self.query_one(Input)
            field.value = self._listed[event.option_index].text
            field.focus()

    def to_list(self) -> None:
        """Go from the field to the newest what-if."""
        if self._listed:
            options = self.query_one(OptionList)
            options.highlighted = len(self._listed) - 1
            options.focus()

    def action_release(self) -> None:
        """Release the highlighted what-if."""
        options = self.query_one(OptionList)
        row = options.highlighted
        if options.has_focus and row is not None and row < len(self._listed):
            self._session.send(self._listed.pop(row).release)
            self._list(row)

    def _parse(self, text: str) -> Intervention | str:
        """Return the what-if, or the reason why `text` is none."""
        try:
            return parse(text, self._snapshot.window.declaration)
        except InterventionError as error:
            return str(error)

    def _hint(self, text: str) -> str:
        """Return how a what-if is read that could be meant otherwise, or which input it holds."""
        words = hint(text, self._snapshot.window.declaration)
        held, names = self._parse(text), self._snapshot.task.parts
        if words or names is None or not isinstance(held, Pin) or held.symbol != "x_t":
            return words
        place = held.unit
        return f"{held.name} is {names[place - 1]}" if isinstance(place, int) else ""

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
