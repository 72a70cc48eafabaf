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
        sentences = [f"! {each}" for each in self._report.problems]
        sentences += [f"· {each}" for each in self._report.notes]
        said = Text("\n".join(line for each in sentences for line in fold(each, width)))
        if self._report.problems:
            said.stylize(style_of("error", self.app.theme))
        self.query_one("#column-said", Static).update(said)

    def _marked(self) -> DataReport:
        """Return the report as it would be with the columns that are chosen."""
        chosen = tuple(self._chosen)
        if self._field == "time":
            return replace(self._report, time=chosen[0] if chosen else None)
        if self._field == "inputs":
            return replace(self._report, inputs=chosen)
        follows = self._report.inputs == self._report.targets
        return replace(
            self._report, targets=chosen, inputs=chosen if follows else self._report.inputs
        )

    def action_choose(self) -> None:
        """Choose the highlighted column too, or no longer."""
        name = self._highlighted()
        if name is None:
            return
        if self._field == "time" or not self._toggled:
            self._chosen = [name] if self._chosen != [name] else []
        elif name in self._chosen:
            self._chosen.remove(name)
        else:
            self._chosen.append(name)
        self._toggled = True
        self._fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return what is chosen; without a choice, the highlighted column."""
        event.stop()
        name = self._highlighted()
        chosen = self._chosen if self._toggled else [name] if name else []
        self.dismiss(as_field(chosen))

    def _highlighted(self) -> str | None:
        at = self.query_one(ColumnList).highlighted
        return None if at is None else self._report.columns[at].name


def as_field(names: Sequence[str]) -> str:
    """Return names of columns as the settings take them: separated by commas, quoted if need be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue() if names else ""
