"""The trainer: the schedule of `rnn_tui.engine.training.schedule`, one micro-operation at a time.

Stepping, finishing a pass and running all go through `_advance`, which calls the same per-timestep
functions, so the state after k micro-operations is the same bits however it was reached.
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
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.interventions import Edit, Intervention, together
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.history import History, HistoryPosition
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters
from rnn_tui.engine.training.schedule import Cursor, Pass, Schedule
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import DataState, Task


class Trainer:
    """A network, its task and its optimizer, and the place in the run.

    Raises:
        SettingError, DataError: the settings do not fit each other or the data.
    """

    def __init__(
        self, settings: Settings, parameters: Array | None = None, task: Task | None = None
    ) -> None:
        """Fresh weights as `settings` say, or the given flat vector (copied); a task made before,
        or one made now."""
        self.settings = settings
        self.custom_task = task  # the task given, instead of the one that the settings name
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
        self.schedule = Schedule(settings.steps)
        self.network = Network(self.architecture, self.parameters, settings.steps, settings.batch)
        self._clip_room = np.zeros_like(self.parameters)  # [P]
        # The gradient after clipping, [P]; the gradient itself where that changed nothing.
        self.clipped = self._clip_room
        self.history = History()
        self.divergence: Divergence | None = None
        self.stopped_early = False  # by the last run's `until`
        self.updates = 0
        self.position = 0
        self.revealed = 0
        self.loss = math.nan  # of the newest window whose loss is known
        self.grad_norm = math.nan  # of its gradient, before clipping
        self._watchful = False  # this window's weights are so large that every piece is looked at
        self._window_data = self._task_start
        self._window_marks = (self.loss, self.grad_norm, self.history.mark())
        self._end = self.schedule.end
        self.clipping = Clipping(settings.clip_by, settings.clip)
        self.optimizer = make_optimizer(
            settings.optimizer, self.parameters, Hyperparameters.of(settings)
        )

    def configure(self, settings: Settings) -> None:
        """Take live changes of `settings`: learning rate, clipping, optimizer.

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
        """Set parameters, hold values or cut paths from the next window on; not within one."""
        if isinstance(intervention, Edit):
            self.parameters[intervention.indices(self.network)] = intervention.value
        else:
            self.network.pins = together(self.network.pins, intervention)

    def fresh_custom_task(self) -> Task | None:
        """Return a copy of the custom task at the place where it was given; None without one.

        Another trainer begun on it sees the windows that this one saw from its start.
        """
        task = deepcopy(self.custom_task)
        if task is not None:
            task.restore(self._task_start)
        return task

    # Where we are

    @property
    def cursor(self) -> Cursor:
        """The place in the run."""
        stage, t = self.schedule.pass_at(self.position)
        return Cursor(self.updates, stage, t, self.revealed, len(self.operations) or 1)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Operations of the timestep the cursor is in; none outside the two passes over time."""
        match self.schedule.pass_at(self.position):
            case Pass.FORWARD, _:
                return self.network.forward_operations
            case Pass.BACKWARD, t:
                return self.network.backward_operations_at(t)
            case _:
                return ()

    # Going forward

    def reveal(self) -> None:
        """One operation: the next of this timestep, or the first of the next micro-operation."""
        if self.divergence is not None:
            return
        if self.position and not self.cursor.complete:
            self.revealed += 1
            return
        self._go(self._next())
        if self.divergence is None:
            self.revealed = 1

    def step(self) -> None:
        """One micro-operation; if this timestep is not revealed to its end, that."""
        if self.divergence is not None:
            return
        if self.position and not self.cursor.complete:
            self.revealed = self.cursor.operations
        else:
            self._go(self._next())

    def finish_pass(self) -> None:
        """To the end of this pass, or, standing there, of the next."""
        if self.divergence is not None:
            return
        if self.position and not self.cursor.complete and self._at_pass_end():
            self.revealed = self.cursor.operations
        elif self.position == self._end:
            self._go(1)
        else:
            self._go(self.schedule.next_pass_end(self.position))

    def finish_update(self) -> None:
        """To the end of this update, or, standing there, of the next."""
        self._go(self._end)

    def run(self, updates: int, until: Callable[[], object] | None = None) -> int:
        """Complete `updates` more updates; returns how many were.

        Fewer on divergence, and when `until`, asked after each update, says something true.
        """
        start, self.stopped_early = self.updates, False
        with _quiet():
            for _ in range(updates):
                self._advance(self._end)
                if self.divergence is not None:
                    return self.updates - start
                if until is not None and until():
                    self.stopped_early = True
                    break
        if updates:
            self.revealed = self.cursor.operations
        return self.updates - start

    def _next(self) -> int:
        return 1 if self.position == self._end else self.position + 1

    def _at_pass_end(self) -> bool:
        place = self.schedule.pass_at
        return place(self.position)[0] != place(self._next())[0]

    def _go(self, position: int) -> None:
        """To `position` of this update, or of the next where that lies behind."""
        with _quiet():
            self._advance(position)
        if self.divergence is None:
            self.revealed = self.cursor.operations

    def _advance(self, target: int) -> None:
        """The one path: micro-operations in order until `target`, stopping on divergence."""
        if self.divergence is not None:
            return
        if self.position == self._end:
            self.position = 0
        whole = self.position == 0 and target == self._end
        while self.position < target and self.divergence is None:
            before = self.position
            self._piece(target)
            if self.divergence is None and (self._watchful or not whole):
                self._check_piece(before)

    def _piece(self, target: int) -> None:
        """As many micro-operations of one pass as lie before `target`."""
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

    # Micro-operations

    def _batch(self) -> None:
        """The next window: inputs, targets, and the state it begins with."""
        network = self.network
        self.position = self.schedule.batch
        self._window_data = self.task.state()
        self._window_marks = (self.loss, self.grad_norm, self.history.mark())
        fresh = self.task.next_window(network.inputs, network.targets)
        network.encode()
        if fresh or not self.settings.carry:
            network.set_state(None)
        else:
            network.carry_state()
        # Weights this large can overflow in places that leave no trace in loss or gradient, such as
        # a pre-activation before tanh: then every piece is looked at, as it is while stepping.
        self._watchful = not math.isfinite(self.parameters.dot(self.parameters))
        if self._watchful and (found := self._bad_parameter(self.parameters)):
            self._diverge(Divergence(Pass.BATCH, 0, *found))

    def _loss(self) -> None:
        loss = self.network.loss()
        self.position = self.schedule.loss
        if math.isfinite(loss):
            self.loss = loss
        else:
            self._diverge(self._first_forward() or Divergence(Pass.LOSS, 0, "loss", loss))

    def _clip(self) -> None:
        grad_norm = norm(self.network.gradient)
        self.position = self.schedule.clip
        if not math.isfinite(grad_norm):
            found = self._first_forward() or self._first_backward()
            self._diverge(found or Divergence(Pass.CLIP, 0, "‖g‖", grad_norm))
            return
        self.grad_norm = grad_norm
        self._apply_clipping()

    def _apply_clipping(self) -> None:
        gradient = self.network.gradient
        self.clipped = self.clipping.apply(gradient, self._clip_room, self.grad_norm)

    def _update(self) -> None:
        optimizer = self.optimizer
        optimizer.step(self.clipped)
        found = self._overflow()
        if found:
            optimizer.undo()
            self._diverge(found)
            return
        self.position = self._end
        self.updates += 1
        self.history.append(self.loss, self.grad_norm)

    # Divergence: cheap suspicion while running, exact search once something is wrong

    def _overflow(self) -> Divergence | None:
        """A parameter or memory entry that the update made non-finite."""
        for name, array in (("", self.parameters), *self.optimizer.memory.items()):
            if not math.isfinite(array.dot(array)) and (found := self._bad_parameter(array)):
                tensor, value = found
                owner = f"optimizer memory {name} of {tensor}" if name else tensor
                return Divergence(Pass.UPDATE, 0, owner, value)
        return None

    def _bad_parameter(self, flat: Array) -> tuple[str, float] | None:
        """The first parameter whose entries in `flat` [P] are not all finite, and such an entry."""
        for name, array in views(self.network.specs, flat).items():
            bad = array[~np.isfinite(array)]
            if bad.size:
                return name, float(bad[0])
        return None

    def _check_piece(self, before: int) -> None:
        """Name a bad timestep as soon as it is done: those done since position `before`."""
        stage, t = self.schedule.pass_at(self.position)
        if stage is Pass.FORWARD:
            found = self._first_forward(self.schedule.pass_at(before)[1] + 1, t)
        elif stage is Pass.BACKWARD:
            start = self.schedule.pass_at(before)[1] - 1 if before > self.schedule.loss else None
            found = self._first_backward(start, t)
        else:
            return
        if found:
            self._diverge(found)

    def _first_forward(self, first: int = 1, last: int | None = None) -> Divergence | None:
        self.network.readout()
        operations = self.network.forward_operations
        timesteps = range(first, (last or self.schedule.steps) + 1)
        return self._first_bad(Pass.FORWARD, timesteps, ("x_t",), operations)

    def _first_backward(self, last: int | None = None, first: int = 1) -> Divergence | None:
        operations = self.network.backward_operations
        timesteps = range(last or self.schedule.steps, first - 1, -1)
        return self._first_bad(Pass.BACKWARD, timesteps, (), operations)

    def _first_bad(
        self,
        stage: Pass,
        timesteps: range,
        given: tuple[str, ...],
        operations: tuple[Operation, ...],
    ) -> Divergence | None:
        names = given + tuple(operation.symbol for operation in operations)
        for t in timesteps:
            values = self.network.values(t)
            for name in names:
                array = values[name]
                if not np.isfinite(array).all():
                    bad = array[~np.isfinite(array)].flat[0]
                    return Divergence(stage, t, name, float(bad))
        return None

    def _diverge(self, divergence: Divergence) -> None:
        """Stop for good, at the operation that made the number; the parameters are finite."""
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
        self.revealed = last or self.cursor.operations

    # Places and keyframes

    @property
    def index(self) -> int:
        """Micro-operations done since the run began: the place in the run as one number."""
        whole = self.updates - (self.position == self._end)
        return whole * self._end + self.position

    def advance(self, index: int) -> None:
        """Go forward to the place `index`, everything revealed; not at all if it lies behind."""
        while self.index < index and self.divergence is None:
            window, before = divmod(index - 1, self._end)
            self._go(before + 1 if window == self.updates else self._end)

    def keyframe(self) -> Keyframe:
        """A copy of the state that leads here; after a divergence, of the last finite one."""
        if 0 < self.position < self._end:
            start = self.window_start()
            if self.divergence is not None:
                return start
            return replace(start, position=self.position, revealed=self.revealed)
        return self._frame(
            self.optimizer.parameters,
            self.optimizer.memory,
            self.optimizer.steps_taken,
            self.network.state(self.schedule.steps),
            self.task.state(),
            (self.loss, self.grad_norm, self.history.mark()),
        )

    def window_start(self) -> Keyframe:
        """A copy of the state that the window under way, or just done, began with.

        After the update this is the optimizer's state before it; an optimizer that has been put in
        since cannot know that.
        """
        done = self.position == self._end
        optimizer = self.optimizer
        # A window that begins with zeros does so again: then what is given as carried is not used.
        start = self._frame(
            optimizer.parameters_before if done else optimizer.parameters,
            optimizer.memory_before if done else optimizer.memory,
            optimizer.steps_taken - done,
            self.network.state(0 if self.position else self.schedule.steps),
            self._window_data if self.position else self.task.state(),
            self._window_marks
            if self.position
            else (self.loss, self.grad_norm, self.history.mark()),
        )
        return replace(start, updates=self.updates - done)

    def _frame(
        self,
        parameters: Array,
        memory: Mapping[str, Array],
        steps_taken: int,
        states: Mapping[str, Array],
        data: DataState,
        marks: tuple[float, float, HistoryPosition],
    ) -> Keyframe:
        return Keyframe(
            updates=self.updates,
            position=0,
            revealed=0,
            parameters=parameters.copy(),
            memory={name: array.copy() for name, array in memory.items()},
            steps_taken=steps_taken,
            states=states,
            data=data,
            settings=self.settings,
            loss=marks[0],
            grad_norm=marks[1],
            mark=marks[2],
            pins=self.network.pins,
        )

    def restore(self, keyframe: Keyframe) -> None:
        """Be where `keyframe` was taken, the same bits, the history's counters included."""
        if keyframe.settings != self.settings:
            self.position = 0
            self.configure(keyframe.settings)
        self.network.pins = keyframe.pins
        np.copyto(self.parameters, keyframe.parameters)
        for name, array in self.optimizer.memory.items():
            np.copyto(array, keyframe.memory[name])
        self.optimizer.steps_taken = keyframe.steps_taken
        for name, state in keyframe.states.items():
            self.network.tape.states[name][-1] = state
        self.task.restore(keyframe.data)
        self._window_data = keyframe.data
        self.updates = keyframe.updates
        self.loss, self.grad_norm = keyframe.loss, keyframe.grad_norm
        self.history.rewind(keyframe.mark)
        self.divergence = None
        self.position = 0
        with _quiet():
            self._advance(keyframe.position)
        self.revealed = keyframe.revealed


def architecture_of(settings: Settings, task: Task) -> Architecture:
    """The network that `settings` describe, for `task`."""
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


def _quiet() -> np.errstate:
    """No warnings of numbers that are not finite: `_advance` finds and names them."""
    return np.errstate(all="ignore")
