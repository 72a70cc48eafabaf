"""The trainer: carries out the schedule of `rnn_tui.engine.training.schedule`, in any stride.

Stepping, finishing a pass and running all go through `_advance`, which calls the same per-timestep
functions, so the state after k schedule steps is the same bits however it was reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.interventions import Edit, Intervention, together
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.divergence import (
    Divergence,
    in_backward_pass,
    in_forward_pass,
    in_parameters,
    in_update,
)
from rnn_tui.engine.training.history import History, HistoryPosition
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters
from rnn_tui.engine.training.schedule import Cursor, Pass, Schedule
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import DataState, Task


class _Progress(NamedTuple):
    """The part of a keyframe that is no array."""

    data: DataState
    loss: float
    grad_norm: float
    history: HistoryPosition


class Trainer:
    """A network, its task and its optimizer, and where they are in the run.

    Attributes:
        settings: of the run; `configure` changes some of them.
        task: the source of windows.
        custom_task: the same where the caller gave it, None where the settings name it.
        architecture: the network's sizes.
        network: the network, with the tape and the gradient of the window under way.
        parameters: [P], the network's, changed in place.
        clipped: [P], the gradient after clipping; the gradient itself where that changed nothing.
        clipping: how it is clipped.
        optimizer: what turns it into a change of the parameters.
        history: loss and gradient norm of the updates done.
        schedule: the schedule steps of an update.
        updates: number of updates done.
        position: number of schedule steps done of this update; `schedule.end` after the last.
        revealed: how many operations of the last schedule step are shown.
        loss: of the newest window whose loss is known, NaN before the first.
        grad_norm: the norm of its gradient before clipping.
        divergence: the first number that was not finite; the run goes no further.
        stopped_early: whether the last `run` ended because of its `until`.
    """

    def __init__(
        self, settings: Settings, parameters: Array | None = None, task: Task | None = None
    ) -> None:
        """Begin a run.

        Args:
            settings: of the run.
            parameters: [P], starting weights to copy, instead of those drawn as `settings` say.
            task: a task object to learn from, instead of the one that `settings` name.

        Raises:
            SettingError, DataError: the settings do not fit each other or the data.
        """
        self.settings = settings
        self.custom_task = task
        self.task: Task = make_task(settings) if task is None else task
        self._task_start = self.task.state()
        self.architecture = architecture_of(settings, self.task)
        dtype = np.dtype(settings.dtype)
        if parameters is None:
            self.parameters = initialise(
                self.architecture, settings.init, settings.forget_bias, settings.seed, dtype
            )
        else:
            self.parameters = parameters.astype(dtype)
        self.network = Network(self.architecture, self.parameters, settings.steps, settings.batch)
        self.schedule = Schedule(settings.steps)
        self._end = self.schedule.end
        self.clipping = Clipping(settings.clip_by, settings.clip)
        self._clipping_out = np.zeros_like(self.parameters)  # [P]
        self.clipped = self._clipping_out
        self.optimizer = make_optimizer(
            settings.optimizer, self.parameters, Hyperparameters.of(settings)
        )
        self.history = History()
        self.divergence: Divergence | None = None
        self.stopped_early = False
        self.updates = 0
        self.position = 0
        self.revealed = 0
        self.loss = math.nan
        self.grad_norm = math.nan
        self._large_weights = False  # whether those of this window may overflow without a trace
        self._progress_before = self._progress()  # before this window's batch was drawn

    def configure(self, settings: Settings) -> None:
        """Change settings during the run: learning rate, clipping, optimizer.

        Another optimizer starts with an empty memory. A gradient just clipped is clipped anew.

        Raises:
            ValueError: a setting differs that needs a restart.
        """
        if names := settings.needs_restart(self.settings):
            raise ValueError(f"needs a restart: {', '.join(names)}")
        hyperparameters = Hyperparameters.of(settings)
        self.clipping = Clipping(settings.clip_by, settings.clip)
        if settings.optimizer == self.settings.optimizer:
            self.optimizer.configure(hyperparameters)
        else:
            self.optimizer = make_optimizer(settings.optimizer, self.parameters, hyperparameters)
        self.settings = settings
        if self.position == self.schedule.clip:
            self._apply_clipping()

    def intervene(self, intervention: Intervention) -> None:
        """Set parameters, pin values or cut paths; only between two windows."""
        if isinstance(intervention, Edit):
            self.parameters[intervention.indices(self.network.declaration)] = intervention.value
        else:
            self.network.pins = together(self.network.pins, intervention)

    def fresh_custom_task(self) -> Task | None:
        """Return a copy of the custom task in the state it was given in; None without one.

        A trainer that begins with it sees the same windows as this one did from its start.
        """
        task = deepcopy(self.custom_task)
        if task is not None:
            task.restore(self._task_start)
        return task

    # Where the run is

    @property
    def cursor(self) -> Cursor:
        """Where the run is."""
        stage, t = self.schedule.pass_at(self.position)
        return Cursor(self.updates, stage, t, self.revealed, self._operation_count)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Operations of the cursor's timestep; none outside the two passes over time."""
        match self.schedule.pass_at(self.position):
            case Pass.FORWARD, _:
                return self.network.declaration.forward_operations
            case Pass.BACKWARD, t:
                return self.network.declaration.backward_operations_at(t)
            case _:
                return ()

    @property
    def _operation_count(self) -> int:
        """`Cursor.operations`, without a cursor: every step needs it."""
        return len(self.operations) or 1

    @property
    def index(self) -> int:
        """Number of schedule steps done since the run began."""
        completed = self.updates - (self.position == self._end)
        return completed * self._end + self.position

    def index_of(self, position: int) -> int:
        """Return the index of `position` of this update or, from its end, of the next."""
        return self.index - self.position % self._end + position

    # Going forward

    def reveal(self) -> None:
        """Reveal the next operation of this timestep, or the first of the next schedule step."""
        if self.divergence is not None:
            return
        if self.position and self.revealed != self._operation_count:
            self.revealed += 1
            return
        self._go(self._next())
        if self.divergence is None:
            self.revealed = 1

    def step(self) -> None:
        """Do one schedule step, or reveal the rest of this timestep where some is hidden."""
        if self.divergence is not None:
            return
        if self.position and self.revealed != self._operation_count:
            self.revealed = self._operation_count
        else:
            self._go(self._next())

    def finish_pass(self) -> None:
        """Go to the end of this pass or, from there, of the next."""
        if self.divergence is not None:
            return
        if self.position and self.revealed != self._operation_count and self._at_pass_end():
            self.revealed = self._operation_count
        elif self.position == self._end:
            self._go(1)
        else:
            self._go(self.schedule.next_pass_end(self.position))

    def finish_update(self) -> None:
        """Go to the end of this update or, from there, of the next."""
        self._go(self._end)

    def run(self, updates: int, until: Callable[[], object] | None = None) -> int:
        """Complete up to `updates` more updates.

        Args:
            updates: how many.
            until: called after each update; the run ends when it returns something true.

        Returns:
            How many were completed: fewer because of `until`, or on divergence.
        """
        start, self.stopped_early = self.updates, False
        with np.errstate(all="ignore"):
            for _ in range(updates):
                self._advance(self._end)
                if self.divergence is not None:
                    return self.updates - start
                if until is not None and until():
                    self.stopped_early = True
                    break
        if updates:
            self.revealed = self._operation_count
        return self.updates - start

    def advance_to(self, index: int) -> None:
        """Go forward until `self.index` is `index`, all revealed; not at all if it lies behind."""
        while self.index < index and self.divergence is None:
            window, before = divmod(index - 1, self._end)
            self._go(before + 1 if window == self.updates else self._end)

    def _next(self) -> int:
        """Return the position after the next schedule step."""
        return 1 if self.position == self._end else self.position + 1

    def _at_pass_end(self) -> bool:
        """Return whether the next schedule step belongs to another pass."""
        pass_at = self.schedule.pass_at
        return pass_at(self.position)[0] != pass_at(self._next())[0]

    def _go(self, position: int) -> None:
        """Go to `position` of this update or, from its end, of the next; reveal all."""
        with np.errstate(all="ignore"):
            self._advance(position)
        if self.divergence is None:
            self.revealed = self._operation_count

    def _advance(self, target: int) -> None:
        """Do schedule steps in order up to position `target`, or until the run diverges.

        This is the only way forward. A whole update at once is searched for numbers that are not
        finite only after its sums have shown one; a part of it, after each pass's share. Callers
        silence NumPy's warnings of them.
        """
        if self.divergence is not None:
            return
        if self.position == self._end:
            self.position = 0
        whole = self.position == 0 and target == self._end
        while self.position < target and self.divergence is None:
            before = self.position
            self._advance_in_pass(target)
            if self.divergence is None and (self._large_weights or not whole):
                self._search_since(before)

    def _advance_in_pass(self, target: int) -> None:
        """Do as many schedule steps of one pass as lie before position `target`."""
        position, schedule, network = self.position, self.schedule, self.network
        steps, clip = schedule.steps, schedule.clip
        if position == 0:
            self._batch()
        elif position <= steps:
            last = min(target - 1, steps)
            network.forward(position, last)
            self.position = last + 1
        elif position == steps + 1:
            self._loss()
        elif position < clip - 1:
            highest = 2 * steps + 2 - position
            lowest = max(2 * steps + 3 - target, 1)
            network.backward(lowest, highest)
            self.position = schedule.backward(lowest)
        elif position == clip - 1:
            self._clip()
        else:
            self._update()

    # Schedule steps

    def _batch(self) -> None:
        """Draw the next window: inputs, targets, and the state it begins with."""
        network = self.network
        self.position = self.schedule.batch
        self._progress_before = self._progress()
        fresh = self.task.next_window(network.inputs, network.targets)
        network.encode()
        if fresh or not self.settings.carry:
            network.set_state(None)
        else:
            network.carry_state()
        # Weights this large can overflow where neither loss nor gradient shows it, such as in a
        # pre-activation before tanh. Then every part of the window is searched.
        self._large_weights = not math.isfinite(self.parameters.dot(self.parameters))
        if self._large_weights and (first := in_parameters(network.specs, self.parameters)):
            self._diverge(Divergence(Pass.BATCH, 0, *first))

    def _loss(self) -> None:
        """Compute the loss."""
        loss = self.network.loss()
        self.position = self.schedule.loss
        if math.isfinite(loss):
            self.loss = loss
        else:
            self._diverge(in_forward_pass(self.network) or Divergence(Pass.LOSS, 0, "loss", loss))

    def _clip(self) -> None:
        """Compute the gradient's norm, and clip it."""
        grad_norm = norm(self.network.gradient)
        self.position = self.schedule.clip
        if not math.isfinite(grad_norm):
            first = in_forward_pass(self.network) or in_backward_pass(self.network)
            self._diverge(first or Divergence(Pass.CLIP, 0, "‖g‖", grad_norm))
            return
        self.grad_norm = grad_norm
        self._apply_clipping()

    def _apply_clipping(self) -> None:
        """Clip the gradient, whose norm is known."""
        gradient = self.network.gradient
        self.clipped = self.clipping.apply(gradient, self._clipping_out, self.grad_norm)

    def _update(self) -> None:
        """Change the parameters; an update that overflows is taken back."""
        optimizer = self.optimizer
        optimizer.step(self.clipped)
        overflow = in_update(self.network.specs, self.parameters, optimizer.memory)
        if overflow:
            optimizer.undo()
            self._diverge(overflow)
            return
        self.position = self._end
        self.updates += 1
        self.history.append(self.loss, self.grad_norm)

    # Divergence

    def _search_since(self, before: int) -> None:
        """Look for numbers that are not finite in the timesteps done since position `before`."""
        pass_at, network = self.schedule.pass_at, self.network
        stage, t = pass_at(self.position)
        if stage is Pass.FORWARD:
            divergence = in_forward_pass(network, pass_at(before)[1] + 1, t)
        elif stage is Pass.BACKWARD:
            first = pass_at(before)[1] - 1 if before > self.schedule.loss else None
            divergence = in_backward_pass(network, first, t)
        else:
            return
        if divergence:
            self._diverge(divergence)

    def _diverge(self, divergence: Divergence) -> None:
        """End the run at the operation that computed the number; the parameters are finite."""
        self.divergence = divergence
        schedule = self.schedule
        self.position = {
            Pass.BATCH: schedule.batch,
            Pass.FORWARD: schedule.forward(divergence.t),
            Pass.LOSS: schedule.loss,
            Pass.BACKWARD: schedule.backward(max(divergence.t, 1)),
        }.get(divergence.stage, schedule.clip)
        symbols = [operation.symbol for operation in self.operations]
        last = symbols.index(divergence.tensor) + 1 if divergence.tensor in symbols else None
        self.revealed = last or self._operation_count

    # Keyframes

    def keyframe(self) -> Keyframe:
        """Return a copy of the state that leads here; of the last finite one on divergence."""
        if 0 < self.position < self._end:
            start = self.window_start()
            if self.divergence is not None:
                return start
            return replace(start, position=self.position, revealed=self.revealed)
        return self._frame(
            self.parameters,
            self.optimizer.memory,
            self.optimizer.updates_made,
            self.network.state(self.schedule.steps),
            self._progress(),
        )

    def window_start(self) -> Keyframe:
        """Return a copy of the state that the window under way, or just done, began with.

        After the update this has the optimizer as it was before it; one that has been put in since
        then cannot know its state of that time.
        """
        done = self.position == self._end
        optimizer, network = self.optimizer, self.network
        # Where the window began with zeros, the carried states are not used: it will do so again.
        start = self._frame(
            optimizer.parameters_before if done else self.parameters,
            optimizer.memory_before if done else optimizer.memory,
            optimizer.updates_made - done,
            network.state(0 if self.position else self.schedule.steps),
            self._progress_before if self.position else self._progress(),
        )
        return replace(start, updates=self.updates - done)

    def _progress(self) -> _Progress:
        """Return what a keyframe taken here has besides arrays."""
        return _Progress(self.task.state(), self.loss, self.grad_norm, self.history.position)

    def _frame(
        self,
        parameters: Array,
        memory: Mapping[str, Array],
        updates_made: int,
        states: Mapping[str, Array],
        progress: _Progress,
    ) -> Keyframe:
        """Return a keyframe at position 0 of this update, its arrays copied."""
        return Keyframe(
            updates=self.updates,
            position=0,
            revealed=0,
            parameters=parameters.copy(),
            memory={name: array.copy() for name, array in memory.items()},
            updates_made=updates_made,
            states=states,
            data=progress.data,
            settings=self.settings,
            loss=progress.loss,
            grad_norm=progress.grad_norm,
            history=progress.history,
            pins=self.network.pins,
        )

    def restore(self, keyframe: Keyframe) -> None:
        """Go to where `keyframe` was taken: the same bits, the history's counters included."""
        if keyframe.settings != self.settings:
            self.position = 0
            self.configure(keyframe.settings)
        self.network.pins = keyframe.pins
        np.copyto(self.parameters, keyframe.parameters)
        for name, array in self.optimizer.memory.items():
            np.copyto(array, keyframe.memory[name])
        self.optimizer.updates_made = keyframe.updates_made
        for name, state in keyframe.states.items():
            self.network.tape.states[name][-1] = state
        self.task.restore(keyframe.data)
        self.updates = keyframe.updates
        self.loss, self.grad_norm = keyframe.loss, keyframe.grad_norm
        self.history.rewind(keyframe.history)
        self.divergence = None
        self.position = 0
        with np.errstate(all="ignore"):
            self._advance(keyframe.position)
        self.revealed = keyframe.revealed


def architecture_of(settings: Settings, task: Task) -> Architecture:
    """Return the network that `settings` describe, for `task`."""
    problem = Problem(task.loss, task.symbols is not None, task.topology)
    return Architecture(
        settings.cell,
        settings.activation,
        task.features,
        settings.hidden,
        task.outputs,
        problem,
        settings.layers,
    )
