"""Every dialog is of the kind that closes once and survives its own errors."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from rich.cells import cell_len
from textual.screen import ModalScreen

from rnn_tui.tui import screens
from rnn_tui.tui.key_bindings import KEYS
from rnn_tui.tui.screens.dialog import ClosesOnce
from rnn_tui.tui.screens.help import GLOSSARY


def test_every_dialog_closes_once_however_often_it_is_asked_to() -> None:
    found = []
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        for each in vars(import_module(module.name)).values():
            ours = isinstance(each, type) and each.__module__.startswith("rnn_tui.")
            if ours and issubclass(each, ModalScreen):
                found.append(each.__name__)
                assert issubclass(each, ClosesOnce), f"{each.__name__} derives from Dialog"
    assert len(set(found)) >= 6


def test_the_help_has_no_line_that_80_columns_break() -> None:
    widest = 74  # cells in the box at 80 columns, beside the bar for scrolling
    keys = [f"  {each.shown:<10} {each.help}{' · counts' * each.takes_count}" for each in KEYS]
    words = [f"  {word:<10} {meaning}" for word, meaning in GLOSSARY]
    assert max(map(cell_len, keys + words)) <= widest
