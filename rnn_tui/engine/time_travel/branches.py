"""Changes made along a run, and the branch that an intervention left."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.time_travel.places import Ghost, Place
from rnn_tui.engine.training.history import History
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """What took effect at a place: settings once it was reached, an intervention on the way to it.

    An intervention's place is where a window's batch is drawn: it is made just before.
    """

    index: int
    what: Settings | Intervention

    @property
    def order(self) -> tuple[int, bool]:
        """What comes first takes effect first."""
        return self.index, isinstance(self.what, Settings)


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A branch left by an intervention, all of it, and where it was left."""

    left: Change  # what it was left with
    here: Place
    start: Keyframe  # a place before `here` to replay from
    newest: Place
    keyframes: tuple[Keyframe, ...]
    changes: tuple[Change, ...]
    ghosts: tuple[Ghost, ...]
    history: History
    due: int

    @property
    def intervention(self) -> Intervention:
        """What it was left for."""
        assert not isinstance(self.left.what, Settings)
        return self.left.what
