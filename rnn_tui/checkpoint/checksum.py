"""The checksums of a file: they find a flipped bit in a number, a name or a text.

The text ``checksum`` is a JSON object: ``texts`` is the sum of all other texts, ``tensors`` the sum
of each tensor by name. A sum is a SHA-256, as hexadecimal digits, of these parts, each preceded by
its length in 8 bytes, little-endian. Of the texts: name and text of each, in order of the names, in
UTF-8. Of a tensor: its name, its dtype ("F32"), its shape ("4,2") and its numbers, little-endian,
row by row. So weights can be checked without reading what else is in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rnn_tui.checkpoint.format import CHECKSUM
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import FLOATS, WHOLE_NUMBERS, Array, ContentError
from rnn_tui.tensor_files.header import Header

_NAMES = {np.dtype(kind): name for name, kind in (FLOATS | WHOLE_NUMBERS).items()}
_DAMAGED = "it is damaged: {} not what was saved, by the checksum"


def checksums(texts: Mapping[str, str], tensors: Mapping[str, Array]) -> str:
    """Return the text ``checksum`` of a file with these texts, of which its own is left out."""
    sums = {name: _sum_of_tensor(name, array) for name, array in tensors.items()}
    return json.dumps({"texts": _sum_of_texts(texts), "tensors": sums})


def check_texts(header: Header) -> None:
    """Check that the texts are those that were saved, if the file has a checksum.

    Raises:
        ContentError: they are not, or the file has not the tensors that were saved.
    """
    if CHECKSUM not in header.texts:
        return
    sums = header.mapping(CHECKSUM)
    tensors = sums.get("tensors")
    if sums.get("texts") != _sum_of_texts(header.texts) or len(sums) != 2:
        raise ContentError(_DAMAGED.format("its metadata are"))
    if not isinstance(tensors, dict) or set(tensors) != set(header.tensors):
        raise ContentError(_DAMAGED.format("the list of its tensors is"))


def check_tensors(header: Header, tensors: Mapping[str, Array]) -> None:
    """Check that these tensors are those that were saved, if the file has a checksum.

    Raises:
        ContentError: one of them is not.
    """
    if CHECKSUM not in header.texts:
        return
    sums = header.mapping(CHECKSUM)["tensors"]
    for name, array in tensors.items():
        if sums[name] != _sum_of_tensor(name, array):
            raise ContentError(_DAMAGED.format(f"tensor {quote(name)} is"))


def _sum_of_texts(texts: Mapping[str, str]) -> str:
    """Return the sum of all texts but the checksum's own."""
    names = sorted(set(texts) - {CHECKSUM})
    return _sum(_utf8(text) for name in names for text in (name, texts[name]))


def _sum_of_tensor(name: str, array: Array) -> str:
    """Return the sum of one tensor."""
    kind, shape = _NAMES[array.dtype], ",".join(map(str, array.shape))
    numbers = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    return _sum((_utf8(name), _utf8(kind), _utf8(shape), numbers))


def _utf8(text: str) -> bytes:
    """Return `text` in UTF-8; half of a surrogate pair, which JSON can spell, as it is."""
    return text.encode("utf-8", "surrogatepass")


def _sum(parts: Iterable[Any]) -> str:
    """Return the sum of `parts`, each of bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
