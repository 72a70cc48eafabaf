"""The trainer: carries out the schedule of `rnn_tui.engine.training.schedule`, in any stride.

Stepping, finishing a pass and running all go through `_advance`, which calls the same per-timestep
functions. So the state after k schedule steps is the same, bit for bit, however it was reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.architecture import Architecture, architecture_of
from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.interventions import Intervention, together
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.divergence import (
    Divergence,
    find_nonfinite_between,
    find_nonfinite_in_backward_pass,
    find_nonfinite_in_forward_pass,
    find_nonfinite_in_parameters,
    find_nonfinite_in_update,
)
from rnn_tui.engine.training.history import History
from rnn_tui.engine.training.keyframe import Keyframe, NonArrayState
from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters
from rnn_tui.engine.training.schedule import Cursor, Pass, Schedule
from rnn_tui.engine.training.shared_copies import SharedCopies
from rnn_tui.engine.training.start_states import start_states
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import Task


class Trainer:
    """A network, its task and its optimizer, at some place in a run.

    `updates` counts completed updates, `position` the schedule steps done within the current one,
    and `index` all schedule steps since the start. `cursor` is the same place as pass (`stage`)
    and timestep. `revealed` is how many operations of the last schedule step are shown; all of
    them are computed. A `Place` of `rnn_tui.engine.time_travel` is the pair (`index`, `revealed`).

    Attributes:
        settings: the run's settings; `configure` changes some of them.
        task: the source of windows.
        custom_task: `task` if the caller passed a task object; None if the settings name the task.
        architecture: the network's sizes.
        network: the network, with the tape and the gradient of the current window.
        given: starting weights of a file and their network; a restart begins with them again.
        start_states: what windows begin with that carry no state, [B, H] by name; None: zeros.
        parameters: [P], the network's parameters, changed in place.
        clipped: [P], the gradient after clipping; the gradient itself if clipping changed nothing.
        clipping: the way of clipping.
        optimizer: computes the change of the parameters from the clipped gradient.
        history: loss and gradient norm of the updates done.
        schedule: the schedule steps of an update.
        updates, position, revealed: see above; `position` is `schedule.end` after the last step.
        loss: of the newest window whose loss is known; NaN before the first.
        grad_norm: the norm of that window's gradient before clipping.
        windows: number of windows drawn and keyframes restored: tells each window from all others.
        copies: copies of the vectors above, for who looks at them.
        divergence: the first non-finite number; once it is set, the run does not go on.
        stopped_early: whether the last `run` ended because of its `until`.
    """

    def __init__(
        self,
        settings: Settings,
        parameters: Array | None = None,
        task: Task | None = None,
        *,
        custom: bool = True,
    ) -> None:
        """Begin a run.

        Args:
            settings: the run's settings.
            parameters: [P], starting weights, which are copied; None to draw them at random.
            task: a task object to learn from; None for the task that `settings` name.
            custom: False if `task` is the one that `settings` name, made before.

        Raises:
            SettingError, DataError: the settings do not fit each other or the data.
        """
        self.settings = settings
        self.custom_task = task if custom else None
        if task is None:
            check_memory(settings)  # before the task allocates anything for its windows
        self.task: Task = make_task(settings) if task is None else task
        self._task_start = self.task.state()
        self.architecture = architecture_of(settings, self.task)
        check_memory(settings, self.architecture)
        dtype = np.dtype(settings.dtype)
        self.given: tuple[Architecture, Array] | None = None
        if parameters is None:
            drawn = settings.init, settings.forget_bias, settings.seed
            self.parameters = initialise(self.architecture, *drawn, dtype)
        else:
            self.parameters = parameters.astype(dtype)
        self.network = Network(self.architecture, self.parameters, settings.steps, settings.batch)
        self.start_states = start_states(self.task, self.network)
        self.schedule = Schedule(settings.steps)
        self._end = self.schedule.end
        self.clipping = Clipping(settings.clip_by, settings.clip)
        self.clipped = self._clipping_out = np.zeros_like(self.parameters)  # [P]
        self.optimizer = make_optimizer(
            settings.optimizer, self.parameters, Hyperparameters.of(settings)
        )
        self.copies = SharedCopies()
        self.history = History()
        self.divergence: Divergence | None = None
        self.stopped_early = False
        self.updates = self.position = self.revealed = self.windows = 0
        self.loss = self.grad_norm = math.nan
        self._large_weights = False  # so large that an overflow may not show in loss or gradient
        self._non_array_state_before = self._non_array_state()  # before this batch was drawn

    def configure(self, settings: Settings) -> None:
        """Change settings during the run: learning rate, clipping, optimizer.

        Another optimizer starts with an empty memory. A gradient just clipped is clipped again.

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
            before = self.optimizer.parameters_before
            self.optimizer = make_optimizer(settings.optimizer, self.parameters, hyperparameters)
            # It has not stepped yet: keep the weights that this window was computed with.
            np.copyto(self.optimizer.parameters_before, before)
            self.optimizer.note_changed()
        self.settings = settings
        if self.position == self.schedule.clip:
            self._apply_clipping()

    def intervene(self, intervention: Intervention) -> None:
        """Set parameters, pin values or cut gradient paths; only allowed between two windows."""
        if isinstance(intervention, Edit):
            intervention.apply(self.network.declaration, self.parameters)
            self.optimizer.note_changed()
        else:
            self.network.pins = together(self.network.pins, intervention)

    def fresh_custom_task(self) -> Task | None:
        """Return a copy of the custom task in the state it had when passed in; None without one.

        A new trainer with this copy sees the same windows as this trainer did from its start.
        """
        task = deepcopy(self.custom_task)
        if task is not None:
            task.restore(self._task_start)
        return task

    # Where the run is

    @property
    def cursor(self) -> Cursor:
        """The place in the run, as pass and timestep."""
        stage, t = self.schedule.pass_at(self.position)
        return Cursor(self.updates, stage, t, self.revealed, self._operation_count)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of the cursor's timestep; empty outside the two passes over time."""
        match self.schedule.pass_at(self.position):
            case Pass.FORWARD, _:
                return self.network.declaration.forward_operations
            case Pass.BACKWARD, t:
                return self.network.declaration.backward_operations_at(t)
            case _:
                return ()

    @property
    def _operation_count(self) -> int:
        """`Cursor.operations`, without making a cursor, because every step reads it."""
        return len(self.operations) or 1

    @property
    def index(self) -> int:
        """Number of schedule steps done since the run began."""
        completed = self.updates - (self.position == self._end)
        return completed * self._end + self.position

    def index_of(self, position: int) -> int:
        """Return the index at `position` of this update; of the next if this one is complete."""
        return self.index - self.position % self._end + position

    # Going forward

    def reveal(self) -> None:
        """Reveal the next operation of this timestep, or do the next step and reveal its first."""
        if self.divergence is not None:
            return
        if self.position and self.revealed != self._operation_count:
            self.revealed += 1
            return
        self._go(self._next())
        if self.divergence is None:
            self.revealed = 1

    def step(self) -> None:
        """Reveal the rest of this timestep if operations are hidden, otherwise do the next step."""
        if self.divergence is not None:
            return
        if self.position and self.revealed != self._operation_count:
            self.revealed = self._operation_count
        else:
            self._go(self._next())

    def finish_pass(self) -> None:
        """Go to the end of this pass; to the end of the next one if this one is complete."""
        if self.divergence is not None:
            return
        if self.position and self.revealed != self._operation_count and self._at_pass_end():
            self.revealed = self._operation_count
        elif self.position == self._end:
            self._go(1)
        else:
            self._go(self.schedule.next_pass_end(self.position))

    def finish_update(self) -> None:
        """Go to the end of this update; to the end of the next one if this one is complete."""
        self._go(self._end)

    def run(self, updates: int, until: Callable[[], object] | None = None) -> int:
        """Complete up to `updates` more updates.

        Args:
            updates: number of updates.
            until: called after each update; the run ends when it returns something true.

        Returns:
            The number completed: less than `updates` if `until` or a divergence ended the run.
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
        """Go forward to schedule index `index`, all revealed; do nothing if it is not ahead."""
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
        """Go to `position` of this update (of the next one from its end), and reveal all."""
        with np.errstate(all="ignore"):
            self._advance(position)
        if self.divergence is None:
            self.revealed = self._operation_count

    def _advance(self, target: int) -> None:
        """Do schedule steps in order up to position `target`, or until the run diverges.

        This is the only way forward. A whole update done in one call is searched for NaN or inf if
        loss or gradient norm are not finite or the weights very large; of a part, the timesteps
        just computed are. Callers silence NumPy's warnings.
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
        """Do the next schedule steps of one pass, up to its end or position `target`."""
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
        """Draw the next window: inputs, targets, and the state at its start."""
        network = self.network
        self.position = self.schedule.batch
        self.windows += 1
        self._non_array_state_before = self._non_array_state()
        fresh = self.task.next_window(network.inputs, network.targets)
        network.encode()
        if fresh or not self.settings.carry:
            network.set_state(self.start_states)
        else:
            network.carry_state()
        # With weights this large numbers may overflow though loss and gradient are finite: search.
        self._large_weights = not math.isfinite(self.parameters.dot(self.parameters))
        if self._large_weights:
            first = find_nonfinite_in_parameters(network.specs, self.parameters)
            if first:
                self._diverge(Divergence(Pass.BATCH, 0, *first))

    def _loss(self) -> None:
        """Compute the loss."""
        loss, self.position = self.network.loss(), self.schedule.loss
        if math.isfinite(loss):
            self.loss = loss
        else:
            first = find_nonfinite_in_forward_pass(self.network)
            self._diverge(first or Divergence(Pass.LOSS, 0, "loss", loss))

    def _clip(self) -> None:
        """Compute the gradient's norm, and clip the gradient."""
        network = self.network
        grad_norm = norm(network.gradient)
        self.position = self.schedule.clip
        if not math.isfinite(grad_norm):
            first = find_nonfinite_in_forward_pass(network)
            first = first or find_nonfinite_in_backward_pass(network)
            self._diverge(first or Divergence(Pass.CLIP, 0, "‖g‖", grad_norm))
            return
        self.grad_norm = grad_norm
        self._apply_clipping()

    def _apply_clipping(self) -> None:
        """Clip the gradient, whose norm is known."""
        self.clipped = self.clipping.apply(
            self.network.gradient, self._clipping_out, self.grad_norm
        )

    def _update(self) -> None:
        """Change the parameters; undo the update if it overflows."""
        optimizer = self.optimizer
        optimizer.step(self.clipped)
        overflow = find_nonfinite_in_update(self.network.specs, self.parameters, optimizer.memory)
        if overflow:
            optimizer.undo()
            self._diverge(overflow)
            return
        self.position = self._end
        self.updates += 1
        self.history.append(self.loss, self.grad_norm)

    # Divergence

    def _search_since(self, before: int) -> None:
        """Look for non-finite numbers in the timesteps computed since position `before`."""
        divergence = find_nonfinite_between(self.network, self.schedule, before, self.position)
        if divergence:
            self._diverge(divergence)

    def _diverge(self, divergence: Divergence) -> None:
        """End the run, with the cursor at the operation that computed the non-finite number."""
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
        """Return a keyframe from which `restore` comes back to this place.

        After a divergence: the start of the window that diverged.
        """
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
            self._non_array_state(),
        )

    def window_start(self) -> Keyframe:
        """Return a keyframe at the start of the current window.

        After an update this is the window just completed, and the keyframe holds the optimizer's
        state from before the update. If the optimizer was replaced since, that state is not known.
        """
        done = self.position == self._end
        optimizer, network = self.optimizer, self.network
        # If the window began with `start_states`, these are not used: it will do so again.
        start = self._frame(
            optimizer.parameters_before if done else self.parameters,
            optimizer.memory_before if done else optimizer.memory,
            optimizer.updates_made - done,
            network.state(0 if self.position else self.schedule.steps),
            self._non_array_state_before if self.position else self._non_array_state(),
        )
        return replace(start, updates=self.updates - done)

    def _non_array_state(self) -> NonArrayState:
        """Return the parts of a keyframe taken here that are not arrays."""
        return NonArrayState(self.task.state(), self.loss, self.grad_norm, self.history.position)

    def _frame(
        self,
        parameters: Array,
        memory: Mapping[str, Array],
        updates_made: int,
        states: Mapping[str, Array],
        other: NonArrayState,
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
            data=other.data,
            settings=self.settings,
            loss=other.loss,
            grad_norm=other.grad_norm,
            history=other.history,
            pins=self.network.pins,
        )

    def restore(self, keyframe: Keyframe) -> None:
        """Go to the place where `keyframe` was taken, with the same bits as then."""
        if keyframe.settings != self.settings:
            self.position = 0
            self.configure(keyframe.settings)
        self.network.pins = keyframe.pins
        np.copyto(self.parameters, keyframe.parameters)
        for name, array in self.optimizer.memory.items():
            np.copyto(array, keyframe.memory[name])
        self.optimizer.note_changed()
        self.windows += 1
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
