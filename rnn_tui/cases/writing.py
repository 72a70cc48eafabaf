"""Writing case files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.cases.case import FORMAT, OUTPUT, Case
from rnn_tui.cases.names import GRADIENT, STARTS
from rnn_tui.cases.reading import CaseError
from rnn_tui.files.atomic_file import WriteGuard, write_atomically
from rnn_tui.tensor_files.content import BFLOAT16, os_error_text

_NO_NAMES: Mapping[str, str] = MappingProxyType({})


def write_case(
    path: str | os.PathLike[str],
    case: Case,
    *,
    names: Mapping[str, str] = _NO_NAMES,
    batch_first: bool | None = None,
    guard: WriteGuard | None = None,
) -> None:
    """Write a case file, completely or not at all; `read_case` reads it back as it was.

    Args:
        path: the file.
        case: what is written; its weights are those of `given_weights`, so zeros of a missing bias
            are not.
        names: beginnings of the names of weights in the file, and what they stand for:
            {"lstm": "rnn", "fc": "readout"}.
        batch_first: whether B comes before T in the file; None: as the case says.
        guard: says whether a file that is there may be replaced; None: any may.

    Raises:
        CaseError: the file cannot be written.
    """
    try:
        write_atomically(path, case_bytes(case, names=names, batch_first=batch_first), guard)
    except OSError as error:
        raise CaseError(path, f"cannot be written: {os_error_text(error)}") from error


def case_bytes(
    case: Case, *, names: Mapping[str, str] = _NO_NAMES, batch_first: bool | None = None
) -> bytes:
    """Return the content of the file that `write_case` writes."""
    from safetensors.numpy import save as serialise

    if batch_first is not None:
        case = replace(case, batch_first=batch_first)
    whole = {n: np.ascontiguousarray(a) for n, a in case_tensors(case, names).items()}
    theirs = {ours: own for own, ours in names.items()}
    narrow = [_spelled(name, theirs) for name in case.narrow]
    # NumPy lacks bfloat16, the upper half of a float32, and so does this writer.
    halves = {name: (whole[name].view(np.uint32) >> 16).astype(np.uint16) for name in narrow}
    content = serialise(whole | halves, case_texts(case, names))
    return _with_kind(content, narrow, BFLOAT16) if narrow else content


def _with_kind(content: bytes, names: Iterable[str], kind: str) -> bytes:
    """Return a file in whose header the numbers of these tensors are of another kind."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    for name in names:
        header[name]["dtype"] = kind
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + content[end:]


def case_texts(case: Case, names: Mapping[str, str] = _NO_NAMES) -> dict[str, str]:
    """Return the metadata of a case's file; see `write_case`."""
    texts = {
        "format": FORMAT,
        "cell": case.cell,
        "loss": case.loss,
        "activation": case.activation,
        "reduction": case.reduction,
        "batch_first": "true" if case.batch_first else "false",
    }
    return texts | {"names": json.dumps(dict(names))} if names else texts


def case_tensors(case: Case, names: Mapping[str, str] = _NO_NAMES) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors of a case's file, by their names there; see `write_case`."""
    theirs = {ours: own for own, ours in names.items()}
    return {
        _spelled(name, theirs): array.astype(np.float32) if name in case.single else array
        for name, array in _tensors(case)
    }


def _tensors(case: Case) -> list[tuple[str, npt.NDArray[Any]]]:
    """Return all tensors by our names, in the order of axes of the file."""

    def ordered(array: npt.NDArray[Any], axis: int = 0) -> npt.NDArray[Any]:
        return array.swapaxes(axis, axis + 1) if case.batch_first else array

    tensors = [(name, case.weights[name]) for name in case.given_weights]
    tensors += [("x", ordered(case.x)), ("target", ordered(case.target))]
    if not case.mask.all():
        tensors.append(("mask", ordered(case.mask)))
    tensors += [(n, case.start[state]) for n, state in STARTS.items() if state in case.start]
    for name, array in case.theirs.items():
        if name.removeprefix(GRADIENT) in (OUTPUT, "h", "c"):
            array = ordered(array, array.ndim - 3)
        tensors.append((name, array))
    return tensors


def _spelled(name: str, theirs: Mapping[str, str]) -> str:
    """Return the name of a tensor in the file."""
    start = GRADIENT if name.startswith(GRADIENT) else ""
    rest = name.removeprefix(start)
    if rest in theirs:
        return start + theirs[rest]
    beginning, _, end = rest.partition(".")
    return f"{start}{theirs[beginning]}.{end}" if end and beginning in theirs else name
