"""No piece of work is long at large sizes: what is counted is the work, not the time it takes.

Commands, predictions and proofs are worked on in slices, which end at the first look at the clock
after some milliseconds. What lies between two looks is the least that is done before a key can be
answered: so it is bounded.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from rnn_tui.engine.cells.lstm import LstmKernel
from rnn_tui.engine.cells.lstm_base import LstmFamilyKernel
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Back, Command, Step, ViewRequest
from rnn_tui.session.worker import Session
from rnn_tui.settings import Value, compose

LARGE: dict[str, dict[str, Value]] = {
    "steps": {"hidden": 4, "steps": 1000, "num_points": 2500},
    "hidden": {"hidden": 512, "steps": 20},
    "batch": {"hidden": 48, "steps": 40, "batch": 16, "layers": 2, "num_points": 1000},
}
MOST_STEPS = 500  # of kernels, 10 to 20 µs each in a small network
MOST_PRODUCTS = 200_000_000  # multiplications of theirs, about 20 ms
COMMANDS: tuple[Command, ...] = (
    ViewRequest(predictions=True, proofs=frozenset({"magnitudes", "weights", "carpet"})),
    *(Step(stride) for stride in (Stride.TIMESTEP, Stride.PASS, Stride.PASS, Stride.PASS)),
    Back(Stride.TIMESTEP),
    Step(Stride.UPDATE),
)


@dataclass
class Meter:
    """What the kernels compute between two looks at a clock of its own.

    Attributes:
        steps, products: timesteps and multiplications since the last look.
        most_steps, most_products: the largest of them so far.
    """

    steps: int = 0
    products: int = 0
    most_steps: int = 0
    most_products: int = 0

    def __post_init__(self) -> None:
        # Three milliseconds from look to look: a slice of four has one piece, or two.
        self._times = itertools.count(1e6, 0.003)

    def look(self) -> float:
        """Return the time."""
        self.most_steps = max(self.most_steps, self.steps)
        self.most_products = max(self.most_products, self.products)
        self.steps = self.products = 0
        return float(next(self._times))

    def counting(self, method: Callable[[Any, int, int], None]) -> Callable[..., None]:
        """Return a kernel's method that is counted."""

        def counted(kernel: Any, first: int, last: int) -> None:
            steps = last - first + 1
            self.steps += steps
            self.products += steps * kernel.tape.batch * kernel.W.size
            method(kernel, first, last)

        return counted


@pytest.mark.parametrize("size", LARGE)
def test_no_piece_of_work_is_long(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session, meter = Session(Trainer(compose({"cell": "lstm", **LARGE[size]}))), Meter()
    monkeypatch.setattr(time, "perf_counter", meter.look)
    monkeypatch.setattr(LstmKernel, "forward", meter.counting(LstmKernel.forward))
    monkeypatch.setattr(LstmFamilyKernel, "backward", meter.counting(LstmFamilyKernel.backward))
    for command in COMMANDS:
        session.perform(command)
        assert meter.most_steps <= MOST_STEPS, command
        assert meter.most_products <= MOST_PRODUCTS, command
    assert meter.most_steps > 0
