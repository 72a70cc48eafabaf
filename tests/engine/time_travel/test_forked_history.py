"""After a fork, the history is that of a run that never was further."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training import history
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

RUN = Settings(hidden=2, steps=2, num_points=40)


def straight(turns: list[tuple[int, float]], last: int) -> Trainer:
    """Return a run in which the learning rate changes at updates, without going back."""
    trainer = Trainer(RUN)
    for update, lr in turns:
        trainer.run(update - trainer.updates)
        trainer.configure(trainer.settings.with_(lr=lr))
    trainer.run(last - trainer.updates)
    return trainer


def same_curve(one: history.History, other: history.History) -> None:
    assert one.stride == other.stride
    for name in ("update", "loss", "low", "high", "smoothed", "grad_norm"):
        found, expected = getattr(one.curve(), name), getattr(other.curve(), name)
        np.testing.assert_array_equal(found, expected, err_msg=name)


@given(
    st.lists(
        st.tuples(st.integers(1, 250), st.floats(0, 1), st.integers(0, 150)),
        min_size=1,
        max_size=3,
    )
)
def test_forks_leave_the_curve_of_a_straight_run(forks: list[tuple[int, float, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "BUCKETS", 16)
        patch.setattr(history, "RECENT", 64)
        timeline = Timeline(Trainer(RUN))
        trainer = timeline.trainer
        turns: list[tuple[int, float]] = []
        for number, (further, share, after) in enumerate(forks, 1):
            timeline.run(further)
            place = int(share * trainer.updates)
            for _ in timeline.seek(timeline.place_of(place)):
                pass
            lr = 0.01 + 0.01 * number
            timeline.configure(trainer.settings.with_(lr=lr))
            turns = [turn for turn in turns if turn[0] < place or turn[0] == place]
            turns.append((place, lr))
            timeline.run(after)
            same_curve(trainer.history, straight(turns, trainer.updates).history)


def test_the_bucket_of_a_fork_far_back_has_nothing_of_the_future_left() -> None:
    timeline = Timeline(Trainer(RUN.with_(hidden=4)))
    trainer = timeline.trainer
    timeline.run(9000)
    for _ in timeline.seek(timeline.place_of(3001)):
        pass
    timeline.configure(trainer.settings.with_(lr=0.5))
    timeline.run(999)
    other = Trainer(RUN.with_(hidden=4))
    other.run(3001)
    other.configure(trainer.settings)
    other.run(999)
    same_curve(trainer.history, other.history)
