"""Snapshots: everything the screen shows, as it was at one moment."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rnn_tui.cases.case import Case
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.engine.time_travel.branches import Ghost
from rnn_tui.engine.training.breakpoints import BreakpointHit, BreakpointStatus
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.history import RunCurve
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.engine.training.schedule import Cursor, Pass
from rnn_tui.places.bookmark import Bookmark
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.predictions.results import Predictions, TestCoverage, TextSample
from rnn_tui.session.commands import ViewRequest
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Task, Topology
from rnn_tui.tasks.baselines import Baseline

if TYPE_CHECKING:
    from rnn_tui.engine.analysis.contributions import Contributions
    from rnn_tui.second_network import SecondNetworkView
    from rnn_tui.session.evaluated import EvaluatedTexts
    from rnn_tui.session.run_records import SaveQuestion, UnsavedRun
    from rnn_tui.session.their_values import TheirValues
    from rnn_tui.tasks.data_report import DataReport
    from rnn_tui.tasks.tokens import Vocabulary


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of one line for the user.

    Attributes:
        number: rises with each notice, so that each is shown once.
        text: the line.
        error: true if something went wrong or was refused.
    """

    number: int
    text: str
    error: bool = False


DRAWN = ("seed", "init", "forget_bias")
"""Settings that say how weights are drawn; the seed is of a task's data as well, but no case's."""


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """The names that the screen uses for the task; the first attributes are those of `Task`.

    Attributes:
        data: what was read of the user's file; None where there is none.
        gives_states: whether the task gives the states that a window begins with.
        tested: whether there are test data.
        brings_weights: whether the task brings the weights that the network begins with.
        has_theirs: whether it is a case with numbers that somebody computed.
        not_drawn: settings without effect in a network of the present cell and size, whose weights
            come from a case or a file.
    """

    title: str
    symbols: tuple[str, ...] | None
    parts: tuple[str, ...] | None
    labels: tuple[str, ...] | None
    output_names: tuple[str, ...] | None
    topology: Topology
    data: DataReport | None = None
    gives_states: bool = False
    tested: bool = True
    brings_weights: bool = False
    has_theirs: bool = False
    not_drawn: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task, settings: Settings, *, given: bool = False) -> TaskInfo:
        """Return what the screen needs to know of `task`, in a run with these settings.

        Args:
            task: the task.
            settings: those of the run.
            given: whether a restart begins with the weights of a file.
        """
        brings_weights = task.brings_weights(settings)
        outputs = task.output_names
        if outputs is None and task.labels is None and task.outputs > 1:
            outputs = tuple(str(k) for k in range(1, task.outputs + 1))
        report = task.data_report()
        data, case = None if report is None else report.shortened(), task.kept()
        return cls(
            task.title,
            task.symbols,
            task.parts,
            task.labels,
            outputs,
            task.topology,
            data,
            tested=task.tested,
            brings_weights=brings_weights,
            gives_states=task.start_states is not None,
            has_theirs=isinstance(case, Case) and bool(case.theirs),
            not_drawn=DRAWN if brings_weights else DRAWN[1:] if given else (),
        )

    @property
    def drawn_from(self) -> str:
        """What windows are drawn from: "46 of 58 rows"; "" where no file was read."""
        return "" if self.data is None else self.data.drawn_from

    @property
    def found(self) -> tuple[tuple[str, str], ...]:
        """What was found in the file, by the setting that could have said it."""
        return () if self.data is None else self.data.found


@dataclass(frozen=True, slots=True, eq=False)
class Gradient:
    """The gradient before and after clipping.

    Attributes:
        raw: the gradient, flat vector [P].
        clipped: the same after clipping, [P].
        norm_before: ‖raw‖.
        norm_after: ‖clipped‖.
        changed: the number of entries that clipping changed.
        clipping: how it is clipped.
    """

    raw: Array
    clipped: Array
    norm_before: float
    norm_after: float
    changed: int
    clipping: Clipping


@dataclass(frozen=True, slots=True, eq=False)
class TestLossesView:
    """The losses measured on test data along the run.

    Attributes:
        update: the updates, rising, [N].
        loss: the loss after each, [N].
        coverage: what they are measured on; None before the first measurement of this session.
    """

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    update: Array
    loss: Array
    coverage: TestCoverage | None


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The part of the run that one can go back to.

    Attributes:
        first: the earliest update in reach.
        newest: the newest update of this branch.
        in_past: whether this is a place before the newest one.
        used: bytes that the keyframes take.
        budget: bytes that they may take.
        keyframes: their number.
        ghosts: curves of futures that were left.
        forks: the number of those that were left for good: not for what-ifs, which can be undone.
        changes: the number of what-ifs, kept ones too, and of changes of settings up to this place.
        reached: the newest place of this branch.
    """

    first: int
    newest: int
    in_past: bool
    used: int
    budget: int
    keyframes: int
    ghosts: tuple[Ghost, ...]
    forks: int
    changes: int = 0
    reached: PlaceLine | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """The what-ifs that are neither kept nor discarded, and the run without any of them.

    Attributes:
        interventions: the what-ifs, the newest last; there is at least one.
        since: the number of updates that were done when each was made.
        before: the same place without them; None while running, or where that is not known.
        norms_before: ‖∂L/∂h_t‖ without them, [T].
        loss_before: what `Snapshot.loss` is without them; NaN where that is not known.
        behind: the updates that the run without them has to make to be at this place, while paused.
        back_to: the place that discarding the newest goes back to; None if it is this one.
    """

    interventions: tuple[Intervention, ...]
    since: tuple[int, ...]
    before: SampleWindow | None = None
    norms_before: Array | None = None
    loss_before: float = math.nan
    behind: int = 0
    back_to: Cursor | None = None

    @property
    def intervention(self) -> Intervention:
        """The newest what-if."""
        return self.interventions[-1]

    @property
    def texts(self) -> tuple[str, ...]:
        """The what-ifs as they were typed, the newest last."""
        return tuple(map(str, self.interventions))

    @property
    def text(self) -> str:
        """The what-ifs in one line."""
        return ", ".join(self.texts)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything the screen shows, as it was at one moment. Nothing in it changes any more.

    Attributes:
        number: rises with each snapshot.
        settings: the settings of the run.
        task: what is learned.
        cursor: the place in the run.
        running: whether the session is working towards a goal, or a move waits to begin.
        training: whether that are updates, one after the other, and not a single move.
        divergence: the first number that was not finite; None if all are.
        loss: of the newest window; NaN before the first.
        smoothed: the smoothed loss, see `History`.
        grad_norm: ‖∇L‖ of the newest window, before clipping; NaN before the first.
        speed: updates per second while working.
        window: the values of the sample that is shown.
        layer: the layer that is shown, from 1.
        gradient_norms: ‖∂L/∂h_t‖ of that layer, [T].
        memory_norms: the same of the states that its cell has besides h, by their names there:
            ‖∂L/∂c_t‖ of an LSTM, [T], is called ``c``, in the second layer ``c2``. Both passes
            must have come to a timestep for its entry to mean anything.
        gradient: the gradient before and after clipping; None before CLIP.
        optimizer: a copy of the optimizer, parameters included.
        contributions: of the timestep shown to the gradient; None outside BACKWARD.
        curve: the loss of the whole run.
        recent: (losses, gradient norms) of the newest updates.
        test_losses: those measured along the run.
        predictions: for the test data; None where they are not requested.
        text_sample: the text after the window, for task text; None where it is not requested.
        answer: the text after the prompt, if one is open.
        vocabulary: the tokens of a network that writes; None for other tasks.
        baselines: losses to compare with, the lowest first; none where none is known.
        request: the newest request of the screen.
        notice: the newest message for the user.
        timeline: the places one can go back to.
        what_if: the what-ifs; None if there are none that could be discarded.
        pins: pins and cuts of this window, as they were typed.
        breakpoints: all breakpoints, in the order of the list.
        bookmarks: places with notes, in the order in which they were noted.
        stop: the breakpoint at which training stopped last; None once a command moves on.
        seeking: while going to a place, the fraction of the way that is done.
        unsaved: whether updates would be lost on quitting.
        trained: seconds of training since the last save or start.
        at_risk: of every run in memory, the training that is in no file.
        question: the newest question about where to save; None if there was none.
        old_update: the update of the run that `UndoStep` brings back; None if there is none.
        old_is_back_by: the count that `UndoStep` needs for that; 0 if it is out of reach.
        proofs: results of requested proofs that are done, by registered name; none while running.
        proving: the name of the proof being computed and the fraction that is done.
        second_network: the second network, if there is one.
        theirs: what the file of a case says of this window; None where it says nothing, or this
            window is not computed with its weights.
        evaluated: the answer to the newest `EvaluateTexts`; None if there was none.
    """

    number: int
    settings: Settings
    task: TaskInfo
    cursor: Cursor
    running: bool
    training: bool
    divergence: Divergence | None
    loss: float
    smoothed: float
    grad_norm: float
    speed: float
    window: SampleWindow
    layer: int
    gradient_norms: Array
    memory_norms: Mapping[str, Array]
    gradient: Gradient | None
    optimizer: Optimizer
    contributions: Contributions | None
    curve: RunCurve
    recent: tuple[Array, Array]
    test_losses: TestLossesView
    predictions: Predictions | None
    text_sample: TextSample | None
    answer: TextSample | None
    vocabulary: Vocabulary | None
    baselines: tuple[Baseline, ...]
    request: ViewRequest
    notice: Notice | None
    timeline: TimelineView
    what_if: WhatIf | None
    pins: tuple[str, ...]
    breakpoints: tuple[BreakpointStatus, ...]
    stop: BreakpointHit | None
    seeking: float | None
    unsaved: bool
    trained: float
    at_risk: tuple[UnsavedRun, ...]
    question: SaveQuestion | None
    old_update: int | None
    old_is_back_by: int
    proofs: Mapping[str, object]
    proving: tuple[str, float] | None
    second_network: SecondNetworkView | None
    theirs: TheirValues | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    evaluated: EvaluatedTexts | None = None

    @property
    def state(self) -> str:
        """One word for the header: diverged, seeking, running or paused."""
        if self.divergence is not None:
            return "diverged"
        if self.seeking is not None:
            return "seeking"
        return "running" if self.running else "paused"

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the timestep panel: the input, the values of the layer shown, the outputs."""
        declaration = self.window.declaration
        if self.settings.layers == 1:
            return declaration.rows
        source = "x_t" if self.layer == 1 else name_in_layer("h_t", self.layer - 1)
        below = tuple(row for row in declaration.rows if row.symbol == source)
        suffix = f", layer {self.layer}"
        layer = (
            replace(row, title=row.title.removesuffix(suffix))
            for row in declaration.layers[self.layer - 1].rows
            if row.symbol != "x_t"
        )
        return (*below, *layer, *declaration.loss_function.rows)

    @property
    def steps(self) -> int:
        """T, the number of timesteps of a window."""
        return self.settings.steps

    @property
    def t(self) -> int:
        """The timestep shown, see `shown_timestep`."""
        return shown_timestep(self.request.t, self.cursor, self.steps, self.task.topology)

    @property
    def loss_t(self) -> int:
        """The timestep whose loss is followed back alone; see `Topology.loss_at`."""
        return self.task.topology.loss_at(self.request.t)

    def forward_revealed(self, t: int) -> tuple[Operation, ...]:
        """Return the operations of timestep `t` that the forward pass has revealed."""
        operations = self.window.declaration.forward_operations
        return operations[: self.cursor.revealed_forward(t, len(operations))]

    def backward_revealed(self, t: int) -> tuple[Operation, ...]:
        """Return the operations of timestep `t` that the backward pass has revealed."""
        operations = self.window.backward_operations_at(t)
        return operations[: self.cursor.revealed_backward(t, len(operations))]

    def selectable_operations(self, t: int) -> tuple[Operation, ...]:
        """Return the revealed operations of timestep `t` whose equations can be shown.

        They are those of the pass shown; in a stack, of the layer shown and of the loss, if one of
        these is revealed.
        """
        revealed = self.backward_revealed(t) or self.forward_revealed(t)
        if self.settings.layers == 1:
            return revealed
        layers = self.window.declaration.layers
        others = [each for each in layers if each.number != self.layer]
        hidden = {
            operation.symbol
            for each in others
            for operation in (*each.forward_operations, *each.backward_operations)
        }
        return tuple(each for each in revealed if each.symbol not in hidden) or revealed

    def forward_complete(self, t: int) -> bool:
        """Return whether the forward pass has revealed all of timestep `t`."""
        return len(self.forward_revealed(t)) == len(self.window.declaration.forward_operations)

    @property
    def backward_reached(self) -> int:
        """The earliest timestep whose backward pass is complete; T + 1 while there is none."""
        return bisect_left(range(1, self.steps + 1), True, key=self.backward_complete) + 1

    def backward_complete(self, t: int) -> bool:
        """Return whether the backward pass has revealed all of timestep `t`."""
        return len(self.backward_revealed(t)) == len(self.window.declaration.backward_operations)


def shown_timestep(requested: int | None, cursor: Cursor, steps: int, topology: Topology) -> int:
    """Return the timestep shown: the one asked for, else the cursor's, else the last one computed.

    After an update it is the first one whose output counts: many→one, the answer.

    Args:
        requested: the one asked for, from 1; None for none.
        cursor: the place in the run.
        steps: T.
        topology: says whose output counts.
    """
    if requested is not None:
        return min(requested, steps)
    if cursor.t:
        return cursor.t
    if cursor.stage is Pass.UPDATE:
        return topology.counted.index(True) + 1
    return 1 if cursor.stage in (Pass.BATCH, Pass.CLIP) else steps
