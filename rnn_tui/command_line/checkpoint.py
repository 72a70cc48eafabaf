"""Opening a checkpoint from the command line: where it names another file, the user is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from rnn_tui.checkpoint.data_file import UnaskedDataError
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import SavedRun, load_run
from rnn_tui.command_line.exit import CommandError
from rnn_tui.settings import Settings
from rnn_tui.tasks import DataError

_QUESTION = """\
{checkpoint} learns from a file that does not lie beside it:

    {data}

A checkpoint may come from anyone: open it only if it is the one you expect.
"""
_MOVED = """\
{checkpoint} learns from a file that is not there any more:

    {data}
"""
_CHANGED = """\
The data have changed since {saved} was saved: {change}.

Training can go on with them; the scale and the vocabulary stay as they were.
"""
_ESCAPE = "\x1b"
_LONGEST_PATH = 4096  # characters that are shown
_CHOICES = "y opens it, n quits, or type the path of another file: "
_MOVED_CHOICES = "Type the path where it is now, or n to quit: "
_GO_ON = "y goes on with them, n quits: "


def open_run(
    checkpoint: str,
    data: str | None = None,
    *,
    trusted: bool = False,
    ask: bool = False,
    allow: Callable[[Settings], object] = lambda settings: None,
    agree: Callable[[str], bool] = lambda change: False,
) -> SavedRun:
    """Read a checkpoint; see `rnn_tui.checkpoint.loading.load_run`.

    Args:
        checkpoint: the file.
        data: the data file of --data; None if there is none.
        trusted: whether this program wrote the checkpoint by itself.
        ask: whether to ask on the terminal for a data file that does not lie beside the checkpoint;
            otherwise that is an error.
        allow: see `load_run`.
        agree: see `load_run`.

    Raises:
        CommandError: the user does not want the file to be opened.
    """
    try:
        return load_run(checkpoint, data=data, trusted=trusted, allow=allow, agree=agree)
    except UnaskedDataError as error:
        if not ask:
            raise
        question = _QUESTION if error.there else _MOVED
        _say(question.format(checkpoint=_shown(checkpoint), data=_shown(_whole(error.data))))
        named = error.data
    while True:
        path = _answer(named)
        try:
            return load_run(checkpoint, data=path, allow=allow, agree=agree)
        except (DataError, CheckpointError) as error:
            _say(f"{error}\n")


def agreement(saved: str, choice: str, *, ask: bool) -> Callable[[str], bool]:
    """Return what says whether to go on with data that have changed; see `load_run`.

    Each change is asked about once, as a run and its second network have the same.

    Args:
        saved: what was saved, for the question.
        choice: the value of --data-changed; empty if there is none.
        ask: whether the user can be asked on the terminal.

    Raises:
        CommandError: by what is returned: the user does not want to go on.
    """
    agreed: set[str] = set()

    def agree(change: str) -> bool:
        if choice or change in agreed or not ask:
            return choice == "continue" or change in agreed
        _say(_CHANGED.format(saved=_shown(saved), change=_shown(change)))
        while True:
            answer = _line_typed(_GO_ON).lower()
            if answer in ("y", "yes"):
                agreed.add(change)
                return True
            if answer in ("n", "no", "q"):
                raise CommandError("nothing was opened; --data FILE names another file")

    return agree


def _say(text: str) -> None:
    """Print a text in lines that fit the terminal; a line that is indented stays as it is."""
    from shutil import get_terminal_size

    width = max(get_terminal_size().columns, 20)
    print("\n".join(_wrapped(line, width) for line in text.split("\n")))


def _wrapped(line: str, width: int) -> str:
    """Return a line in lines of at most `width` cells that end between words."""
    if line.startswith(" "):
        return line
    from rnn_tui.tui.lines import text_width

    lines: list[str] = []
    for word in line.split(" "):
        if lines and text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def _line_typed(choices: str) -> str:
    """Return the line that the user types; "n" where there will be none, and for Esc."""
    try:
        line = _ask(choices).strip()
        return "n" if line == _ESCAPE else line
    except EOFError:
        print()
        return "n"


def _answer(data: str) -> str:
    """Return the path that the user agrees to.

    Raises:
        CommandError: there is none.
    """
    while True:
        there = os.path.exists(os.path.expanduser(data))
        answer = _line_typed(_CHOICES if there else _MOVED_CHOICES)
        if answer.lower() in ("y", "yes"):
            if there:
                return data
            continue
        if answer.lower() in ("n", "no", "q"):
            raise CommandError("nothing was opened; --data FILE names the file to learn from")
        if answer:
            return answer


def _ask(choices: str) -> str:
    """Return the line that the user types; one that is not text counts as none."""
    sys.stdout.write(choices)
    sys.stdout.flush()
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        return ""
    if not line:
        raise EOFError
    return line


def _whole(path: str) -> str:
    """Return a path with all its folders, so that it is clear which file is meant."""
    try:
        return os.path.abspath(os.path.expanduser(path))
    except ValueError:  # a NUL
        return path


def _shown(path: str) -> str:
    """Return a path that cannot do anything to the terminal that shows it."""
    path = path[:_LONGEST_PATH]
    return path if path.isprintable() else repr(path)
