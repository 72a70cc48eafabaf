"""Errors of the program in the words of Python: ``hidden``, not ``--hidden``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rnn_tui.settings import DECLARATIONS, Settings, Value

_OPTION = re.compile(r"(?<![\w-])--(no-)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")


def in_python(message: str) -> str:
    """Return a message with the names of settings in place of the command line's options."""

    def name(match: re.Match[str]) -> str:
        setting = match[2].replace("-", "_")
        known = setting in DECLARATIONS or setting == "data_changed"
        return setting if known else match[0]

    return _OPTION.sub(name, message)


def check_used(written: Mapping[str, Value], settings: Settings) -> None:
    """Refuse settings without effect.

    Args:
        written: those that the caller has written.
        settings: of the run that they are of.

    Raises:
        ValueError: one has no effect; the message says what it would need.
    """
    from rnn_tui.command_line.effects import check_effects
    from rnn_tui.command_line.exit import CommandError

    try:
        check_effects(written, settings)
    except CommandError as error:
        raise ValueError(in_python(str(error))) from None


@contextmanager
def said_in_python() -> Iterator[None]:
    """Raise what is wrong with a value, or a file, as a ValueError in the words of Python."""
    try:
        yield
    except ValueError as error:
        if not type(error).__module__.startswith("rnn_tui."):
            raise
        raise ValueError(in_python(str(error))) from None
