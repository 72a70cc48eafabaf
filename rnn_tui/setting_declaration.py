"""`Declaration`: the type, range, choices, default, help and effect of one setting.

`rnn_tui.settings` declares every setting, and `rnn_tui.command_line.options` those options that are
not settings. This module imports only the standard library and the registry.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from rnn_tui.registry import CELLS, OPTIMIZERS, TASKS, Registry

Value = bool | int | float | str | None
Effect = Literal["live", "restart"]

_DEFAULT = "default"
"""The text of None, the value of an optional setting that leaves it to the optimizer."""
_WORDS_OF_BOOL = {
    "on": True, "yes": True, "true": True, "1": True,
    "off": False, "no": False, "false": False, "0": False,
}  # fmt: skip
_LONGEST_QUOTE = 60
_LONGEST_TEXT = 4096
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that would act on the terminal that shows them, or change the order of others."""


class SettingError(ValueError):
    """A value that a setting does not allow; the message is one line.

    Attributes:
        name: the name of the setting's field ("eps_place").
        value: the value that was refused.
        allowed: what would have been accepted, as a phrase that can follow "must be".
    """

    def __init__(
        self, name: str, value: object, allowed: str, *, message: str | None = None
    ) -> None:
        """Write the message, unless `message` is one already."""
        self.name = name
        self.value = value
        self.allowed = allowed
        super().__init__(message or f"{option_name(name)} must be {allowed}, not {quote(value)}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything that is known about one setting.

    Attributes:
        name: the name of its field in `Settings`.
        kind: the Python type of its values.
        default: its value where neither the user nor a preset nor the task has another.
        help: one sentence.
        group: its heading in the help and in the form.
        effect: "live" if a running network takes the new value, "restart" if it cannot.
        low: smallest number allowed; None if there is no limit, or the value is no number.
        high: largest number allowed; None likewise.
        low_open: true if `low` itself is not allowed.
        high_open: true if `high` itself is not allowed.
        fixed_choices: the words allowed; empty if any text is, or if `registry` has them.
        registry: the registry whose names are the words allowed.
        kiosk_high: largest number that a guest may choose (`--kiosk`); None for `high`.
        optional: true if None is allowed, which leaves the value to the optimizer.
        fixed_only_with: `only_with` of a setting that belongs to no cell, task or optimizer.
        since: the first version of the checkpoint format whose files all have this setting.
        before: its value in a file of an earlier version that lacks it: the value that does what
            the program did when there was no such setting. The default may be another.
        formerly: its name in files of versions before `since`; empty if there was none.
        spellings: (typed, meant): what users type for a text that is written in another way.
    """

    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    default: Value
    help: str
    group: str
    effect: Effect
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    kiosk_high: int | None = None
    fixed_choices: tuple[str, ...] = ()
    registry: Registry | None = None
    optional: bool = False
    fixed_only_with: tuple[str, ...] = ()
    since: int = 1
    before: Value = None
    formerly: str = ""
    spellings: tuple[tuple[str, str], ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that are allowed now; empty if any text is."""
        return self.fixed_choices if self.registry is None else self.registry.names

    @property
    def only_with(self) -> tuple[str, ...]:
        """(setting, value, …): this setting matters only if that one has one of these values.

        Empty if it always matters. Which cells, tasks or optimizers a setting belongs to is written
        in their entries of the registry.
        """
        for registry in (CELLS, TASKS, OPTIMIZERS):
            if users := registry.using(self.name):
                return registry.kind, *users
        return self.fixed_only_with

    @property
    def option(self) -> str:
        """Its option on the command line: "--eps-place"."""
        return option_name(self.name)

    @property
    def switch(self) -> str:
        """Its option, with the opposite if there is one: "--carry/--no-carry"."""
        return f"{self.option}/--no-{self.option[2:]}" if self.kind is bool else self.option

    @property
    def allowed(self) -> str:
        """The values that are allowed, as a phrase: "a number above 0 and at most 100"."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind is bool:
            return "on or off"
        if self.kind is str:
            return "text"
        noun = "a whole number" if self.kind is int else "a number"
        phrase = f"{noun} {self._range}".rstrip()
        return f"{phrase}, or {_DEFAULT}" if self.optional else phrase

    @property
    def _range(self) -> str:
        """The numbers that are allowed, as a phrase; empty if there is no limit."""
        if self.low is None or self.high is None:
            return ""
        low, high = _number(self.low), _number(self.high)
        if not self.low_open and not self.high_open:
            return f"from {low} to {high}"
        above = f"above {low}" if self.low_open else f"at least {low}"
        return f"{above} and {f'below {high}' if self.high_open else f'at most {high}'}"

    def parse(self, text: str) -> Value:
        """Return the value that `text` stands for, as a user types it.

        Raises:
            SettingError: `text` stands for no value of this type, or for one that is not allowed.
        """
        if self.kind is str:
            return self.check(dict(self.spellings).get(text, text))
        word = text.strip().lower()
        if self.optional and word == _DEFAULT:
            return None
        try:
            value: Value = _WORDS_OF_BOOL[word] if self.kind is bool else self.kind(word)
        except (KeyError, ValueError):
            raise SettingError(self.name, text, self.allowed) from None
        return self.check(value)

    def check(self, value: object) -> Value:
        """Return `value` in this setting's type; a whole number may stand for a float.

        Raises:
            SettingError: it has another type or is not allowed.
        """
        if value is None and self.optional:
            return None
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            try:
                value = float(value)
            except OverflowError:
                raise SettingError(self.name, value, self.allowed) from None
        # bool is a subclass of int, and True is no number of steps.
        right_type = isinstance(value, self.kind) and (
            self.kind is bool or not isinstance(value, bool)
        )
        if not right_type or not self._in_range(value):
            raise SettingError(self.name, value, self.allowed)
        if isinstance(value, str) and (len(value) > _LONGEST_TEXT or _CONTROL.search(value)):
            allowed = (
                f"text of at most {_LONGEST_TEXT} characters, none of them a control character"
            )
            raise SettingError(self.name, value, allowed)
        convert = cast(Any, self.kind)  # also unwraps subclasses such as numpy.float64
        return cast(Value, convert(value))

    def _in_range(self, value: Any) -> bool:
        """Return whether a value of the right type is allowed."""
        if self.kind not in (int, float):
            choices = self.choices
            return not choices or value in choices
        if self.kind is float and not math.isfinite(value):
            return False
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below

    def show(self, value: Value) -> str:
        """Return the text of a value, which `parse` reads back as the same value."""
        if value is None:
            return _DEFAULT
        if isinstance(value, bool):
            return "on" if value else "off"
        return value if isinstance(value, str) else _number(value)

    def used_by(self, settings: object) -> bool:
        """Return whether this setting matters in `settings` (momentum: only with sgd)."""
        only_with = self.only_with
        return not only_with or getattr(settings, only_with[0]) in only_with[1:]


def declare(default: Value, help: str, group: str, effect: Effect, **rest: Any) -> Any:
    """Return a dataclass field of `Settings` with what its declaration says."""
    return field(default=default, metadata=dict(help=help, group=group, effect=effect, **rest))


def quote(value: object) -> str:
    """Return a value as a message shows it: on one line, text in quotes, shortened if long."""
    text = _number(value) if isinstance(value, float) else repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def option_name(name: str) -> str:
    """Return the option of the command line for the setting `name`: "--eps-place"."""
    return f"--{name.replace('_', '-')}"


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same number: 5 for 5.0."""
    return repr(value).removesuffix(".0")
