"""Finds the OpenBLAS that comes with NumPy, the library that computes its products."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ctypes import CDLL


def openblas_libraries() -> Iterator[CDLL]:
    """Yield the library, as NumPy has loaded it; nothing where NumPy uses another one."""
    import ctypes  # seldom needed

    folder = Path(os.path.dirname(np.__file__))
    for path in sorted((*folder.parent.glob("numpy.libs/*blas*"), *folder.glob(".dylibs/*blas*"))):
        try:
            yield ctypes.CDLL(str(path))
        except OSError:
            continue
