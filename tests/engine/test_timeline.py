"""Going back and forward again reaches the same bits, whatever the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rnn_tui.engine import timeline as module
from rnn_tui.engine.program import Pass
from rnn_tui.engine.timeline import Place, Stride, Timeline
from rnn_tui.engine.trainer import Trainer
from rnn_tui.settings import Settings

SMALL = Settings(hidden=3, steps=4, num_points=60, noise=0.1)


def bits(trainer: Trainer) -> tuple[object, ...]:
    """Everything that a place is: weights, memory, tape so far, counters, random state."""
    tape, cursor = trainer.network.tape, trainer.cursor
    parts: list[object] = [str(cursor), trainer.optimizer.name, trainer.optimizer.count]
    parts.append(trainer.parameters.tobytes())
    parts += [array.tobytes() for array in trainer.optimizer.memory.values()]
    parts += [repr(trainer.loss), repr(trainer.grad_norm), repr(trainer.history.smoothed)]
    if cursor.drawn:
        parts += [tape["x"].tobytes(), tape["target"].tobytes(), tape["h"][0].tobytes()]
    forward = sum(cursor.forward_at(t, 1) > 0 for t in range(1, tape.steps + 1))
    parts.append(tape["h"][: forward + 1].tobytes() if forward else b"")
    backward = sum(cursor.backward_at(t, 1) > 0 for t in range(1, tape.steps + 1))
    parts.append(tape["dh"][tape.steps - backward :].tobytes())
    if cursor.stage in (Pass.CLIP, Pass.UPDATE):
        parts += [trainer.network.gradient.tobytes(), trainer.clipped.tobytes()]
    parts.append(str(trainer.task.state()))
    return tuple(parts)


def seek(timeline: Timeline, place: Place) -> None:
    for _ in timeline.seek(place):
        pass


CHANGES: list[dict[str, object]] = [
    {"lr": 0.03},
    {"lr": 0.003},
    {"optimizer": "adam"},
    {"optimizer": "sgd", "momentum": 0.5},
    {"optimizer": "adagrad"},
    {"clip": 0.01, "clip_by": "norm"},
    {"clip": 0.001, "clip_by": "value"},
]


class Walks(RuleBasedStateMachine):
    """Mixes every way to move and to change; each place must always be the same bits."""

    def __init__(self) -> None:
        super().__init__()
        self.timeline = Timeline(Trainer(SMALL))
        self.known: dict[Place, tuple[object, ...]] = {}
        self.changes: list[tuple[int, Settings]] = []

    @property
    def trainer(self) -> Trainer:
        return self.timeline.trainer

    @rule(stride=st.sampled_from(Stride), count=st.integers(1, 40))
    def forward(self, stride: Stride, count: int) -> None:
        for _ in range(count):
            self.timeline.forward(stride)
            self.check()

    @rule(stride=st.sampled_from(Stride), count=st.integers(1, 40))
    def back(self, stride: Stride, count: int) -> None:
        seek(self.timeline, self.timeline.back(stride, count))

    @rule(share=st.floats(0, 1))
    def anywhere(self, share: float) -> None:
        update = int(share * self.timeline.newest.index) // self.trainer.program.end
        seek(self.timeline, self.timeline.place_of(update))

    @rule()
    def newest(self) -> None:
        seek(self.timeline, self.timeline.newest)
        assert not self.timeline.in_past

    @precondition(lambda self: len(self.changes) < 5)
    @rule(change=st.sampled_from(CHANGES))
    def configure(self, change: dict[str, object]) -> None:
        settings = self.trainer.settings.with_(**change)  # type: ignore[arg-type]
        if settings == self.trainer.settings:
            return
        self.timeline.configure(settings)
        here = self.timeline.here
        self.known = {p: b for p, b in self.known.items() if p.index < here.index}
        self.changes = [c for c in self.changes if c[0] <= here.index] + [(here.index, settings)]

    @invariant()
    def check(self) -> None:
        here = self.timeline.here
        # At a boundary the place before the first batch of a window has no tape of its own.
        now = bits(self.trainer)
        assert self.known.setdefault(here, now) == now

    def teardown(self) -> None:
        """A straight run with the same changes at the same places."""
        straight = Trainer(SMALL)
        here = self.timeline.here
        for index, settings in self.changes:
            if index > here.index:
                break
            straight.advance(index)
            straight.configure(settings)
        straight.advance(here.index)
        straight.revealed = here.revealed
        assert bits(straight)[3:] == bits(self.trainer)[3:]


Walks.TestCase.settings = hypothesis_settings(max_examples=40, stateful_step_count=25)
TestWalks = Walks.TestCase


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


@pytest.mark.parametrize("updates", [100, 3000])
def test_the_budget_bounds_memory_and_every_update_stays_reachable(updates: int) -> None:
    trainer = Trainer(SMALL)
    size = trainer.window_start().size
    timeline = Timeline(trainer, budget=40 * size)
    for _ in range(updates):
        timeline.forward(Stride.UPDATE)
        assert timeline.bytes <= timeline.budget
    assert timeline.keyframes <= 40
    assert timeline.bytes == sum(keyframe.size for keyframe in timeline._keyframes)
    straight = Trainer(SMALL)
    straight.run(updates // 3)
    seek(timeline, timeline.place_of(updates // 3))
    assert bits(trainer)[3:] == bits(straight)[3:]


def test_old_keyframes_lie_evenly_and_new_ones_densely() -> None:
    timeline = Timeline(Trainer(SMALL), budget=Trainer(SMALL).window_start().size * 100)
    for _ in range(12_000):
        timeline.forward(Stride.UPDATE)
    gaps = np.diff(timeline._starts)
    dense, old = gaps[-module.DENSE + 1 :], gaps[: -module.DENSE]
    assert dense.max() <= 2 * module.EVERY
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
    timeline._keyframes[1:], timeline._starts[1:] = [], []  # a long way from the start
    next(way)
    way.close()
    seek(timeline, timeline.place_of(200))
    assert bits(timeline.trainer)[3:] == bits(straight)[3:]
