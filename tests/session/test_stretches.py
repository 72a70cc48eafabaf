"""Long windows are gone through in stretches: the same places and bits, and a pause between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.network.stretches import stretch, stretches
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Back, Command, GoTo, Step
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SETTINGS = Settings(cell="lstm", hidden=3, steps=6, num_points=100)
MOVES: st.SearchStrategy[Command] = st.one_of(
    st.builds(Step, st.sampled_from(Stride), st.integers(1, 3)),
    st.builds(Back, st.sampled_from(Stride), st.integers(1, 3)),
    st.builds(GoTo, st.one_of(st.none(), st.integers(0, 4))),
)


def session(length: int | None, *conditions: str) -> Session:
    """Return a session whose timeline takes stretches of `length`; None: windows as a whole."""
    made = Session(Trainer(SETTINGS), [parse(text) for text in conditions])
    if length is not None:
        made._state.run.timeline.stretch = length
    return made


@settings(max_examples=25)
@given(st.lists(MOVES, max_size=8), st.integers(1, 13), st.booleans())
def test_stretches_lead_to_the_same_place_with_the_same_bits(
    moves: list[Command], length: int, stops: bool
) -> None:
    conditions = ("pass=BACKWARD t=3", "pass=FORWARD t=5") if stops else ()
    whole, parted = session(None, *conditions), session(length, *conditions)
    for move in moves:
        expected, found = whole.perform(move), parted.perform(move)
        assert (found.cursor, found.stop) == (expected.cursor, expected.stop)
        assert found.timeline.newest == expected.timeline.newest
        one, other = whole.trainer, parted.trainer
        assert np.array_equal(one.parameters, other.parameters)
        assert np.array_equal(one.network.gradient, other.network.gradient)
        assert one.history.smoothed == other.history.smoothed


def test_a_slice_of_work_ends_between_two_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.session.pacing.SLICE", 0.0)
    made = session(2)
    made._handler.carry_out(Step(Stride.UPDATE))
    made._pacer.work(None)
    cursor = made.trainer.cursor
    assert 0 < made.trainer.position < made.trainer.schedule.end, cursor
    assert made._state.goal is not None


def test_the_speed_counts_the_time_of_all_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**6))  # every look at it is a second later
    made = session(2)
    monkeypatch.setattr("rnn_tui.session.pacing.time.perf_counter", lambda: float(next(clock)))
    made._handler.carry_out(Step(Stride.UPDATE, 3))
    while made._state.goal is not None:
        made._pacer.work(None)
    assert made._state.speed < 1 / 5  # 8 stretches an update, each of at least a second


def test_a_stretch_is_short_where_a_timestep_takes_long() -> None:
    small = Trainer(Settings(hidden=8)).network.declaration
    settings = Settings(cell="lstm", hidden=256, batch=8, layers=2)
    large = Trainer(settings).network.declaration
    assert stretch(small) > 100
    assert 1 <= stretch(large) < 40
    for declaration in (small, large):
        parts = list(stretches(declaration, 50))
        assert [t for first, last in parts for t in range(first, last + 1)] == list(range(1, 51))
