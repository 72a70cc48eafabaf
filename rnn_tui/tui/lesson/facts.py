"""What is known of a step once its actions are done: its texts with numbers, and the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnn_tui.lessons.evaluation import StepEvaluation, mistakes_of_prediction
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
        problem: why no answer is right, in one line; the question is not graded. "" if one is.
        seed: the seed of the run; None where that does not say which numbers it begins with.
        failed: what is claimed and does not hold, with the numbers; () if all holds.
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
    seed: int | None = None
    failed: tuple[str, ...] = ()

    def otherwise(self, *, told: bool) -> str:
        """Return what is said where a claim of the step does not hold; "" if all do.

        Args:
            told: whether its numbers may be seen, as nothing is asked for any more.
        """
        if not self.failed:
            return ""
        if not told:
            return f"{self._run.capitalize()} not all comes out as this lesson says."
        more = len(self.failed) - 1
        others = f" (and {more} more)" if more else ""
        return f"{self._run.capitalize()} it comes out otherwise: {self.failed[0]}{others}."

    @property
    def not_graded(self) -> str:
        """Why no answer is graded, in one line; "" if one is."""
        return f"not graded {self._run}: {self.problem}" if self.problem else ""

    @property
    def _run(self) -> str:
        return "here" if self.seed is None else f"with this seed ({self.seed})"


def facts_of(
    step: LessonStep, found: StepEvaluation, steps: int, seed: int | None = None
) -> StepFacts:
    """Return what is known of a step whose texts and answers have been evaluated.

    Args:
        step: the step.
        found: its texts and answers.
        steps: the number of timesteps.
        seed: that of the run, if it says which numbers it begins with.
    """
    ask = step.ask
    failed = tuple(each.words for each in found.claims if not each.holds)
    if ask is None:
        return StepFacts(found.say, steps=steps, seed=seed, failed=failed)
    right, right_text, problem = math.nan, "", ""
    if ask.kind == "choice":
        holding = [k for k, holds in enumerate(found.right, 1) if holds]
        right = holding[0] if holding else math.nan
        right_text = found.choices[holding[0] - 1] if holding else ""
    elif found.answer is not None:
        right = found.answer
        right_text = number(right) if ask.kind == "number" else f"t={right:.0f}"
    if wrong := [*mistakes_of_prediction(step, found)]:
        problem = wrong[0].reason
    elif not right_text:  # it has no value, which is a mistake of its own
        line = step.line_of(f"ask.{ask.kind}")
        problem = next((each.reason for each in found.mistakes if each.line == line), "no value")
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
        seed,
        failed,
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
