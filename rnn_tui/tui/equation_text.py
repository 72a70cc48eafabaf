"""Equations with live numbers: the text of an operation's tokens.

`f_7[3] = σ(0.4970·0.3100 + 1.830 + 1.000) = σ(2.984) = 0.9519`: the numbers shown are the numbers
used, rounded to four significant digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Function, Products, Token, UnitReader, Values
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.tui.ascii_text import part_in_ascii
from rnn_tui.tui.lines import Line, fold
from rnn_tui.tui.number_format import DIGITS, MINUS, number

LEFT_OUT = re.compile(r"\(\d+ (?:more|terms): [^ )]+\)")
MOST_DIGITS = 17  # of the numbers of a difference; float64 has no more
_NO_BREAK = "\N{NO-BREAK SPACE}"
BEGIN, END = "\N{WORD JOINER}", "\N{FUNCTION APPLICATION}"  # around a number; they have no width
_MARKED = re.compile(f"({BEGIN}[^{END}]*{END})")
_FACTORS = re.compile(rf"(?<=[\d){END}])([·*])(?=[−\d({BEGIN}-])")

SHORTEST = "0·0 + "  # a term of a sum of products
MANY = 32  # terms from which on it pays to ask whether there is room for such short ones

Fits = Callable[[str], bool]
"""Whether there is room for a text."""


class NamedNumber(float):
    """A number of an equation, with the name of the value that it is an entry of.

    Attributes:
        name: the name; "" if it has none.
        digits: significant digits that it is written with.
    """

    name: str = ""
    digits: int = DIGITS


class NamingReader(UnitReader):
    """Reads numbers with their names."""

    def number(self, name: str) -> float:
        """Return the selected unit's entry of the value `name`, with that name."""
        number = NamedNumber(super().number(name))
        number.name = name
        return number


@dataclass(frozen=True, slots=True)
class Terms:
    """How much of an equation's sums of products is written.

    Attributes:
        counts: how many terms of each, in order; of those that are not in the list, all.
        together: what is left out of sums that are added to each other stands once, behind them.
    """

    counts: Sequence[int] = ()
    together: bool = False


ALL_TERMS = Terms()


def spell(
    tokens: Sequence[Token],
    terms: Terms = ALL_TERMS,
    marked: Collection[str] = (),
    unit: int = 0,
) -> str:
    """Return tokens as one line; a negative number turns + into −, or is put in parentheses.

    Args:
        tokens: of an expression.
        terms: how much is written of its sums of products.
        marked: names of values whose numbers are put between `BEGIN` and `END`.
        unit: the entry of a vector whose factor is marked, from 0.
    """
    parts: list[str] = []
    tokens = _with_differences(_written_out(tokens, terms, unit))
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            parts.append(token)
            continue
        begin, end = (BEGIN, END) if getattr(token, "name", None) in marked else ("", "")
        text = number(token, getattr(token, "digits", DIGITS))
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


def _with_differences(tokens: Sequence[str | float]) -> list[str | float]:
    """Return tokens with differences that one gets from the numbers as they are written.

    Of a saturated unit, 1 − tanh(c)² would be 1 − 1.000². Both numbers have more digits there.
    """
    result: list[str | float] = []
    index = 0
    while index < len(tokens):
        squared = tokens[index + 3 : index + 4] == ["²"]
        end = index + 3 + squared
        before, after = tokens[index - 1 : index], tokens[end : end + 1]
        alone = not index or (isinstance(before[0], str) and before[0].endswith("("))
        alone = alone and (not after or (isinstance(after[0], str) and after[0].startswith(")")))
        left, right = tokens[index], tokens[index + 2 : index + 3]
        digits = 0
        if alone and tokens[index + 1 : index + 2] == [" − "] and left != "" and right:
            digits = _digits_of_difference(left, right[0], squared=squared)
        if digits <= DIGITS:
            result.append(left)
            index += 1
        else:
            result += [_with_digits(left, digits), " − ", _with_digits(right[0], digits)]
            index += 3
    return result


def _digits_of_difference(left: str | float, right: str | float, *, squared: bool) -> int:
    """Return how many digits both numbers need for 3 of their difference; 0 if DIGITS do."""
    if isinstance(right, str) or (isinstance(left, str) and left != "1"):
        return 0
    first, second = float(left), float(right) ** (1 + squared)
    size, difference = max(abs(first), abs(second)), abs(first - second)
    if not math.isfinite(difference) or not difference or difference > size / 20:
        return 0
    return min(DIGITS + math.ceil(math.log10(size / difference)) - 1, MOST_DIGITS)


def _with_digits(token: str | float, digits: int) -> str | float:
    """Return a number that is written with so many digits, without zeros at the end."""
    if isinstance(token, str):
        return token
    result = NamedNumber(token)
    texts = {each: number(token, each).replace(MINUS, "-") for each in range(DIGITS, digits + 1)}
    enough = min(each for each, text in texts.items() if float(text) == float(texts[digits]))
    result.name, result.digits = getattr(token, "name", ""), enough
    return result


def _written_out(tokens: Sequence[Token], terms: Terms, unit: int) -> list[str | float]:
    """Return tokens with the terms in place of each sum of products; see `spell`."""
    result: list[str | float] = []
    counts = iter(terms.counts)
    groups = _sums(tokens, together=terms.together)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if not isinstance(token, Products):
            result.append(token)
            index += 1
            continue
        sums = groups[index]
        written = _terms([(sum_, next(counts, len(sum_.entries))) for sum_ in sums], unit)
        before, after = result[-1] if result else "", tokens[index + 1 : index + 2]
        within = before in ("·", "/", " − ", "−") or (after and after[0] in ("·", "/", "²"))
        result += ["(", *written, ")"] if within and len(written) > 3 else written
        index += 2 * len(sums) - 1
    return result


def _sums(tokens: Sequence[Token], *, together: bool) -> dict[int, list[Products]]:
    """Return the sums of products by the place of the first; together, if they are added."""
    groups: dict[int, list[Products]] = {}
    first, last = -2, -2
    for index, token in enumerate(tokens):
        if isinstance(token, Products):
            added = index == last + 2 and tokens[index - 1] == " + "
            if not (together and added):
                first = index
            groups.setdefault(first, []).append(token)
            last = index
    return groups


def _terms(sums: Sequence[tuple[Products, int]], unit: int) -> list[str | float]:
    """Return the tokens of some terms of each sum, the largest first, and the sum of all others.

    Where all of one are written, they are in order. The factor of entry `unit` has the name of the
    vector.
    """
    written: list[str | float] = []
    left_out, others = 0, 0.0
    for sum_, count in sums:
        most = len(sum_.entries)
        order = np.arange(most) if count >= most else sum_.largest_first
        for place in order[:count]:
            separator = [" + "] if written else []
            left = NamedNumber(sum_.left[place])
            left.name = sum_.vector if sum_.entries[place] == unit else ""
            written += [*separator, left, "·", float(sum_.right[place])]
        if count < most:
            left_out += most - count
            others += float(sum_.products()[order[count:]].sum()) if count else sum_.total
    if left_out:
        separator = [" + "] if written else []
        word = f"{left_out} {'more' if written else 'terms'}"
        written += [*separator, f"({word}: ", others, ")"]
    return written


def _most_terms(tokens: Sequence[Token], fits: Callable[[Terms], bool]) -> Terms:
    """Return how many terms of each sum of products are written: as many as there is room for.

    Every sum has its largest term unless all are 0, and if need be what is left out of several
    stands together; where not even that has room, what there is room for. A sum that is short is
    written whole.
    """
    sums = [token for token in tokens if isinstance(token, Products)]
    if not sums:
        return ALL_TERMS
    most = [len(sum_.entries) for sum_ in sums]
    several = any(len(group) > 1 for group in _sums(tokens, together=True).values())
    for least, together in ((1, False), (1, True), (0, True), (0, False)):
        if together and not several:
            continue
        terms = _most_that_fit(sums, most, least, fits, together=together)
        if terms is not None and (any(terms.counts) or not together):
            return terms
    return Terms([0] * len(sums))


def _most_that_fit(
    sums: Sequence[Products],
    most: Sequence[int],
    least: int,
    fits: Callable[[Terms], bool],
    *,
    together: bool,
) -> Terms | None:
    """Return as many terms as there is room for, the largest of all sums; None if `least` do not.

    Args:
        sums: the sums of products.
        most: how many terms each has.
        least: how many of each are written at least, its largest.
        fits: whether there is room.
        together: what is left out of several sums stands together.
    """
    products = [sum_.products()[sum_.largest_first] for sum_ in sums]
    floor = [min(least, int(np.count_nonzero(each))) for each in products]
    sizes = [np.abs(each[first:]) for each, first in zip(products, floor, strict=True)]
    joined = np.concatenate(sizes)
    order = np.argsort(np.where(np.isnan(joined), -np.inf, -joined), kind="stable")
    of_sum = np.repeat(np.arange(len(sums)), list(map(len, sizes)))[order]

    def largest(count: int) -> Terms:
        more = np.bincount(of_sum[:count], minlength=len(sums)).tolist()
        counts = [each + other for each, other in zip(floor, more, strict=True)]
        if not together:  # one that is left out takes as much room as it would written out
            counts = [all_ if all_ - c <= 1 else c for all_, c in zip(most, counts, strict=True)]
        elif sum(most) - sum(counts) == 1:
            counts = list(most)
        return Terms(counts, together)

    if not fits(largest(0)):
        return None
    if fits(whole := Terms(list(most), together)):
        return whole
    low, high, step = 0, int(np.count_nonzero(joined)), 1  # terms of 0 say nothing
    while low < high:
        count = min(low + step, high)
        if fits(largest(count)):
            low, step = count, 2 * step
        else:
            high, step = count - 1, max(step // 2, 1)
    terms = largest(low)
    for index, all_ in enumerate(most):
        counts = [*terms.counts[:index], all_, *terms.counts[index + 1 :]]
        if terms.counts[index] < all_ <= terms.counts[index] + 2:
            more = Terms(counts, together)
            terms = more if fits(more) else terms
    return terms


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
    together = LEFT_OUT.sub(lambda words: words[0].replace(" ", _NO_BREAK), text)
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
    at_most: int | None = None,
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
        at_most: characters from which on, if all terms are written, "" may be returned instead.
    """
    reader = NamingReader(values, sample, unit)
    result = values[operation.symbol]
    shown = min(unit, result.shape[-1] - 1) if result.ndim else 0
    tokens = operation.expression.tokens(reader)
    name, steps = (
        value_name(operation.symbol, t, shown + 1),
        [number(reader.number(operation.symbol))],
    )
    sizes = [len(token.entries) for token in tokens if isinstance(token, Products)]
    if at_most is not None and len(SHORTEST) * sum(sizes) > at_most + len(SHORTEST):
        return ""
    has_products = bool(sizes)
    written = len(tokens) > 1 or has_products
    if isinstance(operation.expression, Function) and (len(tokens) > 3 or has_products):
        argument = operation.expression.argument.evaluate(values)
        inner = float(argument[sample][min(unit, argument.shape[-1] - 1)])
        steps.insert(0, spell((f"{operation.expression.name}(", inner, ")")))

    def line(terms: Terms) -> str:
        return " = ".join(
            (name, *((spell(tokens, terms, marked, unit),) if written else ()), *steps)
        )

    if fits is None:
        return line(ALL_TERMS)

    def has_room(terms: Terms) -> bool:
        count = sum(terms.counts)
        if count >= MANY and not fits(SHORTEST * count):  # to write thousands of them takes long
            return False
        return fits(line(terms))

    return line(_most_terms(tokens, has_room))
