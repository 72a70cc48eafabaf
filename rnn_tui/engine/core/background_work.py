"""Computations that are worked through in slices and can be given up."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """So many parts of the work are done."""

    done: int
    of: int


Work = Generator[Progress, None, Result]


def complete(work: Work[Result]) -> Result:
    """The result of `work`, done without a break."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
