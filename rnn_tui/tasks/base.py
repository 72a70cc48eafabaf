"""What every task offers, and what it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
WindowArray = npt.NDArray[Any]
"""Inputs or targets of windows: numbers [T, B, W], or codes of symbols or classes int64 [T, B]."""

_DATA_STREAM = 1  # the seed's 0th stream draws the starting weights
_STATE_BITS = {"state": 128, "inc": 128, "has_uint32": 1, "uinteger": 32}


class DataError(ValueError):
    """Data that cannot be used; the message is one line and names the option.

    Attributes:
        option: the option of the command line that names the data: "--data" or "--column".
    """

    def __init__(self, option: str, value: str, reason: str) -> None:
        """Say why `value`, given as `option`, cannot be used."""
        self.option = option
        super().__init__(f"{option} {value!r}: {reason}")


@dataclass(frozen=True, slots=True)
class DataState:
    """How far a task has come; enough to hand out the same windows again.

    Attributes:
        position: where the walk stands; 0 before the first window.
        random: PCG64's state as NumPy gives it, Python integers throughout.
    """

    position: int
    random: Mapping[str, Any]

    def to_json(self) -> dict[str, int | str]:
        """Return a flat mapping; integers too wide for JSON's readers are written as text."""
        numbers = {**self.random, **self.random["state"]}
        written = {name: str(numbers[name]) for name in _STATE_BITS}
        return {"position": self.position, "bit_generator": "PCG64", **written}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> DataState:
        """Return what `to_json` wrote.

        Raises:
            ValueError: when `values` is no such mapping; the message is one line.
        """
        position = values.get("position")
        if type(position) is not int or position < 0:
            raise ValueError("data state: position must be a whole number of at least 0")
        if values.get("bit_generator") != "PCG64":
            raise ValueError("data state: bit_generator must be PCG64")
        numbers = {name: _bits(values, name, width) for name, width in _STATE_BITS.items()}
        if set(values) != {"position", "bit_generator", *numbers}:
            raise ValueError("data state: there are entries that do not belong to it")
        pcg = {"state": numbers.pop("state"), "inc": numbers.pop("inc")}
        return cls(position, {"bit_generator": "PCG64", "state": pcg, **numbers})


def _bits(values: Mapping[str, object], name: str, width: int) -> int:
    text = values.get(name)
    if not isinstance(text, str) or not (text.isascii() and text.isdecimal()) or len(text) > 39:
        raise ValueError(f"data state: {name} must be a whole number, written as text")
    number = int(text)
    if number >= 2**width or (name == "inc" and number % 2 == 0):
        raise ValueError(f"data state: {name} is not one of PCG64's")
    return number


@dataclass(frozen=True, slots=True, eq=False)
class TestSeries:
    """A series that is never trained on, for measuring one-step and free-running errors.

    `warm_up + horizons[-1] + 1 <= N` always holds, so that every free run ends on a known value.

    Attributes:
        x: [N] where each value stands (cos: x; series: the row's number, counted from 1).
        values: [N] float64, in the network's units.
        warm_up: how many leading values only set the state; errors are measured on later ones.
        horizons: lengths of the free runs in steps, rising, each at least 1.
        offset: what is added to a scaled-back value.
        scale: the unit: shown value = value · scale + offset (1 and 0 when nothing is scaled).
    """

    __test__: ClassVar[bool] = False  # pytest: this is no class of tests

    x: FloatArray
    values: FloatArray
    warm_up: int
    horizons: tuple[int, ...]
    offset: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class TestWindows:
    """Fixed windows that are never trained on, drawn from a stream of the seed of their own.

    Attributes:
        x: as `Task.next_window` fills it, with N windows side by side in place of B.
        target: likewise.
        judged: [T, N] where accuracy (or with the loss "mse" the squared error) is measured, for
            instance only at the one symbol that had to be remembered.
        carried: whether window n+1 follows window n, so that the state flows on from one to the
            next in order; otherwise each begins with zeros.
    """

    __test__: ClassVar[bool] = False  # pytest: this is no class of tests

    x: WindowArray
    target: WindowArray
    judged: BoolArray
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """On which timesteps of a window an input is present, and on which the loss counts.

    Attributes:
        inputs: [T] whether an input is present; where none is, the network reads zeros.
        counted: [T] whether the output is part of the loss.
    """

    inputs: tuple[bool, ...]
    counted: tuple[bool, ...]

    def __post_init__(self) -> None:
        """Refuse what no window can be.

        Raises:
            ValueError: the two differ in length, or there is no input or nothing counts.
        """
        if len(self.inputs) != len(self.counted):
            lengths = f"{len(self.inputs)} and {len(self.counted)}"
            raise ValueError(f"topology: inputs and counted must be of one length, not {lengths}")
        if not any(self.inputs) or not any(self.counted):
            raise ValueError("topology: at least one input and one counted output are needed")

    @property
    def name(self) -> str:
        """How many inputs and counted outputs: "one→one", "one→many", "many→one", "many→many"."""
        before, after = (
            "one" if sum(mask) == 1 else "many" for mask in (self.inputs, self.counted)
        )
        return f"{before}→{after}"

    @classmethod
    def many_to_many(cls, steps: int) -> Topology:
        """Inputs and loss at each of `steps` timesteps."""
        return cls((True,) * steps, (True,) * steps)

    @classmethod
    def many_to_one(cls, steps: int) -> Topology:
        """Inputs at each of `steps` timesteps, the loss at the last."""
        return cls((True,) * steps, (*(False,) * (steps - 1), True))

    @classmethod
    def one_to_many(cls, steps: int) -> Topology:
        """An input at the first of `steps` timesteps, the loss at each."""
        return cls((True, *(False,) * (steps - 1)), (True,) * steps)

    @classmethod
    def one_to_one(cls) -> Topology:
        """A single timestep."""
        return cls((True,), (True,))


@dataclass(frozen=True, slots=True)
class Baseline:
    """A loss that is reached without remembering anything: drawn on the loss chart.

    Attributes:
        loss: in the units of the task's loss.
        words: how it is reached: "always the mean", "guessing among 8".
    """

    loss: float
    words: str


class Task(Protocol):
    """A source of windows. T and B are the settings' `steps` and `batch`.

    Where the inputs are symbols or the loss is cross-entropy, windows hold codes: whole numbers
    that count from 0, −1 where the topology has none.
    """

    @property
    def name(self) -> str:
        """The value of the setting `task` that chooses it."""

    @property
    def title(self) -> str:
        """What it is, for people: "cos(x)" or "FILE.csv: column"."""

    @property
    def features(self) -> int:
        """D, the numbers that go in at each step; of symbols, how many there are."""

    @property
    def outputs(self) -> int:
        """O, the numbers that are wanted at each step; with cross-entropy, how many classes."""

    @property
    def loss(self) -> str:
        """The loss, "mse" or "cross-entropy"; see `rnn_tui.engine.network.losses`."""

    @property
    def symbols(self) -> tuple[str, ...] | None:
        """The names of the D input symbols by code; None where inputs are numbers."""

    @property
    def parts(self) -> tuple[str, ...] | None:
        """The names of the D numbers that go in where there are several, otherwise None.

        One called "mark" is 0 or 1 and points out another.
        """

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The names of the O classes by code where the loss is cross-entropy, otherwise None."""

    @property
    def topology(self) -> Topology:
        """On which of the T timesteps there is an input, and where the loss counts."""

    @property
    def baseline(self) -> Baseline | None:
        """The loss without memory; None where nothing of the kind is known."""

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill the next window in place.

        Args:
            x: [T, B, D], overwritten with the inputs, 0 where the topology has none; where
                `symbols` is not None int64 [T, B], overwritten with codes, −1 where it has none.
            target: [T, B, O], overwritten with what should be predicted, 0 at timesteps that do
                not count; with cross-entropy int64 [T, B], overwritten with codes, −1 there.

        Returns:
            Whether the hidden state must be zero at this window's start, as a walk (re)starts
            there; true for the very first window.
        """
        ...

    def state(self) -> DataState:
        """Return where the task stands; cheap enough to be called for every window."""
        ...

    def restore(self, state: DataState) -> None:
        """Go back to `state`: the windows that follow are the same bits as then.

        Raises:
            ValueError: when `state` belongs to other settings.
        """
        ...

    def test(self) -> TestSeries | TestWindows:
        """Return what the network is measured on; it does not move the walk."""
        ...


def data_generator(seed: int) -> np.random.Generator:
    """Return the generator of all the data's random numbers for this seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _DATA_STREAM])))
