"""Reads the equations on the screen, and checks that they are true to the digits shown."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
from tui.equation_calculator import Calculator, Interval, calculate, shown

from rnn_tui.engine.core.operations import Operation
from rnn_tui.tui.number_format import number

# Run by hand, `TALLY` says how often the rounding of what is shown had to be allowed for.
TALLY: Counter[str] = Counter()


def equation_of(lines: list[str], operation: Operation) -> tuple[str, str]:
    """Return the equation in symbols and the one in numbers, its wrapped lines joined."""
    symbols = operation.equation()
    start = next(k for k, line in enumerate(lines) if line.strip().startswith(symbols))
    numbers = [lines[start + 1].strip()]
    for line in lines[start + 2 :]:
        if not re.match(r" {3}\S", line):  # what is folded is indented
            break
        numbers.append(line.strip())
    return symbols, " ".join(numbers)


LEFT_OUT = re.compile(r"\((\d+) (?:more|terms): ([^)]+)\)")


def names_of(values: Mapping[str, np.ndarray], equation: str, unit: int) -> dict[str, Interval]:
    """Return the value of every name in `equation`, for this unit; v·W is one name."""
    names: dict[str, Interval] = {}
    for name, array in values.items():
        row = array[0] if array.ndim > 1 else array
        entry = float(row[min(unit, row.size - 1)]) if row.ndim else float(row)
        names[name] = Interval.around(entry)
    for name, (left, right) in products_of(values, equation, unit).items():
        rounding = 1e-6 * float(np.abs(left) @ np.abs(right))
        names[name] = Interval.around(float(left @ right), rounding)
    return names


def products_of(
    values: Mapping[str, np.ndarray], equation: str, unit: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return both factors of the terms of every product in `equation`, in order."""
    products = {}
    for vector, matrix, transposed in re.findall(r"([^\s(]+)·(W\d*_[a-z]+)(ᵀ?)", equation):
        row, weights = values[vector][0].astype(float), values[matrix].astype(float)
        weights = weights.T if transposed else weights
        column = weights[:, min(unit, weights.shape[1] - 1)]
        if np.count_nonzero(row) == 1 and row.max() == 1:  # a symbol
            row, column = row[row != 0], column[row != 0]
        products[f"{vector}·{matrix}{transposed}"] = (row, column)
    return products


def expansions(
    names: list[str], left_out: list[int], products: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Iterator[list[tuple[str, Interval | str]]]:
    """Yield what could be read in numbers where `names` stand in symbols.

    Args:
        names: the names.
        left_out: how many terms are left out of some of the products, in order.
        products: the factors of the products, by name.
    """
    if not names:
        if not left_out:
            yield []
        return
    name, *others = names
    if name not in products:
        yield from ([(name, name), *rest] for rest in expansions(others, left_out, products))
        return
    left, right = products[name]
    pairs = zip(left, right, strict=True)
    factors: list[tuple[str, Interval | str]] = [
        (name, number(abs(float(factor)))) for pair in pairs for factor in pair
    ]
    yield from ([*factors, *rest] for rest in expansions(others, left_out, products))
    if left_out and left_out[0] <= len(left):
        order, count = np.argsort(-np.abs(left * right), kind="stable"), len(left) - left_out[0]
        largest = [f for k in order[:count] for f in factors[2 * k : 2 * k + 2]]
        terms = left[order[count:]] * right[order[count:]]
        rounding = 1e-6 * float(np.abs(left) @ np.abs(right))
        others_sum = Interval.around(float(terms.sum()), rounding)
        yield from (
            [*largest, (name, others_sum), *rest]
            for rest in expansions(others, left_out[1:], products)
        )
    if left_out:
        run = [*itertools.takewhile(products.__contains__, names)]
        for stop in range(2, len(run) + 1):
            for read in together(run[:stop], left_out[0], products):
                for rest in expansions(names[stop:], left_out[1:], products):
                    yield [*read, *rest]


def together(
    run: list[str], left_out: int, products: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Iterator[list[tuple[str, Interval | str]]]:
    """Yield what could be read of products that are added, of which some terms are left out.

    Each has its largest terms; what the others sum to stands behind the last.

    Args:
        run: the names of the products.
        left_out: how many terms are left out of all of them.
        products: their factors.
    """
    terms = {name: products[name][0] * products[name][1] for name in run}
    written = sum(map(len, terms.values())) - left_out
    for counts in counts_together([np.abs(each) for each in terms.values()], written):
        read: list[tuple[str, Interval | str]] = []
        others, rounding = 0.0, 0.0
        for name, count in zip(run, counts, strict=True):
            order = np.argsort(-np.abs(terms[name]), kind="stable")
            largest = np.arange(count) if count == len(order) else order[:count]
            for k in largest:
                read += [(name, number(abs(float(factor[k])))) for factor in products[name]]
            others += float(terms[name][order[count:]].sum())
            rounding += 1e-6 * float(np.abs(terms[name]).sum())
        yield [*read, (run[-1], Interval.around(others, rounding))]


def counts_together(sizes: list[np.ndarray], written: int) -> Iterator[tuple[int, ...]]:
    """Yield how many terms of each product can be written, of `written` in all.

    They are the largest of all, with the largest of each or without; and one product may be whole,
    that has one or two more than that.
    """
    for least, some in ((1, False), (1, True), (0, False)):
        floor = np.array([min(least, np.count_nonzero(e) if some else len(e)) for e in sizes])
        rest = [np.sort(each)[::-1][first:] for each, first in zip(sizes, floor, strict=True)]
        order = np.argsort(-np.concatenate(rest), kind="stable")
        of_product = np.repeat(np.arange(len(rest)), [len(each) for each in rest])[order]
        for completed in range(3):
            count = written - completed - int(floor.sum())
            if count < 0:
                continue
            counts = floor + np.bincount(of_product[:count], minlength=len(sizes))
            for place in range(len(sizes)) if completed else (0,):
                shown = counts.copy()
                shown[place] += completed
                if not completed or shown[place] == len(sizes[place]):
                    yield tuple(shown.tolist())


def check_softmax(numbers: str, values: Mapping[str, np.ndarray], unit: int, own: float) -> None:
    """``p_3 = e^(y − largest)/sum = p``: y, the largest of them and the sum of all powers."""
    _, middle, result = numbers.split(" = ")
    y = values["y_t"][0].astype(float)
    parts = (y[min(unit, len(y) - 1)], y.max(), np.exp(y - y.max()).sum())
    assert result == number(own), numbers
    calculator = Calculator(middle, {})
    computed = calculator.result().widened(1e-37)  # float32 has nothing smaller
    assert computed.meets(shown(result)), f"{numbers}: {computed}"
    for part, text in zip(parts, calculator.read, strict=True):
        assert Interval.around(abs(part), 3e-7 * abs(part)).meets(shown(text)), (part, numbers)
    TALLY["equations"] += 1


def check(
    symbols: str, numbers: str, values: Mapping[str, np.ndarray], unit: int, own: float
) -> None:
    """Check one equation as it is printed.

    1. What is shown as the result is the value on the tape, rounded.
    2. Every number in the equation is the value its symbol names, rounded.
    3. The numbers as shown give the result as shown, as far as their digits go.
    4. So does the step between, σ(a).
    5. The symbols with the tape's values give the result, too.
    """
    _, *middle, result = numbers.split(" = ")
    assert result == number(own), numbers
    right = symbols.split(" = ", 1)[-1]
    if right.startswith("softmax("):
        check_softmax(numbers, values, unit, own)
        return
    names, products = names_of(values, right, unit), products_of(values, right, unit)
    # Every step may have rounded to float32.
    rounded = {n: Interval.around(v.middle, 3e-7 * abs(v.middle)) for n, v in names.items()}
    by_name = Calculator(right, rounded)
    exact = by_name.result()
    assert exact.meets(shown(result)), f"{symbols}: {exact} but {result}"
    if not middle:
        return
    in_numbers = Calculator(LEFT_OUT.sub(r"(\2)", middle[0]), {})
    computed = in_numbers.result()
    assert computed.meets(shown(result)), f"{numbers}: {computed}"
    assert all("−" not in name or name.endswith(")") for name in by_name.read), symbols
    left_out = [int(count) for count, _ in LEFT_OUT.findall(middle[0])]
    possible = [
        wanted
        for wanted in expansions(by_name.read, left_out, products)
        if len(wanted) == len(in_numbers.read)
    ]
    differences = [wrong_reading(wanted, in_numbers.read, names, values) for wanted in possible]
    assert "" in differences, f"{symbols} | {numbers}: {differences}"
    for inner in middle[1:]:
        assert calculate(inner).meets(shown(result)), numbers
        assert calculate(inner).meets(computed), numbers
        function, argument = inner.split("(", 1)
        inside = calculate(right.removeprefix(f"{function}(").removesuffix(")"), names)
        assert shown(argument.removesuffix(")")).meets(inside), numbers
    TALLY["equations"] += 1
    TALLY["needed the width"] += number(computed_middle(LEFT_OUT.sub(r"(\2)", middle[0]))) != result


def wrong_reading(
    wanted: list[tuple[str, Interval | str]],
    read: list[str],
    names: Mapping[str, Interval],
    values: Mapping[str, np.ndarray],
) -> str:
    """Return what of the numbers read is not what is wanted; "" if all is."""
    for (name, expected), text in zip(wanted, read, strict=True):
        if name == expected:
            one = names[name] if name in names else shown(name)
            expected = one
            if name in values:  # of a difference of numbers that are close, with more digits
                written = {number(abs(one.middle), digits) for digits in range(4, 18)}
                expected = text if text in written else number(abs(one.middle))
        if isinstance(expected, str):
            if text != expected:
                return f"{text} where {expected} of {name} should be"
            continue
        size = Interval(*sorted((abs(expected.low), abs(expected.high))))  # signs are in the sums
        if expected.low < 0 < expected.high:
            size = Interval(0.0, size.high)
        if not shown(text).meets(size):
            return f"{text} where {expected} of {name} should be"
    return ""


def computed_middle(text: str) -> float:
    """Return the value of the text with its numbers taken as exact, as a pocket calculator does."""

    class Plain(Calculator):
        def atom(self) -> Interval:
            value = super().atom()
            return Interval.around(value.middle)

    return Plain(text, {}).result().middle
