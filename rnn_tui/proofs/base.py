"""The base class of all proofs, and the copies of a window that they compute with.

To add a proof, write a file with a subclass of `Proof` in this folder and register it in `PROOFS`
of rnn_tui/registry.py; a panel that shows it names it among its `proofs`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.scratch_network import (
    NextWindow,
    WindowData,
    copy_window,
    scratch_network,
)
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings


@dataclass(frozen=True, slots=True)
class Refusal:
    """The result of a proof that gives none, with the reason as a sentence for the user."""

    why: str


@dataclass(frozen=True, slots=True)
class PreviousWindow:
    """A window that is over.

    Attributes:
        window: its inputs, targets and initial states.
        final_states: the states it ended with, each [B, H], by name.
    """

    window: WindowData
    final_states: Mapping[str, Array]

    @classmethod
    def of(cls, network: Network) -> PreviousWindow:
        """Return a copy of the window of `network`, whose forward pass is complete."""
        return cls(copy_window(network), network.state(network.tape.steps))

    def leads_to(self, network: Network) -> bool:
        """Return whether the window of `network` began with these final states, bit for bit."""
        initial = network.state(0)
        if initial.keys() != self.final_states.keys():
            return False
        return all(np.array_equal(initial[name], end) for name, end in self.final_states.items())


class WindowUnderTest:
    """Copies of the parameters and the window that all proofs at one place are about.

    After an update these are the parameters from before it, with which the window was computed.

    Attributes:
        architecture: the architecture of the network.
        settings: the settings of the run.
        parameters: flat vector [P].
        window: inputs, targets and initial states.
        pins: pins and cuts of this window.
        gradient: the trainer's own gradient, flat vector [P]; None where it is not complete yet.
        previous: the window before, where it was kept.
        start: the states that a window begins with where none are carried; None: zeros.
    """

    def __init__(self, trainer: Trainer, previous: PreviousWindow | None = None) -> None:
        """Copy the window that `trainer` is working on."""
        network = trainer.network
        self.architecture: Architecture = trainer.architecture
        self.settings: Settings = trainer.settings
        self.parameters: Array = trainer.copies.window_parameters(trainer)
        self.window = copy_window(network)
        self.pins: Pins = network.pins
        self.gradient: Array | None = _gradient(trainer)
        self.previous = previous
        self.start = trainer.start_states
        self._task = trainer.task
        self._drawn = trainer, trainer.windows
        self._network: Network | None = None

    def take_progress(self, trainer: Trainer, previous: PreviousWindow | None) -> bool:
        """Take gradient, settings and previous window from `trainer`, if it is at the same window.

        Nothing but a gradient is copied for that: this is asked after every step.

        Returns:
            True if it is: same architecture, pins, parameters, data and initial states. If not,
            nothing is taken.
        """
        network = trainer.network
        if (self.architecture, self.pins) != (trainer.architecture, network.pins):
            return False
        parameters = trainer.copies.window_parameters(trainer)
        here, there = self._drawn
        known = here is trainer and there == trainer.windows and self.parameters is parameters
        if not (known or self._is_window(trainer, parameters)):
            return False
        self.parameters, self._drawn = parameters, (trainer, trainer.windows)
        self.settings, self.previous, self._task = trainer.settings, previous, trainer.task
        self.gradient = _gradient(trainer)
        return True

    def _is_window(self, trainer: Trainer, parameters: Array) -> bool:
        """Return whether all numbers that the window of `trainer` is computed from are the same."""
        network, window = trainer.network, self.window
        pairs = [
            (window.x, network.inputs),
            (window.target, network.targets),
            *((window.states[name], network.tape.states[name][0]) for name in network.states),
            (self.parameters, parameters),
        ]
        return all(_same(mine, theirs) for mine, theirs in pairs)

    def network(self) -> Work[Network]:
        """Compute a network of this window with both passes done, a timestep at a time.

        It is computed once and shared by all proofs, which must not change it.
        """
        if self._network is not None:
            return self._network
        network = scratch_network(self.architecture, self.parameters, self.window, pins=self.pins)
        steps = range(1, network.tape.steps + 1)
        for t in steps:
            network.forward(t, t)
            yield Progress(t, 2 * len(steps))
        network.loss()
        for t in reversed(steps):
            network.backward(t, t)
            yield Progress(2 * len(steps) - t + 1, 2 * len(steps))
        self._network = network
        return network

    def next_windows(self, count: int) -> list[NextWindow]:
        """Return the data of the windows that come next.

        The task is put back to where it was, so that it draws the same windows again, bit for bit.
        """
        task, before = self._task, self._task.state()
        windows = []
        try:
            for _ in range(count):
                x, target = np.empty_like(self.window.x), np.empty_like(self.window.target)
                fresh = task.next_window(x, target)
                windows.append(NextWindow(x, target, self.settings.carry and not fresh, self.start))
        finally:
            task.restore(before)
        return windows


def _same(one: Array, other: Array) -> bool:
    """Return whether two arrays are equal; what is not a number, after a divergence, is as well."""
    if one is other:
        return True
    return np.array_equal(one, other) or np.array_equal(one, other, equal_nan=True)


def _gradient(trainer: Trainer) -> Array | None:
    """Return a copy of the trainer's own gradient [P]; None where it is not complete yet."""
    complete = trainer.position >= trainer.schedule.clip - 1 and trainer.divergence is None
    return trainer.copies.gradient(trainer) if complete else None


@dataclass(frozen=True, slots=True)
class Selected:
    """What is selected on the screen, as far as proofs are about it.

    Attributes:
        parameter: an entry of the gradient, as an index into the flat vector.
        sample: a sample of the batch, from 0.
        loss: the timestep whose loss is followed back alone, from 1; see `Topology.loss_at`.
        t: the timestep that is shown, from 1.
        layer: the layer that is shown, from 1.
        variants: panels and which of their variants was chosen.
    """

    parameter: int
    sample: int = 0
    loss: int = 1
    t: int = 1
    layer: int = 1
    variants: tuple[tuple[str, str], ...] = ()

    def variant(self, panel: str, default: str) -> str:
        """Return which of its variants a panel shows, `default` where none was chosen."""
        return dict(self.variants).get(panel, default)


class Proof(ABC):
    """A check or measurement of a window. A subclass is a frozen dataclass.

    Its fields are all that the result depends on besides the window, such as the parameter or the
    sample that the user selected: a result is kept for as long as an equal proof is requested.

    Attributes:
        words: the text on the screen while the proof is computed: "adding up".
        needs_window: whether there is no result before the first window.
        of_window: whether the result is about the window, and is gone with it.
    """

    __slots__ = ()
    words: ClassVar[str]
    needs_window: ClassVar[bool] = True
    of_window: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def at(cls, selected: Selected) -> Self:
        """Return the proof for what is selected on the screen."""

    def at_place(self, trainer: Trainer) -> Self:
        """Return the proof where `trainer` stands, if its result depends on more than the window.

        The trainer is only read, and stands still for as long as an equal proof is requested.
        """
        return self

    @abstractmethod
    def work(self, window: WindowUnderTest) -> Work[object]:
        """Compute the result in small parts, yielding the progress after each.

        Returns:
            The result, which `Snapshot.proofs` holds under the proof's registered name; `Refusal`
            where there is none.
        """
