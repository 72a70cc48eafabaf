"""Every hyperparameter, declared once: type, range, choices, default, help and effect.

The command line, the form on the screen, validation, checkpoints and the help all read
`DECLARATIONS`; no other module repeats a default or a range. Defaults that only one task has, and
checks of settings against each other, are in the task's own file.

To add a setting, add a field to `Settings`; its `since` and `before` say how a checkpoint that
lacks it is read. If it matters only with certain cells, tasks or optimizers, name it in their
entries of `rnn_tui.registry` too. This module and what it imports need the standard library only,
because every start of the program pays for it.

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

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from rnn_tui.registry import CELLS, OPTIMIZERS, TASKS
from rnn_tui.setting_declaration import Declaration, SettingError, Value, declare, quote

if TYPE_CHECKING:
    from rnn_tui.presets import Preset

__all__ = [
    "DECLARATIONS",
    "OF_FILES",
    "Declaration",
    "SettingError",
    "Settings",
    "Value",
    "compose",
    "preset",
    "quote",
    "task_defaults",
    "train_updates",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The hyperparameters of one run; every instance is valid.

    Raises:
        SettingError: by the constructor, if a value is not allowed or two do not fit each other.
    """

    # fmt: off
    task: str = declare(
        "cos", "What the network learns: the next value of cos(x) or of your own series, the next "
        "character of a text, or a test problem of the field; each brings defaults of "
        "its own.", "data", "restart", registry=TASKS,
    )
    data: str = declare(
        "", "The file to learn, - for standard input: of task series a table (CSV and the like, "
        "or Parquet, both also in gzip), of task text a text, or left out a short one that is "
        "built in. Delimiters, marks of numbers and encoding are found.", "data", "restart",
    )
    encoding: str = declare(
        "", "How the file's bytes stand for characters, such as utf-8, utf-16, cp1252; left out, "
        "it is found.", "data", "restart", since=5, before="",
    )
    target: str = declare(
        "", "The column of the table to learn: a name from its header, or else a number counted "
        "from 0; several are separated by commas. Left out, the only column of numbers that is "
        "neither a time nor a row number.",
        "data", "restart", since=5, before="", formerly="column",
    )
    inputs: str = declare(
        "", "The columns that the network reads, separated by commas; left out, those of "
        "--target.", "data", "restart", since=5, before="",
    )
    time: str = declare(
        "", "The column that says when; left out, it is found.", "data", "restart",
        since=5, before="",
    )
    missing: str = declare(
        "refuse", "What to do where a value is missing: refuse the table, drop the row, repeat "
        "the previous value, or interpolate between its neighbours.", "data", "restart",
        fixed_choices=("refuse", "drop", "previous", "interpolate"), since=5, before="refuse",
    )
    delimiter: str = declare(
        "", "What separates the cells of a line: a character, or tab, blanks; left out, it is "
        "found.", "data", "restart", since=5, before="",
        spellings=(("\t", "tab"), ("\\t", "tab"), (" ", "blanks"), ("blank", "blanks")),
    )
    decimal: str = declare(
        "", "The decimal mark, a point or a comma; left out, it is found.", "data", "restart",
        since=5, before="", spellings=(("point", "."), ("comma", ",")),
    )
    thousands: str = declare(
        "", "What groups the digits of large numbers: a point, a comma, ', _, blank, or none; "
        "left out, it is found.", "data", "restart", since=5, before="",
        spellings=((" ", "blank"), ("point", "."), ("comma", ","), ("’", "'")),
    )
    skip_rows: int = declare(
        0, "Lines to skip at the start of the table, before its header.", "data", "restart",
        low=0, high=1_000_000, since=5, before=0,
    )
    test_share: float = declare(
        0.2, "Share of the rows, the last ones, that is kept for testing and never trained on.",
        "data", "restart", low=0.01, high=0.9, since=5, before=0.2,
    )
    scale: str = declare(
        "standard", "How the series is scaled: standard subtracts the training part's mean and "
        "divides by its standard deviation, minmax brings the training part to 0 … 1, none "
        "leaves the numbers as they are.",
        "data", "restart", fixed_choices=("standard", "minmax", "none"),
    )
    difference: bool = declare(
        False, "Learn the change from each value to the next instead of the values.",
        "data", "restart", since=5, before=False,
    )
    season: int = declare(
        0, "After how many rows a season comes again, for the forecast that repeats the last one; "
        "0: found from the training part.", "data", "restart", low=0, high=1_000_000,
        since=5, before=0,
    )
    tokens: str = declare(
        "chars", "What a text is cut into: characters, words or bytes.", "data", "restart",
        fixed_choices=("chars", "words", "bytes"), since=5, before="chars",
    )
    vocabulary: int = declare(
        0, "How many different tokens are kept, the most frequent ones; the rest is ⟨unk⟩. "
        "0: as many as there are.", "data", "restart", low=0, high=1_000_000, kiosk_high=1000,
        since=5, before=0,
    )
    line_ends: str = declare(
        "normalise", "Line ends of a text: normalise reads CRLF and CR as one newline, keep leaves "
        "them as they are.", "data", "restart", fixed_choices=("normalise", "keep"),
        since=5, before="keep",
    )
    noise: float = declare(
        0.05, "Standard deviation of the noise added to the curve; tests of task cos use the "
        "smooth curve.", "data", "restart", low=0, high=10,
    )
    num_points: int = declare(
        400, "Number of points between --x-min and --x-max; more points mean smaller steps "
        "along the curve.", "data", "restart", low=4, high=10_000_000, kiosk_high=20_000,
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
        "the gap and 9 words more.", "data", "restart", low=0, high=4000, kiosk_high=150,
        since=3, before=30,
    )
    blanks: int = declare(
        20, "How long copied symbols must be remembered: blanks between the first symbols and "
        "their copy, a marker being the last of them.", "data", "restart", low=1, high=2000,
        kiosk_high=150,
        since=3, before=20,
    )
    copy_length: int = declare(
        10, "How many symbols are to be copied.", "data", "restart", low=1, high=1000,
        kiosk_high=50, since=3, before=10,
    )
    parity: str = declare(
        "per-step", "When to say whether the ones so far are even or odd: after each bit, or only "
        "after the last.", "data", "restart", fixed_choices=("per-step", "last-step"),
        since=3, before="per-step",
    )
    steps: int = declare(
        20, "Timesteps in a window: how far the network is unrolled and how far back gradients "
        "travel.", "windows", "restart", low=1, high=5000, kiosk_high=200,
    )
    batch: int = declare(
        1, "Windows trained side by side in each update.", "windows", "restart", low=1, high=4096,
        kiosk_high=32,
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
        "neuron has no recurrence.", "network", "restart", registry=CELLS,
    )
    activation: str = declare(
        "tanh", "The nonlinearity of the cells without gates.", "network", "restart",
        fixed_choices=("tanh", "relu"),
    )
    hidden: int = declare(
        32, "Number of hidden units.", "network", "restart", low=1, high=4096,
        kiosk_high=128,
    )
    layers: int = declare(
        1, "How many cells are stacked: each reads the hidden state of the one below.", "network",
        "restart", low=1, high=8, kiosk_high=4, since=3, before=1,
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
        0, "Seed of every random number: the same seed gives the same run, bit for bit, on one "
        "machine with one version of NumPy.",
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
        "timeline", "live", low=1, high=65536, kiosk_high=16, since=2, before=64,
    )
    # fmt: on

    def __post_init__(self) -> None:
        """Check every value, then let the task check values against each other."""
        for name, declaration in DECLARATIONS.items():
            object.__setattr__(self, name, declaration.check(getattr(self, name)))
        TASKS.load(self.task).check_settings(self)

    def with_(self, **changes: Value) -> Settings:
        """Return these settings with some values changed.

        Raises:
            SettingError: a name is unknown or a value is not allowed.
        """
        _refuse_unknown(changes)
        return replace(self, **changes)  # type: ignore[arg-type]  # checked when made

    def to_json(self) -> dict[str, Value]:
        """Return the value of every setting by name; all are of JSON's types."""
        return {name: getattr(self, name) for name in DECLARATIONS}

    @classmethod
    def from_json(cls, values: Mapping[str, object], version: int | None = None) -> Settings:
        """Read the mapping that `to_json` returned.

        Args:
            values: the mapping.
            version: the version of the checkpoint format that it comes from; None: the present one.
                A setting that did not exist then has the value that it stood for, `before`, or that
                of the setting that it was called then, `formerly`.

        Raises:
            SettingError: a setting is missing, unknown or not allowed.
        """
        names = {d.formerly for d in DECLARATIONS.values() if version and version < d.since} - {""}
        formerly = {name: value for name, value in values.items() if name in names}
        values = {name: value for name, value in values.items() if name not in formerly}
        _refuse_unknown(values)
        for name, declaration in DECLARATIONS.items():
            if name not in values and version is not None and version < declaration.since:
                values[name] = formerly.get(declaration.formerly, declaration.before)
            elif name not in values:
                allowed = declaration.allowed
                message = f"{declaration.option} is missing; it must be {allowed}"
                raise SettingError(name, None, allowed, message=message)
        return cls(**values)  # type: ignore[arg-type]  # checked when made

    def differences(self, other: Settings) -> tuple[str, ...]:
        """Return the names of the settings that differ, in the order of their declarations."""
        return tuple(n for n in DECLARATIONS if getattr(self, n) != getattr(other, n))

    def needs_restart(self, other: Settings) -> tuple[str, ...]:
        """Return the names of the differing settings that a running network cannot take."""
        return tuple(n for n in self.differences(other) if DECLARATIONS[n].effect == "restart")


def compose(chosen: Mapping[str, Value], preset: str = "") -> Settings:
    """Return the settings of a new run.

    A value that is not in `chosen` comes from the preset; if the preset does not have it either,
    from the task's defaults, and otherwise from the declarations.

    Raises:
        SettingError: there is no such preset or setting, or a value is not allowed.
    """
    named = {**_preset(preset).values, **chosen} if preset else chosen
    _refuse_unknown(named)
    # The ignored type is that of each value, which is checked when the settings are made.
    return Settings(**{**task_defaults(named), **named})  # type: ignore[arg-type]  # checked then


def preset(name: str) -> Settings:
    """Return the settings of a preset.

    Raises:
        SettingError: there is no such preset.
    """
    _preset(name)
    return compose({}, name)


def _preset(name: str) -> Preset:
    """Return the preset called `name`.

    Raises:
        SettingError: there is none.
    """
    from rnn_tui.presets import PRESETS  # here, because most runs have no preset

    if name not in PRESETS:
        raise SettingError("preset", name, f"one of {', '.join(PRESETS)}")
    return PRESETS[name]


def task_defaults(chosen: Mapping[str, Value]) -> dict[str, Value]:
    """Return the default of every setting, which may depend on what is chosen already.

    It is the declaration's unless the task has one of its own; see `rnn_tui.tasks.base.Task`.

    Raises:
        SettingError: a value in `chosen` that another default depends on is not allowed.
    """
    values = {name: declaration.default for name, declaration in DECLARATIONS.items()}
    task = cast(str, DECLARATIONS["task"].check(chosen.get("task", values["task"])))
    kind = TASKS.load(task)
    values |= {"task": task, **kind.defaults}
    steps = kind.default_steps(
        lambda name: DECLARATIONS[name].check(chosen.get(name, values[name]))
    )
    return values if steps is None else values | {"steps": steps}


def train_updates(task: str, preset: str = "") -> int:
    """Return how many updates ``rnn-tui train`` runs by default: the preset's or the task's."""
    return _preset(preset).updates if preset else int(TASKS.load(task).updates)


def _refuse_unknown(values: Mapping[str, object]) -> None:
    """Raise a `SettingError` if there is a name in `values` that no setting has."""
    for name, value in values.items():
        if name not in DECLARATIONS:
            allowed = f"one of {', '.join(DECLARATIONS)}"
            message = f"there is no setting {quote(name)}; it must be {allowed}"
            raise SettingError(name, value, allowed, message=message)


def _declarations() -> dict[str, Declaration]:
    """Return the declarations of all fields of `Settings`."""
    declarations = {}
    for f in fields(Settings):
        assert f.default is not MISSING
        rest: dict[str, Any] = {"kind": type(f.default), **f.metadata}
        declarations[f.name] = Declaration(name=f.name, default=f.default, **rest)
    return declarations


DECLARATIONS: Mapping[str, Declaration] = MappingProxyType(_declarations())
"""The declaration of every setting by name, in the order in which they are shown."""

OF_FILES = ("encoding", "line_ends")
"""Settings without effect where no file is read: the text that is built in is as it is."""
