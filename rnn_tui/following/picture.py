"""What travels: a snapshot and the presenter's place on the screen, encoded.

A picture begins with `_HEADER`: a magic number, and the length of a pickle; then the pickle, then
the contents of large arrays, at places that the pickle names. What a follower does not look at, it
does not read: the arrays that it gets are views of the memory that the presenter has written.

The pickle is read by an unpickler that knows nothing but the frozen data classes, enumerations and
optimizers of this program, and arrays of numbers. What a process may send can therefore make
objects, and nothing else. What follows from the settings, such as the declaration of the network
with all of its equations, does not travel, but is made anew once.
"""

from __future__ import annotations

import io
import pickle
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from importlib import import_module
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.registry import OPTIMIZERS
from rnn_tui.session.snapshot import Snapshot

_HEADER = struct.Struct("<8sQ")
_MAGIC = b"rnntui02"  # rises with every change of what is below
_ALIGNED = 64
_SMALL = 512  # bytes up to which an array lies within the pickle
_KINDS = frozenset("bifuSU")  # of the entries of arrays: numbers, and texts of fixed length
_PACKAGES = (
    "rnn_tui.checks.comparison",
    "rnn_tui.engine.",
    "rnn_tui.predictions.",
    "rnn_tui.proofs.",
    "rnn_tui.second_network",
    "rnn_tui.session.",
    "rnn_tui.settings",
    "rnn_tui.tables.table",
    "rnn_tui.tasks.base",
    "rnn_tui.tasks.data_report",
    "rnn_tui.tasks.baselines",
    "rnn_tui.tasks.tokens",
    "rnn_tui.tui.charts.chart_view",
    "rnn_tui.tui.draw_context",
    "rnn_tui.tui.lesson.room",
    "rnn_tui.tui.lesson.view",
    "rnn_tui.tui.presented_view",
)
"""Where the classes come from that may be in a picture."""


class PictureError(Exception):
    """What was received is no picture."""


@dataclass(frozen=True, slots=True, eq=False)
class PresentedPicture:
    """What a follower gets.

    Attributes:
        snapshot: the presenter's snapshot, without what concerns nobody else.
        view: the presenter's place on the screen; the screen knows what it is.
    """

    snapshot: Snapshot
    view: object


def for_followers(snapshot: Snapshot) -> Snapshot:
    """Return `snapshot` without messages to the presenter and what is about the presenter's files.

    A follower has nothing to save and loses nothing by leaving.
    """
    return replace(
        snapshot,
        notice=None,
        question=None,
        unsaved=False,
        trained=0.0,
        at_risk=(),
        old_update=None,
        old_is_back_by=0,
        bookmarks=(),
        evaluated=None,
    )


# ---------------------------------------------------------------- writing


def encode(picture: PresentedPicture) -> list[bytes | memoryview]:
    """Return a picture as pieces of memory, one after the other; nothing large is copied.

    Raises:
        pickle.PicklingError: something in it is of no kind that may travel.
    """
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump((picture.snapshot, picture.view))
    body = file.getbuffer()
    start = _HEADER.size + len(body)
    pieces: list[bytes | memoryview] = [_HEADER.pack(_MAGIC, len(body)), body]
    pieces.append(bytes(-start % _ALIGNED))
    return pieces + pickler.pieces


class _Pickler(pickle.Pickler):
    """Pickles a picture; large arrays are put aside.

    Attributes:
        pieces: the contents of the arrays put aside, each followed by what aligns the next.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.pieces: list[bytes | memoryview] = []
        self._length = 0
        self._places: dict[int, int] = {}  # of the memory that was put aside, by its address
        self._kept: list[Array] = []  # so that no address is used twice

    def reducer_override(self, obj: Any) -> Any:
        """Return how an object is made again: the function and its arguments."""
        if isinstance(obj, np.ndarray):
            return self._array(obj)
        if isinstance(obj, np.generic):
            return _scalar, (obj.dtype.str, obj.tobytes())
        if isinstance(obj, np.dtype):
            return _dtype, (obj.str,)
        if isinstance(obj, NetworkDeclaration):
            return _declaration, (obj.architecture, obj.steps, obj.batch, obj.dtype.str)
        if isinstance(obj, Optimizer):
            state = vars(obj).copy()
            for name in ("_contents", "_scratch"):  # of the trainer's own steps
                state.pop(name, None)
            return _optimizer, (type(obj).name, state)
        if isinstance(obj, MappingProxyType):
            return _mapping, (dict(obj),)
        if type(obj) is Tape:
            return _tape, (vars(obj).copy(),)
        if isinstance(obj, (type, FunctionType)):  # that makes an object
            if may_travel(obj) if isinstance(obj, type) else obj.__name__ in _MAKERS:
                return NotImplemented
            raise pickle.PicklingError(f"{obj.__qualname__} cannot travel")
        if may_travel(type(obj)):
            return NotImplemented
        raise pickle.PicklingError(f"an object of {type(obj).__qualname__} cannot travel")

    def _array(self, array: Array) -> Any:
        """Return how an array is made again: from its bytes, or from a place in the picture."""
        if array.dtype.kind not in _KINDS:
            raise pickle.PicklingError(f"an array of {array.dtype} cannot travel")
        if array.nbytes <= _SMALL:
            return _small_array, (array.tobytes(), array.dtype.str, array.shape)
        owner = _owner(array)
        if owner is None:
            owner = np.ascontiguousarray(array)
            array = owner
        first = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        place = self._put_aside(owner) + first
        return _large_array, (place, array.dtype.str, array.shape, array.strides)

    def _put_aside(self, owner: Array) -> int:
        """Return the place of memory in the picture, counted from the end of the pickle."""
        address = owner.__array_interface__["data"][0]
        if address not in self._places:
            self._places[address] = self._length
            self._kept.append(owner)
            content = owner.reshape(-1).view(np.uint8).data
            padding = -len(content) % _ALIGNED
            self.pieces += [content, bytes(padding)]
            self._length += len(content) + padding
        return self._places[address]


def _owner(array: Array) -> Array | None:
    """Return the contiguous array that `array` is a part of; None if that is much larger.

    So parts of one array, such as the gates, travel once.
    """
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if not owner.flags.c_contiguous:
        return array if array.flags.c_contiguous else None
    if owner.nbytes > 8 * array.nbytes:
        return array if array.flags.c_contiguous else None
    return owner


# ---------------------------------------------------------------- reading


def decode(memory: memoryview) -> PresentedPicture:
    """Return the picture that `memory` holds; its arrays cannot be written to.

    Raises:
        PictureError: it is none.
    """
    try:
        magic, length = _HEADER.unpack_from(memory)
        if magic != _MAGIC:
            raise PictureError("a picture comes from another version of the program")
        end = _HEADER.size + length
        arrays = memory[end + -end % _ALIGNED :].toreadonly()
        reader = _Unpickler(io.BytesIO(memory[_HEADER.size : end]), arrays)
        snapshot, view = reader.load()
        if not isinstance(snapshot, Snapshot):
            raise PictureError("a picture has no snapshot")
    except PictureError:
        raise
    except Exception as error:
        raise PictureError("a picture cannot be read") from error
    return PresentedPicture(snapshot, view)


class _Unpickler(pickle.Unpickler):
    """Reads a picture, and makes nothing but what may be in one."""

    def __init__(self, file: io.BytesIO, arrays: memoryview) -> None:
        super().__init__(file)
        self._arrays = arrays

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function of a picture.

        Raises:
            PictureError: it may not be in one.
        """
        if module == __name__ and name == _large_array.__name__:
            return self._large_array
        if module == __name__ and name in _MAKERS:
            return _MAKERS[name]
        return _class(module, name)

    def persistent_load(self, pid: object) -> Any:
        """Refuse it: there are none."""
        raise PictureError("a picture names an object of elsewhere")

    def _large_array(
        self, place: int, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> Array:
        """Return an array that is a view of the picture; NumPy checks that it lies within."""
        return np.ndarray(shape, _dtype(dtype), self._arrays, place, strides)


@lru_cache(maxsize=1024)
def _class(module: str, name: str) -> type:
    """Return a class that may be in a picture, importing its module.

    Raises:
        PictureError: there is no such class, or it may not be in one.
    """
    if module.startswith(_PACKAGES) and name.isidentifier():
        found = getattr(sys.modules.get(module) or import_module(module), name, None)
        if isinstance(found, type) and found.__module__ == module and may_travel(found):
            return found
    raise PictureError(f"there is no {module}.{name} in a picture")


def may_travel(kind: type) -> bool:
    """Return whether objects of a class may be in a picture: it is frozen, or an enumeration."""
    if not kind.__module__.startswith(_PACKAGES):
        return False
    if is_dataclass(kind):
        return bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]  # not in the stubs
    return issubclass(kind, Enum)


# ---------------------------------------------------------------- what is made in a way of its own


def _dtype(text: str) -> np.dtype[Any]:
    dtype = np.dtype(text)
    if dtype.kind not in _KINDS or dtype.names is not None:
        raise PictureError(f"there are no arrays of {dtype} in a picture")
    return dtype


def _scalar(dtype: str, content: bytes) -> Any:
    return np.frombuffer(content, _dtype(dtype))[0]


def _small_array(content: bytes, dtype: str, shape: tuple[int, ...]) -> Array:
    return np.frombuffer(content, _dtype(dtype)).reshape(shape)


def _large_array(place: int, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    raise PictureError("stands for a method of the one who reads")


def _mapping(content: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(content)


def _declaration(
    architecture: Architecture, steps: int, batch: int, dtype: str
) -> NetworkDeclaration:
    return _known_declaration(architecture, steps, batch, dtype)


@lru_cache(maxsize=4)
def _known_declaration(
    architecture: Architecture, steps: int, batch: int, dtype: str
) -> NetworkDeclaration:
    return NetworkDeclaration(architecture, steps, batch, _dtype(dtype))


def _optimizer(name: str, state: dict[str, Any]) -> Optimizer:
    optimizer: Optimizer = object.__new__(OPTIMIZERS.load(name))
    vars(optimizer).update(state)
    return optimizer


def _tape(state: dict[str, Any]) -> Tape:
    tape = object.__new__(Tape)
    vars(tape).update(state)
    return tape


_MAKERS: dict[str, Callable[..., Any]] = {
    maker.__name__: maker
    for maker in (
        _dtype,
        _scalar,
        _small_array,
        _large_array,
        _mapping,
        _declaration,
        _optimizer,
        _tape,
    )
}
