"""What all readers of tensor files share: kinds of numbers, shapes, what is wrong with a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}

Array = npt.NDArray[np.floating[Any]]
Shape = tuple[int, ...]


class ContentError(Exception):
    """A fault of a file's content; who opened the file makes an error of it that names the file."""


def os_error_text(error: OSError) -> str:
    """Return the system's words for `error`, without number and path."""
    return (error.strerror or str(error)).lower()
