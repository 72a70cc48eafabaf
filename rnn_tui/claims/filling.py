"""Texts with numbers to be filled in: ``the loss is {loss}``.

A number is written as the screen writes it. After a colon stands how: ``{loss:3}`` with three
significant digits, ``{loss:+}`` with its sign, ``{accuracy:%}`` as a percentage, ``{accuracy:.1%}``
with one decimal, ``{loss:.2}`` with two decimals. ``{{`` and ``}}`` are braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.expressions import StateExpression, parse_expression
from rnn_tui.claims.run_state import RunState
from rnn_tui.number_text import DIGITS, MINUS, NOT_FINITE, number, signed
from rnn_tui.settings import quote

UNKNOWN = "·"
MOST_ENTRIES = 8  # of a list that is written out
_FORM = re.compile(r"(?P<sign>\+)?(?:(?P<digits>\d)|\.(?P<decimals>\d)(?P<tenth>%)?|(?P<share>%))?")


@dataclass(frozen=True, slots=True)
class Blank:
    """A number to be filled in.

    Attributes:
        expression: the number.
        form: how it is written, see the module.
    """

    expression: StateExpression
    form: str = ""

    def fill(self, state: RunState) -> str:
        """Return the number as text.

        Raises:
            ClaimError: it has none here.
        """
        value = np.atleast_1d(np.asarray(self.expression.evaluate(state))).reshape(-1)
        shown = [written(float(each), self.form) for each in value[:MOST_ENTRIES].tolist()]
        return ", ".join(shown) + (", …" if value.size > MOST_ENTRIES else "")


def parts_of(text: str) -> Iterator[str | Blank]:
    """Yield the pieces of a text, and what is to be filled in between them.

    Raises:
        ClaimError: a brace has no other one, or what is in them is no expression.
    """
    place = 0
    while place < len(text):
        brace = re.compile(r"[{}]").search(text, place)
        if brace is None:
            yield text[place:]
            return
        start, sign = brace.start(), brace[0]
        if text[start : start + 2] == 2 * sign:
            yield text[place:start] + sign
            place = start + 2
            continue
        end = text.find("}", start)
        if sign == "}" or end < 0:
            raise ClaimError(f"{quote(text)}: a brace is alone; write {sign}{sign} for a brace")
        yield text[place:start]
        yield blank_of(text[start + 1 : end])
        place = end + 1


def blank_of(inside: str) -> Blank:
    """Read what is in braces."""
    expression, form = inside, ""
    head, colon, tail = inside.rpartition(":")
    if colon and "]" not in tail:
        expression, form = head, tail.strip()
        if _FORM.fullmatch(form) is None or form == "0":
            raise ClaimError(f"{quote(inside)}: the form {quote(form)} is none of 3, +, .2, %, .1%")
    return Blank(parse_expression(expression), form)


def written(value: float, form: str = "") -> str:
    """Return a number in a form."""
    match = _FORM.fullmatch(form)
    assert match is not None
    if match["share"] or match["tenth"]:
        share = f"{100 * value:.{match['decimals'] or 0}f} %" if np.isfinite(value) else NOT_FINITE
        return _with_sign(share, value, match)
    if match["decimals"]:
        return _with_sign(f"{value:.{match['decimals']}f}", value, match)
    digits = int(match["digits"] or DIGITS)
    return signed(value, digits) if match["sign"] else number(value, digits)


def _with_sign(text: str, value: float, match: re.Match[str]) -> str:
    return ("+" if match["sign"] and value > 0 else "") + text.replace("-", MINUS)


def fill(text: str, state: RunState) -> str:
    """Return a text with its numbers filled in.

    Raises:
        ClaimError: something in braces cannot be read, or has no value here; one line.
    """
    return "".join(part if isinstance(part, str) else part.fill(state) for part in parts_of(text))


def fill_known(text: str, state: RunState | None) -> tuple[str, str]:
    """Return a text with the numbers filled in that there are, and a dot for each other one.

    Args:
        text: the text.
        state: the state of the run; None where nothing is known of it.

    Returns:
        The text, and why the first number is missing; "" where none is.

    Raises:
        ClaimError: something in braces cannot be read; one line.
    """
    shown, why = list[str](), ""
    for part in parts_of(text):
        if isinstance(part, str):
            shown.append(part)
            continue
        try:
            if state is None:
                raise ClaimError("the network is training: space pauses it")
            shown.append(part.fill(state))
        except ClaimError as error:
            shown.append(UNKNOWN)
            why = why or str(error)
    return "".join(shown), why


def check_text(text: str) -> None:
    """Check that everything in braces can be read.

    Raises:
        ClaimError: something cannot.
    """
    for _ in parts_of(text):
        pass
