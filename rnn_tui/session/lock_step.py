"""Lock step: after every move, the second network is trained to the place of the first one.

The second network itself is `rnn_tui.second_network`; this part of a session says when it works.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.state import SessionState, TrainingRun
from rnn_tui.settings import Settings

if TYPE_CHECKING:
    from rnn_tui.second_network import SecondNetwork, Versus

ALL_OPERATIONS = 10**6  # operations to reveal: more than any timestep has
PATIENCE = 0.06  # seconds after which the screen shows a move that is not finished yet


def make_second_network(
    timeline: Timeline, versus: Versus | None, second: Trainer | None = None
) -> SecondNetwork | None:
    """Return a network on the same task as that of `timeline`; None if `versus` is None.

    The settings of a fresh one are those that the first network began with, and change where the
    first one's did.

    Args:
        timeline: the first network's timeline.
        versus: the choice of the second network.
        second: its trainer, where it has trained before; None for a fresh one.

    Raises:
        SettingError: the second network's settings do not go together.
    """
    if versus is None:
        return None
    if second is not None:
        from rnn_tui.second_network import SecondNetwork

        return SecondNetwork.resumed(second, versus.match)
    from rnn_tui.second_network import second_network_settings  # most sessions have none

    trainer, began_with = timeline.trainer, timeline.keyframes.first.settings
    settings = second_network_settings(began_with, trainer.architecture, versus)
    return _fresh(settings, timeline, versus.match)


def restarted_second_network(run: TrainingRun, timeline: Timeline) -> SecondNetwork | None:
    """Return a fresh second network beside that of `timeline`, which replaces the first of `run`.

    It keeps its cell. It keeps its size too, unless the first network has another shape than
    before: then it is sized again.

    Raises:
        SettingError: the second network's settings do not go together.
    """
    second = run.second_network
    if second is None:
        return None
    from rnn_tui.second_network import Versus  # imported already, as there is one

    own, before, after = second.trainer.settings, run.trainer, timeline.trainer
    if replace(before.architecture, problem=after.architecture.problem) != after.architecture:
        return make_second_network(timeline, Versus(own.cell, second.match))
    settings = after.settings.with_(cell=own.cell, hidden=own.hidden)
    return _fresh(settings, timeline, second.match)


def _fresh(settings: Settings, timeline: Timeline, match: bool) -> SecondNetwork:
    """Return a fresh network with these settings, in lock step with that of `timeline`."""
    from rnn_tui.second_network import SecondNetwork  # most sessions have none

    first = timeline.trainer
    second = SecondNetwork.fresh(settings, first.fresh_custom_task(), match, first.task.kept())
    second.timeline.limit_memory(timeline.trainer.settings.timeline)
    second.follow_settings(timeline)
    return second


class LockStep:
    """Brings the second network, if there is one, to the place of the first."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._behind_since: float | None = None  # `time.perf_counter`; None: at the same place
        self._seconds = 0.0  # of work since `take_seconds` was called last
        self.note_first_moved()

    @property
    def behind(self) -> bool:
        """True while the second network is not at the place of the first one."""
        return self._behind_since is not None

    @property
    def presentable(self) -> bool:
        """True if a snapshot may show both: they are at one place, or PATIENCE is over."""
        since = self._behind_since
        return since is None or time.perf_counter() - since > PATIENCE

    def follow_settings(self) -> None:
        """Have the second network's settings change where those of the first do."""
        run = self._state.run
        if run.second_network is not None:
            run.second_network.follow_settings(run.timeline)

    def note_first_moved(self) -> None:
        """Note that the first network may have moved: the second one is behind from now on."""
        if self._state.run.second_network is not None and self._behind_since is None:
            self._behind_since = time.perf_counter()

    def catch_up(self, seconds: float) -> bool:
        """Bring the second network nearer to the first for about so many seconds.

        Returns:
            True if it arrived there with this.
        """
        run = self._state.run
        second = run.second_network
        if second is None or self._behind_since is None:
            return False
        here, complete = run.timeline.here, run.trainer.cursor.complete
        place = Place(here.index, ALL_OPERATIONS if complete else here.revealed)
        start = time.perf_counter()
        arrived = second.follow(place, start + seconds)
        self._seconds += time.perf_counter() - start
        if arrived:
            self._behind_since = None
        return arrived

    def take_seconds(self) -> float:
        """Return the seconds that `catch_up` took since this was asked last."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds

    def set_versus(self, versus: Versus | None) -> None:
        """Replace the second network by a fresh one, or if `versus` is None, remove it.

        Raises:
            ValueError: the settings do not go together; nothing is changed.
        """
        run = self._state.run
        run.second_network = make_second_network(run.timeline, versus)
        self._behind_since = None if run.second_network is None else time.perf_counter()

    def swap(self) -> bool:
        """Exchange the two networks: commands move the other one from now on.

        Returns:
            False if there is no second network.
        """
        run = self._state.run
        second = run.second_network
        if second is None:
            return False
        from rnn_tui.second_network import SecondNetwork  # imported already, as there is one

        self._state.run = TrainingRun(second.timeline, SecondNetwork(run.timeline, second.match))
        self._state.run.autosave_target = run.autosave_target
        return True
