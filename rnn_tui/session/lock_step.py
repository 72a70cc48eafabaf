"""Lock step: after every move, the second network is trained to the place of the first one.

The second network itself is `rnn_tui.second_network`; this part of a session says when it works.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.state import SessionState, TrainingRun

if TYPE_CHECKING:
    from rnn_tui.second_network import SecondNetwork, Versus

ALL_OPERATIONS = 10**6  # operations to reveal: more than any timestep has
PATIENCE = 0.06  # seconds after which the screen shows a move that is not finished yet


def make_second_network(
    trainer: Trainer, versus: Versus | None, second: Trainer | None = None
) -> SecondNetwork | None:
    """Return a network on the same task as that of `trainer`; None if `versus` is None.

    Args:
        trainer: the first network's trainer.
        versus: the choice of the second network.
        second: its trainer, where it has trained before; None for a fresh one.

    Raises:
        SettingError: the second network's settings do not go together.
    """
    if versus is None:
        return None
    from rnn_tui.second_network import (  # most sessions have none
        SecondNetwork,
        second_network_settings,
    )

    if second is not None:
        return SecondNetwork.resumed(second)
    settings = second_network_settings(trainer.settings, trainer.architecture, versus)
    return SecondNetwork.fresh(settings, trainer.fresh_custom_task())


class LockStep:
    """Brings the second network, if there is one, to the place of the first.

    Attributes:
        versus: the choice of the second network; None for none.
    """

    def __init__(self, state: SessionState, versus: Versus | None) -> None:
        self.versus = versus
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
        run.second_network = make_second_network(run.trainer, versus)
        self.versus = versus
        self._behind_since = None if run.second_network is None else time.perf_counter()

    def swap(self) -> bool:
        """Exchange the two networks: commands move the other one from now on.

        Returns:
            False if there is no second network.
        """
        run, versus = self._state.run, self.versus
        if run.second_network is None or versus is None:
            return False
        from rnn_tui.second_network import SecondNetwork  # imported already, as there is one

        self.versus = replace(versus, cell=run.trainer.settings.cell)
        self._state.run = TrainingRun(run.second_network.timeline, SecondNetwork(run.timeline))
        self._state.run.kept = run.kept
        return True
