"""The hyperparameter form: one line a setting, made from the settings' declarations.

Every field is checked as it is typed, the reason stands beside it, and each says whether a running
network takes the change (~) or has to begin again (↻).
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rnn_tui.settings import (
    DECLARATIONS,
    Declaration,
    SettingError,
    Settings,
    Value,
    task_defaults,
)
from rnn_tui.tui.panels.hyperparameters import LIVE, RESTART, mark


class Field(Input):
    """One value. Where there are choices, space goes to the next one."""

    def __init__(self, declaration: Declaration, value: Value) -> None:
        super().__init__(declaration.show(value), id=f"field-{declaration.name}", compact=True)
        self.declaration = declaration
        self.select_on_focus = True

    async def _on_key(self, event: events.Key) -> None:
        choices = self.declaration.choices or (("on", "off") if self._is_switch() else ())
        if event.key == "space" and choices:
            event.stop()
            event.prevent_default()
            here = choices.index(self.value) if self.value in choices else -1
            self.value = choices[(here + 1) % len(choices)]
            self.cursor_position = len(self.value)
            return
        await super()._on_key(event)

    def _is_switch(self) -> bool:
        return self.declaration.kind is bool


class SettingsScreen(ModalScreen[Settings | None]):
    """The form. Enter applies, esc leaves all as it was."""

    CSS_PATH = "../dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("enter", "apply", "apply", priority=True),
        Binding("down", "app.focus_next", "next field", priority=True),
        Binding("up", "app.focus_previous", "previous field", priority=True),
    ]

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._draft: Settings | None = settings
        self._defaults = task_defaults(settings.to_json())  # that the fields follow

    def compose(self) -> ComposeResult:
        """A line a setting, groups apart, the verdict below."""
        with Vertical(id="settings") as box:
            box.border_title = f"hyperparameters   {LIVE} changes at once · {RESTART} restarts"
            box.border_subtitle = "enter applies · space next choice · ↑ ↓ fields · esc cancels"
            with VerticalScroll(id="fields"):
                group = ""
                for declaration in DECLARATIONS.values():
                    if declaration.group != group:
                        group = declaration.group
                        yield Static(group, classes="group")
                    yield from self._line(declaration)
            yield Static(id="verdict")

    def _line(self, declaration: Declaration) -> ComposeResult:
        with Horizontal(classes="field", id=f"line-{declaration.name}"):
            effect = "live" if declaration.effect == "live" else "restart"
            yield Static(f"{mark(declaration)} ", classes=f"mark {effect}", markup=False)
            yield Static(declaration.name.replace("_", "-"), classes="name", markup=False)
            yield Field(declaration, getattr(self._settings, declaration.name))
            yield Static(id=f"reason-{declaration.name}", classes="reason", markup=False)

    def on_mount(self) -> None:
        """Start at the learning rate: what is changed most."""
        self._check()
        self.query_one("#field-lr", Field).focus()

    def on_input_changed(self) -> None:
        """Check everything again: fields depend on each other."""
        self._check()

    def _check(self) -> None:
        """Parse all fields, then what must fit together; show reasons and what would happen."""
        values: dict[str, Value] = {}
        reasons: dict[str, str] = {}
        for name, declaration in DECLARATIONS.items():
            try:
                values[name] = declaration.parse(self.query_one(f"#field-{name}", Field).value)
            except SettingError as error:
                reasons[name] = f"must be {error.allowed}"
        self._draft = None
        self._follow(values)
        if not reasons:
            try:
                self._draft = Settings(**values)  # type: ignore[arg-type]
            except SettingError as error:
                reasons[error.name] = f"must be {error.allowed}"
        self._show(values, reasons)

    def _follow(self, values: dict[str, Value]) -> None:
        """Give the new task's default to every field that has the old one's.

        What was chosen stays; each field that changes is checked anew, by its own message.
        """
        if len(values) < len(DECLARATIONS):  # what is half typed decides nothing
            return
        before, self._defaults = self._defaults, task_defaults(values)
        for name, default in self._defaults.items():
            if default != before[name] == values[name]:
                self.query_one(f"#field-{name}", Field).value = DECLARATIONS[name].show(default)

    def _show(self, values: dict[str, Value], reasons: dict[str, str]) -> None:
        for name, declaration in DECLARATIONS.items():
            self.query_one(f"#line-{name}").display = name in reasons or _matters(
                declaration, values
            )
            field = self.query_one(f"#field-{name}", Field)
            field.set_class(name in reasons, "-invalid")
            reason = self.query_one(f"#reason-{name}", Static)
            reason.set_class(name in reasons, "bad")
            changed = name in values and values[name] != getattr(self._settings, name)
            reason.update(reasons.get(name) or self._hint(declaration, changed))
        verdict = self.query_one("#verdict", Static)
        verdict.set_class(bool(reasons), "bad")
        verdict.update(self._verdict(reasons))

    def _hint(self, declaration: Declaration, changed: bool) -> str:
        if changed:
            before = declaration.show(getattr(self._settings, declaration.name))
            return f"changed, was {before}" if before else "changed"
        return " | ".join(declaration.choices) or declaration.help

    def _verdict(self, reasons: dict[str, str]) -> str:
        if self._draft is None:
            first = next(iter(reasons))
            return f"{DECLARATIONS[first].option} {reasons[first]}"
        changed = self._draft.differences(self._settings)
        if not changed:
            return "nothing changed"
        restart = self._draft.needs_restart(self._settings)
        if restart:
            return f"enter restarts the network: {', '.join(restart)}"
        return f"enter changes the running network: {', '.join(changed)}"

    def action_apply(self) -> None:
        """Hand the settings back, if they are valid."""
        if self._draft is not None:
            self.dismiss(self._draft)

    def action_cancel(self) -> None:
        """Leave all as it was."""
        self.dismiss(None)


def _matters(declaration: Declaration, values: dict[str, Value]) -> bool:
    """Whether the setting matters with the others as typed."""
    if not declaration.only_with:
        return True
    name, *wanted = declaration.only_with
    return values.get(name) in wanted
