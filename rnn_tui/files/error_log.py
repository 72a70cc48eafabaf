"""The log of unexpected errors: details for whoever mends them, never for the screen."""

from __future__ import annotations

import contextlib
import os
import stat
import time
import traceback
from pathlib import Path

from rnn_tui import __version__
from rnn_tui.files.guard import installed
from rnn_tui.files.state_folder import state_folder

LOG_NAME = "rnn-tui.log"
LONGEST_LOG = 512 * 1024  # bytes; a longer one becomes rnn-tui.log.1, which is replaced
LONGEST_ENTRY = 32 * 1024  # bytes of one error


class LoggedError(Exception):
    """An unexpected error that ends the program; its details are in the log already.

    The message is one line for the user.
    """


def details_in(path: Path | None) -> str:
    """Return where the details of an error are, as the end of a line for the user."""
    if path is not None:
        return f"details in {path}"
    return "a kiosk keeps no details" if installed() else "the details could not be logged"


def log_error(error: BaseException, where: str) -> Path | None:
    """Append time, version, place and traceback of `error` to the log.

    The values of variables are left out: they are the user's data.

    Args:
        error: the error that nobody expected.
        where: what the program was doing, such as "drawing the panel loss".

    Returns:
        The path of the log; None if it could not be written, which is no error of its own, and in
        a guest's session, which keeps nothing.
    """
    if installed():
        return None
    entry = _entry(error, where)
    try:
        path = state_folder("log") / LOG_NAME
        _make_room(path, len(entry))
        _append(path, entry)
    except Exception:  # logging an error must not cause another one, whatever is in the way
        return None
    return path


class ErrorReports:
    """Logs unexpected errors, each once however often it comes back, and words the user's line."""

    def __init__(self) -> None:
        self._logged: dict[tuple[str, str, int], Path | None] = {}  # by where, code and its line

    def line(self, error: BaseException, what: str, where: str) -> str:
        """Log `error` and return the line that says what could not be done, and where details are.

        Args:
            error: the error that nobody expected.
            what: the beginning of the line.
            where: the part of the program, for the log.
        """
        key = (where, *_origin(error))
        if key not in self._logged:
            self._logged[key] = log_error(error, where)
        return f"{what}; {details_in(self._logged[key])}"


def _origin(error: BaseException) -> tuple[str, int]:
    """Return the file and the line that raised `error`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return ("", 0) if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)


def _entry(error: BaseException, where: str) -> bytes:
    """Return what is written for one error; of a very long one the beginning and the end."""
    when = time.strftime("%Y-%m-%d %H:%M:%S%z")
    lines = traceback.format_exception(error)  # without the values of variables
    text = f"{when}  rnn-tui {__version__}  process {os.getpid()}  {where}\n{''.join(lines)}\n"
    entry = text.encode("utf-8", "backslashreplace")
    if len(entry) > LONGEST_ENTRY:
        half = LONGEST_ENTRY // 2
        entry = entry[:half] + b"\n[...]\n" + entry[-half:]
    return entry


def _make_room(path: Path, size: int) -> None:
    """Begin another log where this one would become longer than it may with `size` more bytes.

    Raises:
        OSError: the old one cannot be renamed.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_size + size > LONGEST_LOG:
            os.replace(path, path.with_name(f"{path.name}.1"))


def _append(path: Path, entry: bytes) -> None:
    """Append to a regular file that is made if need be; never wait for a FIFO or a device.

    Raises:
        OSError: it is no regular file, or it cannot be written.
    """
    never_wait = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | never_wait, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError("the log is no regular file")
        os.write(file, entry)  # in one call: entries of several programs do not mix
    finally:
        os.close(file)
