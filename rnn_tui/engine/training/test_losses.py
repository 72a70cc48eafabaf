"""Losses measured on test data now and then along a run, each with the update it belongs to."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

MOST = 512  # measurements that are kept


class TestLosses:
    """Test losses by update, rising; the further the run has come, the wider apart.

    Whoever trains does not measure: a measurement is made aside, with a copy of the parameters, and
    added afterwards. Memory does not grow with the run.

    Attributes:
        spacing: updates between two measurements at least; a power of two.
        latest: the update of the newest measurement and the loss that breakpoints compare; None
            where nothing has been measured.
    """

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    def __init__(self) -> None:
        self.spacing = 1
        self.latest: tuple[int, float] | None = None
        self._rows = np.zeros((MOST, 2))  # update, loss
        self._count = 0

    @property
    def rows(self) -> Float64:
        """The measurements, [N, 2]: update and loss; a copy."""
        return self._rows[: self._count].copy()

    def due(self, update: int) -> bool:
        """Return whether nothing is measured near `update`."""
        known = self._rows[: self._count, 0]
        place = int(known.searchsorted(update))
        near = known[max(place - 1, 0) : place + 1]
        return update > 0 and bool((np.abs(near - update) >= self.spacing).all())

    def add(self, update: int, loss: float) -> None:
        """Keep a measurement; one that is not finite is left out, as no chart can show it."""
        if not math.isfinite(loss):
            return
        if self.latest is None or self.latest[0] <= update:
            self.latest = update, loss
        rows = self._rows[: self._count]
        place = int(rows[:, 0].searchsorted(update))
        if place < self._count and rows[place, 0] == update:
            rows[place, 1] = loss
            return
        self._rows[place + 1 : self._count + 1] = rows[place:].copy()
        self._rows[place] = update, loss
        self._count += 1
        while self._count == MOST:
            self._thin_out()

    def _thin_out(self) -> None:
        """Double the spacing, and leave out what is nearer to the one before."""
        self.spacing *= 2
        kept: list[int] = []
        for row, update in enumerate(self._rows[: self._count, 0].tolist()):
            if not kept or update - self._rows[kept[-1], 0] >= self.spacing:
                kept.append(row)
        self._rows[: len(kept)] = self._rows[kept]
        self._count = len(kept)

    def forget_after(self, update: int) -> None:
        """Drop what was measured after `update`."""
        self._count = int(self._rows[: self._count, 0].searchsorted(update, side="right"))
        if self.latest is not None and self.latest[0] > update:
            self.latest = self._newest()

    def at(self, update: int) -> float:
        """Return the loss that breakpoints compare after `update`; NaN where none is known."""
        found = self.measured(update)
        return math.nan if found is None else found[1]

    def measured(self, update: int) -> tuple[int, float] | None:
        """Return the newest measurement up to `update`: its update and loss; None if none is."""
        if self.latest is None or self.latest[0] <= update:
            return self.latest
        place = int(self._rows[: self._count, 0].searchsorted(update, side="right"))
        return self._row(place - 1) if place else None

    def _newest(self) -> tuple[int, float] | None:
        """Return the newest of the measurements that are kept."""
        return self._row(self._count - 1) if self._count else None

    def _row(self, place: int) -> tuple[int, float]:
        """Return one of the measurements that are kept."""
        update, loss = self._rows[place].tolist()
        return int(update), loss

    def restore(self, rows: Float64, count: int) -> None:
        """Set the measurements to `rows` of an earlier run of `count` updates.

        Raises:
            ValueError: they are none; the message is one line and nothing changed.
        """
        updates = rows[:, 0]
        rising = bool((np.diff(updates) > 0).all()) and bool((updates == np.floor(updates)).all())
        if len(rows) >= MOST or not (rising and np.isfinite(rows).all()):
            raise ValueError("history: test losses must be finite, of rising updates")
        if len(rows) and not (updates[0] >= 1 and updates[-1] <= count):
            raise ValueError(f"history: test losses must be of updates 1 to {count}")
        self._rows[: len(rows)], self._count = rows, len(rows)
        self.latest = self._newest()
        self.spacing = 1
        while len(rows) > 1 and 2 * self.spacing <= float(np.diff(updates).min()):
            self.spacing *= 2
