"""Equations with live numbers: the text of an operation's tokens.

`f_7[3] = σ(0.4970·0.3100 + 1.830 + 1.000) = σ(2.984) = 0.9519`: the numbers shown are the numbers
used, rounded to four significant digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import numpy as np

from rnn_tui.engine.core.expressions import Function, Products, Token, UnitReader, Values
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.tui.ascii_text import part_in_ascii
from rnn_tui.tui.lines import Line, fold
from rnn_tui.tui.number_format import MINUS, number

_LEFT_OUT = re.compile(r"\(\d+ (?:more|terms): [^ )]+\)")
_NO_BREAK = "\N{NO-BREAK SPACE}"
BEGIN, END = "\N{WORD JOINER}", "\N{FUNCTION APPLICATION}"  # around a number; they have no width
_MARKED = re.compile(f"({BEGIN}[^{END}]*{END})")
_FACTORS = re.compile(rf"(?<=[\d){END}])([·*])(?=[−\d({BEGIN}-])")

Fits = Callable[[str], bool]
"""Whether there is room for a text."""


class NamedNumber(float):
    """A number of an equation, with the name of the value that it is an entry of.

    Attributes:
        name: the name.
    """

    name: str


class NamingReader(UnitReader):
    """Reads numbers with their names."""

    def number(self, name: str) -> float:
        """Return the selected unit's entry of the value `name`, with that name."""
        number = NamedNumber(super().number(name))
        number.name = name
        return number


def spell(
    tokens: Sequence[Token],
    terms: Sequence[int] = (),
    marked: Collection[str] = (),
    unit: int = 0,
) -> str:
    """Return tokens as one line; a negative number turns + into −, or is put in parentheses.

    Args:
        tokens: of an expression.
        terms: how many terms are written of each sum of products, in order; of those that are not
            in the list, all.
        marked: names of values whose numbers are put between `BEGIN` and `END`.
        unit: the entry of a vector whose factor is marked, from 0.
    """
    parts: list[str] = []
    tokens = _written_out(tokens, terms, unit)
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            parts.append(token)
            continue
        begin, end = (BEGIN, END) if getattr(token, "name", None) in marked else ("", "")
        text = number(token)
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if text.startswith(MINUS):
            before = parts[-1] if parts else ""
            if before == " + " and following != "²":
                parts[-1] = f" {MINUS} "
                text = text[1:]
            elif following == "²" or not (before in ("", " + ") or before.endswith(("(", ": "))):
                begin, end = f"({begin}", f"{end})"
        parts.append(f"{begin}{text}{end}")
    return "".join(parts)


def _written_out(tokens: Sequence[Token], terms: Sequence[int], unit: int) -> list[str | float]:
    """Return tokens with the terms in place of each sum of products; see `spell`."""
    result: list[str | float] = []
    counts = iter(terms)
    for index, token in enumerate(tokens):
        if not isinstance(token, Products):
            result.append(token)
            continue
        written = _terms(token, next(counts, len(token.entries)), unit)
        before, after = result[-1] if result else "", tokens[index + 1 : index + 2]
        within = before in ("·", "/", " − ", "−") or (after and after[0] in ("·", "/", "²"))
        result += ["(", *written, ")"] if within and len(written) > 3 else written
    return result


def _terms(sum_: Products, count: int, unit: int) -> list[str | float]:
    """Return the tokens of `count` terms, the largest first, and of the sum of the others.

    Where they are all written, they are in order. The factor of entry `unit` has the vector's name.
    """
    products, most = sum_.products(), len(sum_.entries)
    written: list[str | float] = []
    order = np.arange(most) if count >= most else sum_.largest_first
    for place in order[:count]:
        separator = [" + "] if written else []
        left = NamedNumber(sum_.left[place])
        left.name = sum_.vector if sum_.entries[place] == unit else ""
        written += [*separator, left, "·", float(sum_.right[place])]
    if count < most:
        left_out = float(products[order[count:]].sum()) if count else sum_.total
        separator = [" + "] if written else []
        word = f"{most - count} {'more' if count else 'terms'}"
        written += [*separator, f"({word}: ", left_out, ")"]
    return written


def _most_terms(tokens: Sequence[Token], fits: Callable[[list[int]], bool]) -> list[int]:
    """Return how many terms of each sum of products are written: as many as there is room for.

    They are the largest of all sums together; then a sum that is short is written whole.
    """
    sums = [token for token in tokens if isinstance(token, Products)]
    most = [len(sum_.entries) for sum_ in sums]
    sizes = np.concatenate([np.abs(sum_.products()) for sum_ in sums] or [np.empty(0)])
    order = np.argsort(np.where(np.isnan(sizes), -np.inf, -sizes), kind="stable")
    of_sum = np.repeat(np.arange(len(sums)), most)[order]

    def largest(count: int) -> list[int]:
        counts = np.bincount(of_sum[:count], minlength=len(sums)).tolist()
        # One that is left out takes as much room as it would written out.
        return [all_ if all_ - each <= 1 else each for all_, each in zip(most, counts, strict=True)]

    low, high, step = 0, len(order), 1
    while low < high:
        count = min(low + step, high)
        if fits(largest(count)):
            low, step = count, 2 * step
        else:
            high, step = count - 1, max(step // 2, 1)
    counts = largest(low)
    for index, all_ in enumerate(most):
        more = [*counts[:index], all_, *counts[index + 1 :]]
        if counts[index] < all_ <= counts[index] + 2 and fits(more):
            counts = more
    return counts


def with_blanks(text: str) -> str:
    """Return an equation in numbers, as it is written, with blanks around the sign of products."""
    return _FACTORS.sub(rf"{_NO_BREAK}\1{_NO_BREAK}", text)


def in_ascii_with_marks(text: str) -> str:
    """Return `text` in ASCII, but for `BEGIN` and `END`."""
    parts = _MARKED.split(text)
    whole = text.replace(BEGIN, "").replace(END, "")
    written, start = "", 0
    for part in parts:
        length = len(part.strip(BEGIN + END))
        shown = part_in_ascii(whole, start, start + length)
        written += f"{BEGIN}{shown}{END}" if part.startswith(BEGIN) else shown
        start += length
    return written


def marked_runs(text: str, role: str, marked: str) -> Line:
    """Return `text` in runs of two roles, the second for what is between `BEGIN` and `END`."""
    return tuple(
        (part.strip(BEGIN + END), marked if part.startswith(BEGIN) else role)
        for part in _MARKED.split(text)
        if part
    )


def fold_numbers(text: str, width: int) -> list[str]:
    """Wrap an equation with numbers as `fold` does, but not within ``(29 more: 0.0123)``."""
    together = _LEFT_OUT.sub(lambda words: words[0].replace(" ", _NO_BREAK), text)
    return [line.replace(_NO_BREAK, " ") for line in fold(together, width)]


@np.errstate(all="ignore")  # what is not finite is marked
def numbers_line(
    operation: Operation,
    values: Values,
    sample: int,
    unit: int,
    t: int,
    fits: Fits | None = None,
    marked: Collection[str] = (),
) -> str:
    """Return an operation with the numbers of one unit: ``f_7[3] = σ(…) = σ(2.98) = 0.952``.

    Args:
        operation: the operation.
        values: the values of its timestep, each [B, entries], by symbol.
        sample: the sample of the batch, from 0.
        unit: the unit, from 0; the last one of a shorter vector.
        t: the timestep, from 1.
        fits: whether there is room for a text; None: all terms of every product are written.
        marked: names of values whose numbers are put between `BEGIN` and `END`.
    """
    reader = NamingReader(values, sample, unit)
    result = values[operation.symbol]
    shown = min(unit, result.shape[-1] - 1) if result.ndim else 0
    tokens = operation.expression.tokens(reader)
    name, steps = (
        value_name(operation.symbol, t, shown + 1),
        [number(reader.number(operation.symbol))],
    )
    has_products = any(isinstance(token, Products) for token in tokens)
    written = len(tokens) > 1 or has_products
    if isinstance(operation.expression, Function) and (len(tokens) > 3 or has_products):
        argument = operation.expression.argument.evaluate(values)
        inner = float(argument[sample][min(unit, argument.shape[-1] - 1)])
        steps.insert(0, spell((f"{operation.expression.name}(", inner, ")")))

    def line(terms: Sequence[int]) -> str:
        return " = ".join(
            (name, *((spell(tokens, terms, marked, unit),) if written else ()), *steps)
        )

    return line(_most_terms(tokens, lambda terms: fits(line(terms))) if fits else ())
