"""Some updates of a run, from where it is now: all that a page of code needs to repeat them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters, Optimizer
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Task

MOST_BYTES = 2**30
"""How large the windows of an excerpt may be, in bytes."""


class ExcerptError(ValueError):
    """A run of which no page of code can be written; the message is one line."""


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """Some updates of a run.

    Attributes:
        declaration: of the network.
        task: what the run learns.
        start: the run's state before the first of these updates.
        inputs: of each update's window, [K, T, B, D], or codes int64 [K, T, B].
        targets: the same, [K, T, B, O], or classes int64 [K, T, B].
        fresh: [K], true where a window begins with the task's start states, not with the states
            that the one before ended with.
    """

    declaration: NetworkDeclaration
    task: Task
    start: Keyframe
    inputs: Array
    targets: Array
    fresh: Array

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.start.settings

    @property
    def pins(self) -> Pins:
        """The values held and the paths cut."""
        return self.start.pins

    @property
    def clipping(self) -> Clipping:
        """The way of clipping."""
        return Clipping(self.settings.clip_by, self.settings.clip)

    @property
    def updates(self) -> int:
        """K, how many updates there are."""
        return len(self.fresh)

    @property
    def carries(self) -> bool:
        """Whether a window may begin with the states that another one ended with."""
        return not bool(np.all(self.fresh))

    def optimizer(self) -> Optimizer:
        """Return the run's optimizer for one parameter, with an empty memory."""
        number = np.zeros(1, self.declaration.dtype)
        return make_optimizer(self.settings.optimizer, number, Hyperparameters.of(self.settings))

    def arrays(self) -> dict[str, Array]:
        """Return what lies beside the page, by name.

        ``W_x`` …: weights; ``m.W_x``: the optimizer's memory m of it; ``state.h``: h as the first
        window begins, where it is carried; ``start.h``: where the task begins windows with states;
        ``inputs``, ``targets``, ``fresh``, ``counts``: see the class.
        """
        specs, start = self.declaration.specs, self.start
        arrays = dict(views(specs, start.parameters))
        for name, flat in start.memory.items():
            arrays |= {f"{name}.{each}": array for each, array in views(specs, flat).items()}
        if self.carries:
            arrays |= {f"state.{name}": start.states[name] for name in self.declaration.states}
        for name, state in (self.task.start_states or {}).items():
            arrays[f"start.{name}"] = np.asarray(state, self.declaration.dtype)
        arrays |= {"inputs": self.inputs, "targets": self.targets}
        if self.carries:
            arrays["fresh"] = self.fresh
        if (counts := self.counts()) is not None:
            arrays["counts"] = counts
        return arrays

    def counts(self) -> Array | None:
        """Return where the loss counts, [T] or of each sample [T, B]; None: everywhere."""
        if self.declaration.problem.samples is not None:
            return self.declaration.counted
        mask = self.declaration.mask
        return None if all(mask) else np.array(mask)

    @property
    def counted(self) -> str:
        """Where the loss counts: "" everywhere, "steps" of `counts`, or "samples" of it."""
        counts = self.counts()
        return "" if counts is None else "steps" if counts.ndim == 1 else "samples"

    def content(self) -> bytes:
        """Return `arrays` as the content of an .npz file."""
        file = io.BytesIO()
        np.savez(file, **self.arrays())  # type: ignore[arg-type]  # names are not its options
        return file.getvalue()


def excerpt(trainer: Trainer, updates: int) -> Excerpt:
    """Return the next updates of a run; one that has begun is the first of them.

    The run stays where it is.

    Raises:
        ExcerptError: there is too much of it.
    """
    network, task = trainer.network, trainer.task
    within = 0 < trainer.position < trainer.schedule.end
    start = trainer.window_start() if within else trainer.keyframe()
    size = updates * (network.inputs.nbytes + network.targets.nbytes)
    if size > MOST_BYTES:
        most = MOST_BYTES * updates // size
        raise ExcerptError(
            f"the windows of {updates:,} updates are {size / 2**20:,.0f} MiB; at most {most:,} "
            f"have room in {MOST_BYTES // 2**20:,} MiB"
        )
    inputs = np.empty((updates, *network.inputs.shape), network.inputs.dtype)
    targets = np.empty((updates, *network.targets.shape), network.targets.dtype)
    fresh = np.empty(updates, np.bool_)
    now = task.state()
    try:
        task.restore(start.data)
        for k in range(updates):
            fresh[k] = task.next_window(inputs[k], targets[k]) or not start.settings.carry
    finally:
        task.restore(now)
    return Excerpt(network.declaration, task, start, inputs, targets, fresh)
