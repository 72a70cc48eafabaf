"""A second network beside the first: same seed, same data, same cursor, in lock step.

The first leads: commands move it. The other goes wherever the first stands, forward by training,
back along a timeline of its own; the schedule of an update is the same for every cell, so a place
of one is a place of the other.
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
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, SettingError, Settings


@dataclass(frozen=True, slots=True)
class Versus:
    """Which network to set beside the first.

    Attributes:
        cell: its cell.
        match: whether its hidden size is chosen so that both have about as many parameters;
            otherwise it has the first one's.
    """

    cell: str
    match: bool = False


@dataclass(frozen=True, slots=True)
class SecondNetworkView:
    """What the screen shows of the other network; nothing in it changes any more.

    `behind` is how many updates it still has to go to where the first one stands.
    """

    settings: Settings
    parameters: int
    loss: float  # NaN before the first
    smoothed: float
    curve: RunCurve
    gradient_norms: Array  # ‖∂L/∂h_t‖, [T]
    divergence: Divergence | None
    diverged_at: int  # its update, when it diverged
    behind: int


def second_network_settings(
    settings: Settings, architecture: Architecture, versus: Versus
) -> Settings:
    """Those of the other network: the first one's but for the cell and its size.

    Raises:
        SettingError: there is no such cell, or it does not go with the other settings.
    """
    if versus.cell not in DECLARATIONS["cell"].choices:
        allowed = DECLARATIONS["cell"].allowed
        message = f"--versus must be {allowed}, not {versus.cell!r}"
        raise SettingError("versus", versus.cell, allowed, message=message)
    hidden = matching_size(architecture, versus.cell) if versus.match else settings.hidden
    return settings.with_(cell=versus.cell, hidden=hidden)


def matching_size(architecture: Architecture, cell: str) -> int:
    """The hidden size with which `cell` comes closest to `architecture`'s number of parameters."""
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
    """The other network, its trainer and its timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.trainer = timeline.trainer

    @classmethod
    def fresh(cls, settings: Settings) -> SecondNetwork:
        """A network before its first window.

        Raises:
            SettingError, DataError: see `Trainer`.
        """
        return cls(Timeline(Trainer(settings), settings.timeline * 2**20))

    def configure(self, settings: Settings) -> None:
        """Take live changes of the first one's settings, at the place where it stands."""
        own = self.trainer.settings
        self.timeline.budget = settings.timeline * 2**20
        self.timeline.configure(settings.with_(cell=own.cell, hidden=own.hidden))

    def follow(self, place: Place, deadline: float) -> bool:
        """Go to where the first stands, or part of the way; whether it is there.

        A place within a timestep that has another number of operations here is that timestep
        done. What diverged stays where it did, as long as the place lies behind that.

        Args:
            place: the first one's place.
            deadline: of `time.perf_counter`, after which the rest is left for later.
        """
        trainer = self.trainer
        if trainer.divergence is not None and place.index >= trainer.index:
            return True

        def late() -> bool:
            return time.perf_counter() > deadline

        whole = place.index // trainer.schedule.end  # updates that are completed there
        if trainer.updates < whole and self.timeline.run(whole - trainer.updates, late) and late():
            return trainer.index == place.index
        way = self.timeline.seek(place)
        return not any(late() for _ in way)

    def view(self, index: int, layer: int = 1) -> SecondNetworkView:
        """What the screen shows of it while the first stands at `index` and shows this layer."""
        trainer = self.trainer
        behind = max(index - trainer.index, 0) // trainer.schedule.end
        return SecondNetworkView(
            settings=trainer.settings,
            parameters=trainer.parameters.size,
            loss=trainer.loss,
            smoothed=trainer.history.smoothed,
            curve=trainer.history.curve(),
            gradient_norms=gradient_norms(trainer.network, layer),
            divergence=trainer.divergence,
            diverged_at=trainer.updates,
            behind=0 if trainer.divergence is not None else behind,
        )
