"""The state of a run at one moment, which expressions are about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.claims.errors import ClaimError
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.edits import blocks_of
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.engine.training.window_values import ValuesOverTime, WindowArrays
from rnn_tui.proofs.base import PreviousWindow, Proof, WindowUnderTest

Values = npt.NDArray[np.float64]
Remembered = Mapping[str, float | Values]


class TestFigures:
    """The figures of a network on test data, kept while it does not change; they take a while."""

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    def __init__(self) -> None:
        self._of: tuple[Values, Pins] | None = None
        self._figures: Mapping[str, float] = {}

    def of(self, trainer: Trainer) -> Mapping[str, float]:
        """Return the figures, as `rnn-tui train --json` names them; takes up to a second."""
        parameters, pins = trainer.copies.optimizer(trainer).parameters, trainer.network.pins
        if self._of is None or self._of[0] is not parameters or self._of[1] != pins:
            self._figures = _tested(trainer, parameters)
            self._of = parameters, pins
        return self._figures


def _tested(trainer: Trainer, parameters: Values) -> Mapping[str, float]:
    """Return the figures that are numbers."""
    from rnn_tui.train.tested import tested  # few lessons ask for them

    figures, _ = tested(trainer, parameters)
    found = {**figures.errors(), **figures.judged()}
    return {
        name: float(value)
        for name, value in found.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


class RunState:
    """A run where its trainer stands; once that has moved, another state is made.

    Everything is read when it is asked for, and kept for the next time: a state costs nothing.

    Attributes:
        trainer: the run; it is only read.
        remembered: values that were remembered before, by the names that they got.
        sample: the sample of the batch that a single unit is of where none is named, from 1.
    """

    def __init__(
        self,
        trainer: Trainer,
        second: Trainer | None = None,
        remembered: Remembered | None = None,
        *,
        sample: int = 1,
        previous: PreviousWindow | None = None,
        figures: tuple[TestFigures, TestFigures] | None = None,
    ) -> None:
        """Be about `trainer`.

        Args:
            trainer: the run.
            second: the second network's, if there is one.
            remembered: values by name.
            sample: see above.
            previous: the window before, where it was kept.
            figures: those known of both networks; None for none.
        """
        self.trainer = trainer
        self.remembered: Remembered = MappingProxyType(dict(remembered or {}))
        self.sample = sample
        self._second = second
        self._previous = previous
        self._figures, self._of_second = figures or (TestFigures(), TestFigures())
        self._arrays: dict[str, Values] = {}
        self._results: dict[object, object] = {}

    @cached_property
    def second(self) -> RunState:
        """The state of the second network.

        Raises:
            ClaimError: there is none, or it is at another place.
        """
        if self._second is None:
            raise ClaimError("there is no second network: --versus CELL adds one")
        first, second = self.trainer.cursor, self._second.cursor
        if (first.update, first.stage, first.t) != (second.update, second.stage, second.t):
            raise ClaimError(f"the second network is at another place: {place_words(self._second)}")
        figures = self._of_second, TestFigures()
        return RunState(self._second, None, self.remembered, sample=self.sample, figures=figures)

    # Values of the window

    @property
    def steps(self) -> int:
        """T."""
        return self.trainer.network.tape.steps

    @cached_property
    def reader(self) -> ValuesOverTime:
        """Reads the values of the window."""
        return ValuesOverTime(self.trainer.network)

    def over_time(self, symbol: str) -> Values:
        """Return a value at all timesteps, [T, B, …]; meaningless where it is not `known`."""
        if symbol not in self._arrays:
            self._arrays[symbol] = np.array(self._window[symbol], np.float64)
        return self._arrays[symbol]

    @cached_property
    def _window(self) -> WindowArrays:
        """The values of the window."""
        network = self.trainer.network
        if self.trainer.cursor.stage is Pass.FORWARD:  # later the outputs are there
            with np.errstate(all="ignore"):
                network.readout()
        return self.reader.of_window(network, views(network.specs, self.window_parameters))

    def require_known(self, symbol: str, t: int) -> None:
        """Check that a value at a timestep is computed.

        Raises:
            ClaimError: it is not.
        """
        if not self.reader.known(symbol, t, self.trainer.cursor):
            raise self.not_computed(value_name(symbol, t))

    def not_computed(self, name: str) -> ClaimError:
        """Return the error that something is not computed yet."""
        return ClaimError(f"{name} is not computed yet at {place_words(self.trainer)}")

    def require_batch(self, name: str) -> None:
        """Check that there is a window.

        Raises:
            ClaimError: there is none yet.
        """
        if not self.trainer.cursor.has_batch:
            raise self.not_computed(name)

    def require_gradient(self, name: str) -> None:
        """Check that the backward pass is complete.

        Raises:
            ClaimError: it is not.
        """
        trainer = self.trainer
        count = len(trainer.network.declaration.backward_operations)
        if trainer.cursor.revealed_backward(1, count) < count:
            raise self.not_computed(name)

    # Parameters

    @cached_property
    def window_parameters(self) -> Values:
        """The parameters [P] that the window is computed with, in the network's precision."""
        return self.trainer.copies.window_parameters(self.trainer)

    @cached_property
    def places(self) -> Mapping[str, npt.NDArray[np.int64]]:
        """The indices in the flat vector of each parameter and each gate's block, by name."""
        return blocks_of(self.trainer.network.declaration)

    # Proofs

    def proof(self, proof: Proof) -> object:
        """Return the result of a proof about the whole window, which is computed on a copy.

        Raises:
            ClaimError: there is no window yet.
        """
        self.require_batch("this")
        if proof not in self._results:
            with np.errstate(all="ignore"):
                self._results[proof] = complete(proof.work(self._under_test))
        return self._results[proof]

    @cached_property
    def _under_test(self) -> WindowUnderTest:
        """Copies of the window."""
        return WindowUnderTest(self.trainer, self._previous)

    @property
    def test_figures(self) -> Mapping[str, float]:
        """The figures on test data, as `rnn-tui train --json` names them; takes up to a second."""
        return self._figures.of(self.trainer)


def place_words(trainer: Trainer) -> str:
    """Return where a run is, as errors say it: ``FORWARD t=2``, ``UPDATE``."""
    cursor = trainer.cursor
    if not cursor.has_batch:
        return "the start" if not cursor.update else f"the end of update {cursor.update}"
    timestep = f" t={cursor.t}" if cursor.t else ""
    part = "" if cursor.complete else f" op {cursor.operation}"
    return f"{cursor.stage}{timestep}{part}"
