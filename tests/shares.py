"""A share of the cases of a test for every run; the others, much alike, with `-m long`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def share(cases: Iterable[Any], *, every: int = 2, first: int = 0) -> list[Any]:
    """Return the cases for `pytest.mark.parametrize`, all but a share of them marked as long.

    Args:
        cases: values, tuples of them, or what `pytest.param` returns; marks of these stay.
        every: of so many cases that are not long already, one is in the share.
        first: the first of them, from 0; tests of the same cases take different ones.
    """
    shared, k = [], 0
    for case in cases:
        given = case if hasattr(case, "marks") else None
        values = given.values if given else case if isinstance(case, tuple) else (case,)
        marks = [*given.marks] if given else []
        if not any(mark.name == "long" for mark in marks):
            if k % every != first:
                marks.append(pytest.mark.long)
            k += 1
        shared.append(pytest.param(*values, marks=marks, id=given.id if given else None))
    return shared
