"""Reading: the texts and tensors of a safetensors file whose tensors are all finite floats."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from rnn_tui.checkpoint.format import FLOATS, Array, ContentError, os_error_text
from rnn_tui.settings import quote


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file. Its numbers are checked to be finite; nothing else is checked yet.

    Attributes:
        texts: the metadata, by name.
        tensors: the arrays, by name, in the dtype and shape of the file.
    """

    texts: Mapping[str, str]
    tensors: Mapping[str, Array]

    def mapping(self, name: str) -> dict[str, Any]:
        """Return the JSON object in the text called `name`.

        Raises:
            ContentError: the text is not a JSON object.
        """
        try:
            values = json.loads(self.texts[name])
        except (ValueError, RecursionError) as error:
            raise ContentError(f"its metadata {name!r} are not JSON ({error})") from error
        if not isinstance(values, dict):
            raise ContentError(f"its metadata {name!r} are not a JSON object")
        return values

    def tensors_under(self, prefix: str) -> dict[str, Array]:
        """Return the tensors whose names begin with "`prefix`.", by the rest of their names."""
        start = f"{prefix}."
        return {
            name.removeprefix(start): array
            for name, array in self.tensors.items()
            if name.startswith(start)
        }


def read_content(path: str | os.PathLike[str]) -> Content:
    """Return the texts and tensors of the file at `path`.

    Raises:
        ContentError: there is no such file, it is not a safetensors file, or it holds numbers
            that are not finite floats.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ContentError("it is a folder" if os.path.isdir(path) else "it is no regular file")
        with open(path, "rb"):  # for its OSError, because safe_open does not give the reason
            pass
        with safe_open(os.fspath(path), framework="np") as file:
            texts = dict(file.metadata() or {})
            names = file.keys()  # the file itself cannot be iterated over
            return Content(texts, {name: _tensor(file, name) for name in names})
    except FileNotFoundError:
        raise ContentError("there is no such file") from None
    except OSError as error:
        raise ContentError(f"cannot be read: {os_error_text(error)}") from error
    except SafetensorError as error:
        raise ContentError(f"it is not a safetensors file, or not a whole one ({error})") from error


def _tensor(file: Any, name: str) -> Array:
    """Return one tensor of an open safetensors file, after checking that it is finite floats."""
    dtype = file.get_slice(name).get_dtype()
    if dtype not in FLOATS:
        raise ContentError(f"tensor {quote(name)} is {dtype}; expected {', '.join(FLOATS)}")
    array: Array = file.get_tensor(name)
    finite = np.isfinite(array)
    if not finite.all():
        value = array[~finite].flat[0]
        raise ContentError(f"tensor {quote(name)} holds {value}; every number must be finite")
    return array


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
