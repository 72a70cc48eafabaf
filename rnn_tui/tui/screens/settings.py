"""The form of hyperparameters: a field for each setting, made from the settings' declarations.

All groups are seen at once. Every field is checked while it is typed. Below them stands what the
setting in focus is, or why its value is refused, in full. The sign before a name says whether a
running network takes the change (~) or has to restart (↻).
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.kiosk import Kiosk
from rnn_tui.settings import (
    DECLARATIONS,
    Declaration,
    SettingError,
    Settings,
    Value,
    task_defaults,
)
from rnn_tui.tui.panels.hyperparameters import LIVE, RESTART, mark
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.screens.text_field import TextField


class Field(TextField):
    """A field for one value. If the setting has choices, space goes to the next one."""

    def __init__(self, declaration: Declaration, value: Value) -> None:
        """Make a field that shows `value`."""
        super().__init__(declaration.show(value), id=f"field-{declaration.name}")
        self.declaration = declaration
        self.select_on_focus = True

    async def _on_key(self, event: events.Key) -> None:
        choices = self.declaration.choices or (("on", "off") if self._is_switch() else ())
        if event.key == "space" and choices:
            event.stop()
            event.prevent_default()
            current = choices.index(self.value) if self.value in choices else -1
            self.value = choices[(current + 1) % len(choices)]
            self.cursor_position = len(self.value)
            return
        await super()._on_key(event)

    def _is_switch(self) -> bool:
        return self.declaration.kind is bool


KEPT_IN_KIOSK = ("data",)
"""The settings that a guest does not change: they name files."""


class SettingsScreen(Dialog[Settings | None]):
    """The form: enter returns the new settings, esc returns None.

    Attributes:
        draft: the settings as typed, None while they are refused.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("down", "app.focus_next", "next field", priority=True),
        Binding("up", "app.focus_previous", "previous field", priority=True),
    ]

    def __init__(self, settings: Settings, kiosk: Kiosk | None = None) -> None:
        """Show `settings`.

        Args:
            settings: those of the run.
            kiosk: what a guest may do, who chooses no file; None for a user.
        """
        super().__init__()
        self._settings = settings
        self._kiosk = kiosk
        kept = () if kiosk is None else KEPT_IN_KIOSK
        self._declarations = {n: d for n, d in DECLARATIONS.items() if n not in kept}
        self._kept: dict[str, Value] = {name: getattr(settings, name) for name in kept}
        self.draft: Settings | None = settings
        self._fields: dict[str, Field] = {}
        self._names: dict[str, Static] = {}
        self._lines: dict[str, Horizontal] = {}
        self._shown: dict[str, tuple[bool, bool, bool]] = {}  # visible, refused, changed
        self._texts: dict[str, str] = {}  # by setting: what is said of it below
        self._defaults = task_defaults(settings.to_json())  # followed by fields, see _follow_task

    def compose(self) -> ComposeResult:
        """Yield the fields of each group; below, the setting in focus and the verdict."""
        groups: dict[str, list[Declaration]] = {}
        for declaration in self._declarations.values():
            groups.setdefault(declaration.group, []).append(declaration)
        with Vertical(id="settings") as box:
            box.border_title = f"hyperparameters   {LIVE} changes at once · {RESTART} restarts"
            box.border_subtitle = "enter applies · space next choice · ↑ ↓ · esc cancels"
            with VerticalScroll(id="fields"):
                for group, declarations in groups.items():
                    with Horizontal(classes="group", id=f"group-{group}"):
                        yield Static(group, classes="group-name", markup=False)
                        with Grid(classes="group-fields"):
                            for declaration in declarations:
                                yield from self._line(declaration)
            yield Static(id="setting-help", markup=False)
            yield Static(id="verdict", markup=False)

    def _line(self, declaration: Declaration) -> ComposeResult:
        """Yield mark, name and field of one setting."""
        with Horizontal(classes="field", id=f"line-{declaration.name}") as line:
            effect = "live" if declaration.effect == "live" else "restart"
            yield Static(f"{mark(declaration)} ", classes=f"mark {effect}", markup=False)
            shown = declaration.name.replace("_", "-")
            name = Static(shown, classes="name", id=f"name-{declaration.name}", markup=False)
            field = Field(declaration, getattr(self._settings, declaration.name))
            yield name
            yield field
        self._lines[declaration.name] = line
        self._names[declaration.name], self._fields[declaration.name] = name, field

    def on_mount(self) -> None:
        """Check all fields; start at the learning rate, which is changed most."""
        self._check()
        self._fields["lr"].focus(scroll_visible=False)
        self.call_after_refresh(self._explain)  # the first field to have the focus sends no message

    def on_descendant_focus(self) -> None:
        """Say what the setting is that now has the focus."""
        self._explain()

    def on_input_changed(self) -> None:
        """Check all fields again: they depend on each other."""
        self._check()

    def _check(self) -> None:
        """Parse each field, then check all together; show reasons and what enter would do."""
        values: dict[str, Value] = {**self._kept}
        reasons: dict[str, str] = {}
        for name, declaration in self._declarations.items():
            try:
                values[name] = declaration.parse(self._fields[name].value)
            except SettingError as error:
                reasons[name] = f"must be {error.allowed}"
        self.draft = None
        self._follow_task(values)
        if not reasons:
            try:
                draft = Settings(**values)  # type: ignore[arg-type]  # checked when made
                if self._kiosk is not None:
                    self._kiosk.check(draft)
                check_memory(draft, screen=True)
                self.draft = draft
            except SettingError as error:
                reasons[error.name] = f"must be {error.allowed}"
        self._show(values, reasons)

    def _follow_task(self, values: dict[str, Value]) -> None:
        """Give the new task's default to every field that has the old one's.

        Other values stay. Each field that changes causes a message and so another check.
        """
        if len(values) < len(DECLARATIONS):  # some field is half typed: wait
            return
        before, self._defaults = self._defaults, task_defaults(values)
        for name, default in self._defaults.items():
            if name in self._declarations and default != before[name] == values[name]:
                self._fields[name].value = DECLARATIONS[name].show(default)

    def _show(self, values: dict[str, Value], reasons: dict[str, str]) -> None:
        """Show the reasons, hide settings without effect, and say what enter would do.

        Args:
            values: by setting, those that could be parsed.
            reasons: by setting, why its value is refused.
        """
        for name, declaration in self._declarations.items():
            refused = name in reasons
            changed = name in values and values[name] != getattr(self._settings, name)
            reason = f" {reasons[name]}" if refused else ""
            self._texts[name] = reason or self._hint(declaration, changed)
            now = (refused or _matters(declaration, values), refused, changed)
            if self._shown.get(name) == now:
                continue  # every change makes Textual lay out the whole form
            self._shown[name] = now
            self._lines[name].display = now[0]
            self._fields[name].set_class(refused, "-invalid")
            self._names[name].set_class(changed, "changed")
        self._explain()
        verdict = self.query_one("#verdict", Static)
        verdict.set_class(bool(reasons), "bad")
        verdict.update(self._verdict(reasons))

    def _explain(self) -> None:
        """Say below the fields what the setting in focus is, or why its value is refused."""
        field = self.focused
        if not isinstance(field, Field):
            return
        name = field.declaration.name
        said = self.query_one("#setting-help", Static)
        said.set_class(self._shown.get(name, (True, False, False))[1], "bad")
        said.update(f"{name.replace('_', '-')}{self._texts.get(name, '')}")

    def _hint(self, declaration: Declaration, changed: bool) -> str:
        """Return what is said after the name of a valid field: its old value, help, choices."""
        before = declaration.show(getattr(self._settings, declaration.name))
        was = f" (was {before or 'empty'})" if changed else ""
        choices = " | ".join(declaration.choices)
        return f"{was}: {declaration.help}" + (f" {choices}" if choices else "")

    def _verdict(self, reasons: dict[str, str]) -> str:
        """Return what enter would do, or the first reason why it does nothing."""
        if self.draft is None:
            first = next(iter(reasons))
            return f"{DECLARATIONS[first].option} {reasons[first]}"
        changed = self.draft.differences(self._settings)
        if not changed:
            return "nothing changed"
        restart = self.draft.needs_restart(self._settings)
        if restart:
            return f"enter restarts the network: {', '.join(restart)}"
        return f"enter changes the running network: {', '.join(changed)}"

    def on_input_submitted(self) -> None:
        """Return the settings, if they are valid.

        This is no binding with priority: that would overtake keys typed just before it.
        """
        self._check()  # with what follows from a task typed just before
        if self.draft is not None:
            self.dismiss(self.draft)

    def action_cancel(self) -> None:
        """Return nothing."""
        self.dismiss(None)


def _matters(declaration: Declaration, values: dict[str, Value]) -> bool:
    """Return whether the setting has an effect with the others as typed."""
    if not declaration.only_with:
        return True
    name, *wanted = declaration.only_with
    return values.get(name) in wanted
