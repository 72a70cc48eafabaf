"""A moment is returned to exactly, whatever was done in between; R takes destructive steps back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.places.reading import parse_place
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    ClearGhosts,
    Command,
    Configure,
    Discard,
    GoTo,
    GoToPlace,
    Intervene,
    Keep,
    NoteMoment,
    RemoveBreakpoint,
    Restart,
    ReturnToMoment,
    Save,
    SetSecondNetwork,
    Step,
    Swap,
    SwitchBreakpoint,
    UndoStep,
)
from rnn_tui.session.moments import MOST
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=2, steps=3, num_points=60, noise=0.1)


def updates(count: int) -> Step:
    return Step(Stride.UPDATE, count)


def what_if(session: Session, text: str) -> Intervene:
    return Intervene(parse_what_if(text, session.trainer.network.declaration))


def bits(trainer: Trainer) -> tuple[object, ...]:
    return (
        trainer.index,
        trainer.revealed,
        trainer.settings,
        trainer.parameters.tobytes(),
        trainer.network.gradient.tobytes() if trainer.position == trainer.schedule.end else b"",
        *(array.tobytes() for array in trainer.optimizer.memory.values()),
        str(trainer.task.state()),
        str(trainer.divergence),
        trainer.network.pins,
        trainer.history.curve().loss.tobytes(),
        trainer.history.newest,
        repr((trainer.loss, trainer.grad_norm)),
    )


def seen(session: Session) -> tuple[object, ...]:
    """Return all that is to be the same when a moment is returned to."""
    shown = session.perform()
    second = session.second_network
    return (
        bits(session.trainer),
        None if second is None else (second.match, bits(second.trainer)),
        shown.cursor,
        (shown.timeline.newest, shown.timeline.in_past, shown.timeline.ghosts),
        None if shown.what_if is None else (shown.what_if.texts, shown.what_if.since),
        tuple((str(b.breakpoint), b.breakpoint.enabled, b.hits) for b in shown.breakpoints[1:]),
    )


def said(snapshot: Snapshot) -> str:
    return snapshot.notice.text if snapshot.notice is not None else ""


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    "text", ["4:BATCH", "4:F2.3", "4:F3", "4:L", "4:B3.1", "4:B1", "4:C", "5:U", "start", "0:B2.2"]
)
@pytest.mark.parametrize("before", [0, 9])
def test_going_to_any_place_is_walking_there(text: str, before: int) -> None:
    place = parse_place(text)
    session = Session(Trainer(SMALL))
    shown = session.perform(updates(before), GoToPlace(place))
    cursor = shown.cursor
    assert (cursor.stage, cursor.t) == (place.stage, place.t)
    assert cursor.update == place.update
    walked = Session(Trainer(SMALL))
    walked.perform(*([updates(place.update - 1)] if place.update > 1 else []))
    while walked.trainer.cursor != cursor and walked.trainer.updates < 6:
        walked._handler.carry_out(Step(Stride.OPERATION))
        walked._finish_work()
    assert bits(walked.trainer)[:3] == bits(session.trainer)[:3]
    assert walked.trainer.parameters.tobytes() == session.trainer.parameters.tobytes()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("4:F4", "4:F4: there is no timestep 4: windows have 3"),
        ("4:F3.40", "4:F3.40: there is no operation 40: it has"),
    ],
)
def test_a_place_that_is_not_there_is_refused(text: str, why: str) -> None:
    session = Session(Trainer(SMALL))
    shown = session.perform(updates(2), GoToPlace(parse_place(text)))
    assert said(shown).startswith(why)
    assert shown.cursor.update == 2


def test_a_place_before_the_run_begins_is_refused(tmp_path: Path) -> None:
    from rnn_tui.checkpoint.loading import load

    session = Session(Trainer(SMALL))
    session.perform(updates(6), Save(f"{tmp_path}/run"))
    resumed = Session(load(tmp_path / "run"))
    for text in ("start", "4:B2", "5:U"):
        shown = resumed.perform(GoToPlace(parse_place(text)))
        assert "out of reach: the run can be followed from update" in said(shown)
        assert shown.cursor.update == 6
    assert resumed.perform(GoToPlace(parse_place("6:B2"))).cursor.update == 6


# ---------------------------------------------------------------- moments


def random_command(session: Session, pick: random.Random) -> Command:
    """Return a command that moves or changes the run, its list or its second network."""
    settings = session.trainer.settings
    shown = session.latest
    choices: list[Command] = [
        *(Step(stride, pick.randrange(1, 4)) for stride in Stride),
        *(Back(stride, pick.randrange(1, 4)) for stride in Stride),
        updates(pick.randrange(1, 40)),
        GoTo(pick.choice((0, 3, None))),
        GoToPlace(parse_place(f"{pick.randrange(9)}:B{pick.randrange(1, 3)}.2")),
        Configure(settings.with_(lr=pick.choice((0.1, 0.01, 0.5)))),
        Configure(settings.with_(optimizer=pick.choice(("sgd", "adam", "adagrad")))),
        what_if(session, pick.choice(("h_1[1] = 1", "W_h *= 1.5", "b_y += 0.1", "detach @2"))),
        Discard(),
        Keep(),
        ClearGhosts(),
        AddBreakpoint(parse(pick.choice(("update=12", "loss<0.3", "t=2")))),
        SetSecondNetwork(pick.choice((None, Versus("gru"), Versus("lstm")))),
        Swap(),
        Restart(settings.with_(hidden=pick.choice((2, 3)))),
        UndoStep(pick.choice((1, 1, 2))),
    ]
    choices += [RemoveBreakpoint(each.breakpoint) for each in shown.breakpoints[1:]]
    choices += [SwitchBreakpoint(each.breakpoint, False) for each in shown.breakpoints[1:]]
    return pick.choice(choices)


def walk_back_to_moments(seed: int, length: int) -> None:
    """Note moments on a random walk and return to them; each time all is as it was."""
    pick = random.Random(seed)
    session = Session(Trainer(SMALL), versus=pick.choice((None, Versus("gru"))))
    noted: dict[str, tuple[object, ...]] = {}
    for number in range(length):
        session.perform(random_command(session, pick))
        if pick.random() < 0.2:
            noted[f"moment {number}"] = seen(session)
            session.perform(NoteMoment(f"moment {number}"))
        if noted and pick.random() < 0.25:
            key = pick.choice(sorted(noted))
            session.perform(ReturnToMoment(key))
            assert seen(session) == noted[key], (seed, number, key)


@pytest.mark.parametrize("seed", range(3))
def test_moments_come_back_exactly_on_random_walks(seed: int) -> None:
    walk_back_to_moments(seed, 25)


@pytest.mark.long
def test_moments_come_back_exactly_on_many_random_walks() -> None:
    for seed in range(100, 300):
        walk_back_to_moments(seed, 60)


def test_a_run_goes_on_from_a_moment_with_the_same_bits() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(7), Step(Stride.TIMESTEP, 5), NoteMoment("a"))
    session.perform(Configure(SMALL.with_(lr=0.5)), updates(9), Restart(), updates(2))
    session.perform(ReturnToMoment("a"), updates(20))
    plain = Trainer(SMALL)
    plain.run(session.trainer.updates)
    assert session.trainer.parameters.tobytes() == plain.parameters.tobytes()


def test_a_divergence_comes_back() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(2), what_if(session, "W_y *= 1e30"), what_if(session, "W_y *= 1e30"))
    diverged = seen(session)
    assert session.latest.divergence is not None
    session.perform(NoteMoment("a"), Discard(), updates(3), ReturnToMoment("a"))
    assert seen(session) == diverged


def test_a_divergence_is_counted_once_however_often_one_goes_back_to_it() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(2), what_if(session, "W_y *= 1e30"), what_if(session, "W_y *= 1e30"))
    assert session.latest.breakpoints[0].hits == 2  # each leads to one of its own
    session.perform(NoteMoment("a"), Back(Stride.UPDATE, 1), updates(9))
    session.perform(Back(Stride.UPDATE, 1), ReturnToMoment("a"))
    assert session.latest.divergence is not None
    assert session.latest.breakpoints[0].hits == 2


def test_how_often_r_is_pressed_for_the_old_run_is_known() -> None:
    session = Session(Trainer(SMALL))
    assert session.perform(updates(5)).old_is_back_by == 0
    assert session.perform(Restart(), updates(4)).old_is_back_by == 1
    session.perform(Back(Stride.UPDATE, 1), Configure(SMALL.with_(lr=0.5)), updates(1))
    assert session.latest.old_is_back_by == 2
    assert session.perform(UndoStep(1)).old_is_back_by == 2
    assert session.perform(UndoStep(2)).cursor.update == 5
    assert session.latest.old_is_back_by == 1
    assert session.perform(UndoStep(1)).cursor.update == 4
    session = Session(Trainer(SMALL))
    stop = parse("loss<0.0001")
    session.perform(updates(5), Restart(), AddBreakpoint(stop), RemoveBreakpoint(stop))
    shown = session.perform(Restart())  # nothing was trained: the old run is that of before
    assert said(shown) == "restarted; 2R brings the old run back, at update 5"
    assert session.perform(UndoStep(2)).cursor.update == 5


def test_a_moment_that_is_not_there_is_said() -> None:
    shown = Session(Trainer(SMALL)).perform(updates(2), ReturnToMoment("a"))
    assert said(shown) == "not done: this moment is not kept any more"


def test_back_to_before_a_jump_and_forth() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(7), Step(Stride.TIMESTEP, 2))
    before = seen(session)
    session.perform(GoToPlace(parse_place("2:B2"), noted="jump"))
    there = seen(session)
    session.perform(ReturnToMoment("jump", exchanged=True))
    assert seen(session) == before
    session.perform(ReturnToMoment("jump", exchanged=True))
    assert seen(session) == there


def test_the_memory_of_moments_is_limited() -> None:
    session = Session(Trainer(SMALL.with_(timeline=1)))
    for number in range(MOST + 20):
        session._handler.carry_out(updates(20))
        session._finish_work()
        session._handler.carry_out(NoteMoment(str(number)))
    moments = session._handler._moments
    assert len(moments) == MOST
    assert "0" not in moments
    frames = {
        id(frame): frame.size
        for key in map(str, range(MOST + 20))
        if (moment := moments.get(key)) is not None
        for frame in moment.timelines[0].left.branch.keyframes._keyframes
    }
    assert sum(frames.values()) < 2 * 2**20


# ---------------------------------------------------------------- R


def destructive(session: Session) -> dict[str, tuple[tuple[Command, ...], Command]]:
    """Return what can be taken back: what goes before, and the step."""
    what = what_if(session, "h_1[1] = 1")
    stop = parse("update=60")
    return {
        "a restart": ((), Restart()),
        "a restart with others": ((), Restart(SMALL.with_(hidden=3))),
        "a fork": ((Back(Stride.UPDATE, 3),), Configure(SMALL.with_(lr=0.5))),
        "esc": ((what, updates(4)), Discard()),
        "enter": ((what, updates(4)), Keep()),
        "del": ((Back(Stride.UPDATE, 3), Configure(SMALL.with_(lr=0.5))), ClearGhosts()),
        "a breakpoint": (
            (AddBreakpoint(stop), AddBreakpoint(parse("t=2"))),
            RemoveBreakpoint(stop),
        ),
        "the other network": ((), SetSecondNetwork(None)),
        "another one": ((), SetSecondNetwork(Versus("lstm"))),
    }


@pytest.mark.parametrize("name", destructive(Session(Trainer(SMALL))))
def test_r_takes_every_destructive_step_back_and_forth(name: str) -> None:
    session = Session(Trainer(SMALL), versus=Versus("gru"))
    first, step = destructive(session)[name]
    session.perform(updates(9), Step(Stride.TIMESTEP, 2), *first)
    before = seen(session)
    session.perform(step)
    after = seen(session)
    assert after != before
    shown = session.perform(UndoStep())
    assert seen(session) == before
    assert ("taken back: " in said(shown)) or "the run before is back" in said(shown)
    session.perform(UndoStep())
    assert seen(session) == after
    session.perform(UndoStep())
    assert seen(session) == before


def test_a_breakpoint_comes_back_wherever_the_run_is_by_then() -> None:
    session = Session(Trainer(SMALL), [parse("update=90"), parse("loss<0")])
    session.perform(RemoveBreakpoint(parse("update=90")), updates(5), UndoStep())
    assert [str(each.breakpoint) for each in session.latest.breakpoints[1:]] == [
        "update=90",
        "loss<0",
    ]
    assert session.latest.cursor.update == 5


def test_a_count_takes_several_steps_back() -> None:
    session = Session(Trainer(SMALL), [parse("update=90")])
    session.perform(updates(9))
    before = seen(session)
    session.perform(Restart(), updates(2), RemoveBreakpoint(parse("update=90")))
    after = seen(session)
    shown = session.perform(UndoStep(2))
    assert "the run before is back, at update 9" in said(shown)
    assert seen(session) == before
    session.perform(UndoStep())
    assert seen(session) == after


def test_the_other_run_stays_in_reach_after_a_fork_in_the_one_that_came_back() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(9), Restart(), updates(2))
    other = seen(session)
    session.perform(UndoStep(), Back(Stride.UPDATE, 3), Configure(SMALL.with_(lr=0.5)))
    session.perform(UndoStep(2))
    assert seen(session) == other
