"""How the texts of a lesson are laid out, and how many lines they need."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnn_tui.lessons.lesson import Lesson, LessonStep
from rnn_tui.tui.lines import text_width

READABLE = 92  # cells of a line of text at most
_FILLED = re.compile(r"\{[^{}]*\}")
_NUMBER = "−0.01234"  # about as wide as what is filled in


def wrapped(text: str, width: int) -> list[str]:
    """Wrap text into lines of at most `width` cells; only a longer word exceeds it."""
    width = min(width, READABLE)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and text_width(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        if line:
            lines.append(line)
    return lines


def choice_lines(choices: tuple[str, ...], width: int) -> list[list[int]]:
    """Return which of the choices stand in each line: all in one, or one in each."""
    taken = sum(text_width(each) + CHOICE for each in choices)
    places = list(range(len(choices)))
    return [places] if choices and taken <= width else [[k] for k in places]


def choice_text(choice: str, width: int) -> list[str]:
    """Return a choice that has its lines to itself, in as many as it needs."""
    return wrapped(choice, width - BEFORE_CHOICE + 1) or [""]


BEFORE_CHOICE = 4  # cells before the text of a choice
CHOICE = 6  # cells around a choice: its mark, its number and a gap


@dataclass(frozen=True, slots=True)
class LessonRoom:
    """Says how many lines the panel of a lesson needs, the same in all of its steps.

    Attributes:
        steps: of each step the text, question, choices, hint and reveal.
    """

    steps: tuple[tuple[str, str, tuple[str, ...], str, str], ...]

    @classmethod
    def of(cls, lesson: Lesson) -> LessonRoom:
        """Return the room that a lesson needs."""
        return cls(tuple(map(_texts, lesson.steps)))

    def lines(self, width: int) -> tuple[int, int]:
        """Return the lines that are needed at a width of the panel, title included.

        Returns:
            With what one has read left out once there is more to read; with all of it.
        """
        width -= 2
        least = most = 0
        for say, question, choices, hint, reveal in self.steps:
            text, asked = len(wrapped(say, width)), len(wrapped(question, width))
            places = choice_lines(choices, width)
            alone = len(places) == len(choices)
            asked += sum(len(choice_text(each, width)) for each in choices) if alone else 1
            tried = 1 + len(wrapped(f"hint {hint}", width)) if hint else 0
            why = 1 + len(wrapped(reveal, width)) if question else 0
            least = max(least, text + asked, asked + tried, why)
            most = max(most, text + asked + max(tried, why))
        return least + 2, most + 2


def _texts(step: LessonStep) -> tuple[str, str, tuple[str, ...], str, str]:
    """Return the texts of a step, with something like a number where one is filled in."""
    ask = step.ask
    if ask is None:
        return _filled(step.say), "", (), "", ""
    choices = tuple(_filled(each.text) for each in ask.choices)
    texts = (step.say, ask.question, ask.hint, ask.reveal)
    say, question, hint, reveal = map(_filled, texts)
    return say, question, choices, hint, reveal


def _filled(text: str) -> str:
    return _FILLED.sub(_NUMBER, text)
