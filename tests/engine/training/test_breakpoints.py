"""Breakpoints: each fires exactly where looking at every update says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from engine.engine_support import same_bits
from engine.training.breakpoint_support import LIVELY, SMALL, plain_share
from hypothesis import given
from hypothesis import strategies as st
from shares import share

from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.training.breakpoint_conditions import (
    NON_FINITE,
    BreakpointError,
    saturation_bounds,
)
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints, run_until
from rnn_tui.engine.training.schedule import Pass, Schedule
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

EXPLODING = Settings(hidden=8, activation="relu", optimizer="sgd", lr=100.0, clip_by="none")
UPDATES = 150


def declared(cell: str, activation: str, steps: int, layers: int = 1) -> NetworkDeclaration:
    return NetworkDeclaration(
        Architecture(cell, activation, 1, 4, 1, layers=layers), steps, 1, np.float32
    )


def test_what_fits() -> None:
    lstm, gru, rnn = (declared(name, "tanh", 20) for name in ("lstm", "gru", "rnn"))
    assert saturation_bounds(lstm.layers) == {"i": (0, 1), "f": (0, 1), "g": (-1, 1), "o": (0, 1)}
    assert saturation_bounds(gru.layers) == {"r": (0, 1), "z": (0, 1), "n": (-1, 1)}
    assert saturation_bounds(rnn.layers) == {"h": (-1, 1)}
    stacks = (declared(name, "tanh", 20, layers=3) for name in ("lstm", "gru", "rnn"))
    for declaration in (lstm, gru, rnn, *stacks):
        gates = saturation_bounds(declaration.layers)
        assert len(gates) == len(declaration.layers) * len(declaration.cell.gates)
        for gate in gates:
            parse(f"saturated {gate}>0.9").fits(declaration)
    parse("t=20").fits(rnn)


@pytest.mark.parametrize(
    ("text", "cell", "activation", "layers", "message"),
    [
        ("saturated f>0.9", "gru", "tanh", 1, "the gru cell, whose gates are r, z, n"),
        ("saturated f2>0.9", "lstm", "tanh", 1, "the lstm cell, whose gates are i, f, g, o"),
        ("saturated h>0.9", "lstm", "tanh", 1, "the lstm cell, whose gates are i, f, g, o"),
        ("saturated h>0.9", "rnn", "relu", 1, "the rnn cell, which saturates nowhere"),
        ("saturated h2>0.9", "rnn", "relu", 2, "the rnn cell, which saturates nowhere"),
        ("pass=FORWARD t=21", "rnn", "tanh", 1, "a window of 20 timesteps"),
        (
            "saturated f2>0.9",
            "gru",
            "tanh",
            2,
            "2 layers of the gru cell, whose gates are r, z, n, r2, z2, n2",
        ),
        (
            "saturated r9>0.9",
            "gru",
            "tanh",
            3,
            "3 layers of the gru cell, whose gates are r, z, n … r3, z3, n3",
        ),
    ],
)
def test_what_does_not_fit(
    text: str, cell: str, activation: str, layers: int, message: str
) -> None:
    with pytest.raises(BreakpointError) as caught:
        parse(text).fits(declared(cell, activation, 20, layers))
    assert str(caught.value) == f"{text!r} does not fit {message}"


@cache
def truths(settings: Settings) -> dict[str, list[bool]]:
    """Which conditions hold after updates 1, 2, …, one schedule step at a time."""
    trainer = Trainer(settings)
    found: dict[str, list[bool]] = {c: [] for c, (s, _) in CONDITIONS.items() if s == settings}
    while trainer.updates < UPDATES:
        trainer.step()
        if trainer.position == trainer.schedule.end:
            for condition, held in found.items():
                held.append(CONDITIONS[condition][1](trainer))
    return found


@cache
def plain_run(settings: Settings) -> tuple[bytes, int]:
    """Return the weights after all updates without breakpoints, and the place then."""
    plain = Trainer(settings)
    plain.run(UPDATES)
    return plain.parameters.tobytes(), plain.index


def edges(found: list[bool]) -> list[int]:
    """Return the updates at which a condition becomes true."""
    before = [False, *found[:-1]]
    return [k for k, (was, now) in enumerate(zip(before, found, strict=True), 1) if now > was]


def stops(trainer: Trainer, list_: Breakpoints, updates: int = UPDATES) -> list[BreakpointHit]:
    """Every stop of a run that is continued after each."""
    found = []
    goal = trainer.updates + updates
    while stop := run_until(trainer, list_, goal - trainer.updates):
        found.append(stop)
        if trainer.divergence or len(found) > 1000:
            break
    return found


LSTM = LIVELY.with_(cell="lstm", forget_bias=2.0)
STACK = LSTM.with_(layers=2)
CONDITIONS: dict[str, tuple[Settings, Callable[[Trainer], bool]]] = {
    "loss<0.05": (LIVELY, lambda t: t.loss < 0.05),
    "loss>=0.1": (LIVELY, lambda t: t.loss >= 0.1),
    "smoothed<0.2": (LIVELY, lambda t: t.history.smoothed < 0.2),
    "smoothed>0.15": (LIVELY, lambda t: t.history.smoothed > 0.15),
    "grad>0.5": (LIVELY, lambda t: t.grad_norm > 0.5),
    "grad<=0.1": (LIVELY, lambda t: t.grad_norm <= 0.1),
    "update=7": (LIVELY, lambda t: t.updates == 7),
    "saturated h>0.1": (LIVELY, lambda t: plain_share(t, "h") > 0.1),
    "saturated f>=0.05": (LSTM, lambda t: plain_share(t, "f") >= 0.05),
    "saturated g>0.02": (LSTM.with_(lr=0.5), lambda t: plain_share(t, "g") > 0.02),
    "saturated z<0.05": (LIVELY.with_(cell="gru", lr=0.5), lambda t: plain_share(t, "z") < 0.05),
    "saturated n>0.1": (LIVELY.with_(cell="gru", lr=0.5), lambda t: plain_share(t, "n") > 0.1),
    "saturated f2>=0.05": (STACK, lambda t: plain_share(t, "f2") >= 0.05),
    "saturated f>0.06": (STACK, lambda t: plain_share(t, "f") > 0.06),
    "saturated h3>0.1": (LIVELY.with_(layers=3, lr=0.5), lambda t: plain_share(t, "h3") > 0.1),
    "saturated r2>0.02": (
        LIVELY.with_(cell="gru", layers=2, lr=0.5),
        lambda t: plain_share(t, "r2") > 0.02,
    ),
}
for _by, _clip in (("value", 0.05), ("value", 0.3), ("norm", 0.3), ("norm", 1e-6)):
    CONDITIONS[f"clipped {_by} {_clip}"] = (
        LIVELY.with_(clip_by=_by, clip=_clip),
        lambda t: bool((t.network.gradient != t.clipped).any()),
    )


# Every other one, of each kind at least one; all of them in a long run.
SOME = [
    pytest.param(condition, marks=[pytest.mark.long] * (k % 2))
    for k, condition in enumerate(CONDITIONS)
]


@pytest.mark.parametrize("condition", share(SOME))
def test_it_fires_when_it_becomes_true(condition: str) -> None:
    settings, holds = CONDITIONS[condition]
    text = "clipped" if condition.startswith("clipped") else condition
    expected = edges(truths(settings)[condition])
    assert expected, "the test looks at nothing"
    trainer, list_ = Trainer(settings), Breakpoints(parse(text))
    places = []
    while stop := run_until(trainer, list_, UPDATES - trainer.updates):
        places.append(trainer.updates)
        assert trainer.position == trainer.schedule.end
        assert holds(trainer)
        assert stop.breakpoint == parse(text)
    assert places == expected
    assert list_.statuses[1].hits == len(expected)
    assert (trainer.parameters.tobytes(), trainer.index) == plain_run(settings)


def test_the_conditions_above_come_and_go() -> None:
    """So that a condition that fired at every true update, or once only, would be seen."""
    found = {c: truths(CONDITIONS[c][0])[c] for c in ("loss<0.05", "grad>0.5", "clipped value 0.3")}
    for condition, held in found.items():
        assert 1 < len(edges(held)) < sum(held), condition


def test_clipping_that_is_off_never_fires() -> None:
    trainer = Trainer(LIVELY.with_(clip_by="none", clip=1e-6))
    assert run_until(trainer, Breakpoints(parse("clipped")), UPDATES) is None
    assert trainer.updates == UPDATES


def test_clipping_by_norm_fires_below_a_tiny_limit() -> None:
    """Its 1e-6 beside the norm scales gradients whose norm is within the limit."""
    trainer = Trainer(SMALL.with_(clip_by="norm", clip=1e-6))
    trainer.run(1)
    trainer.network.gradient[:] = 1e-8
    trainer.grad_norm = norm(trainer.network.gradient)
    assert trainer.grad_norm < 1e-7
    room = np.empty_like(trainer.parameters)
    trainer.clipped = trainer.clipping.apply(trainer.network.gradient, room, trainer.grad_norm)
    stop = Breakpoints(parse("clipped")).check_update(trainer)
    assert stop is not None
    assert stop.value == trainer.parameters.size


@pytest.mark.parametrize("stage", Pass)
def test_a_pass_stops_at_its_first_schedule_step(stage: Pass) -> None:
    trainer, list_ = Trainer(SMALL), Breakpoints(parse(f"pass={stage}"))
    for update in (1, 2, 3):
        stop = run_until(trainer, list_, 1 if stage is Pass.UPDATE else 2)
        assert stop is not None
        first = min(p for p in range(1, 15) if trainer.schedule.pass_at(p)[0] is stage)
        assert trainer.position == first
        assert trainer.cursor.complete
        place = {Pass.FORWARD: " t=1", Pass.BACKWARD: " t=5"}.get(stage, "")
        assert stop.reason == f"{stage}{place} at update {trainer.updates}"
        assert trainer.updates == trainer.cursor.update == update - (stage is not Pass.UPDATE)
    assert list_.statuses[1].hits == 3


def test_a_timestep_stops_in_both_passes() -> None:
    trainer, list_ = Trainer(SMALL), Breakpoints(parse("t=2"), parse("pass=BACKWARD t=4"))
    found = [stop.reason for stop in stops(trainer, list_, 2)]
    assert found == [
        f"{place} at update {update}"
        for update in (0, 1)
        for place in ("FORWARD t=2", "BACKWARD t=4", "BACKWARD t=2")
    ]
    plain = Trainer(SMALL)
    plain.run(2)
    assert same_bits(trainer.parameters, plain.parameters)


@given(
    st.lists(
        st.sampled_from([f"pass={stage}" for stage in Pass] + [f"t={t}" for t in (1, 3, 5, 6)]),
        max_size=4,
        unique=True,
    ),
    st.integers(0, 14),
)
def test_the_next_position_is_the_nearest_ahead(texts: list[str], start: int) -> None:
    trainer, list_ = Trainer(SMALL), Breakpoints(*map(parse, texts))
    trainer.advance_to(start)
    program = Schedule(5)
    standing = {p for text in texts for p in parse(text).positions(program)}
    here = 0 if start == program.end else start
    expected = min((p for p in standing if p > here), default=None)
    assert list_.next_position(trainer) == expected
    assert (list_.check_position(trainer) is not None) == (start in standing)


def test_places_beyond_the_window_and_gates_of_other_cells_are_passed_over() -> None:
    trainer = Trainer(SMALL)
    list_ = Breakpoints(parse("t=6"), parse("saturated f>=0"))
    assert run_until(trainer, list_, 3) is None
    assert [status.armed for status in list_.statuses] == [True, False, False]


def test_going_on_from_mid_window_completes_it_first() -> None:
    trainer = Trainer(SMALL)
    trainer.advance_to(3)
    trainer.revealed = 1
    assert run_until(trainer, Breakpoints(parse("update=99")), 2) is None
    assert (trainer.updates, trainer.position) == (2, trainer.schedule.end)


# ---------------------------------------------------------------- several, and the list


def test_the_first_of_the_list_is_told_and_all_are_counted() -> None:
    trainer = Trainer(SMALL)
    list_ = Breakpoints(*map(parse, ("update=3", "pass=UPDATE", "loss>=0", "grad>=0")))
    list_.set_enabled(list_[2], False)
    stop = run_until(trainer, list_, 9)
    assert stop is not None
    assert stop.breakpoint == parse("loss>=0")
    assert stop.also == (parse("grad>=0"),)
    list_.set_enabled(list_[2], True)
    stop = run_until(trainer, list_, 9)
    assert stop is not None
    assert (trainer.updates, str(stop.breakpoint)) == (2, "pass=UPDATE")
    stop = run_until(trainer, list_, 9)
    assert stop is not None
    assert (str(stop.breakpoint), *map(str, stop.also)) == ("update=3", "pass=UPDATE")
    assert [status.hits for status in list_.statuses] == [0, 1, 2, 1, 1]
    assert [status.armed for status in list_.statuses] == [True, False, True, False, False]


def test_adding_removing_and_switching() -> None:
    list_ = Breakpoints(parse("loss<1"))
    assert list_.idle is False
    assert list_.add(parse("update=5")) == 2
    assert list_.add(parse("loss < 1.0")) == 1  # the same, written otherwise
    assert len(list_) == 3
    assert list_.add(NON_FINITE) == 0
    list_.set_enabled(list_[1], False)
    assert not list_[1].enabled
    assert not list_.statuses[1].armed
    assert list_.add(parse("loss<1")) == 1
    assert list_[1].enabled
    list_.remove(parse("loss<1"))
    with pytest.raises(BreakpointError, match=r"^'loss<1' is no longer in the list$"):
        list_.remove(parse("loss<1"))
    with pytest.raises(BreakpointError, match="no longer"):
        list_.set_enabled(parse("loss<1"), False)
    assert list(map(str, (list_[0], list_[1]))) == ["nan", "update=5"]
    list_.set_enabled(list_[1], False)
    assert list_.idle
    for change in (list_.remove, lambda each: list_.set_enabled(each, False)):
        with pytest.raises(BreakpointError, match=r"^'nan' is always on$"):
            change(NON_FINITE)


def test_what_is_off_does_not_fire() -> None:
    trainer, list_ = Trainer(SMALL), Breakpoints(parse("loss>=0"), parse("t=1"))
    list_.set_enabled(list_[1], False)
    list_.set_enabled(list_[2], False)
    assert run_until(trainer, list_, 5) is None
    list_.set_enabled(list_[1], True)
    assert run_until(trainer, list_, 5) is not None
    assert trainer.updates == 6


def test_switching_off_and_on_arms_again() -> None:
    trainer, list_ = Trainer(SMALL), Breakpoints(parse("loss>=0"))
    assert run_until(trainer, list_, 5) is not None
    assert run_until(trainer, list_, 5) is None
    list_.set_enabled(list_[1], True)  # it is on: nothing changes
    assert run_until(trainer, list_, 0) is None
    list_.set_enabled(list_[1], False)
    list_.set_enabled(list_[1], True)
    assert run_until(trainer, list_, 5) is not None
    assert trainer.updates == 7


def test_another_trainer_is_another_run() -> None:
    list_ = Breakpoints(parse("loss>=0"))
    for _ in range(2):
        assert len(stops(Trainer(SMALL), list_, 5)) == 1
        assert list_.statuses[1].hits == 1


def test_going_back_and_forward_stops_at_the_same_places() -> None:
    settings, _ = CONDITIONS["loss<0.05"]
    held = truths(settings)["loss<0.05"]
    trainer, list_ = Trainer(settings), Breakpoints(parse("loss<0.05"))
    keyframes = []
    for _ in range(UPDATES):
        trainer.run(1)
        keyframes.append(trainer.keyframe())
    for back in range(1, UPDATES, 7):
        trainer.restore(keyframes[back - 1])
        list_.rearm()
        list_.disarm_true(trainer)
        expected = [k for k in edges(held) if k > back]
        stop = run_until(trainer, list_, UPDATES - back)
        assert (trainer.updates if stop else None) == (expected[0] if expected else None)


def test_forgetting_arms_what_is_true_and_settling_takes_it_as_seen() -> None:
    trainer = Trainer(SMALL.with_(clip=1e-3))
    list_ = Breakpoints(parse("clipped"), parse("loss>=0"))
    list_.disarm_true(trainer)  # before the first update nothing is true
    assert run_until(trainer, list_, 5) is not None
    assert run_until(trainer, list_, 5) is None
    list_.rearm()
    assert all(status.armed for status in list_.statuses)
    list_.disarm_true(trainer)
    assert [status.armed for status in list_.statuses] == [True, False, False]
    assert run_until(trainer, list_, 5) is None
    list_.rearm()
    trainer.step()
    list_.disarm_true(trainer)  # within a window it is not known whether clipping changed the last
    stop = run_until(trainer, list_, 5)
    assert stop is not None
    assert str(stop.breakpoint) == "clipped"
    assert [status.hits for status in list_.statuses] == [0, 2, 1]


# ---------------------------------------------------------------- deadlines and divergence


def test_a_run_can_be_interrupted_and_nothing_is_lost() -> None:
    settings, _ = CONDITIONS["grad>0.5"]
    expected = edges(truths(settings)["grad>0.5"])
    trainer, list_, places = Trainer(settings), Breakpoints(parse("grad>0.5")), []
    while trainer.updates < UPDATES:
        asked = iter((False, False, False, True))
        before = trainer.updates
        stop = run_until(trainer, list_, UPDATES - before, asked.__next__)
        assert trainer.updates <= before + 3
        if stop:
            places.append(trainer.updates)
    assert places == expected


@pytest.mark.parametrize("texts", [(), ("loss<0",), ("t=3",)])
def test_divergence_always_stops(texts: tuple[str, ...]) -> None:
    plain = Trainer(EXPLODING)
    plain.run(1000)
    assert plain.divergence is not None
    trainer, list_ = Trainer(EXPLODING), Breakpoints(*map(parse, texts))
    stop = None
    while stop is None or stop.breakpoint != NON_FINITE:
        stop = run_until(trainer, list_, 1000)
        assert stop is not None
    assert not math.isfinite(stop.value)
    assert stop.reason == f"{trainer.divergence} in update {trainer.updates + 1}"
    assert trainer.updates == plain.updates
    assert stop.advice == (
        f"The weights are those of update {trainer.updates}: lower lr (100) or clip by norm."
    )
    assert run_until(trainer, list_, 5) == stop  # it stays there
    assert list_.statuses[0].hits == 1


# ---------------------------------------------------------------- the loss on test data


def test_a_test_loss_is_compared_when_it_has_been_measured() -> None:
    trainer, list_ = Trainer(LIVELY), Breakpoints(parse("test<0.5"))
    tested = trainer.history.tested
    assert run_until(trainer, list_, 10) is None  # nothing is measured yet
    tested.add(10, 0.7)
    assert run_until(trainer, list_, 10) is None
    tested.add(18, 0.25)  # measured aside, while two more updates were made
    stop = run_until(trainer, list_, 10)
    assert stop is not None
    assert (stop.value, trainer.updates) == (0.25, 21)
    assert stop.reason == "test 0.25 < 0.5 at update 18"
    assert run_until(trainer, list_, 10) is None  # it is still true
    tested.add(31, 0.6)
    assert run_until(trainer, list_, 5) is None
    tested.add(36, 0.4)
    assert run_until(trainer, list_, 5) is not None
    assert [tested.at(update) for update in (10, 17, 18, 35, 40)] == [0.7, 0.7, 0.25, 0.6, 0.4]
    assert math.isnan(tested.at(9))
    tested.forget_after(30)
    assert tested.latest == (18, 0.25)
