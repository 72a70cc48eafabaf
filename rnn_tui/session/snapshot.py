"""What a session shows of itself: everything on the screen, as it was at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.engine.analysis.contributions import Contributions
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.network.layers import numbered
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.engine.time_travel.places import Ghost
from rnn_tui.engine.training.breakpoints import BreakpointHit, BreakpointStatus
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.history import RunCurve
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.engine.training.schedule import Cursor, Pass
from rnn_tui.predictions.results import Predictions, TextSample
from rnn_tui.session.commands import ViewRequest
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Baseline, Task, Topology

if TYPE_CHECKING:
    from rnn_tui.second_network import SecondNetworkView


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the user; `number` rises, so that each is shown once."""

    number: int
    text: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What is learned, in words: see `Task`."""

    title: str
    symbols: tuple[str, ...] | None
    parts: tuple[str, ...] | None
    labels: tuple[str, ...] | None
    topology: Topology

    @classmethod
    def of(cls, task: Task) -> TaskInfo:
        """Return what the screen needs to know of `task`."""
        return cls(task.title, task.symbols, task.parts, task.labels, task.topology)


@dataclass(frozen=True, slots=True, eq=False)
class Gradient:
    """The gradient around clipping; flat vectors [P]. None in the fields not known yet."""

    raw: Array
    clipped: Array
    norm_before: float
    norm_after: float
    changed: int  # entries that clipping changed
    clipping: Clipping


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What can be gone back to.

    Attributes:
        first: the earliest update in reach.
        newest: the newest update of this branch.
        in_past: whether there is a known future here.
        used: bytes of keyframes, of `budget` bytes allowed.
        keyframes: how many there are.
        ghosts: curves of futures that were left.
    """

    first: int
    newest: int
    in_past: bool
    used: int
    budget: int
    keyframes: int
    ghosts: tuple[Ghost, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """The newest what-if while it is neither kept nor discarded, and the branch it left.

    `before` is the same place without it; None where that is not known, or while running.
    """

    text: str
    before: SampleWindow | None
    norms_before: Array | None  # ‖∂L/∂h_t‖ there, [T]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything the screen shows, as it was at one moment. Nothing in it changes any more."""

    number: int
    settings: Settings
    task: TaskInfo
    cursor: Cursor
    running: bool
    divergence: Divergence | None
    loss: float  # NaN before the first
    smoothed: float
    grad_norm: float
    speed: float  # updates per second
    window: SampleWindow
    layer: int  # the one that is shown, from 1
    gradient_norms: Array  # of its h, [T]
    gradient: Gradient | None  # from CLIP on
    optimizer: Optimizer  # a copy
    contributions: Contributions | None  # in BACKWARD, at the timestep looked at
    curve: RunCurve
    recent: tuple[Array, Array]  # losses, gradient norms of the newest updates
    predictions: Predictions | None  # where they are looked at
    text_sample: TextSample | None  # likewise, of task text
    answer: TextSample | None  # to the prompt
    vocabulary: tuple[str, ...] | None  # of a network that writes: the names of what it reads
    baseline: Baseline | None
    request: ViewRequest
    notice: Notice | None
    timeline: TimelineView
    what_if: WhatIf | None
    pins: tuple[str, ...]  # values held and paths cut in this window
    breakpoints: tuple[BreakpointStatus, ...]
    stop: BreakpointHit | None  # why the last run stopped, until the next command that moves
    seeking: float | None  # the share of the way done, while going to a place far off
    unsaved: bool  # whether updates would be lost on quitting
    trained: float  # seconds of training since the last save or start
    proofs: Mapping[str, object]  # those there are, by name; none while running
    proving: tuple[str, float] | None  # the one being worked on, and the share done
    second_network: SecondNetworkView | None  # the network beside this one

    @property
    def state(self) -> str:
        """One word for the header."""
        if self.divergence is not None:
            return "diverged"
        if self.seeking is not None:
            return "seeking"
        return "running" if self.running else "paused"

    @property
    def rows(self) -> tuple[Row, ...]:
        """Lines of the timestep panel: the input, the values of the layer shown, the outputs."""
        declaration = self.window.declaration
        if self.settings.layers == 1:
            return declaration.rows
        source = "x_t" if self.layer == 1 else numbered("h_t", self.layer - 1)
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
        """T."""
        return self.settings.steps

    @property
    def t(self) -> int:
        """The timestep looked at: the selected one, else the cursor's, else the last touched.

        After an update that is the first one whose output counts: many→one, the answer.
        """
        if self.request.t is not None:
            return min(self.request.t, self.steps)
        if self.cursor.t:
            return self.cursor.t
        if self.cursor.stage is Pass.UPDATE:
            return self.task.topology.counted.index(True) + 1
        return 1 if self.cursor.stage in (Pass.BATCH, Pass.CLIP) else self.steps

    def forward_revealed(self, t: int) -> tuple[Operation, ...]:
        """Operations of timestep `t` that the forward pass has revealed."""
        operations = self.window.declaration.forward_operations
        return operations[: self.cursor.revealed_forward(t, len(operations))]

    def backward_revealed(self, t: int) -> tuple[Operation, ...]:
        """Operations of timestep `t` that the backward pass has revealed."""
        operations = self.window.declaration.backward_operations_at(t)
        return operations[: self.cursor.revealed_backward(t, len(operations))]

    def forward_complete(self, t: int) -> bool:
        """Whether the forward pass has revealed all of timestep `t`."""
        return len(self.forward_revealed(t)) == len(self.window.declaration.forward_operations)

    def backward_complete(self, t: int) -> bool:
        """Whether the backward pass has revealed all of timestep `t`."""
        return len(self.backward_revealed(t)) == len(self.window.declaration.backward_operations)
