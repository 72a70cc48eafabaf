"""Long computations as generators, which a thread can run piece by piece or abandon."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a long computation: `done` of `of` parts."""

    done: int
    of: int


Work = Generator[Progress, None, Result]


def complete(work: Work[Result]) -> Result:
    """Run `work` to its end without a pause and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
