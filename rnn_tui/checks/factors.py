"""What a factor between their numbers and ours can mean: counts that a mean divides by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from rnn_tui.checks.reference import ReferenceProblem

EXTRA = ((1.0, ""), (0.5, "halved"), (2.0, "doubled"), (-1.0, "with the wrong sign"))


def counts(problem: ReferenceProblem) -> Iterator[tuple[float, str]]:
    """Yield what a mean may be taken over: how many, and the words, the plainest first."""
    sizes = {"T": problem.steps, "B": problem.batch, "O": problem.target.shape[-1]}
    counted = float(problem.mask.sum())
    masked = counted != problem.steps * problem.batch
    yield 1.0, "1"
    named = [(name, float(size)) for name, size in sizes.items() if size > 1]
    for length in range(1, len(named) + 1):
        for some in combinations(named, length):
            yield math.prod(size for _, size in some), "·".join(name for name, _ in some)
    if masked:
        yield counted, "the timesteps that count"
        if sizes["O"] > 1:
            yield counted * sizes["O"], "the outputs that count"


def nearness(tolerance: float) -> float:
    """Return how near two factors are that mean the same; rounding is less even in float32."""
    return min(10 * tolerance, 1e-5)


def _close(a: float, b: float, tolerance: float) -> bool:
    return abs(a - b) <= nearness(tolerance) * max(abs(a), abs(b))


def factor_texts(
    problem: ReferenceProblem, factor: float, tolerance: float, divided_by: float | None = None
) -> list[str]:
    """Return what `factor` is, in words; none if it is no product of counts.

    Args:
        divided_by: N, if what it is the factor of is a mean over N.
    """
    texts: list[str] = []
    for extra, extra_text in EXTRA:
        wanted = factor / extra
        if wanted <= 0:
            continue
        ending = f", {extra_text}" if extra_text else ""
        if _close(wanted, 1.0, tolerance):
            return [extra_text] if extra_text else []
        for count, name in counts(problem):
            if divided_by is not None and _close(wanted, divided_by / count, tolerance):
                texts.append(_mean_text(count, name, divided_by) + ending)
            elif divided_by is None and count > 1 and _close(wanted, count, tolerance):
                texts.append(f"{name} times too large" + ending)
            elif count > 1 and _close(wanted, 1 / count, tolerance) and divided_by is None:
                texts.append(f"divided by {name}" + ending)
        if texts:
            return texts
    return texts


def _mean_text(count: float, name: str, terms: float) -> str:
    if count == 1:
        return f"summed, not the mean (not divided by N = {terms:g})"
    right = f"N = {terms:g}" if terms != 1 else "a sum"
    return f"a mean over {name} = {count:g} in place of {right}"


def is_round(number: float, tolerance: float, digits: int = 2) -> bool:
    """Return whether `number` is one that people write: of few digits."""
    if not math.isfinite(number) or number == 0:
        return False
    return _close(float(f"{number:.{digits - 1}e}"), number, tolerance)
