"""Wherever a run stands and however it came there, `c` stops where a run from the start does."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session import pacing
from rnn_tui.session.commands import (
    Back,
    BackToStop,
    Command,
    Configure,
    Continue,
    GoTo,
    Intervene,
    Keep,
    Pause,
    Restart,
    RunTo,
    Step,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

RUN = Settings(cell="gru", hidden=5, steps=4, num_points=90, seed=2, lr=0.05, clip=0.4)
LISTS = (
    ("grad>0.3", "loss<0.05"),
    ("clipped", "update=23"),
    ("saturated z>0.02", "smoothed<0.2"),
    ("loss>0.1", "clipped", "pass=BACKWARD t=2"),
    ("grad<=0.2", "update=7", "update=31"),
)
FAR = 36  # updates that stops are compared up to
WHAT_IFS = ("z = 0.99", "W_hn *= 1.5", "detach @2", "h[2] @3 = 0.5")


@dataclass(frozen=True)
class Move:
    """One key: a command, and after how many slices of work a pause comes; None for none."""

    name: str
    number: int = 1
    pause: int | None = None

    def command(self, session: Session) -> Command:
        match self.name:
            case "s" | "n" | "f" | "u":
                return Step(STRIDES[self.name], self.number)
            case "S" | "N" | "F" | "U":
                return Back(STRIDES[self.name.lower()], self.number)
            case "g":
                return GoTo(self.number)
            case "G":
                return GoTo(None)
            case "c":
                return Continue()
            case "C":
                return BackToStop()
            case "t":
                return RunTo(1 + self.number % RUN.steps)
            case "r":
                return Restart()
            case "lr":
                return Configure(session.trainer.settings.with_(lr=0.01 * (1 + self.number % 9)))
            case "keep":
                return Keep()
            case _:
                text = WHAT_IFS[self.number % len(WHAT_IFS)]
                return Intervene(parse_what_if(text, session.trainer.network.declaration))


STRIDES = {
    "s": Stride.OPERATION,
    "n": Stride.TIMESTEP,
    "f": Stride.PASS,
    "u": Stride.UPDATE,
}
WALKS = [Move(key, n) for key in "snfuSNFU" for n in (1, 3, 9)] + [Move("u", 17), Move("U", 14)]
SEEKS = [Move("g", n) for n in (0, 9, 22, 31)] + [Move(key) for key in "GcCt"]
STOPPED = [Move(m.name, m.number, k) for m in (Move("g", 30), Move("g"), Move("C")) for k in (1, 4)]
CHANGES = [Move("lr", 4), Move("what-if", 0), Move("what-if", 1), Move("what-if", 2)]
CHANGES += [Move("what-if", 3), Move("keep"), Move("r")]


def carry_out(session: Session, move: Move) -> None:
    """Press one key, and wait until all is done, or for some slices before a pause."""
    command = move.command(session)
    if move.pause is None:
        session.perform(command)
        return
    session._handler.carry_out(command)
    for _ in range(move.pause):
        session._pacer.work(None)
    session.perform(Pause())


def next_stop(session: Session) -> tuple[int, str] | None:
    """Return the schedule index of the next stop of `c`, and why; None if it is far away."""
    hit = session.perform(Continue()).stop
    assert hit is not None
    index = session.trainer.index
    far = index >= FAR * session.trainer.schedule.end
    return None if far else (index, hit.reason)


def stops_after(session: Session, index: int) -> list[tuple[int, str]]:
    """Return all stops of a run from the start of the session's branch, after a place."""
    session.perform(GoTo(0))
    found = itertools.takewhile(bool, (next_stop(session) for _ in itertools.count()))
    return [stop for stop in found if stop is not None and stop[0] > index]


@cache
def straight_stops(texts: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return all stops of a run without any other key."""
    return stops_after(started(texts), -1)


def started(texts: tuple[str, ...]) -> Session:
    return Session(Trainer(RUN), [parse(text) for text in (*texts, f"update={FAR}")])


@pytest.mark.parametrize("texts", LISTS, ids=" ".join)
@given(st.lists(st.sampled_from(WALKS + SEEKS + STOPPED), max_size=6), st.booleans())
def test_the_next_stop_is_that_of_a_run_from_the_start(
    texts: tuple[str, ...], moves: list[Move], known: bool
) -> None:
    session = started(texts)
    if known:
        session.perform(Step(Stride.UPDATE, 20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "SLICE", 0.0)  # a slice is one piece of work
        for move in moves:
            carry_out(session, move)
    index = session.trainer.index
    expected = next((stop for stop in straight_stops(texts) if stop[0] > index), None)
    assert next_stop(session) == expected, (moves, index)


@given(
    st.sampled_from(LISTS),
    st.lists(st.sampled_from(WALKS + SEEKS + STOPPED + CHANGES * 3), max_size=7),
)
def test_after_changes_it_is_that_of_the_new_branch(
    texts: tuple[str, ...], moves: list[Move]
) -> None:
    one, other = started(texts), started(texts)
    for session in (one, other):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pacing, "SLICE", 0.0)
            for move in moves:
                carry_out(session, move)
    index = one.trainer.index
    assert other.trainer.index == index
    if one.trainer.divergence is None:
        expected = next(iter(stops_after(other, index)), None)
        assert next_stop(one) == expected, (moves, index)


@pytest.mark.long
@hypothesis_settings(max_examples=400)
@given(
    st.sampled_from(LISTS),
    st.lists(st.sampled_from(WALKS + SEEKS + STOPPED), max_size=12),
)
def test_many_walks(texts: tuple[str, ...], moves: list[Move]) -> None:
    session = started(texts)
    for move in moves:
        carry_out(session, move)
    index = session.trainer.index
    expected = next((stop for stop in straight_stops(texts) if stop[0] > index), None)
    assert next_stop(session) == expected, (moves, index)
