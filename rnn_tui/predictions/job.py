"""The base class of jobs: work in slices, begun anew with a copy of the newest parameters."""

from __future__ import annotations

import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array

Key = tuple[object, ...]


class PredictionJob(ABC):
    """Work on a copy of the parameters, in slices. All of it belongs to one update.

    Attributes:
        started: `time.perf_counter` when the newest work was begun; −inf before the first.
    """

    def __init__(self) -> None:
        self.started = -np.inf
        self._parameters: Array | None = None  # the copy, [P]
        self._known: weakref.ref[Array] | None = None  # parameters that equal the copy
        self._key: Key | None = None
        self._work: Work[object] | None = None

    @abstractmethod
    def prepare(self, parameters: Array) -> None:
        """Build what computes with `parameters` [P]; called once, as they later change in place."""

    @property
    def busy(self) -> bool:
        """True while there is work left."""
        return self._work is not None

    @property
    def key(self) -> Key | None:
        """Everything besides the parameters that the newest work depends on."""
        return self._key

    @property
    def parameters(self) -> Array:
        """The copy of the parameters [P] that the present work is about."""
        assert self._parameters is not None
        return self._parameters

    def begin(self, key: Key, parameters: Array, work: Callable[[], Work[object]]) -> None:
        """Begin work, unless the newest work had the same key and parameters.

        Args:
            key: everything besides the parameters that the result depends on.
            parameters: flat vector [P] that nobody writes to; copied.
            work: makes the work.
        """
        copy = self._parameters
        known = self._known is not None and self._known() is parameters
        if copy is not None and key == self._key and (known or np.array_equal(copy, parameters)):
            self._known = weakref.ref(parameters)
            return
        if copy is None:
            copy = self._parameters = parameters.copy()
            self.prepare(copy)
        np.copyto(copy, parameters)
        self._known = weakref.ref(parameters)
        self._key, self._work, self.started = key, work(), time.perf_counter()

    def cancel(self) -> None:
        """Cancel the work under way; the same work may be begun again."""
        if self._work is not None:
            self._key = self._work = None

    def step(self) -> bool:
        """Do a little of the work; return True if that was its end."""
        work = self._work
        if work is None:
            return False
        try:
            next(work)
        except StopIteration:
            self._work = None
            return True
        except BaseException:
            self._work = None  # the key stays, so what fails is not begun again
            raise
        return False
