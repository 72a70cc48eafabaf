"""Reads expressions and claims. Nothing is carried out: the result is a tree of `syntax`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, cast

from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.syntax import (
    Always,
    Call,
    Chain,
    Compared,
    Comparison,
    Joined,
    Name,
    Negated,
    Node,
    Not,
    Number,
    OverTime,
    Position,
    Power,
    TimeSearch,
    is_claim,
)
from rnn_tui.claims.tokens import Token, tokens_of
from rnn_tui.settings import quote

DEEPEST = 30  # brackets in each other
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
OVER_TIME = ("sum", "prod", "mean", "max", "min")
SEARCHES = ("first", "last", "count")
SECOND = ("versus", "second")
LOSS_ALONE = re.compile(r"∂L_(?P<t>\d+|T)/∂(?P<state>\w+(?:<t[+-]1>)?)", re.ASCII)
WORDS = frozenset({"and", "or", "not", "within", "of", "in", "over", "from", "to", "where", "for"})


def parse_tree(text: str, *, claim: bool) -> Node:
    """Return the tree of a text.

    Args:
        text: what was written.
        claim: whether it says something that holds or does not; else it is a number or numbers.

    Raises:
        ClaimError: it is none.
    """
    text = " ".join(text.split())  # messages are of one line
    if not text:
        raise ClaimError(f"{'a claim' if claim else 'an expression'} is missing")
    parser = _Parser(text)
    tree = parser.claims()
    parser.expect_end()
    if claim and not is_claim(tree):
        raise ClaimError(f"{quote(text)} claims nothing: A < B, A = B within X, A within 5% of B")
    if not claim and is_claim(tree):
        raise ClaimError(f"{quote(text)} is a claim; a number is expected here")
    return tree


class _Parser:
    """Reads the tokens of one text, from the left."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._place = 0
        self._depth = 0
        self._bound = False  # within something over t

    # Tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _ahead(self, by: int) -> str:
        """Return the text of a token further on."""
        return self._tokens[min(self._place + by, len(self._tokens) - 1)].text

    def _take(self, *texts: str) -> str | None:
        """Take the next token if it is one of these words or signs."""
        token = self._next
        if token.kind in ("name", "sign") and token.text in texts:
            self._place += 1
            return token.text
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise self._error(f"{quote(text)} is expected")

    def expect_end(self) -> None:
        """Check that nothing is left."""
        if self._next.kind != "end":
            raise self._error("is not expected")

    def _error(self, what: str) -> ClaimError:
        """Return an error at the next token."""
        token = self._next
        if token.kind == "end":
            return ClaimError(f"{quote(self._text)} ends too early: {what}")
        found = quote(self._text[token.start : token.end])
        if what == "is not expected":
            return ClaimError(f"{quote(self._text)}: {found} is not expected")
        return ClaimError(f"{quote(self._text)}: {what}, not {found}")

    def _since(self, start: int) -> str:
        """Return what was written from the token `start` up to here."""
        return self._text[self._tokens[start].start : self._tokens[self._place - 1].end]

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        """Be within brackets, or what comes to the same."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise ClaimError(f"{quote(self._text)}: more than {DEEPEST} brackets in each other")
        yield
        self._depth -= 1

    @contextmanager
    def _over_time(self) -> Iterator[None]:
        """Be within something for which t is a timestep."""
        if self._bound:
            raise ClaimError(f"{quote(self._text)}: t is a timestep already")
        self._bound = True
        yield
        self._bound = False

    # Claims

    def claims(self) -> Node:
        """Read claims joined by or, or a single number."""
        return self._joined("or", lambda: self._joined("and", self._claim))

    def _joined(self, word: Literal["and", "or"], read: Callable[[], Node]) -> Node:
        """Read claims joined by a word."""
        start = self._place
        claims = [read()]
        while self._take(word):
            claims.append(read())
        if len(claims) == 1:
            return claims[0]
        for claim in claims:
            self._require_claim(claim)
        return Joined(self._since(start), word, tuple(claims))

    def _claim(self) -> Node:
        """Read ``not …``, ``for every t: …`` or a comparison."""
        start = self._place
        if self._take("not"):
            with self._deeper():
                claim = self._claim()
            self._require_claim(claim)
            return Not(self._since(start), claim)
        if self._take("for"):
            self._expect("every")
            self._expect("t")
            with self._deeper(), self._over_time():
                first, last = self._range()
                self._expect(":")
                claim = self._claim()
            self._require_claim(claim)
            return Always(self._since(start), first, last, claim)
        return self._comparison()

    def _comparison(self) -> Node:
        """Read an expression, or expressions that are compared: ``0 < x < 1``."""
        start = self._place
        left = self._sum()
        if self._take("within"):
            share = self._number_node(self._sum())
            self._expect("of")
            right = self._number_node(self._sum())
            return Compared(self._since(start), "=", self._number_node(left), right, share)
        compared: list[Node] = []
        while comparison := self._take(*COMPARISONS):
            right = self._number_node(self._sum())
            tolerance: Node | None = None
            if comparison == "=" and self._take("within"):
                tolerance = self._number_node(self._sum())
            sign = cast("Comparison", comparison)
            text = self._since(start)
            compared.append(Compared(text, sign, self._number_node(left), right, tolerance))
            left, start = right, start
        if not compared:
            return left
        if len(compared) == 1:
            return compared[0]
        return Joined(self._since(start), "and", tuple(compared))

    def _require_claim(self, node: Node) -> None:
        if not is_claim(node):
            raise ClaimError(f"{quote(self._text)}: {quote(node.text)} is a number, not a claim")

    def _number_node(self, node: Node) -> Node:
        if is_claim(node):
            raise ClaimError(f"{quote(self._text)}: {quote(node.text)} is a claim, not a number")
        return node

    def _range(self) -> tuple[Node | None, Node | None]:
        """Read ``from A to B``, if it is there."""
        if not self._take("from"):
            return None, None
        first = self._number_node(self._sum())
        self._expect("to")
        return first, self._number_node(self._sum())

    # Numbers

    def _sum(self) -> Node:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/"), self._signed))

    def _chain(self, signs: tuple[str, ...], read: Callable[[], Node]) -> Node:
        """Read operands with these signs between them."""
        start = self._place
        first, rest = read(), list[tuple[str, Node]]()
        while sign := self._take(*signs):
            operand = self._number_node(read())
            rest.append((sign, operand))
        if not rest:
            return first
        return Chain(self._since(start), self._number_node(first), tuple(rest))

    def _signed(self) -> Node:
        """Read −x, +x or x."""
        start = self._place
        sign = self._take("-", "+")
        if sign is None:
            return self._power()
        with self._deeper():
            inner = self._number_node(self._signed())
        return Negated(self._since(start), inner) if sign == "-" else inner

    def _power(self) -> Node:
        """Read x, x^n or x²."""
        start = self._place
        base = self._primary()
        if self._next.kind == "power":
            exponent: Node = Number(self._next.text, float(self._next.text))
            self._place += 1
            return Power(self._since(start), self._number_node(base), exponent)
        if not self._take("^"):
            return base
        with self._deeper():
            exponent = self._number_node(self._signed())
        return Power(self._since(start), self._number_node(base), exponent)

    def _primary(self) -> Node:
        """Read a number, a name, a function or something in brackets."""
        start, token = self._place, self._next
        if token.kind == "number":
            return self._number()
        if self._take("("):
            with self._deeper():
                inner = self.claims()
            self._expect(")")
            return inner
        if self._take("‖"):
            if match := LOSS_ALONE.fullmatch(self._next.text):
                return self._alone(start, match)
            with self._deeper():
                inner = self._number_node(self._sum())
            self._expect("‖")
            return Call(self._since(start), "norm", (inner,))
        if self._take("√"):
            with self._deeper():
                inner = self._number_node(self._primary())
            return Call(self._since(start), "sqrt", (inner,))
        if token.kind == "name" and token.text not in WORDS:
            return self._named()
        raise self._error("a number or a name is expected")

    def _alone(self, start: int, match: re.Match[str]) -> Node:
        """Read the rest of ``‖∂L_20/∂h_12‖``."""
        token = self._next
        self._place += 1
        self._expect("‖")
        state = Name(self._text[token.start : token.end], f"d{match['state']}")
        loss = () if match["t"] == "T" else (Number(match["t"], float(match["t"])),)
        return Call(self._since(start), "alone", (state, *loss))

    def _number(self) -> Node:
        """Read a number, maybe with %."""
        start = self._place
        value = float(self._next.text)
        self._place += 1
        if not math.isfinite(value):
            raise ClaimError(f"{quote(self._text)}: {quote(self._since(start))} is too large")
        if self._take("%"):
            return Number(self._since(start), value / 100, percent=True)
        return Number(self._since(start), value)

    def _named(self) -> Node:
        """Read what begins with a name."""
        start = self._place
        name = self._next.text
        self._place += 1
        if name in OVER_TIME and self._take("over"):
            return self._over(start, name)
        if name in SEARCHES and self._next.text == "t" and self._ahead(1) in ("where", "from"):
            return self._search(start, cast("Literal['first', 'last', 'count']", name))
        of_second = name in SECOND and self._take(".") is not None
        if of_second:
            if self._next.kind != "name":
                raise self._error("a name of the second network is expected")
            name = self._next.text
            self._place += 1
        if self._take("("):
            arguments = self._arguments()
            return Call(self._since(start), name, arguments, of_second)
        place = self._brackets()
        sample = self._sample()
        if name.startswith("Δ"):
            plain = Name(self._since(start), name[1:], place, sample, of_second)
            return Call(self._since(start), "update", (plain,), of_second)
        return Name(self._since(start), name, place, sample, of_second)

    def _arguments(self) -> tuple[Node, ...]:
        """Read what is in a function's brackets, and the closing one."""
        arguments: list[Node] = []
        with self._deeper():
            while not self._take(")"):
                if arguments:
                    self._expect(",")
                arguments.append(self._number_node(self.claims()))
        return tuple(arguments)

    def _over(self, start: int, function: str) -> Node:
        """Read the rest of ``prod over t from 2 to 20 (…)``."""
        self._expect("t")
        with self._deeper(), self._over_time():
            first, last = self._range()
            self._take("of")
            body = self._number_node(self._power())
        return OverTime(self._since(start), function, first, last, body)

    def _search(self, start: int, which: Literal["first", "last", "count"]) -> Node:
        """Read the rest of ``first t where …``."""
        self._expect("t")
        with self._deeper(), self._over_time():
            first, last = self._range()
            self._expect("where")
            claim = self._claim()
        self._require_claim(claim)
        return TimeSearch(self._since(start), which, first, last, claim)

    def _brackets(self) -> tuple[Position, ...] | None:
        """Read ``[3]``, ``[3,1]``, ``[:,1:8]``; None where there is no bracket."""
        if not self._take("["):
            return None
        places: list[Position] = []
        with self._deeper():
            while True:
                places.append(self._position())
                if not self._take(","):
                    break
        self._expect("]")
        return tuple(places)

    def _position(self) -> Position:
        """Read ``3``, ``1:8``, ``:8``, ``3:`` or ``:``."""
        first = None if self._next.text == ":" else self._number_node(self._sum())
        if not self._take(":"):
            return Position(first, first, single=True)
        last = None if self._next.text in (",", "]") else self._number_node(self._sum())
        return Position(first, last, single=False)

    def _sample(self) -> Node | Literal["all"] | None:
        """Read ``in sample 2`` or ``in all samples``, if it is there."""
        if self._next.text != "in":
            return None
        self._place += 1
        if self._take("all"):
            self._expect("samples")
            return "all"
        self._expect("sample")
        return self._number_node(self._primary())
