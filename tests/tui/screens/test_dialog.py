"""Every dialog is of the kind that closes once and survives its own errors."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from textual.screen import ModalScreen

from rnn_tui.tui import screens
from rnn_tui.tui.screens.dialog import ClosesOnce


def test_every_dialog_closes_once_however_often_it_is_asked_to() -> None:
    found = []
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        for each in vars(import_module(module.name)).values():
            ours = isinstance(each, type) and each.__module__.startswith("rnn_tui.")
            if ours and issubclass(each, ModalScreen):
                found.append(each.__name__)
                assert issubclass(each, ClosesOnce), f"{each.__name__} derives from Dialog"
    assert len(set(found)) >= 6
