"""The header of a safetensors file, checked before anything that it describes is read.

A file begins with the length of its header, 8 bytes, then comes the header as JSON: each tensor's
dtype, shape and place, and the metadata, text by name. What a header claims costs the file's writer
nothing, so nothing is allocated because of it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

import numpy as np

from rnn_tui.files.regular_file import size_text
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import BFLOAT16, FLOATS, ContentError, Shape
from rnn_tui.tensor_files.other_formats import LOOKED_AT, refusal

LARGEST_HEADER = 4 * 2**20  # bytes; that of a text with 100,000 different characters has 2 MiB
_MOST_BRACKETS = 20_000  # each opens an object or a list, which takes far more memory than a byte
_MOST_DIMENSIONS = 8
_LOOKED_AT = 256
"""Bytes of a file that is no checkpoint, in which a control character shows that it is no text."""
_LENGTH_BYTES = 8
_TENSOR_KEYS = {"dtype", "shape", "data_offsets"}
_METADATA = "__metadata__"


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """What a header says of one tensor.

    Attributes:
        dtype: of its numbers, as they are read.
        shape: of the array.
        start: its first byte, counted from the beginning of the file.
        size: its bytes.
        kind: what the header calls its numbers: "F32".
    """

    dtype: np.dtype[Any]
    shape: Shape
    start: int
    size: int
    kind: str


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file; what its texts say and what its tensors are for is not checked yet.

    Attributes:
        texts: the metadata, by name.
        tensors: what is said of each tensor, by name, in the order in which they lie in the file.
    """

    texts: Mapping[str, str]
    tensors: Mapping[str, TensorEntry]

    def parsed(self, name: str) -> object:
        """Return what the text called `name` says in JSON.

        Raises:
            ContentError: the text is not JSON.
        """
        try:
            return parse_json(self.texts[name])
        except ValueError as error:
            raise ContentError(f"its metadata {name!r} are not JSON ({error})") from error

    def mapping(self, name: str) -> dict[str, Any]:
        """Return the JSON object in the text called `name`.

        Raises:
            ContentError: the text is not a JSON object.
        """
        values = self.parsed(name)
        if not isinstance(values, dict):
            raise ContentError(f"its metadata {name!r} are not a JSON object")
        return values


def read_header(file: BufferedReader, kinds: Mapping[str, type] = FLOATS) -> Header:
    """Return the header of an open file, whose tensors lie one after the other and fill it.

    Args:
        file: the file, at its beginning.
        kinds: the kinds of numbers that a tensor may have, by their names in the header.

    Raises:
        ContentError: it is no safetensors file, or not a whole one; or a tensor is of another kind.
        OSError: it cannot be read.
    """
    try:
        text = _header_text(file)
        values = parse_json(text)
        if not isinstance(values, dict):
            raise ValueError("its header is not a JSON object")
        texts = _texts(values.pop(_METADATA, {}))
        first = _LENGTH_BYTES + len(text.encode())
        tensors = _tensors(values, first, os.fstat(file.fileno()).st_size, kinds)
    except ValueError as error:
        reason = f"it is not a safetensors file, or not a whole one ({error})"
        raise ContentError(reason) from error
    return Header(texts, tensors)


def parse_json(text: str) -> Any:
    """Return the value of a JSON text in which no name occurs twice and every number is finite.

    Raises:
        ValueError: it is no such text; the message is one line.
    """
    if text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise ValueError("it has too many lists")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, whose names must differ."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{quote(twice)} is there twice")
    return values


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _header_text(file: BufferedReader) -> str:
    """Return the JSON of the header, after checking its length."""
    size = os.fstat(file.fileno()).st_size
    start = file.read(_LENGTH_BYTES)
    if len(start) < _LENGTH_BYTES:
        raise ValueError("it is too short")
    length = int.from_bytes(start, "little")
    if length > LARGEST_HEADER:
        start += file.read(LOOKED_AT)
        if reason := refusal(start):
            raise ContentError(f"it is not a safetensors file: {reason}")
        if _is_data(start[:_LOOKED_AT]):
            raise ContentError(
                "it is not a safetensors file but looks like a table or a text: --data reads it"
            )
    if length > LARGEST_HEADER:
        raise ValueError(f"its header is larger than {size_text(LARGEST_HEADER)}")
    if length > size - _LENGTH_BYTES:
        raise ValueError("it ends within its header")
    try:
        return file.read(length).decode()
    except UnicodeDecodeError:
        raise ValueError("its header is not UTF-8") from None


def _is_data(start: bytes) -> bool:
    """Return whether a file that begins so is a table or a text: what is learned, nothing saved."""
    if start.startswith((b"PAR1", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(byte < 32 and byte not in b"\t\n\f\r" for byte in start)


def _texts(metadata: object) -> dict[str, str]:
    """Return the metadata, which must be texts by name."""
    if not isinstance(metadata, dict) or not all(isinstance(t, str) for t in metadata.values()):
        raise ValueError("its metadata are not texts")
    return metadata


def _tensors(
    values: Mapping[str, Any], first: int, size: int, kinds: Mapping[str, type]
) -> dict[str, TensorEntry]:
    """Return the entries of all tensors, in their order in the file.

    Args:
        values: what the header says of each.
        first: the byte behind the header.
        size: the bytes of the file.
        kinds: the kinds of numbers that are allowed.
    """
    entries = {name: _entry(name, entry, first, kinds) for name, entry in values.items()}
    entries = dict(sorted(entries.items(), key=lambda item: (item[1].start, item[1].size)))
    end = first
    for name, entry in entries.items():
        if entry.start != end:
            raise ValueError(f"tensor {quote(name)} does not begin where the one before it ends")
        end += entry.size
    if end != size:
        raise ValueError(f"its tensors end at byte {end}, the file has {size}")
    return entries


def _entry(name: str, entry: object, first: int, kinds: Mapping[str, type]) -> TensorEntry:
    """Return what the header says of the tensor called `name`."""
    if not isinstance(entry, dict) or set(entry) != _TENSOR_KEYS:
        raise ValueError(f"tensor {quote(name)} lacks dtype, shape or data_offsets")
    kind, shape, offsets = (entry[key] for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(kind, str) or kind not in kinds:
        stored = kind if isinstance(kind, str) and kind.isalnum() else quote(kind)
        raise ContentError(f"tensor {quote(name)} is {stored[:20]}; expected {', '.join(kinds)}")
    if not _are_counts(shape) or len(shape) > _MOST_DIMENSIONS:
        raise ValueError(f"tensor {quote(name)} has no shape")
    if not _are_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ValueError(f"tensor {quote(name)} has no place")
    dtype = np.dtype(kinds[kind])
    size = offsets[1] - offsets[0]
    if math.prod(shape) * (2 if kind == BFLOAT16 else dtype.itemsize) != size:
        raise ValueError(f"tensor {quote(name)} has {size} bytes, which is not what its shape says")
    return TensorEntry(dtype.newbyteorder("<"), tuple(shape), first + offsets[0], size, kind)


def _are_counts(values: object) -> bool:
    """Return whether `values` is a list of whole numbers that a file could hold."""
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 2**63 for v in values)
