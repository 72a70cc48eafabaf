"""Going back and forward again reaches the same bits, whatever the way."""

from __future__ import annotations

import tracemalloc
from collections.abc import Generator
from itertools import permutations

import numpy as np
import pytest
from engine.time_travel.timeline_support import SMALL, bits, follow, same_curve, seek

from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.interventions import InterventionError, parse
from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.time_travel.keyframe_memory import DENSE
from rnn_tui.engine.time_travel.moves import EVERY
from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.timeline import MOST_WHAT_IFS, Timeline
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings


def test_back_and_forward_by_each_stride_are_inverse() -> None:
    timeline = Timeline(Trainer(SMALL))
    for stride in (Stride.OPERATION, Stride.TIMESTEP, Stride.UPDATE):
        for _ in range(30):
            timeline.forward(stride)
        there = timeline.here
        seek(timeline, timeline.back(stride))
        assert timeline.here < there
        timeline.forward(stride)
        assert timeline.here == there


def test_back_by_one_timestep_visits_every_micro_operation() -> None:
    timeline = Timeline(Trainer(SMALL))
    places = [timeline.here]
    for _ in range(60):
        timeline.forward(Stride.TIMESTEP)
        places.append(timeline.here)
    for place in reversed(places[:-1]):
        seek(timeline, timeline.back(Stride.TIMESTEP))
        assert timeline.here == place


def test_back_by_a_pass_goes_to_its_start() -> None:
    timeline = Timeline(Trainer(SMALL))
    for _ in range(4):
        timeline.forward(Stride.TIMESTEP)  # BATCH, t=1, 2, 3
    seek(timeline, timeline.back(Stride.PASS))
    cursor = timeline.trainer.cursor
    assert (cursor.stage, cursor.t) == (Pass.FORWARD, 1)
    seek(timeline, timeline.back(Stride.PASS))
    assert timeline.trainer.cursor.stage is Pass.BATCH


def test_nothing_lies_before_the_start() -> None:
    timeline = Timeline(Trainer(SMALL))
    timeline.forward(Stride.TIMESTEP)
    seek(timeline, timeline.back(Stride.UPDATE, 100))
    assert timeline.here == Place(0, 0)


@pytest.mark.parametrize("hidden", [4, 60])
def test_a_keyframe_takes_the_memory_it_tells_of(hidden: int) -> None:
    """The objects around small arrays weigh more than these."""
    trainer = Trainer(Settings(hidden=hidden, steps=5))
    trainer.run(20)
    frames: list[Keyframe] = []
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            trainer.run(1)
            frames.append(trainer.keyframe())
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.7 < taken / sum(frame.size for frame in frames) < 1.1


@pytest.mark.parametrize("updates", [100, 3000])
def test_the_budget_bounds_memory_and_every_update_stays_reachable(updates: int) -> None:
    trainer = Trainer(SMALL)
    size = trainer.window_start().size
    timeline = Timeline(trainer, budget=40 * size)
    for _ in range(updates):
        timeline.forward(Stride.UPDATE)
        assert timeline.keyframes.bytes <= timeline.budget
    assert len(timeline.keyframes) <= 40
    straight = Trainer(SMALL)
    straight.run(updates // 3)
    seek(timeline, timeline.place_of(updates // 3))
    assert bits(trainer)[3:] == bits(straight)[3:]


def test_old_keyframes_lie_evenly_and_new_ones_densely() -> None:
    timeline = Timeline(Trainer(SMALL), budget=Trainer(SMALL).window_start().size * 100)
    for _ in range(12_000):
        timeline.forward(Stride.UPDATE)
    gaps = np.diff(timeline.keyframes.updates)
    dense, old = gaps[-DENSE + 1 :], gaps[:-DENSE]
    assert dense.max() <= 2 * EVERY
    assert old.max() <= 4 * 12_000 / 100


def test_a_change_in_the_past_forks_and_leaves_a_ghost() -> None:
    timeline = Timeline(Trainer(SMALL))
    for _ in range(50):
        timeline.forward(Stride.UPDATE)
    curve = timeline.trainer.history.curve()
    seek(timeline, timeline.place_of(20))
    assert timeline.in_past
    assert timeline.ghosts == ()
    timeline.configure(timeline.trainer.settings.with_(lr=0.5))
    assert not timeline.in_past
    (ghost,) = timeline.ghosts
    assert "lr" in ghost.label
    np.testing.assert_array_equal(ghost.curve.update, curve.update[20:])
    np.testing.assert_array_equal(ghost.curve.loss, curve.loss[20:])
    assert list(timeline.trainer.history.curve().update) == list(curve.update[:20])
    timeline.clear_ghosts()
    assert timeline.ghosts == ()


def test_a_seek_may_be_left_off_and_taken_up_again() -> None:
    timeline = Timeline(Trainer(SMALL))
    for _ in range(300):
        timeline.forward(Stride.UPDATE)
    straight = Trainer(SMALL)
    straight.run(200)
    way = timeline.seek(timeline.place_of(200))
    assert isinstance(way, Generator)
    timeline.keyframes.drop_after(0)  # a long way from the start
    next(way)
    way.close()
    seek(timeline, timeline.place_of(200))
    assert bits(timeline.trainer)[3:] == bits(straight)[3:]


def started(updates: int, timesteps: int, **changed: object) -> Timeline:
    """Return a timeline after `updates` updates and `timesteps` timesteps of the next window."""
    timeline = Timeline(Trainer(SMALL.with_(**changed)))  # type: ignore[arg-type]
    for _ in range(updates):
        timeline.forward(Stride.UPDATE)
    for _ in range(timesteps):
        timeline.forward(Stride.TIMESTEP)
    return timeline


def test_an_intervention_computes_this_window_again_and_lasts() -> None:
    timeline = started(5, 4, cell="lstm")
    trainer, here = timeline.trainer, timeline.here
    before = trainer.network.tape["h"].copy()
    follow(timeline.intervene(parse("f = 1", trainer.network.declaration)))
    assert timeline.here == here
    assert (trainer.network.values(2)["f_t"] == 1).all()
    assert (trainer.network.tape["h"][0] == before[0]).all()
    assert (trainer.network.tape["h"][2] != before[2]).any()
    for _ in range(3):
        timeline.forward(Stride.UPDATE)
    assert (trainer.network.values(4)["f_t"] == 1).all()
    follow(timeline.intervene(parse("release", trainer.network.declaration)))
    assert trainer.network.pins == ()
    assert (trainer.network.values(4)["f_t"] < 1).all()


def test_going_back_before_it_undoes_it_and_going_forward_meets_it() -> None:
    timeline = started(5, 4)
    trainer = timeline.trainer
    there, kept = timeline.place_of(5), trainer.parameters[3:4].copy()
    follow(timeline.intervene(Edit("W_h", 0.25)))
    assert (trainer.network.parameters["W_h"] == 0.25).all()
    seek(timeline, there)
    assert (trainer.network.parameters["W_h"] != 0.25).all()
    assert trainer.parameters[3:4] == kept
    timeline.forward(Stride.TIMESTEP)
    assert (trainer.network.parameters["W_h"] == 0.25).all()


def test_an_intervention_in_the_past_leaves_a_ghost_with_its_text_and_discard_takes_it_back() -> (
    None
):
    timeline = started(40, 3)
    seek(timeline, Place(timeline.place_of(20).index + 3, 1))
    trainer, curve, newest = timeline.trainer, timeline.trainer.history.curve(), timeline.newest
    now = bits(trainer)
    follow(timeline.intervene(parse("h_2[1] = 0.5", trainer.network.declaration)))
    (ghost,) = timeline.ghosts
    assert (ghost.label, ghost.update) == ("h_2[1] = 0.5", 20)
    assert list(ghost.curve.update) == list(range(21, 41))
    assert not timeline.in_past
    for _ in range(30):
        timeline.forward(Stride.UPDATE)
    follow(timeline.discard())
    assert bits(trainer) == now
    assert timeline.ghosts == ()
    assert timeline.newest == newest
    assert same_curve(trainer.history.curve(), curve)
    straight = Trainer(SMALL)
    straight.run(40)
    seek(timeline, timeline.place_of(40))
    assert bits(trainer)[3:] == bits(straight)[3:]


def test_what_is_kept_cannot_be_discarded() -> None:
    timeline = started(2, 1)
    follow(timeline.intervene(Edit("W_h", 0.25)))
    follow(timeline.intervene(Edit("b", 0.5)))
    timeline.keep_interventions()
    assert timeline.discardable is None
    assert timeline.what_ifs == ()
    assert (timeline.trainer.network.parameters["W_h"] == 0.25).all()
    assert (timeline.trainer.network.parameters["b"] == 0.5).all()


def test_leaving_the_branch_of_an_intervention_leaves_nothing_to_discard() -> None:
    timeline = started(6, 2)
    follow(timeline.intervene(Edit("b", 0.5)))
    seek(timeline, timeline.place_of(3))
    assert timeline.discardable is not None
    timeline.configure(timeline.trainer.settings.with_(lr=0.5))
    assert timeline.discardable is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_released_in_any_order_they_leave_the_run_without_them(order: tuple[int, ...]) -> None:
    timeline, plain = started(5, 4), Trainer(SMALL)
    texts = ("h_2[1] = 0.5", "W_h *= 1.5", "W_h = 0.9·I")
    declaration = timeline.trainer.network.declaration
    what_ifs = [parse(text, declaration) for text in texts]
    for what_if in what_ifs:
        follow(timeline.intervene(what_if))
        timeline.run(2)
        timeline.forward(Stride.TIMESTEP)
    for row in order:
        follow(timeline.release(what_ifs[row]))
        assert what_ifs[row] not in timeline.what_ifs
    plain.advance_to(timeline.here.index)
    assert bits(timeline.trainer)[1:] == bits(plain)[1:]
    timeline.run(3)
    plain.run(3)
    assert bits(timeline.trainer)[1:] == bits(plain)[1:]


@pytest.mark.parametrize("stops", [0, 1, 3])
def test_a_release_that_is_cut_short_loses_nothing(stops: int) -> None:
    timeline, plain = started(5, 4), Trainer(SMALL)
    declaration = timeline.trainer.network.declaration
    first, second = (parse(text, declaration) for text in ("h_2[1] = 0.5", "W_h *= 1.5"))
    follow(timeline.intervene(first))
    timeline.run(30)
    follow(timeline.intervene(second))
    timeline.run(30)
    there = timeline.here
    for _ in zip(range(stops), timeline.release(first), strict=False):
        pass
    assert timeline.what_ifs == (second,)
    assert timeline.here < there
    seek(timeline, there)
    plain.advance_to(timeline._branch.what_ifs[0].change.index - 1)
    plain.intervene(second)
    plain.advance_to(there.index)
    assert bits(timeline.trainer)[1:] == bits(plain)[1:]


def test_two_that_are_alike_are_two() -> None:
    """An edit that multiplies is made once, wherever the run comes back to it."""
    timeline = started(5, 4)
    start = timeline.trainer.parameters.copy()
    double = [parse("W_h *= 2", timeline.trainer.network.declaration) for _ in range(3)]
    for each in double:
        follow(timeline.intervene(each))
        assert timeline.what_ifs == tuple(double[: len(timeline.what_ifs)])
    w_h = slice(3, 12)
    assert (timeline.trainer.parameters[w_h] == 8 * start[w_h]).all()
    there = timeline.here
    for place in (Place(0, 0), timeline.place_of(5), Place(timeline.place_of(5).index + 1, 1)):
        seek(timeline, place)
        seek(timeline, there)
        assert (timeline.trainer.parameters[w_h] == 8 * start[w_h]).all()
    follow(timeline.release(double[1]))
    assert timeline.what_ifs == (double[0], double[2])
    assert (timeline.trainer.parameters[w_h] == 4 * start[w_h]).all()


def test_there_are_not_endlessly_many() -> None:
    timeline = started(1, 1)
    for _ in range(MOST_WHAT_IFS):
        follow(timeline.intervene(Edit("b", 0.5)))
    with pytest.raises(InterventionError, match="there are 50 what-ifs already: enter keeps them"):
        follow(timeline.intervene(Edit("b", 0.5)))
    timeline.keep_interventions()
    follow(timeline.intervene(Edit("b", 0.5)))


def test_branches_that_were_left_share_one_budget() -> None:
    timeline = Timeline(Trainer(SMALL), 2**16)
    for row in range(4):
        timeline.run(200)
        follow(timeline.intervene(Edit("b", 0.1 * row)))
    left = [each.left.branch.keyframes for each in timeline._branch.what_ifs if each.left]
    assert sum(each.bytes for each in left) <= 2**16
    follow(timeline.discard())
    assert timeline.keyframes.budget == 2**16


def test_before_the_first_batch_it_is_seen_at_once() -> None:
    timeline = started(0, 0)
    follow(timeline.intervene(Edit("b", 0.5)))
    assert (timeline.trainer.network.parameters["b"] == 0.5).all()
    timeline.forward(Stride.UPDATE)
    seek(timeline, Place(0, 0))
    assert (timeline.trainer.network.parameters["b"] == 0.5).all()
    follow(timeline.discard())
    assert (timeline.trainer.network.parameters["b"] != 0.5).any()


def test_one_that_does_not_fit_changes_nothing() -> None:
    timeline = started(3, 2)
    now = bits(timeline.trainer)
    with pytest.raises(InterventionError):
        follow(timeline.intervene(Pin("h_t", 0.0, 99, 1)))
    assert bits(timeline.trainer) == now
    assert timeline.discardable is None


@pytest.mark.parametrize("stops", [0, 1, 3])
def test_an_intervention_is_made_in_stretches_and_can_be_stopped(stops: int) -> None:
    timeline, whole = started(5, 12), started(5, 12)
    timeline.stretch = 2
    now, here = bits(timeline.trainer), timeline.here
    what_if = parse("h_2[1] = 0.5", timeline.trainer.network.declaration)
    follow(whole.intervene(what_if))
    parts = timeline.intervene(what_if)
    for _ in zip(range(stops), parts, strict=False):
        assert timeline.here.index % timeline.trainer.schedule.end <= 2 * stops
    assert timeline.what_ifs == (what_if,)
    seek(timeline, here)  # whoever has stopped it goes on
    assert bits(timeline.trainer) == bits(whole.trainer)
    follow(timeline.discard())
    assert bits(timeline.trainer) == now


@pytest.mark.parametrize("stops", [1, 4])
def test_one_that_is_stopped_before_its_window_is_not_made(stops: int) -> None:
    """Of a window in which something else was changed, the start may have to be replayed."""
    timeline = started(5, 4)
    follow(timeline.intervene(Edit("b", 0.5)))
    timeline.keep_interventions()
    timeline.keyframes.drop_after(3)
    timeline.stretch = 2
    now, here = bits(timeline.trainer), timeline.here
    parts = timeline.intervene(Edit("W_h", 0.25))
    for _ in zip(range(stops), parts, strict=False):
        assert timeline.what_ifs == ()
    del parts
    seek(timeline, here)
    assert bits(timeline.trainer) == now
    follow(timeline.intervene(Edit("W_h", 0.25)))
    assert (timeline.here, len(timeline.what_ifs)) == (here, 1)


def test_a_run_that_an_edit_makes_diverge_is_taken_back() -> None:
    timeline = started(3, 6, activation="relu")
    now = bits(timeline.trainer)
    follow(timeline.intervene(Edit("W_y", 1e38)))
    assert timeline.trainer.divergence is not None
    assert timeline.newest == timeline.here
    follow(timeline.discard())
    assert timeline.trainer.divergence is None
    assert bits(timeline.trainer) == now


def test_an_input_that_is_held_is_held_in_every_window_from_here_on() -> None:
    timeline = started(3, 2)
    x = timeline.trainer.network.tape["x"]
    assert (x[2] != 0.25).any()
    follow(timeline.intervene(parse("x_3 = 0.25", timeline.trainer.network.declaration)))
    for _ in range(3):
        assert (x[2] == 0.25).all()
        assert (x[1] != 0.25).any()
        timeline.forward(Stride.UPDATE)


def test_the_start_of_the_window_stays_near() -> None:
    timeline = started(5, 2)
    follow(timeline.intervene(Edit("b", 0.5)))
    assert 5 in timeline.keyframes.updates


@pytest.mark.parametrize("index", [103, 106, 108])
def test_from_a_change_that_is_taken_back_every_place_is_reached(index: int) -> None:
    """Between a keyframe and its batch the window just completed is not there."""
    timeline, plain = started(9, 4), Trainer(SMALL)
    assert timeline.trainer.index == 112
    timeline.configure(SMALL.with_(lr=0.5))
    timeline.run(10)
    timeline.follow_settings(())  # goes back to the start of the window in which they changed
    assert timeline.trainer.index == 108
    assert timeline.trainer.position == 0
    seek(timeline, Place(index, 100))
    plain.advance_to(index)
    assert timeline.here == Place(index, plain.cursor.operations)
    assert timeline.trainer.position == plain.position
    assert bits(timeline.trainer) == bits(plain)


def test_at_the_newest_place_a_run_that_ended_in_an_update_has_ended() -> None:
    exploding = SMALL.with_(activation="relu", lr=10, clip_by="none")
    timeline = Timeline(Trainer(exploding))
    timeline.run(50)
    end = timeline.trainer.divergence
    assert end is not None
    assert end.stage is Pass.UPDATE
    seek(timeline, timeline.back(Stride.TIMESTEP, 3))
    assert timeline.trainer.divergence is None
    for _ in timeline.seek_newest():
        pass
    assert timeline.trainer.divergence == end
    seek(timeline, timeline.back(Stride.TIMESTEP, 3))
    timeline.configure(exploding.with_(clip_by="value"))  # another future, which may not end there
    timeline.forward(Stride.TIMESTEP)
    for _ in timeline.seek_newest():
        pass
    assert timeline.trainer.divergence is None
