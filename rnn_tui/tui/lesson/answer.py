"""The field that an answer is typed into: which keys it takes, and what they make of it."""

from __future__ import annotations

from string import ascii_lowercase

from rnn_tui.tui.lesson.view import Asked

MOST = 24  # characters of an answer
_SIGNS = {"-": "−", "−": "−", "+": "+", ".": ".", ",": ",", "%": "%"}
_OPERATORS = "/*^()"  # of a number that is to be calculated, once it has begun
ERASING = ("backspace", "delete", "ctrl+h")


class AnswerField:
    """What has been typed; digits and signs of a number, or one of the choices.

    All other keys keep what they mean: one can step around with half an answer typed.

    Attributes:
        asked: what the answer is.
        choices: the number of choices, of a question that has some.
        text: what has been typed; of choices, the number of the highlighted one, from 1.
    """

    def __init__(self, asked: Asked = "", choices: int = 0) -> None:
        """Be empty."""
        self.asked = asked
        self.choices = choices
        self.text = ""

    def key(self, key: str, character: str | None) -> bool:
        """Take a key if it is one for the field.

        Args:
            key: its name in Textual.
            character: the character that it types; None for none.

        Returns:
            Whether it was.
        """
        if key in ERASING and (self.text or key == "backspace"):
            self.text = "" if self.asked == "choice" else self.text[:-1]
            return True
        if character == " " and self.text:  # typed within an answer, it does not begin training
            return True
        if self.asked == "choice":
            return self._choice(key, character)
        typed = _SIGNS.get(character or "") or (character or "")
        if self.asked == "timestep":
            return typed.isascii() and typed.isdigit() and self._type(typed)
        if typed in ("e", "E") and self.text and self.text[-1].isdigit() and "e" not in self.text:
            return self._type("e")
        calculated = bool(self.text) and len(typed) == 1 and typed in _OPERATORS
        if calculated or (typed.isascii() and typed.isdigit()) or typed in _SIGNS.values():
            return self._type(typed)
        return False

    def _type(self, character: str) -> bool:
        """Add a character, as long as there is room."""
        if len(self.text) < MOST:
            self.text += character
        return True

    def _choice(self, key: str, character: str | None) -> bool:
        """Highlight a choice, by its number or letter, or the next one."""
        here = int(self.text) if self.text else 0
        if key in ("up", "down"):
            step = 1 if key == "down" else -1
            self.text = str(min(max(here + step, 1), self.choices) if here else 1)
            return True
        names = "123456789"[: self.choices], ascii_lowercase[: self.choices]
        for each in names:
            if character and len(character) == 1 and character in each:
                self.text = str(each.index(character) + 1)
                return True
        return False

    def paste(self, text: str) -> None:
        """Take those characters of a pasted text that it would take as keys."""
        for character in text.strip()[:MOST]:
            self.key(character, character)


def wrong_form(asked: Asked, text: str, steps: int) -> str:
    """Return why a text cannot be an answer, in words; "" if it can.

    Args:
        asked: what the answer is.
        text: what was typed.
        steps: the number of timesteps.
    """
    if not text:
        kinds = {"choice": "choose one, by its number or ↑ ↓", "timestep": "type a timestep"}
        return f"{kinds.get(asked, 'type a number')}, then enter"
    if asked == "number":
        return _not_a_number(text)
    if asked == "timestep" and not 1 <= int(text) <= steps:
        return f"there is no t={text}: timesteps are 1 to {steps}"
    return ""


def _not_a_number(text: str) -> str:
    """Return why a text is no number; "" if it is one."""
    from rnn_tui.claims.answers import read_number
    from rnn_tui.claims.errors import ClaimError

    try:
        read_number(text)
    except ClaimError as error:
        return str(error)
    return ""
