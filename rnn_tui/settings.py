"""Every hyperparameter, declared once: type, range, choices, default, help and effect.

The command line, the form on the screen, validation, checkpoints and the help texts all read
`DECLARATIONS`; nothing else in the program states a default or a range. This module imports the
standard library only, because every start of the program pays for it.

Example:
    >>> settings = Settings(cell="lstm", lr=0.1)
    >>> settings.with_(hidden=64).needs_restart(settings)
    ('hidden',)
    >>> DECLARATIONS["lr"].allowed
    'a number above 0 and at most 100'
    >>> compose({"task": "copy", "blanks": 5}).steps  # the task's defaults fit what is chosen
    25
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal, cast

from rnn_tui.registry import CELLS, OPTIMIZERS, TASKS, Registry

Value = bool | int | float | str | None
Effect = Literal["live", "restart"]

OWN = "default"
"""How the value None of an optional setting is written: the optimizer's own."""

_WORDS_OF_BOOL = {
    "on": True, "yes": True, "true": True, "1": True,
    "off": False, "no": False, "false": False, "0": False,
}  # fmt: skip
_LONGEST_QUOTE = 60


class SettingError(ValueError):
    """A value that a setting does not allow; the message is one line.

    Attributes:
        name: the setting, as its field is called ("eps_place").
        value: the value that was refused.
        allowed: what would have been accepted, as a phrase that follows "must be".
    """

    def __init__(
        self, name: str, value: object, allowed: str, *, message: str | None = None
    ) -> None:
        """Say what was refused, in `message` or else in the usual words."""
        self.name = name
        self.value = value
        self.allowed = allowed
        super().__init__(message or f"{_option(name)} must be {allowed}, not {quote(value)}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known about one setting.

    Attributes:
        name: the field of `Settings`.
        kind: the Python type of its values.
        default: the value a newcomer gets.
        help: one sentence.
        group: the heading it stands under in the help and in the form.
        effect: "live" when a running network takes the new value, "restart" when it cannot.
        low: smallest number allowed, None when unbounded (or no number).
        high: largest number allowed.
        low_open: whether `low` itself is refused.
        high_open: whether `high` itself is refused.
        fixed_choices: the words allowed; empty when any text is, or when `registry` says them.
        registry: the cells, tasks or optimizers whose names are the words allowed.
        optional: whether None is allowed, meaning the optimizer's own value.
        fixed_only_with: `only_with` of a setting that belongs to no cell, task or optimizer.
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
    fixed_choices: tuple[str, ...] = ()
    registry: Registry | None = None
    optional: bool = False
    fixed_only_with: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed at this moment; empty when any text is."""
        return self.fixed_choices if self.registry is None else self.registry.names

    @property
    def only_with(self) -> tuple[str, ...]:
        """(setting, value, …): this setting matters only when that one has such a value.

        Empty when it always matters. Of settings that belong to cells, tasks or optimizers, the
        registry's entries say so.
        """
        for registry in (CELLS, TASKS, OPTIMIZERS):
            if users := registry.using(self.name):
                return registry.kind, *users
        return self.fixed_only_with

    @property
    def option(self) -> str:
        """The option of the command line that sets this: "--eps-place"."""
        return _option(self.name)

    @property
    def switch(self) -> str:
        """The option with its opposite where there is one: "--carry/--no-carry"."""
        return f"{self.option}/--no-{self.option[2:]}" if self.kind is bool else self.option

    @property
    def allowed(self) -> str:
        """What a value may be, as a phrase: "a number above 0 and at most 100"."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind is bool:
            return "on or off"
        if self.kind is str:
            return "text"
        noun = "a whole number" if self.kind is int else "a number"
        phrase = f"{noun} {self._range}".rstrip()
        return f"{phrase}, or {OWN}" if self.optional else phrase

    @property
    def _range(self) -> str:
        if self.low is None or self.high is None:
            return ""
        low, high = _number(self.low), _number(self.high)
        if not self.low_open and not self.high_open:
            return f"from {low} to {high}"
        above = f"above {low}" if self.low_open else f"at least {low}"
        return f"{above} and {f'below {high}' if self.high_open else f'at most {high}'}"

    def parse(self, text: str) -> Value:
        """Read a value as it is typed.

        Raises:
            SettingError: when `text` is no such value, or one that is not allowed.
        """
        if self.kind is str:
            return self.check(text)
        word = text.strip().lower()
        if self.optional and word == OWN:
            return None
        try:
            value: Value = _WORDS_OF_BOOL[word] if self.kind is bool else self.kind(word)
        except (KeyError, ValueError):
            raise SettingError(self.name, text, self.allowed) from None
        return self.check(value)

    def check(self, value: object) -> Value:
        """Return `value` as this setting's type (a whole number may stand for a float).

        Raises:
            SettingError: when it is of another type or outside what is allowed.
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
        convert = cast(Any, self.kind)  # also unwraps subclasses such as numpy.float64
        return cast(Value, convert(value))

    def _in_range(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        if self.kind not in (int, float):
            return True
        if self.kind is float and not math.isfinite(value):
            return False
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below

    def show(self, value: Value) -> str:
        """Write a value so that `parse` reads the same one back."""
        if value is None:
            return OWN
        if isinstance(value, bool):
            return "on" if value else "off"
        return value if isinstance(value, str) else _number(value)

    def used_by(self, settings: Settings) -> bool:
        """Whether this setting matters at all, given the others (momentum: only with sgd)."""
        if not self.only_with:
            return True
        name, *values = self.only_with
        return getattr(settings, name) in values


def declare(default: Value, help: str, group: str, effect: Effect, **rest: Any) -> Any:
    """Return a dataclass field that carries its own declaration."""
    return field(default=default, metadata=dict(help=help, group=group, effect=effect, **rest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The hyperparameters of one run; what exists is valid.

    Raises:
        SettingError: at construction, when a value is not allowed or two do not fit each other.
    """

    # fmt: off
    task: str = declare(
        "cos", "What the network learns: the next value of cos(x) or of your own series, the next "
        "character of a text, or one of the field's test problems; each task brings defaults of "
        "its own.", "data", "restart",
        registry=TASKS,
    )
    data: str = declare(
        "", "The file to learn: of task series a CSV file, its columns separated by commas, "
        "semicolons or tabs; of task text any UTF-8 text, or left out a short one that is built "
        "in.", "data", "restart",
    )
    column: str = declare(
        "", "The column of the CSV file to learn: a name from its header line, or else a number "
        "counted from 0; left out, the first column that holds numbers.",
        "data", "restart",
    )
    scale: str = declare(
        "standard", "How the series is scaled: standard subtracts the training part's mean and "
        "divides by its standard deviation, none leaves the numbers as they are.",
        "data", "restart", fixed_choices=("standard", "none"),
    )
    noise: float = declare(
        0.05, "Standard deviation of the noise added to the curve; tests of task cos use the "
        "smooth curve.", "data", "restart", low=0, high=10,
    )
    num_points: int = declare(
        400, "Number of points between --x-min and --x-max; more points mean smaller steps "
        "along the curve.", "data", "restart", low=4, high=10_000_000,
    )
    x_min: float = declare(
        0.0, "Where the cosine's range begins.", "data", "restart",
        low=-1e6, high=1e6,
    )
    x_max: float = declare(
        60.0, "Where the cosine's range ends.", "data", "restart",
        low=-1e6, high=1e6,
    )
    gap: int = declare(
        30, "Words between the fact that is told and the question about it; --steps must hold "
        "the gap and 9 words more.", "data", "restart", low=0, high=4000,
    )
    blanks: int = declare(
        20, "How long copied symbols must be remembered: blanks between the first symbols and "
        "their copy, a marker being the last of them.", "data", "restart", low=1, high=2000,
    )
    copy_length: int = declare(
        10, "How many symbols are to be copied.", "data", "restart", low=1, high=1000,
    )
    parity: str = declare(
        "per-step", "When to say whether the ones so far are even or odd: after each bit, or only "
        "after the last.", "data", "restart", fixed_choices=("per-step", "last-step"),
    )
    steps: int = declare(
        20, "Timesteps in a window: how far the network is unrolled and how far back gradients "
        "travel.", "windows", "restart", low=1, high=5000,
    )
    batch: int = declare(
        1, "Windows trained side by side in each update.", "windows", "restart", low=1, high=4096,
    )
    windows: str = declare(
        "sweep", "Where the next window starts: sweep goes on where the last one ended, random "
        "starts anywhere.", "windows", "restart", fixed_choices=("sweep", "random"),
    )
    carry: bool = declare(
        True, "Carry the hidden state from window to window instead of starting each from zero.",
        "windows", "restart",
    )
    cell: str = declare(
        "rnn", "The recurrent cell: a plain rnn, or one with gates (lstm, gru and their variants); "
        "neuron has no recurrence.", "network", "restart",
        registry=CELLS,
    )
    activation: str = declare(
        "tanh", "The nonlinearity of the cells without gates.", "network", "restart",
        fixed_choices=("tanh", "relu"),
    )
    hidden: int = declare(
        32, "Number of hidden units.", "network", "restart", low=1, high=4096,
    )
    layers: int = declare(
        1, "How many cells are stacked: each reads the hidden state of the one below.", "network",
        "restart", low=1, high=8,
    )
    init: str = declare(
        "uniform", "Starting weights: uniform in ±1/√hidden, or recurrent weights that are "
        "orthogonal, the identity, or small and Gaussian.", "network", "restart",
        fixed_choices=("uniform", "orthogonal", "identity", "small"),
    )
    forget_bias: float = declare(
        1.0, "Added to the starting bias of the LSTM's forget gate, so that it begins by "
        "keeping.", "network", "restart", low=-100, high=100,
    )
    dtype: str = declare(
        "float32", "Precision of every number in the network.", "network", "restart",
        fixed_choices=("float32", "float64"),
    )
    seed: int = declare(
        0, "Seed of every random number: the same seed gives the same run, bit for bit.",
        "network", "restart", low=0, high=2**63 - 1,
    )
    optimizer: str = declare(
        "adagrad", "The rule that turns gradients into changes of the weights.",
        "optimizer", "live", registry=OPTIMIZERS,
    )
    lr: float = declare(
        0.01, "Learning rate: the size of each update.", "optimizer", "live",
        low=0, high=100, low_open=True,
    )
    momentum: float = declare(
        0.0, "Share of the last step that sgd keeps in the next.", "optimizer", "live",
        low=0, high=1, high_open=True,
    )
    alpha: float = declare(
        0.99, "How slowly rmsprop forgets old squared gradients.", "optimizer", "live",
        low=0, high=1, high_open=True,
    )
    beta1: float = declare(
        0.9, "How slowly adam forgets old gradients.", "optimizer", "live",
        low=0, high=1, high_open=True,
    )
    beta2: float = declare(
        0.999, "How slowly adam forgets old squared gradients.", "optimizer", "live",
        low=0, high=1, high_open=True,
    )
    eps: float | None = declare(
        None, "Small number that keeps the optimizer from dividing by zero; default is the "
        "optimizer's own.", "optimizer", "live", kind=float, low=0, high=1, low_open=True,
        optional=True,
    )
    eps_place: str = declare(
        "outside", "Whether adagrad adds eps outside the square root (as PyTorch does) or "
        "inside it (as min-char-rnn does).", "optimizer", "live",
        fixed_choices=("outside", "inside"),
    )
    clip: float = declare(
        5.0, "Largest gradient let through to the optimizer.", "clipping", "live",
        low=0, high=1e9, low_open=True, fixed_only_with=("clip_by", "value", "norm"),
    )
    clip_by: str = declare(
        "value", "What is clipped: each gradient by its own value, all of them by their common "
        "norm, or none.", "clipping", "live", fixed_choices=("value", "norm", "none"),
    )
    timeline: int = declare(
        64, "Memory in MiB for going back in time; more keeps more of the past close at hand.",
        "timeline", "live", low=1, high=65536,
    )
    # fmt: on

    def __post_init__(self) -> None:
        """Check every value, then those that must fit each other."""
        for name, declaration in DECLARATIONS.items():
            object.__setattr__(self, name, declaration.check(getattr(self, name)))
        match self.task:
            case "cos":
                self._check_cos()
            case "series":
                self._check_series()
            case "recall":
                self._check_recall()
            case _:
                self._check_steps()

    def _check_series(self) -> None:
        if not self.data:
            raise SettingError("data", self.data, "the path of a CSV file when --task is series")

    def _check_recall(self) -> None:
        room = self.steps - RECALL_WORDS
        if room < 0:
            allowed = f"at least {RECALL_WORDS + self.gap}, --gap {self.gap} and {RECALL_WORDS}"
            raise SettingError("steps", self.steps, f"{allowed} words more")
        if self.gap > room:
            allowed = f"at most {room} with --steps {self.steps}, {RECALL_WORDS} fewer"
            raise SettingError("gap", self.gap, allowed)

    def _check_steps(self) -> None:
        """Refuse windows that the task's sequences do not fit."""
        match self.task:
            case "copy" if self.steps != _copy_steps(self.blanks, self.copy_length):
                parts = f"--blanks {self.blanks} and twice --copy-length {self.copy_length}"
                steps = _copy_steps(self.blanks, self.copy_length)
                raise SettingError("steps", self.steps, f"{steps}, {parts}")
            case "adding" if self.steps < 2:
                raise SettingError("steps", self.steps, "at least 2 with --task adding")
            case "reber" if self.steps < SHORTEST_REBER:
                allowed = f"at least {SHORTEST_REBER}, the shortest string of --task reber"
                raise SettingError("steps", self.steps, allowed)
            case "neuron" if self.steps != 1:
                raise SettingError("steps", self.steps, "1 with --task neuron")

    def _check_cos(self) -> None:
        if self.x_max - self.x_min < _NARROWEST:
            allowed = f"at least {_NARROWEST:g} above --x-min {_number(self.x_min)}"
            raise SettingError("x_max", self.x_max, allowed)
        streams = self.batch if self.windows == "sweep" else 1
        if self.num_points // streams <= self.steps:
            need = (self.steps + 1) * streams
            each = f" for each of --batch {streams} streams" if streams > 1 else ""
            allowed = f"at least {need}, --steps {self.steps} and one more{each}"
            raise SettingError("num_points", self.num_points, allowed)

    def with_(self, **changes: Value) -> Settings:
        """Return these settings with some values changed.

        Raises:
            SettingError: when a name is unknown or a value is not allowed.
        """
        _refuse_unknown(changes)
        return replace(self, **changes)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Value]:
        """Return every setting by name, as JSON has them."""
        return {name: getattr(self, name) for name in DECLARATIONS}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Settings:
        """Return what `to_json` wrote.

        Raises:
            SettingError: when a setting is missing, unknown or not allowed.
        """
        _refuse_unknown(values)
        for name, declaration in DECLARATIONS.items():
            if name not in values:
                allowed = declaration.allowed
                message = f"{declaration.option} is missing; it must be {allowed}"
                raise SettingError(name, None, allowed, message=message)
        return cls(**values)  # type: ignore[arg-type]

    def differences(self, other: Settings) -> tuple[str, ...]:
        """Return the names of the settings that differ, in the order of their declarations."""
        return tuple(n for n in DECLARATIONS if getattr(self, n) != getattr(other, n))

    def needs_restart(self, other: Settings) -> tuple[str, ...]:
        """Return the names of those differing settings that a running network cannot take."""
        return tuple(n for n in self.differences(other) if DECLARATIONS[n].effect == "restart")


def quote(value: object) -> str:
    """Return a value for a one-line message: on one line, quoted if it is text, not too long."""
    text = _number(value) if isinstance(value, float) else repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def compose(chosen: Mapping[str, Value], preset: str = "") -> Settings:
    """Return the settings of a new run.

    What is not in `chosen` comes from the preset, what the preset does not name from the task's
    defaults, the rest from the declarations.

    Raises:
        SettingError: when there is no such preset or setting, or a value is not allowed.
    """
    named = chosen
    if preset:
        if preset not in PRESETS:
            raise SettingError("preset", preset, f"one of {', '.join(PRESETS)}")
        named = {**PRESETS[preset], **chosen}
    _refuse_unknown(named)
    return Settings(**{**task_defaults(named), **named})  # type: ignore[arg-type]


def preset(name: str) -> Settings:
    """Return the settings of a preset.

    Raises:
        SettingError: when there is no such preset.
    """
    if not name:
        raise SettingError("preset", name, f"one of {', '.join(PRESETS)}")
    return compose({}, name)


def task_defaults(chosen: Mapping[str, Value]) -> dict[str, Value]:
    """Return a default for every setting, given what is chosen already.

    They are the declarations' but for those in `TASK_DEFAULTS`, and but for the steps of a task
    whose windows have the length that its other settings give them.

    Raises:
        SettingError: when a value in `chosen` is not allowed.
    """
    values = {name: declaration.default for name, declaration in DECLARATIONS.items()}
    task = DECLARATIONS["task"].check(chosen.get("task", values["task"]))
    values |= {"task": task, **TASK_DEFAULTS.get(str(task), {})}

    def number(name: str) -> int:
        return cast(int, DECLARATIONS[name].check(chosen.get(name, values[name])))

    if task == "copy":
        values["steps"] = _copy_steps(number("blanks"), number("copy_length"))
    elif task == "recall":
        values["steps"] = number("gap") + RECALL_WORDS
    return values


def train_updates(task: str, preset: str = "") -> int:
    """Return how many updates `train` runs when it is not told: the preset's or the task's."""
    return TRAIN_UPDATES.get(preset) or TASK_UPDATES[task]


def _copy_steps(blanks: int, copy_length: int) -> int:
    """T of the copy task: the symbols, the blanks, room for the copy."""
    return blanks + 2 * copy_length


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same number: 5 for 5.0."""
    return repr(value).removesuffix(".0")


def _refuse_unknown(values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if name not in DECLARATIONS:
            allowed = f"one of {', '.join(DECLARATIONS)}"
            message = f"there is no setting {quote(name)}; it must be {allowed}"
            raise SettingError(name, value, allowed, message=message)


def _declarations() -> dict[str, Declaration]:
    found = {}
    for f in fields(Settings):
        assert f.default is not MISSING
        rest: dict[str, Any] = {"kind": type(f.default), **f.metadata}
        found[f.name] = Declaration(name=f.name, default=f.default, **rest)
    return found


_NARROWEST = 1e-6  # a narrower range is lost in the rounding of x
RECALL_WORDS = 9
"""Words of the fact and the question, which stand on both sides of the gap in task recall."""
SHORTEST_REBER = 9
"""Symbols in the shortest string of the embedded Reber grammar."""

DECLARATIONS: Mapping[str, Declaration] = MappingProxyType(_declarations())
"""Every setting's declaration by name, in the order in which they are shown."""

PRESETS: Mapping[str, Mapping[str, Value]] = MappingProxyType(
    {
        "tutorial": MappingProxyType(
            {
                "task": "cos",
                "noise": 0.05,
                "steps": 20,
                "batch": 1,
                "windows": "random",
                "carry": True,
                "cell": "rnn",
                "hidden": 100,
                "layers": 1,
                "optimizer": "adagrad",
                "lr": 0.001,
            }
        ),
        "min-char-rnn": MappingProxyType(
            {
                "task": "text",
                "steps": 25,
                "batch": 1,
                "windows": "sweep",
                "carry": True,
                "cell": "rnn",
                "activation": "tanh",
                "hidden": 100,
                "layers": 1,
                "init": "small",
                "optimizer": "adagrad",
                "lr": 0.1,
                # That program sums the loss over its 25 timesteps, and here it is their mean:
                # its gradients are 25 times ours, its clipping at 5 and its eps of 1e-8 likewise.
                "eps": 1e-8 / 25**2,
                "eps_place": "inside",
                "clip_by": "value",
                "clip": 5.0 / 25,
            }
        ),
    }
)
"""Named sets of values; what a preset does not name keeps the default of its task."""

TRAIN_UPDATES: Mapping[str, int] = MappingProxyType({"tutorial": 100_000, "min-char-rnn": 100_000})
"""How many updates `train` runs for a preset when it is not told."""

_ON_ITS_OWN: Mapping[str, Value] = {"carry": False, "optimizer": "adam", "clip_by": "norm"}
"""Windows that have nothing to do with each other, and the optimizer that learns them soonest."""

TASK_DEFAULTS: Mapping[str, Mapping[str, Value]] = MappingProxyType(
    {
        "text": MappingProxyType(
            {
                "cell": "lstm",
                "hidden": 64,
                "steps": 25,
                "batch": 8,
                "optimizer": "adam",
                "lr": 0.003,
                "clip_by": "norm",
                "clip": 1.0,
            }
        ),
        "recall": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 32,
                "forget_bias": 5.0,
                "batch": 32,
                "lr": 0.003,
                "clip": 1.0,
            }
        ),
        "adding": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 32,
                "steps": 100,
                "batch": 32,
                "lr": 0.005,
                "clip": 1.0,
            }
        ),
        "copy": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 64,
                "forget_bias": 3.0,
                "batch": 16,
                "lr": 0.01,
                "clip": 1.0,
            }
        ),
        "parity": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 8,
                "steps": 20,
                "batch": 32,
                "lr": 0.01,
                "clip": 1.0,
            }
        ),
        "reber": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 16,
                "steps": 50,
                "batch": 16,
                "lr": 0.01,
                "clip": 1.0,
            }
        ),
        "waveform": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 16,
                "steps": 50,
                "batch": 32,
                "lr": 0.01,
                "clip": 1.0,
            }
        ),
        "oscillator": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "lstm",
                "hidden": 32,
                "steps": 40,
                "batch": 32,
                "lr": 0.002,
                "clip": 1.0,
            }
        ),
        "neuron": MappingProxyType(
            {
                **_ON_ITS_OWN,
                "cell": "neuron",
                "hidden": 1,
                "steps": 1,
                "batch": 16,
                "lr": 0.05,
                "clip": 1.0,
            }
        ),
    }
)
"""What a task changes in the declarations' defaults, so that it shows its point by itself."""

TASK_UPDATES: Mapping[str, int] = MappingProxyType(
    {
        "cos": 20_000,
        "series": 20_000,
        "text": 2_000,
        "recall": 1_500,
        "adding": 3_000,
        "copy": 10_000,
        "parity": 2_000,
        "reber": 2_000,
        "waveform": 2_000,
        "oscillator": 4_000,
        "neuron": 2_000,
    }
)
"""How many updates `train` runs for a task when neither it nor a preset says."""
