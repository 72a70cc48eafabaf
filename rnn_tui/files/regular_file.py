"""Safe reading: only regular files are opened, and never more of one is read than a limit allows.

A path that a stranger wrote, or that was mistyped, may be a FIFO that never answers, a device whose
opening alone has an effect, or a file of terabytes that take no room on the disk. All of them are
refused before anything is read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from io import BufferedReader

GIB = 2**30

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_KERNEL_FOLDERS = ("/proc", "/sys")  # of files that the kernel makes up while they are read


class RefusedFileError(OSError):
    """A file that is not read although it may exist; the message is a phrase: "it is a folder".

    Attributes:
        too_large: whether its size is the reason.
    """

    def __init__(self, reason: str, *, too_large: bool = False) -> None:
        """Keep `reason` where the system's words are kept, too; there is no number."""
        super().__init__(None, reason)
        self.strerror = reason
        self.too_large = too_large

    def __str__(self) -> str:
        """Return the phrase alone."""
        return str(self.strerror)


def open_regular(path: str | os.PathLike[str], limit: int | None = None) -> BufferedReader:
    """Open a regular file for reading, without waiting for anything.

    Args:
        path: the file; a symbolic link is followed.
        limit: the largest size in bytes; None for no limit.

    Raises:
        RefusedFileError: it is no regular file, or too large, or no path at all.
        OSError: it cannot be opened.
    """
    try:
        check_kind(os.stat(path))  # first, because opening a device can have an effect
        descriptor = os.open(path, _flags())
    except ValueError:  # a NUL, or half of a surrogate pair
        raise RefusedFileError("it is not a usable path") from None
    try:
        status = os.fstat(descriptor)
        check_kind(status)  # again, because the name may mean another file by now
        if limit is not None and status.st_size > limit:
            size, most = size_text(status.st_size), size_text(limit)
            raise RefusedFileError(f"it has {size}; the limit is {most}", too_large=True)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a regular file, as long as it was when it was opened.

    Raises:
        RefusedFileError, OSError: see `open_regular`.
    """
    with open_regular(path, limit) as file:
        return file.read(os.fstat(file.fileno()).st_size)


def read_chunks(path: str | os.PathLike[str], limit: int, size: int) -> Iterator[bytes]:
    """Yield the content of a regular file in chunks of `size` bytes, the last one shorter.

    A file that grows meanwhile ends where it ended when it was opened.

    Raises:
        RefusedFileError: see `open_regular`; or the file has holes, which hold only null bytes.
        OSError: it cannot be read.
    """
    with open_regular(path, limit) as file:
        if has_holes(file):
            raise RefusedFileError("it has holes (a sparse file), so it is neither text nor table")
        left = os.fstat(file.fileno()).st_size
        while left and (chunk := file.read(min(size, left))):
            left -= len(chunk)
            yield chunk


def has_holes(file: BufferedReader) -> bool:
    """Return whether a part of an open file takes no room on the disk; it then reads as zeros.

    Where the system cannot tell, there are none.
    """
    descriptor = file.fileno()
    size = os.fstat(descriptor).st_size
    if not size or not hasattr(os, "SEEK_HOLE"):
        return False
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < size
    except OSError:
        return False
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)


def size_text(size: int) -> str:
    """Return a number of bytes in the largest unit that leaves at least 1: "39.1 GiB"."""
    for unit, name in ((2**40, "TiB"), (GIB, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:,.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def check_kind(status: os.stat_result) -> None:
    """Refuse everything but a regular file that lies on a disk."""
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise RefusedFileError(f"it is {kind}, not a regular file")
    if folder := kernel_folder(status):
        raise RefusedFileError(f"it is a file of {folder}, not a regular one")


def kernel_folder(status: os.stat_result) -> str:
    """Return the folder of files of the kernel that a file lies in; "" for any other file."""
    return next((f for f in _KERNEL_FOLDERS if _is_device_of(f, status.st_dev)), "")


def _is_device_of(folder: str, device: int) -> bool:
    """Return whether `device` is the file system mounted at `folder`; False if there is none."""
    try:
        return os.path.ismount(folder) and os.stat(folder).st_dev == device
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.ENOTDIR):
            return False
        raise


def _flags() -> int:
    """Return the flags for opening: no waiting, no controlling terminal, bytes as they are."""
    names = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
    return os.O_RDONLY | sum(getattr(os, name, 0) for name in names)
