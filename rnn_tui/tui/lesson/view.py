"""What is drawn of a lesson: immutable, and nothing but values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Asked = Literal["", "number", "choice", "timestep"]
TAKEN = "taken"
"""What stands for the grade of an answer that is handed in ungraded."""


@dataclass(frozen=True, slots=True)
class Try:
    """An answer and its grade.

    Attributes:
        given: the answer as it was typed.
        grade: "exact", "approximate" or "off"; `TAKEN` where it is not graded.
        words: the grade in words: "approximate: 0.4 % off".
    """

    given: str
    grade: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class LessonView:
    """What the panel ``lesson`` shows.

    Attributes:
        heading: the lesson: "lesson 3 · powers of w".
        title: the title of the step.
        place: "step 2 of 9".
        say: the text, numbers filled in.
        question: the question; "" for none.
        asked: what the answer is; "" where nothing is asked.
        choices: the choices, of a question that has some.
        answer: what has been typed; of choices, the number of the one that is highlighted.
        open: the answer is awaited.
        typing: the keys of the answer go to its field.
        tries: the answers so far, with their grades.
        right: the right answer, once it is known.
        hint: the hint, after a first wrong answer.
        reveal: why, once the answer is known.
        busy: the actions of the step are being done.
        off_path: the run is elsewhere than the lesson.
        turns: PgUp goes back to the step before, whatever panel has the focus.
        last: there is no step after this one.
        ended: the sum-up is shown, as `say`.
        problem: what has gone wrong, in one line; "" for nothing.
        otherwise: what is said where a claim of the step does not hold in this run.
        mark: the value that is pointed at, as a name: ``dh_2[1]``; "" for none.
        dim: everything but that is dimmed.
        turned: it is a slide, which PgDn and PgUp turn.
    """

    heading: str
    title: str = ""
    place: str = ""
    say: str = ""
    question: str = ""
    asked: Asked = ""
    choices: tuple[str, ...] = ()
    answer: str = ""
    open: bool = False
    typing: bool = False
    tries: tuple[Try, ...] = ()
    right: str = ""
    hint: str = ""
    reveal: str = ""
    busy: bool = False
    off_path: bool = False
    turns: bool = False
    last: bool = False
    ended: bool = False
    problem: str = ""
    otherwise: str = ""
    mark: str = ""
    dim: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Covered:
    """What is not to be seen until the answer is in.

    Attributes:
        numbers: values that are drawn ███ wherever a panel has them.
        names: names of values that are covered where they stand: ``da_2[1]``, ``da_2``, ``W_h``.
        panels: panels that are covered as a whole.
        workings: whether equations have no numbers but their result.
    """

    numbers: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    workings: bool = False
