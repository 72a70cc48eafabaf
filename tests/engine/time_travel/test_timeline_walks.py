"""Random walks in time: a place is the same bits, whatever the way to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from engine.time_travel.timeline_support import SMALL, bits, follow, same_curve, seek
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rnn_tui.engine.network.interventions import Intervention, parse
from rnn_tui.engine.time_travel.branches import Ghost
from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.history import RunCurve
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

CHANGES: list[dict[str, object]] = [
    {"lr": 0.03},
    {"lr": 0.003},
    {"optimizer": "adam"},
    {"optimizer": "sgd", "momentum": 0.5},
    {"optimizer": "adagrad"},
    {"clip": 0.01, "clip_by": "norm"},
    {"clip": 0.001, "clip_by": "value"},
]


INTERVENTIONS = [
    "h_2[1] = 0.5",
    "h_4 = -0.1",
    "x_3 = 0.2",
    "x = 0.1",
    "detach @3",
    "W_h[1,2] = 0.5",
    "W_h = 0",
    "b = 0.1",
    "b_y[1] = -0.2",
    "release",
    "W_h *= 1.5",
    "W_h /= 2",
    "b += 0.1",
    "W_x[:,1] -= 0.2",
    "h_2[1:2] = 0.3",
    "release h_2[1]",
    "release x",
]
GATES = {
    "rnn": ["a[2] = 0.3", "a_1 = 0", "W_h = 0.9·I"],
    "lstm": ["f = 1", "c_2[3] = 0.4", "f[2:3] = 0.9", "W_hf = 0.5·I"],
    "gru": ["z[1] = 0"],
    "lstm-coupled": ["f = 1", "i_3[2] = 0.1"],
    "lstm-peephole": ["p_o = 0", "p_f[2] = 3", "o_2[1] = 1"],
    "gru-reset-before": ["rh = 0"],
}


@dataclass(frozen=True, eq=False)
class Made:
    """A change, and the place that it is seen from: a window's batch for an intervention."""

    index: int
    what: Settings | Intervention

    @property
    def order(self) -> tuple[int, bool]:
        return self.index, isinstance(self.what, Settings)

    def seen(self, index: int) -> bool:
        """At the very start there is no place before it."""
        return self.index <= index or (index == 0 and self.order == (1, False))


@dataclass(frozen=True, eq=False)
class Left:
    """What a discard must bring back; `exact`: no earlier what-if was taken out of it since."""

    made: Made
    here: Place
    newest: Place
    bits: tuple[object, ...]
    curve: RunCurve
    ghosts: tuple[Ghost, ...]
    starts: list[int]
    known: dict[Place, tuple[object, ...]]
    changes: list[Made]
    open: list[Left]
    exact: bool = True


class Walks(RuleBasedStateMachine):
    """Mixes every way to move and to change; each place must always be the same bits."""

    start = SMALL

    def __init__(self) -> None:
        super().__init__()
        self.timeline = Timeline(Trainer(self.start))
        self.known: dict[Place, tuple[object, ...]] = {}
        self.changes: list[Made] = []
        self.open: list[Left] = []

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
        update = int(share * self.timeline.newest.index) // self.trainer.schedule.end
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
        self.change(here, Made(here.index, settings))

    def change(self, here: Place, made: Made) -> None:
        kept = [change for change in self.changes if change.seen(here.index)]
        self.changes = sorted([*kept, made], key=lambda change: change.order)
        self.open = [left for left in self.open if left.made in kept]

    @precondition(lambda self: len(self.changes) < 6)
    @rule(place=st.integers(0, 99))
    def intervene(self, place: int) -> None:
        texts = INTERVENTIONS + GATES[self.start.cell]
        timeline, trainer, here = self.timeline, self.trainer, self.timeline.here
        what = parse(texts[place % len(texts)], trainer.network.declaration)
        end = trainer.schedule.end
        window = trainer.updates - (trainer.position == end)
        made = Made(window * end + 1, what)
        left = Left(
            made,
            here,
            timeline.newest,
            bits(trainer),
            trainer.history.curve(),
            timeline.ghosts,
            list(timeline.keyframes.updates),
            self.known,
            self.changes,
            self.open,
        )
        follow(timeline.intervene(what))
        assert timeline.here == here
        assert not timeline.in_past
        assert timeline.discardable == what
        self.forget(made)
        self.change(here, made)
        self.open = [*self.open, left]
        self.check_open()

    def forget(self, made: Made) -> None:
        """Forget the places that are others with, or without, an intervention."""
        first = made.index - (made.index == 1)
        self.known = {p: b for p, b in self.known.items() if p.index < first}

    def check_open(self) -> None:
        assert self.timeline.what_ifs == tuple(left.made.what for left in self.open)
        assert self.timeline.discardable is (self.open[-1].made.what if self.open else None)

    @precondition(lambda self: self.open)
    @rule()
    def discard(self) -> None:
        timeline, left = self.timeline, self.open[-1]
        follow(timeline.discard())
        assert timeline.here == left.here
        if left.exact:
            assert timeline.newest == left.newest
            assert bits(self.trainer) == left.bits
            assert same_curve(self.trainer.history.curve(), left.curve)
            assert timeline.ghosts == left.ghosts
            assert list(timeline.keyframes.updates) == left.starts
            self.known, self.changes, self.open = left.known, left.changes, left.open
        else:
            self.forget(left.made)
            self.changes = [made for made in self.changes if made in left.changes]
            self.open = self.open[:-1]
        self.check_open()

    @precondition(lambda self: self.open)
    @rule(place=st.integers(0, 9))
    def release(self, place: int) -> None:
        timeline, here = self.timeline, self.timeline.here
        row = place % len(self.open)
        left = self.open[row]
        follow(timeline.release(left.made.what))  # type: ignore[arg-type]  # an intervention
        assert timeline.here == here
        self.forget(left.made)
        self.changes = [made for made in self.changes if made is not left.made]
        later = [replace(each, exact=False) for each in self.open[row + 1 :]]
        self.open = [*self.open[:row], *later]
        self.check_open()
        self.check()

    @precondition(lambda self: self.open)
    @rule(keep=st.booleans())
    def keep(self, keep: bool) -> None:
        if keep:
            self.timeline.keep_interventions()
            self.open = []

    @invariant()
    def check(self) -> None:
        here = self.timeline.here
        # At a boundary the place before the first batch of a window has no tape of its own.
        now = bits(self.trainer)
        assert self.known.setdefault(here, now) == now

    def teardown(self) -> None:
        """Compare with a straight run that has the same changes at the same places."""
        straight = Trainer(self.start)
        here = self.timeline.here
        for change in self.changes:
            if not change.seen(here.index):
                break
            if isinstance(change.what, Settings):
                straight.advance_to(change.index)
                straight.configure(change.what)
            else:
                straight.advance_to(change.index - 1)
                straight.intervene(change.what)
        straight.advance_to(here.index)
        straight.revealed = here.revealed
        assert bits(straight)[3:] == bits(self.trainer)[3:]


@pytest.mark.parametrize(
    ("cell", "walks", "moves"),
    [
        ("rnn", 40, 25),
        ("lstm", 12, 20),  # gates to pin
        ("lstm-coupled", 12, 20),  # a gate that is not on its own
        ("lstm-peephole", 12, 20),  # parameters that are multiplied entry by entry
        ("gru-reset-before", 12, 20),  # two products a timestep
    ],
)
def test_a_place_is_the_same_bits_whatever_the_way_to_it(cell: str, walks: int, moves: int) -> None:
    class OfCell(Walks):
        start = SMALL.with_(cell=cell)

    limits = hypothesis_settings(max_examples=walks, stateful_step_count=moves)
    run_state_machine_as_test(OfCell, settings=limits)
