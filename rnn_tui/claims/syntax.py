"""Expressions and claims as trees; `text` of each node is what was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Comparison = Literal["<", "<=", ">", ">=", "=", "!="]


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `percent`: it was written with %, and `value` is the share."""

    text: str
    value: float
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """One entry or a range of entries of an axis, from 1; None: from the first, or to the last."""

    first: Node | None
    last: Node | None
    single: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A named value.

    Attributes:
        text: as it was written.
        name: the name, with its time: ``dh_7``, ``W_hf``, ``h_<t-1>``.
        place: what is in brackets; None where there are none.
        sample: which sample of the batch, from 1; "all"; None where nothing is said.
        of_second: whether it is the second network's.
    """

    text: str
    name: str
    place: tuple[Position, ...] | None = None
    sample: Node | Literal["all"] | None = None
    of_second: bool = False


@dataclass(frozen=True, slots=True)
class Negated:
    """−x."""

    text: str
    inner: Node


@dataclass(frozen=True, slots=True)
class Chain:
    """A sum or a product: ``a + b − c``, from the left."""

    text: str
    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """``x^n``."""

    text: str
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments; `of_second`: of the second network."""

    text: str
    function: str
    arguments: tuple[Node, ...]
    of_second: bool = False


@dataclass(frozen=True, slots=True)
class OverTime:
    """``prod over t from 2 to 20 (f_t[1])``; without a range, over all timesteps."""

    text: str
    function: str
    first: Node | None
    last: Node | None
    body: Node


@dataclass(frozen=True, slots=True)
class TimeSearch:
    """``first t where CLAIM``, ``last t where …``, ``count t where …``."""

    text: str
    which: Literal["first", "last", "count"]
    first: Node | None
    last: Node | None
    claim: Node


@dataclass(frozen=True, slots=True)
class Compared:
    """``A < B``; `tolerance` is that of ``=``, of B where it was written with %."""

    text: str
    comparison: Comparison
    left: Node
    right: Node
    tolerance: Node | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Claims joined by ``and`` or ``or``."""

    text: str
    word: Literal["and", "or"]
    claims: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``not CLAIM``."""

    text: str
    claim: Node


@dataclass(frozen=True, slots=True)
class Always:
    """``for every t from 2 to 20: CLAIM``."""

    text: str
    first: Node | None
    last: Node | None
    claim: Node


ClaimNode = Compared | Joined | Not | Always
Node = Number | Name | Negated | Chain | Power | Call | OverTime | TimeSearch | ClaimNode


def is_claim(node: Node) -> bool:
    """Return whether a node says something that holds or does not, and is no number."""
    return isinstance(node, ClaimNode)
