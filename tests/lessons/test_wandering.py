"""Whoever leaves a lesson's path, however far, comes back to the same place, bit for bit."""

from __future__ import annotations

import random

import pytest
from lessons.lesson_support import PlayedLesson, lesson_with, place_of

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    Back,
    ClearGhosts,
    Command,
    Configure,
    Discard,
    GoTo,
    Intervene,
    Keep,
    Restart,
    SetSecondNetwork,
    Step,
    Swap,
    UndoStep,
)

LESSON = lesson_with(
    'do = "go 0:B3"\nremember = { first = "loss" }',
    'do = ["what-if W_h = 0.5", "keys 3u"]\nclaims = "loss != first"',
    'do = ["keys enter", "set lr=0.5", "go 5:B2"]',
    'do = ["restart hidden=3 seed=4", "run until update=6", "what-if h_2 = 0"]',
    'do = ["keys 2n", "what-if release", "keys 2u"]\nclaims = "loss > 0"',
)


def _command(rng: random.Random, lesson: PlayedLesson) -> Command:
    """Return what a user might do."""
    snapshot = lesson.session.latest
    settings, declaration = snapshot.settings, snapshot.window.declaration
    stride = rng.choice(list(Stride))
    what_if = parse(rng.choice(("W_h = 0.3", "h_2 = 0.5", "detach @2", "W_x *= 2")), declaration)
    return rng.choice(
        (
            Step(stride, rng.randint(1, 9)),
            Step(Stride.UPDATE, rng.randint(1, 30)),
            Back(stride, rng.randint(1, 9)),
            GoTo(rng.randint(0, 20)),
            Intervene(what_if, declaration),
            Keep(),
            Discard(),
            Configure(settings.with_(lr=rng.choice((0.1, 0.02))), settings),
            Restart(settings.with_(hidden=rng.randint(1, 3), seed=rng.randint(0, 3))),
            UndoStep(),
            ClearGhosts(),
            SetSecondNetwork(rng.choice((None, Versus("lstm")))),
            Swap(),
        )
    )


def _wander(lesson: Lesson, seed: int, walks: int) -> None:
    rng = random.Random(seed)
    alone = PlayedLesson(lesson)
    steps = range(len(lesson.steps))
    places = [place_of(alone.enter(step)) for step in steps]
    wandering = PlayedLesson(lesson)
    for _ in range(walks):
        step = rng.choice(steps)
        assert place_of(wandering.enter(step)) == places[step]
        evaluation = wandering.player.evaluated
        assert evaluation is not None
        assert not evaluation.mistakes
        assert all(each.holds for each in evaluation.claims)
        for _ in range(rng.randint(0, 5)):
            wandering.session.perform(_command(rng, wandering))
        if rng.random() < 0.3:
            wandering.player.come_back()
            assert place_of(wandering.finish()) == places[step]


def test_a_short_wander() -> None:
    _wander(LESSON, seed=0, walks=6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 41))
def test_a_long_wander(seed: int) -> None:
    _wander(LESSON, seed, walks=40)
