"""Checks of what the user says about a table, before any file is read."""

from __future__ import annotations

import codecs

from rnn_tui.settings import SettingError, Settings, quote
from rnn_tui.tables.names import split_names

_DELIMITER = "one character, tab or blanks"
_DECIMAL = (".", ",")
_THOUSANDS = (".", ",", "'", "_", "blank", "none")
_ENCODING = "a name of a text encoding, such as utf-8, utf-16, cp1252 or latin-1"


def check_table(settings: Settings) -> None:
    """Check the settings that say how a table is read, each of them and against each other.

    Raises:
        SettingError: one is not allowed, or two contradict each other.
    """
    check_encoding(settings)
    delimiter, decimal, thousands = settings.delimiter, settings.decimal, settings.thousands
    if delimiter not in ("", "tab", "blanks") and (len(delimiter) != 1 or delimiter.isalnum()):
        raise SettingError("delimiter", delimiter, _DELIMITER)
    if decimal and decimal not in _DECIMAL:
        raise SettingError("decimal", decimal, "a point (.) or a comma (,)")
    if thousands and thousands not in _THOUSANDS:
        raise SettingError("thousands", thousands, f"one of {' '.join(_THOUSANDS)}")
    if decimal and decimal == thousands:
        allowed = f"another sign than that of --decimal {quote(decimal)}"
        raise SettingError("thousands", thousands, allowed)
    _check_names(settings)


def check_encoding(settings: Settings) -> None:
    """Refuse an encoding that is not known, or is none of texts.

    Raises:
        SettingError: it is.
    """
    if not settings.encoding:
        return
    try:
        found = codecs.lookup(settings.encoding)
        is_text = getattr(found, "_is_text_encoding", True)
    except (LookupError, ValueError):
        is_text = False
    if not is_text:
        raise SettingError("encoding", settings.encoding, _ENCODING)


def _check_names(settings: Settings) -> None:
    """Refuse names of columns that are none, or that say two things of one column."""
    for name in ("target", "inputs"):
        text = getattr(settings, name)
        names = split_names(text)
        if text and not names:
            raise SettingError(name, text, "names of columns, separated by commas")
        for column in names:
            if names.count(column) > 1:
                allowed = f"columns named once each; {quote(column)} is there twice"
                message = f"--{name} must be {allowed}"
                raise SettingError(name, text, allowed, message=message)
    if settings.time.strip() and settings.time.strip() in split_names(settings.target):
        raise SettingError("time", settings.time, "another column than --target")
