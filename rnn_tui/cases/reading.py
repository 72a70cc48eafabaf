"""Reading case files; docs/case-files.md says what is in them.

Names, kinds and shapes of all tensors are compared with each other before one of them is read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.cases.case import LOSS, OUTPUT, BatchArray, Case
from rnn_tui.cases.names import GRADIENT, STARTS, ours_by_name
from rnn_tui.cases.sizes import CaseSizes, NetworkSizes, case_sizes, check_tensors
from rnn_tui.cases.texts import CaseTexts, is_case, read_texts
from rnn_tui.files.limits import memory_limit, over_limit
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import BFLOAT16, NUMBERS, Array, ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import OpenFile, open_content

__all__ = ["CaseError", "case_of", "is_case", "read_case"]

IGNORED_CLASS = -100
"""PyTorch's ignore_index: an output with this class does not count."""


class CaseError(ValueError):
    """A case file cannot be read or written; the message is one line that names it."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        """Set the message to the file's path and `reason`, on one line."""
        super().__init__(f"{os.fspath(path)!r}: {' '.join(reason.split())}")


def read_case(path: str | os.PathLike[str]) -> Case:
    """Read a case file.

    Raises:
        CaseError: it is none, or something in it does not fit; the message names the tensor, what
            it has and what is expected.
    """
    try:
        with open_content(path, NUMBERS) as file:
            return case_of(file, os.path.basename(os.fspath(path)))
    except ContentError as error:
        raise CaseError(path, str(error)) from error.__cause__


def case_of(file: OpenFile, name: str = "", network: NetworkSizes | None = None) -> Case:
    """Return the case in an open file, opened for all kinds of `NUMBERS`.

    Args:
        file: the file.
        name: what the case is called.
        network: the sizes of the network, where the file may lack all weights.

    Raises:
        ContentError: it is none, or something in it does not fit.
    """
    texts = read_texts(file.header)
    _check_size(file)
    spelled, assumed = ours_by_name(file.header.tensors, texts.names)
    sizes = case_sizes(file.header, texts, spelled, network)
    given = check_tensors(file.header, texts, spelled, sizes)
    reader = _CaseReader(file, texts, spelled, sizes)
    weights = reader.weights(given)
    dtype = _precision(file.header, [spelled[name] for name in given] or spelled.values())
    target, mask = reader.target_and_mask(dtype)
    return Case(
        cell=texts.cell,
        activation=texts.activation,
        loss=texts.loss,
        reduction=texts.reduction,
        layers=sizes.layers,
        hidden=sizes.hidden,
        dtype=dtype,
        weights=_complete(weights, sizes, dtype) if given else {},
        given_weights=given,
        x=reader.x(dtype),
        target=target,
        mask=mask,
        features=sizes.features,
        outputs=sizes.outputs,
        start=reader.start(dtype),
        theirs=reader.theirs(),
        spelling={name: theirs for name, theirs in spelled.items() if theirs != name},
        batch_first=texts.batch_first,
        narrow=reader.narrow(),
        single=reader.single(),
        name=name,
        assumed=assumed,
    )


def _precision(header: Header, names: Iterable[str]) -> np.dtype[Any]:
    """Return float64 if one of these tensors is of that, else float32.

    They are the weights; without them, as in a run that draws its own, all tensors are.
    """
    wide = any(header.tensors[name].dtype == np.float64 for name in names)
    return np.dtype(np.float64 if wide else np.float32)


def _complete(
    weights: Mapping[str, Array], sizes: CaseSizes, dtype: np.dtype[Any]
) -> dict[str, Array]:
    """Return all weights; a bias that the file lacks is zeros."""
    return {
        name: np.asarray(weights[name], dtype) if name in weights else np.zeros(shape, dtype)
        for name, shape in sizes.weights.items()
    }


def _check_size(file: OpenFile) -> None:
    """Refuse a file whose numbers would take more memory than a run may."""
    size = sum(math.prod(entry.shape) * 8 for entry in file.header.tensors.values())
    if size > (limit := memory_limit()):
        raise ContentError(f"its tensors need {over_limit(size, limit)}")


class _CaseReader:
    """Reads the arrays of a file whose names and shapes have been checked; time comes first then.

    Attributes:
        file: the file.
        texts: its metadata.
        spelled: its names of the tensors, by ours.
        sizes: of the network and the batch.
    """

    def __init__(
        self, file: OpenFile, texts: CaseTexts, spelled: Mapping[str, str], sizes: CaseSizes
    ) -> None:
        self.file = file
        self.texts = texts
        self.spelled = spelled
        self.sizes = sizes

    def weights(self, given: tuple[str, ...]) -> dict[str, Array]:
        """Return the weights that the file has, in its dtypes."""
        return {name: self._read(name) for name in given}

    def x(self, dtype: np.dtype[Any]) -> BatchArray:
        """Return the inputs."""
        x = self._read_batch("x")
        if x.ndim == 2:
            return self._codes("x", x, np.ones(x.shape, np.bool_), self.sizes.features)
        return self._numbers("x", x, dtype)

    def target_and_mask(self, dtype: np.dtype[Any]) -> tuple[BatchArray, npt.NDArray[np.bool_]]:
        """Return the targets, and where an output counts."""
        target, mask = self._read_batch("target"), self._mask()
        if target.ndim == 3:
            return self._numbers("target", target, dtype), mask
        if target.dtype.kind != "u":
            mask &= target != IGNORED_CLASS
        if not mask.any():
            raise ContentError(
                f"tensor {self._quoted('target')} is {IGNORED_CLASS} wherever an output counts; "
                "expected at least one class"
            )
        return self._codes("target", target, mask, self.sizes.outputs), mask

    def start(self, dtype: np.dtype[Any]) -> dict[str, Array]:
        """Return the states that the window begins with, [L, B, H]."""
        sizes = self.sizes
        shape = (sizes.layers, sizes.batch, sizes.hidden)
        return {
            state: self._numbers(name, self._read(name), dtype).reshape(shape)
            for name, state in STARTS.items()
            if name in self.spelled
        }

    def theirs(self) -> dict[str, Array]:
        """Return what they computed, which may be anything but must have the right shapes."""
        arrays: dict[str, Array] = {}
        for name, spelling in self.spelled.items():
            if not _is_theirs(name):
                continue
            array = self.file.read([spelling], finite=False)[spelling]
            array = array.astype(array.dtype.newbyteorder("="), copy=False)
            if name == LOSS:
                array = array.reshape(())
            elif name.removeprefix(GRADIENT) in (OUTPUT, "h", "c"):
                array = self._time_first(array, array.ndim - 3)
            arrays[name] = array
        return arrays

    def narrow(self) -> frozenset[str]:
        """Return the names of those of theirs that the file has as bfloat16."""
        tensors = self.file.header.tensors
        return frozenset(
            name
            for name, spelling in self.spelled.items()
            if _is_theirs(name) and tensors[spelling].kind == BFLOAT16
        )

    def single(self) -> frozenset[str]:
        """Return the names of what is no number of theirs, and less than float64 in the file."""
        tensors = self.file.header.tensors
        return frozenset(
            name
            for name, spelling in self.spelled.items()
            if not _is_theirs(name)
            and name != "mask"
            and tensors[spelling].dtype.kind == "f"
            and tensors[spelling].dtype != np.float64
        )

    def _mask(self) -> npt.NDArray[np.bool_]:
        """Return where an output counts, [T, B]."""
        shape = (self.sizes.steps, self.sizes.batch)
        if "mask" not in self.spelled:
            return np.ones(shape, np.bool_)
        mask = self._read_batch("mask")
        bad = (mask != 0) & (mask != 1)
        if bad.any():
            value = mask[bad].flat[0]
            raise ContentError(
                f"tensor {self._quoted('mask')} has the number {value}; expected 0 and 1"
            )
        if not mask.any():
            raise ContentError(f"tensor {self._quoted('mask')} is 0 everywhere; expected a 1")
        return mask.astype(np.bool_)

    def _numbers(self, name: str, array: Array, dtype: np.dtype[Any]) -> Array:
        """Return numbers in the dtype of the case."""
        with np.errstate(over="ignore"):
            converted: Array = np.ascontiguousarray(array, dtype)
        if not np.isfinite(converted).all():
            raise ContentError(
                f"tensor {self._quoted(name)} has numbers too large for {dtype}, the dtype of the "
                "weights"
            )
        return converted

    def _codes(
        self, name: str, codes: BatchArray, counted: npt.NDArray[np.bool_], count: int
    ) -> npt.NDArray[np.int64]:
        """Return codes, which must be below `count` where they are `counted`; −1 elsewhere."""
        bad = counted & ((codes < 0) | (codes >= count))
        if bad.any():
            value = codes[bad].flat[0]
            raise ContentError(
                f"tensor {self._quoted(name)} has the code {value}; expected 0 to {count - 1}"
            )
        return np.where(counted, codes.astype(np.int64), np.int64(-1))

    def _read(self, name: str) -> Array:
        """Return an array of the file, whose numbers are finite."""
        spelling = self.spelled[name]
        array = self.file.read([spelling])[spelling]
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def _read_batch(self, name: str) -> BatchArray:
        """Return an array that begins with T and B."""
        return self._time_first(self._read(name), 0)

    def _time_first(self, array: Array, axis: int) -> Array:
        """Return an array with T at `axis` and B behind it, whatever the order of the file is."""
        if self.texts.batch_first:
            array = array.swapaxes(axis, axis + 1)
        return np.ascontiguousarray(array)

    def _quoted(self, name: str) -> str:
        return quote(self.spelled[name])


def _is_theirs(name: str) -> bool:
    """Return whether a tensor is one that they computed."""
    return name.startswith(GRADIENT) or name in (LOSS, OUTPUT, "h", "c")
