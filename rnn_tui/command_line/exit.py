"""What both commands share: exit codes, errors of one line, closed streams, the environment."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import stat
import sys
from typing import Any, TextIO

from rnn_tui import PROGRAM
from rnn_tui.kiosk import IDLE_CODE

DONE, DIVERGED, BAD_USAGE, IDLE, BROKEN = 0, 1, 2, IDLE_CODE, 70
"""Exit codes: all went well, training diverged, an error of the user, a guest who pressed no key,
an error of ours."""
DIFFERS = 1
"""The exit code of ``check`` where a number differs."""


IN_ASCII = "rnn-tui-ascii"
"""The name of the handler of characters that a stream cannot encode."""
DEVELOPER = "RNN_TUI_DEVELOPER"
"""The environment variable with which all variables of Textual have their effect."""
_KEPT = {
    "TEXTUAL_ANIMATIONS": ("none", "basic", "full"),
    "TEXTUAL_COLOR_SYSTEM": ("auto", "standard", "256", "truecolor"),
    "TEXTUAL_DISABLE_KITTY_KEY": ("1",),
}
"""The values of those of Textual's variables that change only what is drawn and read."""


class CommandError(Exception):
    """An error that the user can correct; the message is one line."""


def ignore_variables() -> None:
    """Remove Textual's variables for developers, before Textual is imported and reads them.

    They write files, press keys, import code, or end the program where they have no sense.
    """
    if os.environ.get(DEVELOPER):
        return
    for name in [each for each in os.environ if each.partition("_")[0] == "TEXTUAL"]:
        if os.environ[name].lower() not in _KEPT.get(name, ()):
            del os.environ[name]


def explain(error: Exception) -> tuple[str, int]:
    """Return one line that says what went wrong, and the exit code."""
    from rnn_tui.files.error_log import LoggedError, details_in, log_error
    from rnn_tui.files.guard import installed

    match error:
        case LoggedError():
            return str(error), BROKEN
        case CommandError() | ValueError() if _is_ours(error):
            return str(error), BAD_USAGE
        case MemoryError():
            return "there is not enough memory for a network and windows of this size", BAD_USAGE
        case FileNotFoundError(filename=None):
            return "the directory in which this was started has been deleted", BAD_USAGE
        case OSError() if error.strerror:
            # A guest is shown no path of the server's; what is named has errors of its own.
            where = f"{error.filename!r}: " if error.filename and not installed() else ""
            return f"{where}{error.strerror.lower()}", BAD_USAGE
    path = log_error(error, "the command line")
    return f"an unexpected error ended the program; {details_in(path)}", BROKEN


def _is_ours(error: Exception) -> bool:
    """Return whether this program made the error, so that its message is written for users."""
    return type(error).__module__.partition(".")[0] == __name__.partition(".")[0]


def prepare_streams() -> None:
    """Open streams that are closed on the null device, and write ASCII for what they cannot encode.

    Where the user's locale is not one of UTF-8, that is all but ASCII, though Python would write
    UTF-8.
    """
    for name, flags, mode in (
        ("stdin", os.O_RDONLY, "r"),
        ("stdout", os.O_WRONLY, "w"),
        ("stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))
    from rnn_tui.tui.character_set import is_utf8, locale_variable, users_environment

    codecs.register_error(IN_ASCII, _in_ascii)
    variable = locale_variable(users_environment())
    chosen = {"PYTHONIOENCODING", "PYTHONUTF8"} & os.environ.keys()
    encoding = "ascii" if variable and not chosen and not is_utf8(variable) else None
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors=IN_ASCII)


def _in_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return ASCII for the characters that a stream could not encode, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from rnn_tui.tui.ascii_text import part_in_ascii

    return part_in_ascii(error.object, error.start, error.end), error.end


class Readers:
    """Those who read stdout and stderr, where that is a pipe, a socket or a terminal."""

    def __init__(self) -> None:
        """Note who reads; files, the null device and what is closed have no reader to lose."""
        self._poll: Any = None
        if not hasattr(select, "poll"):  # Windows
            return
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                descriptor = stream.fileno()
                mode = os.fstat(descriptor).st_mode
                if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor):
                    self._poll = self._poll or select.poll()
                    self._poll.register(descriptor, 0)  # errors and hang-ups are always told

    def one_has_gone(self) -> bool:
        """Return whether one of them has closed its end, as after a lost connection."""
        if self._poll is None:
            return False
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in self._poll.poll(0))


def print_error(message: str) -> None:
    """Write one line to stderr; if nobody can read it any more, nothing happens."""
    with contextlib.suppress(OSError, ValueError):
        line = "".join(map(_printable, " ".join(message.split())))
        sys.stderr.write(f"{PROGRAM}: {line}\n")
    flush(sys.stderr)


def _printable(character: str) -> str:
    """Return a character, or its number where the terminal would obey it."""
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def flush(stream: TextIO) -> None:
    """Flush `stream`; if its reader has gone, discard what is left."""
    try:
        stream.flush()
    except (OSError, ValueError):
        discard_output(stream)


def discard_output(stream: TextIO) -> None:
    """Redirect a stream whose reader has gone to the null device.

    Otherwise the interpreter would complain when it flushes the stream at exit.
    """
    with contextlib.suppress(OSError, ValueError):
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, stream.fileno())
        os.close(null_device)
