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
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.files.data_file import shown_name
from rnn_tui.kiosk import Kiosk, capped
from rnn_tui.settings import (
    DECLARATIONS,
    OF_FILES,
    Declaration,
    SettingError,
    Settings,
    Value,
    task_defaults,
)
from rnn_tui.tasks.data_report import DataReport
from rnn_tui.tui.lines import Line, cut, fold
from rnn_tui.tui.panels.hyperparameters import LIVE, RESTART, mark
from rnn_tui.tui.screens.data_preview import (
    READ_BY,
    Preview,
    key_of,
    look_aside,
    read_aside,
    said_of,
)
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.screens.labelled_field import LabelledField


class Field(LabelledField):
    """A field for one value. If the setting has choices, space goes to the next one."""

    class ColumnsWanted(Message):
        """The columns are to be listed, for the field of this setting."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, declaration: Declaration, value: Value) -> None:
        """Make a field that shows `value`."""
        name = f"field-{declaration.name}"
        super().__init__(declaration.show(value), id=name, label=_label(declaration))
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
        untouched = not self.value or self.selected_text == self.value
        if event.key == "space" and self.declaration.name in COLUMNS_OF and untouched:
            event.stop()
            event.prevent_default()
            self.post_message(self.ColumnsWanted(self.declaration.name))
            return
        await super()._on_key(event)

    def note_changed(self, changed: bool) -> None:
        """Show that the value is another one than the run has, or that it is not."""
        self.set_label(_label(self.declaration, changed=changed))

    def _is_switch(self) -> bool:
        return self.declaration.kind is bool


COLUMNS_OF = ("target", "inputs", "time")
"""The settings that name columns: space lists them."""
OF_A_FILE = ("data", "encoding", *COLUMNS_OF, "missing", "delimiter", "decimal", "thousands",
             "skip_rows", "test_share")  # fmt: skip
"""The settings below which stands what was read of the file."""
LATER = 0.25
"""Seconds without a key after which a file that was typed is read."""
KEPT_IN_KIOSK = ("data",)
"""The settings that a guest does not change: they name files."""
_OF_WEIGHTS = (
    "cell",
    "hidden",
    "layers",
    *(n for n, d in DECLARATIONS.items() if d.group == "data"),
)
"""The settings that given weights are for; with others, weights may be drawn at random."""
_NOTHING = "enter does nothing yet: see above"
_HIGH = 30
"""Lines of a screen with room for more help."""
_HELP_LINES = {True: 4, False: 7}
"""Lines of what is said of the field in focus, on a low screen and on another."""


class SettingsScreen(Dialog[Settings | None]):
    """The form: enter returns the new settings, esc returns None.

    Attributes:
        draft: the settings as typed, None while they are refused.
    """

    AUTO_FOCUS = "#field-lr"  # the learning rate is changed most
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("down", "app.focus_next", "next field", priority=True),
        Binding("up", "app.focus_previous", "previous field", priority=True),
    ]

    class Read(Message):
        """A file was looked at."""

        def __init__(self, preview: Preview) -> None:
            super().__init__()
            self.preview = preview

    def __init__(
        self,
        settings: Settings,
        kiosk: Kiosk | None = None,
        report: DataReport | None = None,
        not_drawn: tuple[str, ...] = (),
    ) -> None:
        """Show `settings`.

        Args:
            settings: those of the run.
            kiosk: what a guest may do, who chooses no file; None for a user.
            report: what was read of the run's data file; None where there is none.
            not_drawn: settings without effect while the network has this cell and size, as its
                weights come from a case or a file.
        """
        super().__init__()
        self._not_drawn = not_drawn
        self._settings = settings
        self._kiosk = kiosk
        kept = () if kiosk is None else KEPT_IN_KIOSK
        self._declarations = {n: d for n, d in DECLARATIONS.items() if n not in kept}
        self._kept: dict[str, Value] = {name: getattr(settings, name) for name in kept}
        self.draft: Settings | None = settings
        self._fields: dict[str, Field] = {}
        self._checked: tuple[str, ...] = ()  # the values that were checked last
        self._shown: dict[str, tuple[bool, bool, bool]] = {}  # visible, refused, changed
        self._reasons: dict[str, str] = {}  # by setting: why its value is refused
        self._texts: dict[str, str] = {}  # by setting: what is said of it below
        self._defaults = task_defaults(settings.to_json())  # followed by fields, see _follow_task
        self._preview = Preview(key_of(settings), report)
        known = report is not None or not settings.data
        self._asked = self._preview.key if known else ()  # what is being read
        self._looked_at = settings.data  # the path whose task was asked for
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield the fields of each group; below, the setting in focus and the verdict."""
        groups: dict[str, list[Declaration]] = {}
        for declaration in self._declarations.values():
            groups.setdefault(declaration.group, []).append(declaration)
        with Vertical(id="settings") as box:
            box.border_title = f"hyperparameters   {LIVE} changes at once · {RESTART} restarts"
            box.border_subtitle = "enter applies · space next choice · ↑ ↓ · esc cancels"
            # With the focus itself, it would have the style of each field computed again.
            with VerticalScroll(id="fields", can_focus=False):
                for group, declarations in groups.items():
                    with Horizontal(classes="group", id=f"group-{group}"):
                        yield Static(group, classes="group-name", markup=False)
                        with Grid(classes="group-fields"):
                            yield from map(self._field, declarations)
            yield Static(id="setting-help", markup=False)
            yield Static(id="verdict", markup=False)

    def _field(self, declaration: Declaration) -> Field:
        """Return the field of one setting, and keep it."""
        field = Field(declaration, getattr(self._settings, declaration.name))
        self._fields[declaration.name] = field
        return field

    def on_mount(self) -> None:
        """Check all fields, and say what the first one in focus is."""
        self._check()

    def on_resize(self) -> None:
        """Leave room for what stands below the fields."""
        low = self.size.height < _HIGH
        self.query_one("#setting-help").styles.height = lines = _HELP_LINES[low]
        self.query_one("#fields").styles.max_height = max(self.size.height - lines - 3, 3)
        self.call_after_refresh(self._explain)  # in the lines that there are now

    def on_descendant_focus(self) -> None:
        """Say what the setting is that now has the focus."""
        self._explain()

    def on_input_changed(self) -> None:
        """Check all fields again: they depend on each other."""
        if self._typed() != self._checked:  # each tells of the value that it begins with, too
            self._check()

    def _typed(self) -> tuple[str, ...]:
        """Return the values of all fields as typed."""
        return tuple(field.value for field in self._fields.values())

    def _check(self) -> None:
        """Parse each field, then check all together; show reasons and what enter would do."""
        self._checked = self._typed()
        values: dict[str, Value] = {**self._kept}
        reasons: dict[str, str] = {}
        for name, declaration in self._declarations.items():
            try:
                values[name] = declaration.parse(self._fields[name].value)
                if self._kiosk is not None:
                    self._kiosk.check_chosen({name: values[name]})
            except SettingError as error:
                known = error if self._kiosk is None else capped(error)
                reasons[name] = f"must be {known.allowed}"
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
        self._look(values)
        self._show(values, reasons)

    def _look(self, values: dict[str, Value]) -> None:
        """Have the file read, a moment after it was typed; a new one says what the task is."""
        path = str(values.get("data", ""))
        wanted = self.draft is not None and self.draft.data and self.draft.task in READ_BY
        if path != self._looked_at or (wanted and key_of(self._draft) != self._asked):
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(LATER, self._read)

    @property
    def _draft(self) -> Settings:
        """The settings as typed, or those of the run while they are refused."""
        return self._settings if self.draft is None else self.draft

    def _read(self) -> None:
        """Read what the form names, in a thread."""
        deliver = self._deliver
        if "data" in self._fields:
            path = self._fields["data"].value
            if path != self._looked_at:
                self._looked_at = path
                if path:
                    look_aside(path, self._fields["encoding"].value, deliver)
        draft = self.draft
        if draft is None or not draft.data or draft.task not in READ_BY:
            return
        if (key := key_of(draft)) != self._asked:
            self._asked = key
            read_aside(draft, deliver)
            self._check()

    def _deliver(self, preview: Preview) -> None:
        """Take what a thread has found, which this calls."""
        self.post_message(self.Read(preview))

    def on_settings_screen_read(self, message: Read) -> None:
        """Show what was found, unless something else was typed meanwhile."""
        preview = message.preview
        if preview.task:
            if preview.key == (self._fields["data"].value,):
                self._fields["task"].value = preview.task
            return
        if preview.key == self._asked:
            self._preview = preview
            self._check()

    def on_field_columns_wanted(self, message: Field.ColumnsWanted) -> None:
        """List the columns of the table, if it has been read."""
        message.stop()
        report = self._report
        if report is None or not report.columns:
            return
        from rnn_tui.tui.screens.columns import ColumnsScreen

        field = self._fields[message.name]

        def take(names: str | None) -> None:
            if names is not None:
                field.value = names
                field.action_select_all()

        self.app.push_screen(ColumnsScreen(message.name, report), take)

    @property
    def _report(self) -> DataReport | None:
        """What was read of the file as the form has it now; None if it has not been read yet."""
        return self._preview.report if self._preview.key == key_of(self._draft) else None

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
        given = all(values.get(each) == getattr(self._settings, each) for each in _OF_WEIGHTS)
        for name, declaration in self._declarations.items():
            refused = name in reasons
            changed = name in values and values[name] != getattr(self._settings, name)
            reason = f" {reasons[name]}" if refused else ""
            self._texts[name] = reason or self._hint(declaration, changed)
            matters = name == "data" or _matters(declaration, values)
            matters = matters and not (given and name in self._not_drawn)
            now = (refused or matters, refused, changed)
            if self._shown.get(name) == now:
                continue  # every change makes Textual lay out the whole form
            self._shown[name] = now
            self._fields[name].display = now[0]
            self._fields[name].set_class(refused, "-invalid")
            self._fields[name].note_changed(changed)
        self._reasons = reasons
        self._explain()

    def _explain(self) -> None:
        """Say below the fields what the setting in focus is, or why its value is refused."""
        field = self.focused
        if not isinstance(field, Field):
            return
        name = field.declaration.name
        said = self.query_one("#setting-help", Static)
        refused = self._shown.get(name, (True, False, False))[1]
        said.set_class(refused, "bad")
        text = f"{name.replace('_', '-')}{self._texts.get(name, '')}"
        report = None if refused or name not in OF_A_FILE else self._report
        width, height = said.size.width, said.size.height
        lines: list[str] = []
        if width and height:
            if report is not None and self._draft.data:
                most = 1 if height < _HELP_LINES[False] else 2
                helped = _shortened(text, width, most)
                lines = said_of(report, name, width, height - len(helped))
                text = "\n".join([*helped, *lines])
            else:
                text = "\n".join(_shortened(text, width, height))
        said.update(text)
        verdict = self.query_one("#verdict", Static)
        verdict.set_class(bool(self._reasons or self._problem), "bad")
        said_above = name if refused or any(each.startswith("! ") for each in lines) else ""
        words = self._verdict(said_above)
        verdict.update(cut(words, verdict.size.width) if verdict.size.width else words)

    def _hint(self, declaration: Declaration, changed: bool) -> str:
        """Return what is said after the name of a valid field: its old value, help, choices."""
        before = declaration.show(getattr(self._settings, declaration.name))
        was = f" (was {before or 'empty'})" if changed else ""
        choices = " | ".join(declaration.choices)
        return f"{was}: {declaration.help}" + (f" {choices}" if choices else "")

    def _verdict(self, said_above: str = "") -> str:
        """Return what enter would do, or the first reason why it does nothing.

        Args:
            said_above: the setting in focus if what is wrong with it stands there in full.
        """
        if self.draft is None:
            first = next((each for each in self._reasons if each != said_above), "")
            return f"{DECLARATIONS[first].option} {self._reasons[first]}" if first else _NOTHING
        if problem := self._problem:
            return _NOTHING if said_above else problem
        changed = self.draft.differences(self._settings)
        if self._preview.key != self._asked:
            return f"reading {shown_name(self.draft.data)} … · enter restarts the network"
        if not changed:
            return "nothing changed"
        restart = self.draft.needs_restart(self._settings)
        if restart:
            return f"enter restarts the network: {', '.join(restart)}"
        return f"enter changes the running network: {', '.join(changed)}"

    @property
    def _problem(self) -> str:
        """Why nothing can be learned of the file as the form has it; "" where that is not known."""
        report = self._report
        used = report is not None and self.draft is not None and self.draft.task == report.task
        return report.problems[0] if used and report is not None and report.problems else ""

    def on_input_submitted(self) -> None:
        """Return the settings, if they are valid.

        This is no binding with priority: that would overtake keys typed just before it.
        """
        self._check()  # with what follows from a task typed just before
        if self.draft is not None and not self._problem:
            self.dismiss(self.draft)

    def action_cancel(self) -> None:
        """Return nothing."""
        self.dismiss(None)


def _label(declaration: Declaration, *, changed: bool = False) -> Line:
    """Return mark and name of a setting."""
    role = "" if declaration.effect == "live" else "dim"
    name = declaration.name.replace("_", "-")
    return ((f"{mark(declaration)} ", role), (name, "strong" if changed else ""))


def _shortened(text: str, width: int, most: int) -> list[str]:
    """Return a text in at most `most` lines; where it is longer, that is seen."""
    lines = fold(text, width)
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(f"{fold(text, width - 2)[most - 1]} …", width)]
    return lines


def _matters(declaration: Declaration, values: dict[str, Value]) -> bool:
    """Return whether the setting has an effect with the others as typed."""
    if declaration.name in OF_FILES and not values.get("data"):
        return False
    if not declaration.only_with:
        return True
    name, *wanted = declaration.only_with
    return values.get(name) in wanted
