"""What every task offers, and what it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]

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


@dataclass(frozen=True, slots=True)
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


class Task(Protocol):
    """A source of windows.

    Attributes:
        name: the value of the setting `task` that chooses it.
        title: what it is, for people: "cos(x)" or "FILE.csv: column".
        features: D, the numbers that go in at each step.
        outputs: O, the numbers that are wanted at each step.
    """

    name: str
    title: str
    features: int
    outputs: int

    def next_window(self, x: FloatArray, target: FloatArray) -> bool:
        """Fill the next window in place.

        Args:
            x: [T, B, D], overwritten with the inputs.
            target: [T, B, O], overwritten with what should be predicted at each step.

        Returns:
            Whether the walk (re)starts here, so that the hidden state must be zero; true for the
            very first window.
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

    def test_series(self) -> TestSeries:
        """Return the series that errors are measured on; it does not move the walk."""
        ...


def data_generator(seed: int) -> np.random.Generator:
    """Return the generator of all the data's random numbers for this seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _DATA_STREAM])))
