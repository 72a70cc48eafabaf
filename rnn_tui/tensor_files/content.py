"""What all readers of tensor files share: kinds of numbers, shapes, what is wrong with a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
WHOLE_NUMBERS = {
    "BOOL": np.bool_,
    "U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64,
    "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64,
}  # fmt: skip
BFLOAT16 = "BF16"
ALL_FLOATS = FLOATS | {BFLOAT16: np.float32}
NUMBERS = ALL_FLOATS | WHOLE_NUMBERS
"""The kinds of numbers that a file may have, by their names in its header, and what they are read
as: NumPy lacks bfloat16, the upper half of a float32."""

Array = npt.NDArray[np.floating[Any]]
Shape = tuple[int, ...]


class ContentError(Exception):
    """A fault of a file's content; who opened the file makes an error of it that names the file."""


def os_error_text(error: OSError) -> str:
    """Return the system's words for `error`, without number and path."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]  # there may be a name in it
