"""A case whose numbers are checked, start to end."""

from __future__ import annotations

from rnn_tui.cases.case import Case
from rnn_tui.checks.comparison import Comparison, check_theirs, compare
from rnn_tui.checks.compute import compute
from rnn_tui.checks.guess import guess
from rnn_tui.checks.rounding import ALWAYS


def check_case(case: Case, tolerance: float | None = None) -> tuple[Comparison, str | None]:
    """Compare the numbers that somebody computed for a case with ours.

    Args:
        case: the case.
        tolerance: the error up to which two numbers agree; None: what suits their precision.

    Returns:
        The comparison, and what kind of mistake gives just these numbers; None if none is known.

    Raises:
        CheckError: there is nothing to check, or too large a case.
    """
    comparison = compare_case(case, tolerance)
    return comparison, None if comparison.agrees else guess(case, comparison)


def compare_case(case: Case, tolerance: float | None = None) -> Comparison:
    """Compare the numbers without a guess; see `check_case`."""
    check_theirs(case)
    ours = compute(case, {*case.theirs, *ALWAYS}.__contains__)
    return compare(case, ours, tolerance)
