"""The table of loss and gradient norm of every update: begun once, and continued by its own run.

A table is a run's own if its last row is that of the run's newest update, with all digits: no other
run has the same loss and the same norm there.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import EllipsisType
from typing import TextIO

from rnn_tui.files.atomic_file import write_atomically
from rnn_tui.files.ownership import FileIdentity, FileTakenError, RunFiles, Standing, WriteCheck

HEADER = "update,loss,grad_norm\n"
HEADER_WITH_TESTS = "update,loss,grad_norm,test_loss\n"

LONGEST_ROW = 130  # bytes; longer than any
UNFINISHED = re.compile(rb"[0-9]{1,19}(,[-+.0-9a-z]{0,25}){0,3}")
"""The beginning of a row, as a killed run leaves it."""
TEST_LOSS = re.compile(rb",[-+.0-9a-z]{0,25}")


def metrics_row(
    update: int, loss: float, grad_norm: float, test_loss: float | EllipsisType | None = ...
) -> str:
    """Return the row of one update, with all digits.

    Args:
        update: its number.
        loss: its loss.
        grad_norm: its gradient's norm.
        test_loss: measured after it; None where it was not, ... in a table without test losses.
    """
    row = f"{update},{loss!r},{grad_norm!r}"
    if test_loss is ...:
        return f"{row}\n"
    return f"{row},{'' if test_loss is None else repr(test_loss)}\n"


@dataclass(frozen=True, slots=True)
class _End:
    """The place in a table where its run goes on.

    Attributes:
        offset: the bytes up to there.
        ahead: whether complete rows of later updates follow.
        newline: whether the row before lacks its end.
    """

    offset: int
    ahead: bool = False
    newline: bool = False


class MetricsTable:
    """An open table; where it can take no more rows, the run goes on without.

    Attributes:
        failed: whether rows are missing at its end.
    """

    def __init__(self, file: TextIO, report: Callable[[OSError], None]) -> None:
        """Write to `file`; `report` is called with the first error."""
        self.failed = False
        self._file = file
        self._report = report

    def writelines(self, rows: Iterable[str]) -> None:
        """Write rows, unless earlier ones are missing."""
        if not self.failed:
            self._try(lambda: self._file.writelines(rows))

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._try(self._file.close)

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            if not self.failed:
                self.failed = True
                self._report(error)


def open_metrics(
    path: str, files: RunFiles, newest: str, *, force: bool = False, tests: bool = False
) -> TextIO:
    """Open the table at `path` for further rows.

    Args:
        path: the file.
        files: what the run reads, which is never replaced.
        newest: the row of the run's newest update (`metrics_row`); empty before the first.
        force: begin a new table in place of one that is not the run's own, and cut rows of later
            updates off one that is.
        tests: whether it has a column of test losses.

    Raises:
        FileTakenError: the file may not be written.
        OSError: it cannot be.
    """
    check = files.check(path)
    if check.standing is Standing.FOREIGN:
        table = _continue(path, check, newest, force, tests)
        if table is not None:
            return table
        if not force:
            raise FileTakenError(f"{check.reason}; --force replaces it")
        check = files.check(path, check.seen)
    check.require()
    real = os.path.realpath(path)
    if check.seen is None:
        descriptor = os.open(real, _WRITE | os.O_CREAT | os.O_EXCL, 0o666)
    elif check.seen.size == 0:
        descriptor = _open_seen(real, _WRITE, check.seen)
    else:  # other names of the old file keep its content
        write_atomically(real, b"", check)
        descriptor = os.open(real, _WRITE)
    table = _as_text(descriptor)
    table.write(HEADER_WITH_TESTS if tests else HEADER)
    table.flush()  # a disk that is full already is said before the training
    return table


_WRITE = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_READ_AND_WRITE = _WRITE & ~os.O_WRONLY | os.O_RDWR


def _continue(path: str, check: WriteCheck, newest: str, force: bool, tests: bool) -> TextIO | None:
    """Open a table of the run's own behind its newest row; None if it is not its own.

    Raises:
        FileTakenError: it has rows of later updates, and `force` is false.
    """
    assert check.seen is not None
    try:
        descriptor = _open_seen(os.path.realpath(path), _READ_AND_WRITE, check.seen)
    except PermissionError:
        return None
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(os.close, descriptor)
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
            end = _own_end(content, newest, tests)
            if end is None and not force and _own_end(content, newest, not tests):
                lacks = "no column test_loss" if tests else "a column test_loss"
                how = "left out" if tests else "given, as --test-every does"
                raise FileTakenError(f"it has {lacks}; go on with test losses {how}")
        if end is None:
            return None
        if end.ahead and not force:
            reason = "it goes on beyond this run's newest update; --force cuts it there"
            raise FileTakenError(reason)
        os.ftruncate(descriptor, end.offset)
        cleanup.pop_all()
    table = _as_text(descriptor)
    table.write("\n" if end.newline else "")
    return table


def _own_end(content: mmap.mmap, newest: str, tests: bool) -> _End | None:
    """Return where the run goes on; None if the table is not its own, or has other columns."""
    header, row = (HEADER_WITH_TESTS if tests else HEADER).encode(), newest.encode()
    if content[: len(header)] != header:
        return None
    if not newest:  # nothing of this run can be in it
        return _End(len(header)) if len(content) == len(header) else None
    found = content.find(b"\n" + row.rstrip(b"\n"), len(header) - 1)
    if found < 0:
        return None
    end = found + 1 + len(row)
    if tests:  # what has been measured after that update follows
        tail = TEST_LOSS.match(content[end - 1 : end - 1 + LONGEST_ROW])
        if tail is None:
            return None
        end += len(tail[0])
    if len(content) < end:
        return _End(end - 1, newline=True)
    if content[end - 1 : end] != b"\n":
        return None
    rest = content[end : end + LONGEST_ROW]
    return _End(end, ahead=bool(rest) and not UNFINISHED.fullmatch(rest))


def _open_seen(path: str, flags: int, seen: FileIdentity) -> int:
    """Open a file and make sure that it is the one that was looked at.

    Raises:
        FileTakenError: it is another one by now.
    """
    descriptor = os.open(path, flags)
    if FileIdentity.of(os.fstat(descriptor)) != seen:
        os.close(descriptor)
        raise FileTakenError("it was changed a moment ago")
    return descriptor


def _as_text(descriptor: int) -> TextIO:
    """Return a text file that writes to `descriptor` and closes it."""
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
