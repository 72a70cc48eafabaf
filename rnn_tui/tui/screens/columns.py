"""The list of a table's columns, to choose the target, the inputs or the time from."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.tasks.data_report import DataReport
from rnn_tui.tui.column_table import column_lines
from rnn_tui.tui.lines import fold
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.themes import style_of

_WHAT = {
    "target": "to predict",
    "inputs": "that the network reads",
    "time": "that says when",
}
_CANNOT = {"target": "predicted", "inputs": "read"}


class ColumnList(PagesAnywhere, OptionList):
    """The columns, one a line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "screen.choose", "choose")]


class ColumnsScreen(Dialog[str | None]):
    """The columns: enter returns the names that are chosen as the field takes them; esc None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", priority=True)]

    def __init__(self, field: str, report: DataReport) -> None:
        """List the columns of a table.

        Args:
            field: what is chosen: "target", "inputs" or "time".
            report: what was read.
        """
        super().__init__()
        self._field = field
        self._report = report
        chosen = {"target": report.targets, "inputs": report.inputs, "time": (report.time,)}[field]
        self._chosen = [name for name in chosen if name]
        self._toggled = False
        self._refusal = ""

    def compose(self) -> ComposeResult:
        """Yield the list; below it what was assumed, and what is wrong."""
        with Vertical(id="columns") as box:
            box.border_title = f"the column {_WHAT[self._field]}"
            several = "" if self._field == "time" else "space several · "
            box.border_subtitle = f"enter takes it · {several}↑ ↓ · esc closes"
            yield Static(id="column-heading", markup=False)
            yield ColumnList(id="column-list")
            with VerticalScroll(id="column-notes", can_focus=False):
                yield Static(id="column-said", markup=False)

    def on_mount(self) -> None:
        """Fill the list once there is a width."""
        self.query_one(OptionList).focus()
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        """Write the columns with what they are used for; the highlight stays where it is."""
        options = self.query_one(ColumnList)
        width = options.scrollable_content_region.width
        if not width:
            return
        at = options.highlighted
        heading, *lines = column_lines(self._marked(), width)
        self.query_one("#column-heading", Static).update(heading)
        options.clear_options()
        options.add_options([Option(Text(line, no_wrap=True)) for line in lines])
        names = [each.name for each in self._report.columns]
        first = names.index(self._chosen[0]) if self._chosen and self._chosen[0] in names else 0
        options.highlighted = first if at is None else at
        problems = [*filter(None, [self._refusal]), *self._report.problems]
        sentences = [f"! {each}" for each in problems]
        sentences += [f"· {each}" for each in self._report.notes]
        said = Text("\n".join(line for each in sentences for line in fold(each, width)))
        if problems:
            said.stylize(style_of("error", self.app.theme))
        self.query_one("#column-said", Static).update(said)

    def _marked(self) -> DataReport:
        """Return the report as it would be with the columns that are chosen."""
        chosen, report = tuple(self._chosen), self._report
        if self._field == "time":
            return replace(report, time=chosen[0] if chosen else None)
        if report.time in chosen:
            report = replace(report, time=None)
        if self._field == "inputs":
            return replace(report, inputs=chosen)
        follows = report.inputs == report.targets
        return replace(report, targets=chosen, inputs=chosen if follows else report.inputs)

    def action_choose(self) -> None:
        """Choose the highlighted column too, or no longer."""
        name = self._highlighted()
        if name is None:
            return
        if name in self._chosen:
            self._chosen.remove(name)
        elif self._refused(name):
            return
        elif self._field == "time":
            self._chosen = [name]
        else:
            self._chosen.append(name)
        self._toggled = True
        self._fill()

    def on_option_list_option_highlighted(self) -> None:
        """Say no longer why another column cannot be chosen."""
        if self._refusal and self._refusal != self._why_not(self._highlighted() or ""):
            self._refusal = ""
            self._fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return what is chosen; without a choice, the highlighted column."""
        event.stop()
        name = self._highlighted()
        if self._toggled:
            self.dismiss(as_field(self._chosen))
        elif name is not None and (name in self._chosen or not self._refused(name)):
            self.dismiss(as_field([name]))

    def _refused(self, name: str) -> bool:
        """Return whether a column cannot be chosen, which is then said."""
        self._refusal = self._why_not(name)
        self._fill()
        return bool(self._refusal)

    def _why_not(self, name: str) -> str:
        """Return why a column cannot be chosen; "" if it can."""
        column = next((each for each in self._report.columns if each.name == name), None)
        if column is None or not isinstance(column.first, str):
            return ""
        if self._field == "time":
            return f"{name} holds text, no times" if column.kind == "text" else ""
        held = "times" if column.kind == "time" else "text"
        return f"{name} holds {held}, no numbers: it cannot be {_CANNOT[self._field]}"

    def _highlighted(self) -> str | None:
        at = self.query_one(ColumnList).highlighted
        return None if at is None else self._report.columns[at].name


def as_field(names: Sequence[str]) -> str:
    """Return names of columns as the settings take them: separated by commas, quoted if need be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue() if names else ""
