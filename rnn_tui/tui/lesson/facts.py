"""What is known of a step once its actions are done: its texts with numbers, and the answer."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.lessons.lesson import LessonStep, Prediction
from rnn_tui.tui.lesson.answer import typed_number
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
    right: float = float("nan")
    right_text: str = ""
    steps: int = 1
    numbers: tuple[float, ...] = ()
    problem: str = ""


def facts_of(player: object, step: LessonStep) -> StepFacts | None:
    """Return what is known of a step that was entered; None while it is being found out."""
    facts = getattr(player, "facts", None)
    return facts if isinstance(facts, StepFacts) else None


def graded(prediction: Prediction, facts: StepFacts, text: str) -> Try:
    """Return an answer with its grade.

    Args:
        prediction: what was asked.
        facts: has the right answer.
        text: the answer as it was typed.
    """
    right = facts.right
    given = typed_number(text)
    if given is None:
        return Try(text, "off")
    if prediction.kind != "number":
        return Try(text, "exact" if given == right else "off")
    from rnn_tui.claims.grading import grade

    found = grade(given, right, prediction.within)
    return Try(text, str(found.grade), "")
