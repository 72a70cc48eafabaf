"""What a run knows of the data that it was trained on: enough to go on, and to predict, without it.

A checkpoint keeps this (`rnn_tui.checkpoint.source`), and a task can be made again with the scale,
the training part and the vocabulary that it says (`make_task(settings, kept)`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.files.data_file import DataError

TAIL = 2048
"""The last rows of a table that are kept: a forecast and its interval are made of them."""
FEWEST_TESTED = 2
"""Rows or tokens that are tested on, at least: one to predict from and one to compare with."""
LAST_TIMES = 64
"""The last times that are kept: the rhythm of the clock is seen in them."""

Times = npt.NDArray[Any]
Numbers = npt.NDArray[np.floating[Any]]


class Growth(Enum):
    """How the data are, compared with those that a run was trained on."""

    SAME = "what was learned is the same"
    GROWN = "the same, and more rows follow"
    CHANGED = "what was learned is not there any more"


@dataclass(frozen=True, slots=True, eq=False)
class DataSource:
    """The data of a run, as it was trained on them.

    Attributes:
        rows: of a table; of a text its tokens.
        trained: how many of them, the first ones, are trained on.
        digest: SHA-256 of the file's bytes, in hexadecimal; "" of a text that is built in.
        content: SHA-256 of what was read of it, see `table_digest` and `text_digest`.
        targets: names of the columns that are predicted; none for a text.
        inputs: names of the columns that the network reads.
        time: the name of the column that says when; "" where there is none.
        offset: [C] of each of `columns`: network value = (value − offset) / scale; with
            `difference` the value is the change since the row before.
        scale: [C], see `offset`.
        difference: whether the network reads and predicts changes.
        tail: [K, C] the last rows in the file's units, at most `TAIL` or two windows and one row.
        times: the last times, datetime64 or float64, at most `LAST_TIMES`.
        tokens: "chars", "words" or "bytes" of a text; "" of a table.
        vocabulary: of a text, each token as a text, by code.
    """

    rows: int
    trained: int
    digest: str
    content: str
    targets: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    time: str = ""
    offset: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    difference: bool = False
    tail: Numbers | None = None
    times: Times | None = None
    tokens: str = ""
    vocabulary: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns: the targets, then those inputs that are none."""
        return columns_of(self.targets, self.inputs)

    @property
    def fed_back(self) -> tuple[int | None, ...]:
        """For each input the index of the target that it is; None for an input that is none."""
        index = {name: k for k, name in enumerate(self.targets)}
        return tuple(map(index.get, self.inputs))


class DataChangedError(DataError):
    """A run does not go on with data that have changed, as nobody has agreed to it."""


def columns_of(targets: tuple[str, ...], inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of all columns: the targets, then those inputs that are none."""
    return tuple(dict.fromkeys((*targets, *inputs)))


def table_digest(values: Numbers) -> str:
    """Return the SHA-256 of numbers [N, C], row by row, little-endian."""
    return _digest(np.ascontiguousarray(values, "<f8"))


def text_digest(codes: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of the codes of a text [N]."""
    return _digest(np.ascontiguousarray(codes, codes.dtype.newbyteorder("<")))


def _digest(array: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of an array's bytes, in hexadecimal."""
    import hashlib  # not for the first screen

    return hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()


def tail_rows(rows: int, steps: int) -> int:
    """Return how many of the last rows are kept, for windows of so many steps."""
    return min(rows, max(TAIL, 2 * steps + 1))
