"""Memory that nobody can change any more, as a descriptor that processes hand to each other.

Linux's memfd with seals: after `seal` no process can write to it, nor change its size, the one that
made it included. So whoever reads it reads what was there when it was looked at, and is never ended
by a file that has become shorter.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterable, Sequence

LARGEST = 2**30  # bytes
_PIECES = 64  # written with one call; the system allows 1,024


class SealedMemoryError(Exception):
    """A descriptor is not of sealed memory, or there is too much of it."""


def _seals() -> int:
    return fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def seal(pieces: Iterable[bytes | memoryview]) -> int:
    """Write `pieces` one after the other into new memory, seal it, and return its descriptor.

    Raises:
        SealedMemoryError: it would be more than `LARGEST` bytes.
        OSError: there is no such memory here, or too little.
    """
    parts = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
    if sum(map(len, parts)) > LARGEST:
        raise SealedMemoryError(f"a picture has more than {LARGEST} bytes")
    descriptor = os.memfd_create("rnn-tui", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for first in range(0, len(parts), _PIECES):
            _write(descriptor, parts[first : first + _PIECES])
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _seals())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write(descriptor: int, parts: Sequence[memoryview]) -> None:
    """Write all of the parts: the system may take fewer bytes than it is given."""
    left = list(parts)
    while left:
        written = os.writev(descriptor, left)
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]


def check(descriptor: int) -> int:
    """Return the size of sealed memory.

    Raises:
        SealedMemoryError: the descriptor is of something else, or there is too much of it.
    """
    try:
        seals, size = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS), os.fstat(descriptor).st_size
    except OSError:
        raise SealedMemoryError("a descriptor is not of memory") from None
    if seals & _seals() != _seals():
        raise SealedMemoryError("memory is not sealed")
    if not 0 < size <= LARGEST:
        raise SealedMemoryError(f"memory has {size} bytes")
    return size


def view(descriptor: int) -> memoryview:
    """Return sealed memory, to read only; it stays for as long as anything refers to it.

    Raises:
        SealedMemoryError, OSError: see `check`; there are too many of them.
    """
    size = check(descriptor)
    # Private, as older kernels map what is sealed in no other way; nothing is written to it.
    return memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))
