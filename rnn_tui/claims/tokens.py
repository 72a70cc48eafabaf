"""The words and signs of an expression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rnn_tui.claims.errors import ClaimError
from rnn_tui.settings import quote

Kind = Literal["number", "name", "sign", "power", "end"]

LONGEST = 1_000  # characters of a text
MOST_TOKENS = 300

# Compiled when the first expression is read, and kept by `re`.
_NUMBER = r"(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+\-−]?\d{1,4}(?!\d))?"
_NAME = (
    r"(?:∂L(?:_[0-9]{1,9}|_T)?/∂|dL/d)?Δ?[A-Za-z](?:[A-Za-z0-9]|_(?=[A-Za-z0-9]))*(?:_<t[+\-−]1>)?"
)
_SIGNS = r"<=|>=|!=|≠|≤|≥|[-+−*·×⊙/÷^<>=()\[\],.:%|‖√]"
_POWER = "⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4}"
_TOKEN = rf"\s*(?:(?P<number>{_NUMBER})|(?P<name>{_NAME})|(?P<power>{_POWER})|(?P<sign>{_SIGNS}))"
_PLAIN = {
    "−": "-", "·": "*", "×": "*", "⊙": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "|": "‖",
}  # fmt: skip
_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign.

    Attributes:
        kind: what it is.
        text: a sign in plain ASCII but for ‖ and √; a number that `float` reads; a name.
        start: where it begins in the text.
        end: where it ends.
    """

    kind: Kind
    text: str
    start: int
    end: int


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the tokens of `text`; the last one is the end.

    Raises:
        ClaimError: there is something else in it, or it is too long.
    """
    if len(text) > LONGEST:
        raise ClaimError(f"{quote(text)} is too long: {LONGEST} characters at most")
    pattern, found, place = re.compile(_TOKEN, re.ASCII), list[Token](), 0
    while text[place:].strip():
        match = pattern.match(text, place)
        if match is None or match.lastgroup is None:
            rest = text[place:].strip()
            raise ClaimError(f"{quote(text)}: {quote(rest[0])} is not understood")
        kind = match.lastgroup
        place = match.end()
        word = match[kind]
        if kind == "number":
            found.append(Token("number", word.replace("−", "-"), match.start(kind), place))
        elif kind == "power":
            found.append(Token("power", word.translate(_DIGITS), match.start(kind), place))
        elif kind == "name":
            found.append(Token("name", _plain_name(word), match.start(kind), place))
        else:
            found.append(Token("sign", _PLAIN.get(word, word), match.start(kind), place))
        if len(found) > MOST_TOKENS:
            raise ClaimError(f"{quote(text)} is too long: {MOST_TOKENS} words and signs at most")
    return (*found, Token("end", "", len(text), len(text)))


def _plain_name(word: str) -> str:
    """Return a name without other ways to write it: ``∂L/∂W_h`` is ``dW_h``."""
    word = word.replace("−", "-")
    for prefix in ("∂L/∂", "dL/d"):
        if word.startswith(prefix):
            return "d" + word.removeprefix(prefix)
    return word
