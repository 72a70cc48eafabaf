"""Places: many strides back are as many single ones, and take no longer than one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.time_travel.places import Place, Stride, operation_count, place_back
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

RUNS = [
    Trainer(Settings(hidden=2, steps=steps, cell=cell, num_points=60))
    for steps in (1, 2, 5)
    for cell in ("rnn", "lstm")
]


def before(trainer: Trainer, place: Place, stride: Stride) -> Place:
    """Return the place one stride before, found by looking at one schedule step at a time."""
    if place.index == 0:
        return Place(0, 0)
    if stride is Stride.OPERATION and place.revealed > 1:
        return Place(place.index, place.revealed - 1)
    schedule, index = trainer.schedule, place.index - 1
    while index > 0:
        position = index % schedule.end
        last, now = (schedule.pass_at(p)[0] for p in (max(position - 1, 0), position))
        begins = position < 2 or last != now
        if stride in (Stride.OPERATION, Stride.TIMESTEP) or position == 0:
            break
        if stride is Stride.PASS and begins:
            break
        index -= 1
    return Place(index, operation_count(trainer, index))


@given(st.sampled_from(RUNS), st.sampled_from(list(Stride)), st.integers(0, 120), st.data())
def test_many_strides_back_are_as_many_single_ones(
    trainer: Trainer, stride: Stride, index: int, data: st.DataObject
) -> None:
    operations = operation_count(trainer, index)
    start = Place(index, data.draw(st.integers(min(1, operations), operations)))
    place = start
    for count in range(70):
        assert place_back(trainer, start, stride, count) == place
        place = before(trainer, place, stride)


@pytest.mark.parametrize("stride", list(Stride))
def test_any_number_of_strides_back_ends_at_the_beginning(stride: Stride) -> None:
    trainer = Trainer(Settings(hidden=2, steps=3, num_points=60))
    trainer.run(5)
    timeline = Timeline(trainer)  # as after loading: it begins at the window just completed
    trainer.run(3)
    for count in (300, 999_999_999, 10**100):
        place = timeline.back(stride, count)
        assert place.index == 4 * trainer.schedule.end
        for _ in timeline.seek(place):
            pass
        assert (trainer.updates, trainer.position, trainer.cursor.has_batch) == (4, 0, False)


def test_going_far_forward_leaves_keyframes_on_the_way() -> None:
    timeline = Timeline(Trainer(Settings(hidden=2, steps=3, num_points=60)))
    for _ in timeline.seek(timeline.place_of(500)):
        if timeline.trainer.updates > 300:
            break  # as if it had been left off there
    assert np.diff(timeline.keyframes.updates).max() <= 40
    assert timeline.newest.index == timeline.trainer.index
