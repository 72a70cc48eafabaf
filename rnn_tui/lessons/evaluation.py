"""What a step says, asks and claims, with the numbers of the run filled in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.claims.checking import ClaimResult
from rnn_tui.engine.core.expressions import Array
from rnn_tui.lessons.lesson import ClaimLine, LessonStep
from rnn_tui.number_text import MINUS
from rnn_tui.session.commands import EvaluateTexts
from rnn_tui.session.evaluated import EvaluatedTexts

NOT_YET = " is not computed yet "
"""What an error says where a name is right and its value is not there."""


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim of a step, and whether it holds.

    Attributes:
        claim: the claim.
        result: what came out; None where it has no value.
        error: why it has none, in one line; "" where it has.
    """

    claim: ClaimLine
    result: ClaimResult | None
    error: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return self.result is not None and self.result.holds

    @property
    def words(self) -> str:
        """Both sides with their numbers, or why they have none."""
        return self.error if self.result is None else self.result.words


@dataclass(frozen=True, slots=True)
class LessonMistake:
    """Something in the file that has no value in the run.

    Attributes:
        line: its line of the file.
        reason: why not, in one line.
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class StepEvaluation:
    """The texts, answers and claims of a step, as they are at its place.

    A text that cannot be filled in stands as it is in the file.

    Attributes:
        say: what the step says.
        question: what it asks; "" where it asks nothing.
        hint: for a second try.
        reveal: why, after the answer.
        choices: the texts of the choices.
        right: which of the choices is right.
        answer: the right number or timestep; None for a choice, and where it has no value.
        covered: the answer and the values that are covered with it, all their entries.
        claims: the claims.
        mistakes: what has no value.
    """

    say: str = ""
    question: str = ""
    hint: str = ""
    reveal: str = ""
    choices: tuple[str, ...] = ()
    right: tuple[bool, ...] = ()
    answer: float | None = None
    covered: tuple[float, ...] = ()
    claims: tuple[CheckedClaim, ...] = ()
    mistakes: tuple[LessonMistake, ...] = ()


def requests_of(step: LessonStep, number: int, known: Mapping[str, float | Array]) -> EvaluateTexts:
    """Return what is asked of the session for a step.

    Args:
        step: the step.
        number: the number of the answer.
        known: what is remembered, by name.
    """
    return EvaluateTexts(
        number,
        expressions=tuple(text for _, text in _expressions(step)),
        claims=tuple(text for _, text in _claims(step)),
        texts=tuple(text for _, text in _texts(step)),
        remembered=known,
    )


def evaluation_of(step: LessonStep, evaluated: EvaluatedTexts) -> StepEvaluation:
    """Return what the session has answered to `requests_of`."""
    mistakes: list[LessonMistake] = []

    def note(key: str, line: int, error: str) -> None:
        """Note a mistake, if there is one."""
        if error:
            mistakes.append(LessonMistake(line, f"{_written(key)}: {error}"))

    values: dict[str, float | Array] = {}
    for (key, _), found in zip(_expressions(step), evaluated.values, strict=True):
        pointed_at = key == "show.mark" and NOT_YET in found.error  # the next key may compute it
        note(key, step.line_of(key), "" if pointed_at else found.error)
        if found.value is not None:
            values[key] = found.value
    texts: dict[str, str] = {}
    for (key, _), filled in zip(_texts(step), evaluated.texts, strict=True):
        note(key, step.line_of(key), filled.error)
        texts[key] = filled.text
    checked = []
    for (claim, _), each in zip(_claims(step), evaluated.claims, strict=True):
        note("claim", claim.line, each.error)
        checked.append(CheckedClaim(claim, each.result, each.error))
    claims, whens = checked[: len(step.claims)], checked[len(step.claims) :]
    answer = values.get("ask.number", values.get("ask.timestep"))
    return StepEvaluation(
        say=texts["say"],
        question=texts.get("ask.question", ""),
        hint=texts.get("ask.hint", ""),
        reveal=texts.get("ask.reveal", ""),
        choices=tuple(texts[f"ask.choices.{k}.text"] for k in range(len(whens))),
        right=tuple(each.holds for each in whens),
        answer=_number(answer),
        covered=tuple(
            number
            for key, value in values.items()
            if key.startswith("ask.")
            for number in np.ravel(np.asarray(value, np.float64)).tolist()
        ),
        claims=tuple(claims),
        mistakes=tuple(mistakes),
    )


def _written(key: str) -> str:
    """Return what a key is called in the file: "hide" for ``ask.hide.0``."""
    return next(part for part in reversed(key.split(".")) if not part.isdigit())


def _number(value: float | Array | None) -> float | None:
    """Return the one number that a value is; None if it is none."""
    if value is None or np.size(value) != 1:
        return None
    return float(np.ravel(value)[0])


def mistakes_of_prediction(step: LessonStep, evaluation: StepEvaluation) -> Iterator[LessonMistake]:
    """Yield why a prediction has no right answer."""
    ask = step.ask
    if ask is None:
        return
    if ask.kind == "choice":
        right = sum(evaluation.right)
        if right != 1:
            pairs = zip(evaluation.choices, evaluation.right, strict=True)
            which = " and ".join(repr(text) for text, holds in pairs if holds)
            found = f"{right} of {len(ask.choices)} hold" + f": {which}" * bool(which)
            yield LessonMistake(
                step.line_of("ask.choices"), f"exactly one choice must hold, but {found}"
            )
        return
    answer = evaluation.answer
    line = step.line_of(f"ask.{ask.kind}")
    if answer is None:
        if not any(each.line == line for each in evaluation.mistakes):
            yield LessonMistake(line, f"{ask.answer} must be one number, and it is several")
    elif not math.isfinite(answer):
        shown = f"{answer}".replace("-", MINUS)
        yield LessonMistake(line, f"{ask.answer} must be a finite number, and it is {shown}")
    elif ask.kind == "timestep" and (answer != int(answer) or answer < 1):
        yield LessonMistake(line, f"{ask.answer} must be a timestep, and it is {answer:g}")


def _expressions(step: LessonStep) -> Iterator[tuple[str, str]]:
    """Yield the expressions of a step by their keys."""
    if step.show.mark:
        yield "show.mark", step.show.mark
    if step.ask is None:
        return
    if step.ask.answer:
        yield f"ask.{step.ask.kind}", step.ask.answer
    for number, text in enumerate(step.ask.hides):
        yield f"ask.hide.{number}", text


def _claims(step: LessonStep) -> Iterator[tuple[ClaimLine, str]]:
    """Yield the claims of a step: its own, then those of the choices."""
    for claim in step.claims:
        yield claim, claim.text
    if step.ask is not None:
        for choice in step.ask.choices:
            yield ClaimLine(choice.when, choice.line), choice.when


def _texts(step: LessonStep) -> Iterator[tuple[str, str]]:
    """Yield the texts of a step by their keys."""
    yield "say", step.say
    if step.ask is None:
        return
    yield "ask.question", step.ask.question
    yield "ask.hint", step.ask.hint
    yield "ask.reveal", step.ask.reveal
    for number, choice in enumerate(step.ask.choices):
        yield f"ask.choices.{number}.text", choice.text
