"""The field of an answer takes the keys that an answer needs, and no others."""

from __future__ import annotations

import pytest

from rnn_tui.tui.lesson.answer import AnswerField, wrong_form
from rnn_tui.tui.lesson.view import Asked


def typed(asked: Asked, text: str, choices: int = 0) -> tuple[str, str]:
    """Return what is in the field after these keys, and those that were not for it."""
    field, left = AnswerField(asked, choices), ""
    for character in text:
        if not field.key(character, character):
            left += character
    return field.text, left


@pytest.mark.parametrize(
    ("text", "field", "left"),
    [
        ("-.0184", "−.0184", ""),
        ("1.8e-2", "1.8e−2", ""),
        ("e5nse", "5e", "ens"),
        ("/2/3", "2/3", "/"),
        (" 76 %", "76%", " "),
        ("1,5", "1,5", ""),
    ],
)
def test_a_number_has_digits_and_signs(text: str, field: str, left: str) -> None:
    assert typed("number", text) == (field, left)


def test_choices_are_taken_by_number_letter_and_arrows() -> None:
    assert typed("choice", "2", 3) == ("2", "")
    assert typed("choice", "c", 3) == ("3", "")
    assert typed("choice", "9d", 3) == ("", "9d")
    field = AnswerField("choice", 3)
    assert all(field.key(name, None) for name in ("down", "down", "down", "down", "up"))
    assert field.text == "2"


def test_what_cannot_be_an_answer_is_no_try() -> None:
    assert wrong_form("number", "", 5) == "type a number, then enter"
    assert wrong_form("number", "1.2.3", 5)
    assert wrong_form("number", "2/3", 5) == ""
    assert wrong_form("timestep", "6", 5) == "there is no t=6: timesteps are 1 to 5"
    assert wrong_form("choice", "1", 5) == ""
