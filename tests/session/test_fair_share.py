"""Training rests where other programs wait for the processor, and only there."""

from __future__ import annotations

import time

import pytest
from session.session_support import SMALL

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.kiosk import Kiosk
from rnn_tui.session.fair_share import LONGEST_REST, SHORTEST_REST, FairShare
from rnn_tui.session.worker import Session


class Machine:
    """Two clocks: of the wall, and of the processor's time that the thread gets."""

    wall = worked = 0.0

    def slice(self, share: FairShare, got: float, seconds: float = 0.004) -> float:
        """Work for a slice of which the thread gets a share; return the rest after it."""
        share.begin()
        self.wall += seconds
        self.worked += seconds * got
        return share.rest()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(time, "perf_counter", lambda: machine.wall)
    monkeypatch.setattr(time, "thread_time", lambda: machine.worked)
    return machine


def test_alone_it_never_rests(machine: Machine) -> None:
    share = FairShare()
    assert [machine.slice(share, 1.0) for _ in range(50)] == [0.0] * 50
    assert machine.slice(share, 0.95) == 0.0  # the clock's own noise


def test_kept_waiting_it_rests_longer_and_longer(machine: Machine) -> None:
    share = FairShare()
    rests = [machine.slice(share, 0.5) for _ in range(30)]
    assert rests[0] == SHORTEST_REST
    assert rests == sorted(rests)
    assert rests[-1] == LONGEST_REST


def test_it_goes_back_to_all_its_time_once_the_others_are_done(machine: Machine) -> None:
    share = FairShare()
    for _ in range(30):
        machine.slice(share, 0.3)
    rests = [machine.slice(share, 1.0) for _ in range(100)]
    assert rests == sorted(rests, reverse=True)
    assert rests[-1] == 0.0
    assert sum(rests) < 5  # seconds


def test_the_speed_counts_the_rests() -> None:
    session = Session(Trainer(SMALL), kiosk=Kiosk())
    session._pacer.rested = 1.5
    session._pacer._measure_speed(10, 0.5)
    assert session._state.speed == pytest.approx(5)
    assert session._pacer.rested == 0
    session._pacer._measure_speed(10**6, 10**5)  # without a rest
    assert session._state.speed == pytest.approx(10)
