"""The drill: rounds of questions on small random networks, as lessons that the debugger plays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.exercises.mastery import Mastery
from rnn_tui.exercises.networks import LEARNING_RATE, STEPS, SmallNetwork, draw_network
from rnn_tui.exercises.questions import LEVELS, WHOLE_STEP, DrillQuestion, questions_of
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.number_text import number

QUESTIONS = 6
MOST_QUESTIONS = 50
OPTIMIZERS = ("adagrad", "sgd")
_UNITS = {1: 3, 2: 3, 3: 3, 4: 2, 5: 2, 6: 2, WHOLE_STEP: 1}
_SENT_LEVEL = 4
_WITHOUT_WEIGHTS = (5, 6)  # levels
_UNITS_OF_GATES = 2  # a product with all gates of three units is long
_SIMPLE = ("rnn", "neuron")
_WHOLE_UNITS = 2  # of a simple cell, for the whole step
_UNITS_SENT = 1  # of gates: what they send to the timestep before has a product for each unit
_STEPS_SENT = (3, 4)
_DRAWS = 12  # of networks, until one has enough to ask, all of which can be answered
_WRITTEN = re.compile(r"\d+\.\d+")
_LEAST_DIGITS = 3  # in which a row of the screen may write a number of an equation
NAME = "drill"


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """A network and the questions about it, in the order in which they are asked.

    Attributes:
        cell: the cell.
        level: the level, a key of `LEVELS`.
        network: the network.
        questions: the questions.
        lesson: the lesson that asks them, one step each.
    """

    cell: str
    level: int
    network: SmallNetwork
    questions: tuple[DrillQuestion, ...]
    lesson: Lesson


def levels_of(cell: str) -> tuple[int, ...]:
    """Return the levels that a cell has: one without a loop sends no gradient to before."""
    return tuple(each for each in LEVELS if cell != "neuron" or each != 4)


def draw_round(
    cell: str,
    level: int,
    seed: int,
    *,
    mastery: Mastery | None = None,
    count: int | None = None,
) -> Round:
    """Draw the next round.

    Args:
        cell: the name of the cell.
        level: the level.
        seed: decides everything that is drawn, together with what comes again.
        mastery: what has been mastered: what went wrong comes again; None: nothing does.
        count: how many questions; None for `QUESTIONS`, or as many as a whole step has.
    """
    mastery = mastery or Mastery()
    random = np.random.default_rng(seed)
    optimizer = "sgd" if level == WHOLE_STEP else str(random.choice(OPTIMIZERS))
    most, lengths = _sizes(cell, level)
    best: Round | None = None
    for _ in range(_DRAWS):
        network = draw_network(cell, optimizer, random, most_units=most, steps=lengths)
        everything = questions_of(network, optimizer)
        if level == WHOLE_STEP:
            chosen = _whole_step(everything, network.case.steps, random, count)
        else:
            chosen = _of_level(everything, level, mastery, random, count or QUESTIONS)
        drawn = _round(cell, level, seed, network, optimizer, chosen)
        enough = level == WHOLE_STEP or len(chosen) >= (count or QUESTIONS)
        if enough and not any(unanswerable(drawn)):
            return drawn
        if best is None or len(chosen) > len(best.questions):
            best = drawn
    assert best is not None
    bad = unanswerable(best)
    chosen = [each for each, is_bad in zip(best.questions, bad, strict=True) if not is_bad]
    return _round(cell, level, seed, best.network, optimizer, chosen or best.questions)


def unanswerable(drawn: Round) -> list[bool]:
    """Return of each question whether it gives a number that reads as its answer.

    The question and its hint have all the numbers of the equation; one that reads as what is asked
    for, but for the point and the sign, would be covered with it, here and on the screen.
    """
    from rnn_tui.lessons.checking import played_steps
    from rnn_tui.lessons.hidden_numbers import places_of_hidden
    from rnn_tui.lessons.run import LessonRun

    played = played_steps(drawn.lesson, run=LessonRun(drawn.network.trainer()))
    bad = []
    for _, found in played:
        text = f"{found.say} {found.question} {found.hint}"
        rows = (number(float(each), _LEAST_DIGITS) for each in _WRITTEN.findall(text))
        bad.append(bool(places_of_hidden(" ".join([text, *rows]), found.covered)))
    return bad


def _sizes(cell: str, level: int) -> tuple[int, Sequence[int]]:
    """Return the units of a network at most, and how many timesteps it may have."""
    if cell in _SIMPLE:
        return (_WHOLE_UNITS if level == WHOLE_STEP else _UNITS[level]), STEPS
    if level == _SENT_LEVEL:
        return _UNITS_SENT, _STEPS_SENT
    return min(_UNITS[level], _UNITS_OF_GATES), STEPS


def _round(
    cell: str,
    level: int,
    seed: int,
    network: SmallNetwork,
    optimizer: str,
    chosen: Sequence[DrillQuestion],
) -> Round:
    """Return the round that asks some questions, in their order."""
    questions = tuple(sorted(chosen, key=lambda each: each.order))
    lesson = _lesson(cell, level, seed, network, optimizer, questions)
    return Round(cell, level, network, questions, lesson)


def _of_level(
    everything: Sequence[DrillQuestion],
    level: int,
    mastery: Mastery,
    random: np.random.Generator,
    count: int,
) -> list[DrillQuestion]:
    """Choose questions of a level, and up to half as many that went wrong before."""
    again = [each for each in everything if each.skill in mastery.due]
    chosen = _different(again, random, count // 2)
    rest = [each for each in everything if each.level == level and each not in chosen]
    return chosen + _different(rest, random, count - len(chosen))


def _different(
    questions: Sequence[DrillQuestion], random: np.random.Generator, count: int
) -> list[DrillQuestion]:
    """Choose some questions, of as many skills as there are."""
    shuffled = [questions[k] for k in random.permutation(len(questions))]
    seen: dict[str, int] = {}
    ranked = []
    for place, question in enumerate(shuffled):
        rank = seen[question.skill] = seen.get(question.skill, -1) + 1
        ranked.append((rank, place, question))
    return [question for _, _, question in sorted(ranked, key=lambda each: each[:2])[:count]]


def _whole_step(
    everything: Sequence[DrillQuestion], steps: int, random: np.random.Generator, count: int | None
) -> list[DrillQuestion]:
    """Choose one unit's way through the last timestep, forward and back, to its new weight."""
    chosen: list[DrillQuestion] = []
    for level in range(1, 5):
        last = [each for each in everything if each.level == level and each.order[0] == 0]
        last = [each for each in last if each.order[1] in (steps, steps + 1)]
        chosen += [each for each in last if each.order[3] == 1]
    gradients = [each for each in everything if each.level == 5]
    changes = [each for each in everything if each.level == 6]
    if gradients:
        gradient = gradients[int(random.integers(len(gradients)))]
        chosen.append(gradient)
        own = [each for each in changes if each.name == f"Δ{gradient.name[1:]}"]
        chosen += own[:1] or changes[:1]
    chosen.sort(key=lambda each: each.order)
    if count is None or count >= len(chosen):
        return chosen
    places = np.linspace(0, len(chosen) - 1, count).round().astype(int)
    return [chosen[k] for k in places]


def _lesson(
    cell: str,
    level: int,
    seed: int,
    network: SmallNetwork,
    optimizer: str,
    questions: Sequence[DrillQuestion],
) -> Lesson:
    """Return the lesson that asks these questions."""
    case = network.case
    units = f"{case.hidden} unit{'s' if case.hidden > 1 else ''}"
    about = f"The network: {cell}, {units}, {case.steps} timesteps"
    about = f"{about}, {optimizer} with lr {LEARNING_RATE:g}."
    first = f"{about} Work with pencil and paper; two significant digits are enough."
    if level not in _WITHOUT_WEIGHTS:
        first = f"{first} Weights: / w."
    steps = [
        replace(question.step, say=first if not k else "") for k, question in enumerate(questions)
    ]
    settings = {"seed": seed}
    return Lesson(
        path="",
        name=NAME,
        title=f"level {level}: {LEVELS[level]}",
        about=about,
        settings=settings,
        steps=tuple(steps),
    )
