"""What became of the expressions, claims and texts of `EvaluateTexts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.engine.core.expressions import Array

if TYPE_CHECKING:
    from rnn_tui.claims.expressions import ClaimResult
    from rnn_tui.engine.time_travel.places import Place


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedValue:
    """An expression's value.

    Attributes:
        value: a number, or an array of float64; None where there is none.
        error: why there is none, in one line; "" where there is one.
    """

    value: float | Array | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class EvaluatedClaim:
    """What became of a claim.

    Attributes:
        result: whether it holds, and the numbers; None where that cannot be said.
        error: why not, in one line; "" where it can.
    """

    result: ClaimResult | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class EvaluatedText:
    """A text with its numbers.

    Attributes:
        text: with a dot in place of every number that there is not.
        error: why the first of these is missing, in one line; "" where all are there.
    """

    text: str
    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedTexts:
    """The answer to one `EvaluateTexts`, each in the order that was asked for.

    Attributes:
        number: that of the command.
        place: of the run, where all were evaluated.
        values: of the expressions.
        claims: of the claims.
        texts: of the texts.
    """

    number: int
    place: Place
    values: tuple[EvaluatedValue, ...] = ()
    claims: tuple[EvaluatedClaim, ...] = ()
    texts: tuple[EvaluatedText, ...] = ()
