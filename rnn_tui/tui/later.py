"""What the first screen does without, imported beside it: a key that needs it finds it there."""

from __future__ import annotations

from importlib import import_module

# What comes soonest first.
MODULES = (
    "rnn_tui.tui.widgets.timestep",
    "rnn_tui.tui.widgets.update",
    "rnn_tui.proofs.prover",
    "rnn_tui.tui.screens.help",
    "rnn_tui.tui.screens.settings",
    "rnn_tui.tui.screens.what_if",
    "rnn_tui.tui.screens.breakpoints",
    "rnn_tui.tui.screens.prompt",
    "rnn_tui.tui.widgets.ledger",
    "rnn_tui.tui.widgets.map",
    "rnn_tui.tui.widgets.edge",
    "rnn_tui.tui.widgets.proof",
    "rnn_tui.rival",
)


def fetch() -> None:
    """Import all of it."""
    for name in MODULES:
        import_module(name)
