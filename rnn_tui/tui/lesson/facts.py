"""What is known of a step once its actions are done: its texts with numbers, and the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.lessons.lesson import LessonStep, Prediction
from rnn_tui.number_text import number
from rnn_tui.session.commands import EvaluateTexts
from rnn_tui.tui.lesson.view import Try

if TYPE_CHECKING:
    from rnn_tui.claims.run_state import Values
    from rnn_tui.session.evaluated import EvaluatedTexts

NUMBERS = count(1_000_001)
"""Numbers of what is evaluated here; others evaluate, too."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """A step's texts, numbers filled in, and the right answer.

    Attributes:
        say: the text.
        question: the question.
        hint: the hint.
        reveal: why.
        choices: the choices.
        right: the right number or timestep, or the number of the right choice, from 1.
        right_text: the same as it is shown.
        steps: the number of timesteps.
        numbers: the values that are covered until the answer is in.
        problem: what could not be evaluated, in one line; "" for nothing.
    """

    say: str = ""
    question: str = ""
    hint: str = ""
    reveal: str = ""
    choices: tuple[str, ...] = ()
    right: float = math.nan
    right_text: str = ""
    steps: int = 1
    numbers: tuple[float, ...] = ()
    problem: str = ""


def to_evaluate(step: LessonStep, remembered: Mapping[str, float | Values]) -> EvaluateTexts:
    """Return what is to be evaluated of a step, at its place."""
    ask = step.ask
    known = dict(remembered)
    if ask is None:
        return EvaluateTexts(next(NUMBERS), (), (), (step.say,), known)
    right = (ask.answer,) if ask.answer else ()
    claims = tuple(each.when for each in ask.choices)
    texts = (step.say, ask.question, ask.hint, ask.reveal, *(each.text for each in ask.choices))
    return EvaluateTexts(next(NUMBERS), (*right, *ask.hides), claims, texts, known)


def facts_of(step: LessonStep, found: EvaluatedTexts, steps: int) -> StepFacts:
    """Return what is known of a step, now that all of it was evaluated.

    Args:
        step: the step.
        found: the answer to `to_evaluate`.
        steps: the number of timesteps.
    """
    texts = tuple(each.text for each in found.texts)
    ask = step.ask
    if ask is None:
        return StepFacts(texts[0], steps=steps)
    say, question, hint, reveal, *choices = texts
    values = [() if each.value is None else np.ravel(each.value) for each in found.values]
    problem = ""
    if ask.kind == "choice":
        right, hidden = _right_choice(found), values
        if not right:
            problem = "none of the choices is right here: this step cannot be answered"
        right_text = choices[int(right) - 1] if right else ""
    else:
        hidden = values if ask.kind == "number" else values[1:]
        right = float(values[0][0]) if len(values[0]) else math.nan
        if not len(values[0]):
            problem = f"this step cannot be answered here: {found.values[0].error}"
        right_text = number(right) if ask.kind == "number" else f"t={right:.0f}"
    numbers = tuple(float(each) for some in hidden for each in some)
    return StepFacts(
        say, question, hint, reveal, tuple(choices), right, right_text, steps, numbers, problem
    )


def _right_choice(found: EvaluatedTexts) -> float:
    """Return the number of the choice whose claim holds, from 1; 0 if none does."""
    holding = (each.result is not None and each.result.holds for each in found.claims)
    return next((k for k, holds in enumerate(holding, 1) if holds), 0)


def graded(prediction: Prediction, facts: StepFacts, text: str) -> Try:
    """Return an answer with its grade.

    Args:
        prediction: what was asked.
        facts: has the right answer.
        text: the answer as it was typed, which can be one.
    """
    if prediction.kind != "number":
        right = int(text) == round(facts.right)
        return Try(text, "exact" if right else "off", "exact" if right else "off")
    from rnn_tui.claims.grading import grade

    found = grade(text, facts.right, prediction.within)
    return Try(text, found.kind, found.words)
