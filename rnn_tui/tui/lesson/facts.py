"""What is known of a step once its actions are done: its texts with numbers, and the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnn_tui.lessons.evaluation import StepEvaluation
from rnn_tui.lessons.lesson import LessonStep, Prediction
from rnn_tui.number_text import number
from rnn_tui.tui.lesson.view import Try


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


def facts_of(step: LessonStep, found: StepEvaluation, steps: int) -> StepFacts:
    """Return what is known of a step whose texts and answers have been evaluated.

    Args:
        step: the step.
        found: its texts and answers.
        steps: the number of timesteps.
    """
    ask = step.ask
    if ask is None:
        return StepFacts(found.say, steps=steps)
    right, right_text, problem = math.nan, "", ""
    if ask.kind == "choice":
        holding = [k for k, holds in enumerate(found.right, 1) if holds]
        right = holding[0] if holding else math.nan
        right_text = found.choices[holding[0] - 1] if holding else ""
    elif found.answer is not None:
        right = found.answer
        right_text = number(right) if ask.kind == "number" else f"t={right:.0f}"
    if not right_text:
        why = f": {found.mistakes[0].reason}" if found.mistakes else ""
        problem = f"this question has no answer here{why}"
    numbers = found.covered[1:] if ask.kind == "timestep" else found.covered
    return StepFacts(
        found.say,
        found.question,
        found.hint,
        found.reveal,
        found.choices,
        right,
        right_text,
        steps,
        numbers,
        problem,
    )


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
