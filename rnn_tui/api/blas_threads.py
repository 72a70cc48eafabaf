"""One thread for matrix products while this package computes, as in the program.

One thread adds numbers in one order, so that the same seed gives the same bits in Python as in the
program; and products of this size are not faster with two. Elsewhere NumPy keeps its threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""Who sets one of these has chosen: nothing is changed then."""
_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "")


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute products in one thread within the block; do nothing where that is not known how."""
    functions = _functions()
    before = 1 if functions is None else functions[0]()
    if functions is None or before == 1:
        yield
        return
    functions[1](1)
    try:
        yield
    finally:
        functions[1](before)


@cache
def _functions() -> tuple[Callable[[], int], Callable[[int], object]] | None:
    """Return what tells and what sets the number of threads of NumPy's OpenBLAS; None without."""
    if any(os.environ.get(name) for name in VARIABLES):
        return None
    from rnn_tui.engine.core.openblas import openblas_libraries

    for library in openblas_libraries():
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                read = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                write = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                if read is not None and write is not None:
                    return read, write
    return None
