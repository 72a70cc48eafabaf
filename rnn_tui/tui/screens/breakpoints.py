"""The list of breakpoints with hit counts, and a field to type another one."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.training.breakpoint_conditions import BreakpointError, Kind, saturation_bounds
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.breakpoints import BreakpointStatus
from rnn_tui.session.commands import AddBreakpoint, RemoveBreakpoint, SwitchBreakpoint
from rnn_tui.session.source import SnapshotSource
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.screens.text_field import TextField
from rnn_tui.tui.themes import style_of

_EXAMPLES = "loss<0.01  test<0.05  grad>10  clipped  {}update=500  pass=BACKWARD t=7"


class BreakpointList(PagesAnywhere, OptionList):
    """The breakpoints, one a line."""


class BreakpointsScreen(Dialog[None]):
    """The breakpoints: enter adds the typed one; in the list, space switches, delete removes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", priority=True),
        Binding("space", "switch", "switch on or off"),
        Binding("delete,backspace", "remove", "remove"),
    ]

    def __init__(self, session: SnapshotSource) -> None:
        """Show the breakpoints of `session`."""
        super().__init__()
        self._session = session
        self._shown: tuple[BreakpointStatus, ...] = ()  # of the newest snapshot seen
        self._listed: list[BreakpointStatus] = []  # the same after what was switched and removed

    def compose(self) -> ComposeResult:
        """Yield the list, a field below it, and a line that says why the text is no breakpoint."""
        with Vertical(id="breakpoints") as box:
            box.border_title = "breakpoints"
            box.border_subtitle = "enter adds · tab · space on/off · del removes · esc closes"
            yield BreakpointList(id="breakpoint-list")
            yield TextField(placeholder="such as loss<0.01", id="breakpoint")
            yield Static(self._examples(), id="breakpoint-reason", markup=False)

    def on_mount(self) -> None:
        """Show the list, and again whenever the session has counted hits."""
        self._show()
        self.set_interval(0.1, self._show)
        self.query_one(Input).focus()

    def _show(self) -> None:
        """Show the breakpoints if they have changed."""
        breakpoints = self._session.latest.breakpoints
        if breakpoints == self._shown:
            return
        self._shown, self._listed = breakpoints, list(breakpoints)
        self._list(self.query_one(OptionList).highlighted or 0)

    def _list(self, highlighted: int) -> None:
        """Fill the list, and highlight the row, or the last one if there are fewer."""
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(status)) for status in self._listed])
        if self._listed:
            options.highlighted = min(highlighted, len(self._listed) - 1)

    def _line(self, status: BreakpointStatus) -> Text:
        """Return one line of the list."""
        theme, on = self.app.theme, status.breakpoint.enabled
        text = Text()
        text.append("● " if on else "○ ", style_of("strong" if on else "dim", theme))
        text.append(f"{status.breakpoint!s:<34}", style_of("" if on else "title", theme))
        hits = "never hit" if not status.hits else f"hit {status.hits}×"
        state = hits if status.armed or not on else f"{hits} · holds now"
        text.append(state, style_of("title", theme))
        return text

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show why the text is no breakpoint, while it is typed."""
        reason = self._reason(event.value)
        shown = self.query_one("#breakpoint-reason", Static)
        shown.set_class(bool(reason), "bad")
        shown.update(reason or self._examples())

    def _examples(self) -> str:
        """Return conditions to type, with a gate that this network has."""
        gate = next(iter(saturation_bounds(self._session.latest.window.declaration.layers)), "")
        return _EXAMPLES.format(f"saturated {gate}>0.9  " if gate else "")

    def _reason(self, text: str) -> str:
        """Return why `text` is not a breakpoint of this network; empty if it is, or is empty."""
        if not text.strip():
            return ""
        snapshot = self._session.latest
        try:
            parse(text).fits(snapshot.window.declaration, tested=snapshot.task.tested)
        except BreakpointError as error:
            return str(error)
        return ""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add the breakpoint that was typed."""
        if event.value.strip() and not self._reason(event.value):
            self._session.send(AddBreakpoint(parse(event.value)))
            event.input.value = ""

    def action_switch(self) -> None:
        """Switch the highlighted breakpoint on or off."""
        row = self._highlighted()
        if row is not None:
            breakpoint = self._listed[row].breakpoint
            switched = replace(breakpoint, enabled=not breakpoint.enabled)
            self._session.send(SwitchBreakpoint(breakpoint, switched.enabled))
            if breakpoint.kind is not Kind.NAN:  # which stays on
                self._listed[row] = replace(self._listed[row], breakpoint=switched)
                self._list(row)

    def action_remove(self) -> None:
        """Remove the highlighted breakpoint."""
        row = self._highlighted()
        if row is not None:
            breakpoint = self._listed[row].breakpoint
            self._session.send(RemoveBreakpoint(breakpoint))
            if breakpoint.kind is not Kind.NAN:
                del self._listed[row]
                self._list(row)

    def _highlighted(self) -> int | None:
        """Return the highlighted row of the list; None if there is none."""
        row = self.query_one(OptionList).highlighted
        return row if row is not None and row < len(self._listed) else None
