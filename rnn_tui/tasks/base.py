"""`Task`, the base class of every task, and the types of what it returns.

To write a new task, start at `Task`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from rnn_tui.cases.case import Case
from rnn_tui.settings import Settings, Value
from rnn_tui.tasks.baselines import Baseline, NaiveForecasts
from rnn_tui.tasks.data_report import DataReport
from rnn_tui.tasks.source import DataSource

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
Kept = DataSource | Case
"""What a task is made of again: what is known of the user's file, or a whole case."""
WindowArray = npt.NDArray[Any]
"""Inputs or targets of windows: numbers [T, B, D] or [T, B, O], or codes int64 [T, B]."""

_DATA_STREAM = 1  # number of the seed's stream; stream 0 draws the starting weights
_STATE_BITS = {"state": 128, "inc": 128, "has_uint32": 1, "uinteger": 32}
"""The integers in the state of PCG64, and how many bits each has."""


@dataclass(frozen=True, slots=True)
class DataState:
    """The progress of a task through its data: enough to draw the same windows again.

    Attributes:
        position: number of windows drawn; for a sweep, the point of the sequence where the next
            window starts. 0 before the first window.
        random: the state of PCG64 as NumPy returns it, all Python integers.
    """

    position: int
    random: Mapping[str, Any]

    def to_json(self) -> dict[str, int | str]:
        """Return the state as a flat mapping for JSON.

        The generator's integers have up to 128 bits, which readers of JSON may round, so they are
        written as text.
        """
        numbers = {**self.random, **self.random["state"]}
        texts = {name: str(numbers[name]) for name in _STATE_BITS}
        return {"position": self.position, "bit_generator": "PCG64", **texts}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> DataState:
        """Read the mapping that `to_json` returned.

        Raises:
            ValueError: `values` is no such mapping; the message is one line.
        """
        position = values.get("position")
        if type(position) is not int or position < 0:
            raise ValueError("data state: position must be a whole number of at least 0")
        if values.get("bit_generator") != "PCG64":
            raise ValueError("data state: bit_generator must be PCG64")
        numbers = {name: _read_integer(values, name, bits) for name, bits in _STATE_BITS.items()}
        if set(values) != {"position", "bit_generator", *numbers}:
            raise ValueError("data state: there are entries that do not belong to it")
        pcg = {"state": numbers.pop("state"), "inc": numbers.pop("inc")}
        return cls(position, {"bit_generator": "PCG64", "state": pcg, **numbers})


def _read_integer(values: Mapping[str, object], name: str, bits: int) -> int:
    """Return the integer, of at most `bits` bits, that `values` has as text under `name`."""
    text = values.get(name)
    if not isinstance(text, str) or not (text.isascii() and text.isdecimal()) or len(text) > 39:
        raise ValueError(f"data state: {name} must be a whole number, written as text")
    number = int(text)
    if number >= 2**bits or (name == "inc" and number % 2 == 0):
        raise ValueError(f"data state: {name} is not one of PCG64's")
    return number


@dataclass(frozen=True, slots=True, eq=False)
class TestSeries:
    """A series that is never trained on, for measuring one-step and free-running errors.

    From the inputs of row k the network predicts the targets of row k + 1. Original value of a
    target = value · scale + offset; with `difference` that is its change since the row before.
    `warm_up + horizons[-1] + 1 <= N` always holds, so that every free run ends on a known value.

    Attributes:
        coordinate: [N] the coordinate of each row, for charts (cos: the angle x; series: the time,
            or the row's number, counted from 1). It is not an input: the network reads `inputs`.
        inputs: [N, D] float64, in the network's units.
        values: [N, O] float64, the targets, in the network's units.
        original: [N, O] the targets in their original units.
        warm_up: number of leading rows that only set the hidden state; errors are measured after
            them.
        horizons: lengths of the free runs in steps, in rising order, each at least 1.
        offset: [O] see above; 0 where nothing is scaled.
        scale: [O] see above; 1 where nothing is scaled.
        input_names: [D] names of the inputs.
        target_names: [O] names of the targets.
        fed_back: [D] for each input the index of the target that it is, which a free run feeds
            back; None for an input that is no target, which a free run takes from the data.
        difference: whether the network reads and predicts changes from row to row.
        trained: number of leading rows that belong to the training part.
        axis: the name of the coordinate.
        dates: whether the coordinate is a time, in seconds since the beginning of 1970.
    """

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    coordinate: FloatArray
    inputs: FloatArray
    values: FloatArray
    original: FloatArray
    warm_up: int
    horizons: tuple[int, ...]
    offset: FloatArray
    scale: FloatArray
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    fed_back: tuple[int | None, ...]
    difference: bool = False
    trained: int = 0
    axis: str = "x"
    dates: bool = False

    @classmethod
    def unscaled(
        cls, coordinate: FloatArray, values: FloatArray, warm_up: int, horizons: tuple[int, ...]
    ) -> TestSeries:
        """Return a series of one value at each of N places, each predicted from the one before."""
        column = values[:, None]
        zero, one = np.zeros(1), np.ones(1)
        return cls(
            coordinate, column, column, column, warm_up, horizons, zero, one, ("y",), ("y",), (0,)
        )

    def one_step_errors(self, first: int, y: FloatArray) -> FloatArray:
        """Return the errors of one-step predictions, in the network's units.

        A change that is wrong by so much makes the value that it leads to wrong by as much.

        Args:
            first: the row of the first prediction.
            y: [n, O] the outputs for that row and those that follow.
        """
        return y - self.values[first : first + len(y)]

    def free_run_errors(self, first: int, y: FloatArray) -> FloatArray:
        """Return the errors of a free run whose first output is for row `first`; see above.

        The errors of changes add up.
        """
        errors = self.one_step_errors(first, y)
        return np.cumsum(errors, axis=0) if self.difference else errors

    def one_step_original(self, first: int, y: FloatArray) -> FloatArray:
        """Return one-step predictions in original units: a change since the last true value."""
        predicted: FloatArray = y * self.scale + self.offset
        if self.difference:
            predicted = self.original[first - 1 : first - 1 + len(y)] + predicted
        return predicted

    def free_run_original(self, first: int, y: FloatArray) -> FloatArray:
        """Return a free run in original units: changes since the last true value add up."""
        predicted: FloatArray = y * self.scale + self.offset
        if self.difference:
            predicted = self.original[first - 1] + np.cumsum(predicted, axis=0)
        return predicted


@dataclass(frozen=True, slots=True, eq=False)
class TestWindows:
    """N fixed windows that are never trained on.

    Attributes:
        x: inputs, numbers [T, N, D] or codes int64 [T, N]; see `Task.next_window`.
        target: targets, numbers [T, N, O] or codes int64 [T, N].
        judged: [T, N] true at the outputs whose accuracy (with the loss "mse": squared error) is
            measured, for instance only at the one symbol that had to be remembered. It does not
            affect the loss: that is an average over the timesteps in `Topology.counted`.
        carried: whether window n+1 continues window n, so that the hidden state is carried from
            each to the next; otherwise every window begins with a state of zeros.
    """

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    x: WindowArray
    target: WindowArray
    judged: BoolArray
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """Timestep masks: the timesteps with an input, and those whose output counts in the loss.

    Attributes:
        inputs: [T] true where there is an input; elsewhere the network reads zeros.
        counted: [T] true where the output is part of the loss, in training and in tests. Accuracy
            may be measured at fewer timesteps: see `TestWindows.judged`.
    """

    inputs: tuple[bool, ...]
    counted: tuple[bool, ...]

    def __post_init__(self) -> None:
        """Check both masks.

        Raises:
            ValueError: they differ in length, no timestep has an input, or none counts.
        """
        if len(self.inputs) != len(self.counted):
            lengths = f"{len(self.inputs)} and {len(self.counted)}"
            raise ValueError(f"topology: inputs and counted must be of one length, not {lengths}")
        if not any(self.inputs) or not any(self.counted):
            raise ValueError("topology: at least one input and one counted output are needed")

    @property
    def name(self) -> str:
        """The number of inputs and of counted outputs, as "one→many" or "many→many"."""
        before, after = (
            "one" if sum(mask) == 1 else "many" for mask in (self.inputs, self.counted)
        )
        return f"{before}→{after}"

    def loss_at(self, t: int | None) -> int:
        """Return the timestep whose loss is looked at where `t` is selected, both from 1.

        That is `t` if its output counts, else, and for None, the last one whose output does.
        """
        if t is not None and t <= len(self.counted) and self.counted[t - 1]:
            return t
        return len(self.counted) - self.counted[::-1].index(True)

    @classmethod
    def many_to_many(cls, steps: int) -> Topology:
        """Return the topology with inputs and loss at each of `steps` timesteps."""
        return cls((True,) * steps, (True,) * steps)

    @classmethod
    def many_to_one(cls, steps: int) -> Topology:
        """Return the topology with inputs at each of `steps` timesteps and the loss at the last."""
        return cls((True,) * steps, (*(False,) * (steps - 1), True))

    @classmethod
    def one_to_many(cls, steps: int) -> Topology:
        """Return the topology with an input at the first of `steps` timesteps, the loss at each."""
        return cls((True, *(False,) * (steps - 1)), (True,) * steps)

    @classmethod
    def one_to_one(cls) -> Topology:
        """Return the topology of a single timestep."""
        return cls((True,), (True,))


class Task(ABC):
    """A source of windows to train on. T and B are the settings' `steps` and `batch`.

    To add a task:

    1. Write `rnn_tui/tasks/NAME.py` with a subclass of this class. If every window is drawn at
       random on its own, subclass `rnn_tui.tasks.random_windows.RandomWindowTask` instead: it has
       the state and the test windows already, and only `draw` is left to write. If windows are cut
       out of one long sequence, `rnn_tui.tasks.window_sweep.WindowSweep` chooses their starts.
    2. Set the attributes below, on the class or in the constructor, which takes the `Settings`.
    3. Write `next_window`, `state`, `restore` and `test`.
    4. Set `defaults` and `updates` so that ``rnn-tui --task NAME`` shows the task's point with no
       other option. Override `default_steps` and `check_settings` where needed.
    5. Add one line to `TASKS` in `rnn_tui/registry.py`. Command line, form, help, checkpoints and
       tests know the task from there. If it has settings of its own, declare each in
       `rnn_tui/settings.py` and name it in that line.

    `tests/tasks/test_new_task.py` is a small example that does all of this.

    Symbols (as inputs) and classes (as targets, with the loss "cross-entropy") are codes: whole
    numbers from 0; −1 at timesteps without an input, or that do not count in the loss.

    Attributes:
        name: the name in the registry, as `--task` takes it.
        title: the name for people: "cos(x)", "FILE.csv: column".
        features: D, the size of the input at each timestep; for symbols, the number of different
            symbols.
        outputs: O, the size of the output at each timestep; with cross-entropy, the number of
            classes.
        loss: "mse" or "cross-entropy"; see `rnn_tui.engine.network.losses`.
        topology: the timesteps that have an input and those that count in the loss.
        symbols: names of the input symbols, [D], indexed by code; None if inputs are numbers.
        parts: names of the D input numbers; None if there is only one or inputs are symbols. A part
            called "mark" is 0 or 1; 1 marks the timestep whose other number matters.
        labels: names of the classes, [O], indexed by code; None if the loss is "mse".
        output_names: names of the O output numbers; None if there is only one that needs none, or
            outputs are classes.
        mask: [T, B] true where a sample's output counts in the loss of training; each timestep that
            does for some sample is one of `topology.counted`. None: all samples count there.
        reduction: "mean" over all that counts, or "sum" of it.
        start_states: the states [B, H] that a window begins with where `next_window` returns True,
            by their names in the network ("h", "c"; "h2" in the second layer); zeros where one is
            missing, or where this is None.
        baseline: the loss that is reached without memory; None if it is not known.
        defaults: values by setting that replace the declarations' defaults when this task is
            chosen.
        updates: number of updates that ``rnn-tui train`` runs unless an option or a preset says
            otherwise.
        tested: whether there are test data; otherwise `test` returns no windows.
    """

    name: str
    title: str
    features: int
    outputs: int
    loss: str
    topology: Topology
    symbols: tuple[str, ...] | None = None
    parts: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    output_names: tuple[str, ...] | None = None
    mask: BoolArray | None = None
    reduction: Literal["mean", "sum"] = "mean"
    start_states: Mapping[str, FloatArray] | None = None
    baseline: Baseline | None = None
    defaults: ClassVar[Mapping[str, Value]] = MappingProxyType({})
    updates: ClassVar[int] = 2_000
    tested: ClassVar[bool] = True

    @classmethod
    def default_steps(cls, value_of: Callable[[str], Any]) -> int | None:
        """Return T if it follows from other settings; None to use `defaults`.

        Args:
            value_of: returns the chosen value of a setting, or its default.
        """
        return None

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Check that the settings fit each other and this task.

        Each value has been checked on its own before. Files are not read here but in the
        constructor.

        Raises:
            SettingError: two settings do not fit each other.
        """
        return None

    @abstractmethod
    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill the next window in place.

        Args:
            x: overwritten with the inputs. Numbers [T, B, D], 0 at timesteps without an input; or,
                if `symbols` is not None, codes int64 [T, B], −1 at timesteps without an input.
            target: overwritten with the values to predict. Numbers [T, B, O], 0 at timesteps that
                do not count in the loss; or, with cross-entropy, codes int64 [T, B], −1 at them.

        Returns:
            True if this window begins with `start_states`, that is zeros in most tasks, and not
            with the state that the one before ended with: the very first window does, and each
            time a sweep starts again at the beginning of its sequence.
        """

    @abstractmethod
    def state(self) -> DataState:
        """Return the task's progress; called for every window, so it must be fast."""

    @abstractmethod
    def restore(self, state: DataState) -> None:
        """Go back to `state`, so that the same windows follow as then, bit for bit.

        Raises:
            ValueError: `state` belongs to other settings.
        """

    @abstractmethod
    def test(self) -> TestSeries | TestWindows:
        """Return the data that the network is tested on, without changing the task's state."""

    def naive_forecasts(self) -> NaiveForecasts | None:
        """Return the errors of forecasts of the test series that need no network.

        None where the network is tested on windows.
        """
        return None

    def baselines(self) -> tuple[Baseline, ...]:
        """Return the losses to compare the network's with, the lowest first."""
        naive = self.naive_forecasts()
        if naive is not None:
            return naive.baselines()
        return () if self.baseline is None else (self.baseline,)

    def source(self) -> DataSource | None:
        """Return what a checkpoint keeps of the data; None where there is nothing to keep.

        A task that returns it takes it again as the second argument of its constructor.
        """
        return None

    def kept(self) -> Kept | None:
        """Return what a new run on the same data is made with: another cell, a restart.

        It is what the constructor takes as its second argument.
        """
        return self.source()

    def brings_weights(self, settings: Settings) -> bool:
        """Return whether the task brings starting weights for the network of these settings.

        Otherwise they are drawn at random, or from a file of their own.
        """
        return False

    def begins_like(self, source: DataSource) -> bool:
        """Return whether the first rows or tokens are those that `source` tells of."""
        return False

    def data_report(self) -> DataReport | None:
        """Return what was read of the user's file; None for a task that reads none."""
        return None


def data_generator(seed: int) -> np.random.Generator:
    """Return the random generator that draws all training windows."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _DATA_STREAM])))
