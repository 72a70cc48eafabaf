"""Which timesteps stand side by side where there is no room for all, each at its own place.

Timesteps that are alike, as the blanks of a copied sequence are, are folded: one stands for all,
and how many more there are is counted beside it. Where the loss counts only at the end, the end is
always there. What is left goes through pages of a fixed grid, so that no timestep changes its place
when the cursor goes on within one, and what is before and behind a page is counted at its edges.
All pages are full: the last ones begin with timesteps of those before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_ALIKE = 5  # timesteps that are folded
FEWEST_BEFORE = 3  # columns before an end that is always there


@dataclass(frozen=True, slots=True)
class StripColumn:
    """A column of the strip: a timestep, a number of hidden timesteps, or nothing.

    Attributes:
        t: the timestep; 0 if it is none.
        hidden: how many timesteps are hidden here.
    """

    t: int = 0
    hidden: int = 0

    @property
    def timesteps(self) -> int:
        """How many timesteps it stands for."""
        return self.hidden or bool(self.t)


BLANK = StripColumn()


def columns_of(
    steps: int, t: int, available: int, counted: Sequence[bool], alike: Sequence[bool]
) -> tuple[StripColumn, ...]:
    """Return at most `available` columns, one of them for timestep `t`.

    Args:
        steps: T.
        t: the timestep that must be there, from 1.
        available: the columns there is room for, at least 1.
        counted: whether the loss counts at each timestep, [T].
        alike: whether each timestep is as the one before it, [T].
    """
    if steps <= available:
        return tuple(map(StripColumn, range(1, steps + 1)))
    first_loss = 1 + list(counted).index(True) if any(counted) else steps
    if not _has_folds(alike):
        columns = list(map(StripColumn, range(1, steps + 1)))
        return _with_end(columns, first_loss - 1, t, available)
    groups = _groups(steps, alike)
    spare = available - sum(min(len(group), 2) for group in groups)
    longest = max(groups, key=len)
    folded: list[StripColumn] = []
    for group in groups:
        folded += _fold(group, t, 1 + max(spare, 0) * (group is longest))
    if spare >= 0:
        return tuple(folded)
    before = next((k for k, column in enumerate(folded) if column.t >= first_loss), len(folded))
    return _with_end(folded, before, t, available)


def _with_end(
    columns: list[StripColumn], before: int, t: int, available: int
) -> tuple[StripColumn, ...]:
    """Return a page of `columns`; those from index `before` on are always there if they are few."""
    end = columns[before:]
    if before and len(end) <= available // 2 and available - len(end) >= FEWEST_BEFORE:
        return (*_page(columns[:before], t, available - len(end)), *end)
    return _page(columns, t, available)


def _has_folds(alike: Sequence[bool]) -> bool:
    """Return whether there are timesteps that are folded."""
    places = np.flatnonzero(~np.asarray([*alike, False]))
    return bool((np.diff(places) >= FEWEST_ALIKE).any())


def _groups(steps: int, alike: Sequence[bool]) -> list[range]:
    """Return the timesteps in order, those that are folded in one group."""
    runs: list[range] = []
    for t in range(1, steps + 1):
        if runs and alike[t - 1]:
            runs[-1] = range(runs[-1].start, t + 1)
        else:
            runs.append(range(t, t + 1))
    groups: list[range] = []
    for run in runs:
        groups += [run] if len(run) >= FEWEST_ALIKE else [range(one, one + 1) for one in run]
    return groups


def _fold(group: range, t: int, shown: int) -> list[StripColumn]:
    """Return the columns of a group: `shown` of its timesteps, and how many more there are.

    They are counted where they are hidden; blanks are beside the count.
    """
    columns, shown = list(map(StripColumn, group)), min(shown, len(group))
    if len(group) == 1 or shown + 1 >= len(group):
        return columns[:shown] + [StripColumn(hidden=len(group) - shown)] * (shown < len(group))
    if shown + 1 >= FEWEST_BEFORE:
        return list(_page(columns, min(max(t, group.start), group[-1]), shown + 1))
    one, hidden = min(max(t, group.start), group[-1]), StripColumn(hidden=len(group) - 1)
    early = 2 * one < group.start + group.stop
    return [StripColumn(one), hidden] if early else [hidden, StripColumn(one)]


def _page(columns: Sequence[StripColumn], t: int, available: int) -> tuple[StripColumn, ...]:
    """Return the page of `columns` that has timestep `t`, or the last one before it.

    The first page has a count at its right end, the last one at its left, all others at both. All
    are full: the last two may have timesteps of the page before, too.
    """
    if len(columns) <= available:
        return (*columns, *[BLANK] * (available - len(columns)))
    place = max((k for k, column in enumerate(columns) if 0 < column.t <= t), default=0)
    if available < FEWEST_BEFORE:
        return (columns[place], *[BLANK] * (available - 1))
    edge, middle = available - 1, available - 2
    last = len(columns) - edge  # where the last page begins
    if place < edge:
        start, stop = 0, edge
    elif place >= last:
        start, stop = last, len(columns)
    else:
        start = min(edge + (place - edge) // middle * middle, last - middle)
        stop = start + middle
    shown = list(columns[start:stop])
    if start:
        shown.insert(0, StripColumn(hidden=sum(each.timesteps for each in columns[:start])))
    if stop < len(columns):
        shown.append(StripColumn(hidden=sum(each.timesteps for each in columns[stop:])))
    return tuple(shown)
