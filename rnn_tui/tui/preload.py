"""What the first screen does without, imported beside it: a key that needs it finds it there."""

from __future__ import annotations

from importlib import import_module

# What comes soonest first.
MODULES = (
    "rnn_tui.tui.panels.timestep",
    "rnn_tui.tui.panels.update",
    "rnn_tui.proofs.prover",
    "rnn_tui.tui.screens.help",
    "rnn_tui.tui.screens.settings",
    "rnn_tui.tui.screens.what_if",
    "rnn_tui.tui.screens.breakpoints",
    "rnn_tui.tui.screens.prompt",
    "rnn_tui.tui.panels.ledger",
    "rnn_tui.tui.panels.gradient_map",
    "rnn_tui.tui.panels.window_edge",
    "rnn_tui.tui.panels.verification",
    "rnn_tui.second_network",
)


def import_all() -> None:
    """Import all of it."""
    for name in MODULES:
        import_module(name)
