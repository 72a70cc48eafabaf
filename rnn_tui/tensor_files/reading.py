"""Reading: the texts and tensors of a safetensors file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

import numpy as np

from rnn_tui.files.regular_file import RefusedFileError, open_regular
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import BFLOAT16, FLOATS, Array, ContentError, os_error_text
from rnn_tui.tensor_files.header import Header, read_header


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file whose header is read and whose tensors are not.

    Attributes:
        header: what it says of itself.
        file: the file.
    """

    header: Header
    file: BufferedReader

    def read(self, names: Iterable[str] | None = None, *, finite: bool = True) -> dict[str, Array]:
        """Return tensors by name, in the dtype and shape of the file.

        Args:
            names: which ones, all of them in the file; None for all of the file.
            finite: whether every number must be finite.

        Raises:
            ContentError: a number is not finite.
        """
        wanted = self.header.tensors if names is None else names
        return {name: self._tensor(name, finite=finite) for name in wanted}

    def _tensor(self, name: str, *, finite: bool) -> Array:
        """Return one tensor, after checking that its numbers are finite."""
        entry = self.header.tensors[name]
        narrow = entry.kind == BFLOAT16
        array: Array = np.empty(entry.shape, "<u2" if narrow else entry.dtype)
        self.file.seek(entry.start)
        if self.file.readinto(array.reshape(-1).view(np.uint8).data) != entry.size:
            raise ContentError("it became shorter while it was read")
        if narrow:
            array = (array.astype("<u4") << 16).view(entry.dtype)
        if finite and not (good := np.isfinite(array)).all():
            value = array[~good].flat[0]
            raise ContentError(f"tensor {quote(name)} holds {value}; every number must be finite")
        return array


@contextlib.contextmanager
def open_content(
    path: str | os.PathLike[str], kinds: Mapping[str, type] = FLOATS
) -> Iterator[OpenFile]:
    """Open a file for the length of the block and read its header.

    Args:
        path: the file.
        kinds: see `read_header`.

    Raises:
        ContentError: there is no such file, it is not a safetensors file, or it cannot be read.
    """
    try:
        with open_regular(path) as file:
            yield OpenFile(read_header(file, kinds), file)
    except FileNotFoundError:
        raise ContentError("there is no such file") from None
    except RefusedFileError as error:
        raise ContentError(str(error)) from None
    except OSError as error:
        raise ContentError(f"cannot be read: {os_error_text(error)}") from error


def tensors_under(prefix: str, tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors whose names begin with "`prefix`.", by the rest of their names."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): array for name, array in tensors.items() if name.startswith(start)
    }


def whole_number(values: Mapping[str, Any], name: str, highest: int) -> int:
    """Return the entry `name` of a JSON object.

    Raises:
        ContentError: the entry is not a whole number from 0 to `highest`.
    """
    value = values.get(name)
    if type(value) is not int or not 0 <= value <= highest:
        reason = f"must be a whole number from 0 to {highest}, not {quote(value)}"
        raise ContentError(f"{name} {reason}")
    return value
