"""The second network of --versus: its settings, its training, and what the screen shows of it.

It has the same seed and the same data as the first network. Commands move the first network; the
second one follows to the same place of the run, forward by training and back along a timeline of
its own; rnn_tui.session.lock_step decides when. The schedule of an update is the same for every
cell, so a place in the run of one network is a place in the run of the other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from rnn_tui.engine.analysis.gradient_flow import gradient_norms
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.history import RunCurve
from rnn_tui.engine.training.memory_use import check_memory, memory_use
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.settings import DECLARATIONS, SettingError, Settings
from rnn_tui.tasks import Kept
from rnn_tui.tasks.base import Task


@dataclass(frozen=True, slots=True)
class Versus:
    """The choice of a second network.

    Attributes:
        cell: its cell.
        match: if true, its hidden size is the one that gives about as many parameters as the first
            network has; otherwise it is that of the first network.
    """

    cell: str
    match: bool = False


@dataclass(frozen=True, slots=True)
class SecondNetworkView:
    """The values that the screen shows of the second network; immutable.

    Attributes:
        settings: its settings.
        parameters: the number of its parameters.
        loss: of its newest window; NaN before the first.
        smoothed: the smoothed loss, see `History`.
        curve: the loss of the run so far.
        gradient_norms: ‖∂L/∂h_t‖ of the layer shown, [T].
        pins: pins and cuts of its window, as they were typed.
        divergence: where its numbers stopped being finite; None if they are.
        diverged_at: the updates it had made then.
        behind: updates it still has to make to reach the first network.
    """

    settings: Settings
    parameters: int
    loss: float
    smoothed: float
    curve: RunCurve
    gradient_norms: Array
    pins: tuple[str, ...]
    divergence: Divergence | None
    diverged_at: int
    behind: int


def second_network_settings(
    settings: Settings, architecture: Architecture, versus: Versus
) -> Settings:
    """Return the settings of the first network with the second one's cell and hidden size.

    Raises:
        SettingError: there is no such cell, it does not go with the other settings, or both
            networks together take more memory than there is.
    """
    if versus.cell not in DECLARATIONS["cell"].choices:
        allowed = DECLARATIONS["cell"].allowed
        message = f"--versus must be {allowed}, not {versus.cell!r}"
        raise SettingError("versus", versus.cell, allowed, message=message)
    hidden = matching_size(architecture, versus.cell) if versus.match else settings.hidden
    second = settings.with_(cell=versus.cell, hidden=hidden)
    first = memory_use(settings, architecture, screen=True)
    check_memory(
        second,
        _resized(architecture, versus.cell, hidden),
        screen=True,
        beside=first,
    )
    return second


def matching_size(architecture: Architecture, cell: str) -> int:
    """Return the hidden size with which `cell` has about as many parameters as `architecture`."""
    wanted = architecture.parameter_count()

    def distance(hidden: int) -> int:
        return abs(_resized(architecture, cell, hidden).parameter_count() - wanted)

    low, high = int(DECLARATIONS["hidden"].low or 1), int(DECLARATIONS["hidden"].high or 1)
    while high - low > 2:  # the count rises with the size: halve the side that is too large
        middle = (low + high) // 2
        if _resized(architecture, cell, middle).parameter_count() > wanted:
            high = middle
        else:
            low = middle
    return min(range(low, high + 1), key=distance)


def _resized(architecture: Architecture, cell: str, hidden: int) -> Architecture:
    return replace(architecture, cell=cell, hidden=hidden)


class SecondNetwork:
    """The trainer and the timeline of the second network.

    Attributes:
        timeline: its timeline.
        trainer: its trainer.
        match: whether its size was chosen to match the other network's parameters (`Versus`), or
            the other's to match its own.
    """

    def __init__(self, timeline: Timeline, match: bool = False) -> None:
        self.timeline = timeline
        self.trainer = timeline.trainer
        self.match = match
        self._followed: object = None  # the changes of settings that were followed last

    @classmethod
    def fresh(
        cls,
        settings: Settings,
        task: Task | None = None,
        match: bool = False,
        kept: Kept | None = None,
    ) -> SecondNetwork:
        """Return a network before its first window.

        Args:
            settings: its settings.
            task: a custom task at its start; None for the task that `settings` name.
            match: see `SecondNetwork`.
            kept: what the first network knows of its data, so that both have the same scale and
                split; see `rnn_tui.tasks.make_task`.

        Raises:
            SettingError, DataError: see `Trainer`.
        """
        trainer = new_trainer(settings, kept) if task is None else Trainer(settings, task=task)
        return cls(Timeline(trainer, settings.timeline * 2**20), match)

    @classmethod
    def resumed(cls, trainer: Trainer, match: bool = False) -> SecondNetwork:
        """Return a network that goes on where `trainer` stands."""
        return cls(Timeline(trainer, trainer.settings.timeline * 2**20), match)

    def follow_settings(self, leader: Timeline) -> None:
        """Have the settings change at the updates where those of the first network do.

        The cell and the hidden size stay this network's own.

        Args:
            leader: the first network's timeline.
        """
        own, changes = self.trainer.settings, leader.settings_changes
        if changes == self._followed:
            return
        self._followed = changes
        self.timeline.follow_settings(
            tuple((index, s.with_(cell=own.cell, hidden=own.hidden)) for index, s in changes)
        )

    def forget_followed(self) -> None:
        """Compare all changes of settings anew: the timeline has gone to another branch."""
        self._followed = None

    def follow(self, place: Place, deadline: float) -> bool:
        """Go to the place of the first network, or part of the way.

        Within a timestep the two may have different numbers of operations: then this network goes
        to the end of that timestep. After a divergence it stays where it is, unless the place lies
        before it.

        Args:
            place: the place of the first network.
            deadline: `time.perf_counter` after which the rest is left for later.

        Returns:
            True if there is nothing left to do.
        """
        trainer = self.trainer
        if trainer.divergence is not None and place.index >= trainer.index:
            return True

        def late() -> bool:
            return time.perf_counter() > deadline

        updates = place.index // trainer.schedule.end  # that are complete at the place
        missing = updates - trainer.updates
        short = self.timeline.stretch >= trainer.schedule.end  # an update is done in one piece
        if missing > 0 and short and self.timeline.run(missing, late) and late():
            return trainer.index == place.index
        return not any(late() for _ in self.timeline.seek(place))

    def view(self, index: int, layer: int = 1) -> SecondNetworkView:
        """Return the values that the screen shows.

        Args:
            index: the place of the first network, in schedule steps since the run began.
            layer: the layer, from 1, of which the gradients are shown.
        """
        trainer = self.trainer
        behind = max(index - trainer.index, 0) // trainer.schedule.end
        return SecondNetworkView(
            settings=trainer.settings,
            parameters=trainer.parameters.size,
            loss=trainer.loss,
            smoothed=trainer.history.smoothed,
            curve=trainer.history.curve(),
            gradient_norms=gradient_norms(trainer.network, layer),
            pins=tuple(map(str, trainer.network.pins)),
            divergence=trainer.divergence,
            diverged_at=trainer.updates,
            behind=0 if trainer.divergence is not None else behind,
        )
