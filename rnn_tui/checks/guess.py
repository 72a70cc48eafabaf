"""Guesses what mistake gives just their numbers: one that, put into ours, makes all of them.

The reference of `rnn_tui.checks.reference` is run with one mistake after another put in. A mistake
is proposed only if all that they gave comes out, the numbers that differ from ours and those that
do not. If no single mistake does it, pairs are tried: one that explains the first stage that
differs, and another after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.checks.comparison import Comparison, name_in_file
from rnn_tui.checks.reference import problem_of
from rnn_tui.checks.search import Explanation, Search, TooMuchWorkError, is_large
from rnn_tui.checks.theirs import Theirs


def guess(case: Case, comparison: Comparison) -> str | None:
    """Return in one or two sentences what mistake gives just their numbers; None if none is found.

    Args:
        case: with their numbers.
        comparison: of their numbers with ours.
    """
    problem = problem_of(case)
    if comparison.first is None or problem is None or not _finite(case):
        return None
    theirs = Theirs(case, comparison)
    with np.errstate(all="ignore"):
        search = Search(problem, theirs)
        with suppress(TooMuchWorkError):  # what was found until then is as good
            search.solve(())
    if not search.found:
        return None
    text = _sentence(search.found, len(theirs.numbers))
    for name in sorted(theirs.numbers, key=len, reverse=True):
        text = text.replace(name, name_in_file(case, name)) if "." in name else text
    return text


def size_limit_note(case: Case) -> str | None:
    """Return a sentence if `case` is too large for every mistake to be tried; otherwise None."""
    problem = problem_of(case)
    if problem is None or not is_large(problem):
        return None
    return (
        "Not every mistake can be tried on so large a case; "
        "with fewer samples, timesteps or hidden units a guess is likelier."
    )


def _finite(case: Case) -> bool:
    return all(bool(np.all(np.isfinite(array))) for array in case.theirs.values())


def _sentence(found: Sequence[Explanation], count: int) -> str:
    """Say what was found; `count`: of all their tensors."""
    numbers = "their number is reproduced" if count == 1 else f"all {count} tensors are theirs"
    first = found[0]
    whole = "; and ".join(first.what)
    if len(word := whole.split()[0]) > 1 and word.isalpha():  # not a name: h0, z, bias_hh
        whole = whole[0].upper() + whole[1:]
    put_in = first.put_in if len(first.what) == 1 else "with both"
    text = f"{whole}: {put_in} {numbers}."
    if len(found) > 1:
        text += f" So they are if {'; and '.join(found[1].what)}."
    return text
