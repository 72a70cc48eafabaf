"""Importing the modules that the first screen does not need, in a thread, after it is drawn.

The program starts faster without them. A key that needs one usually finds it imported already.
"""

from __future__ import annotations

from importlib import import_module

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.registry import PANELS, PROOFS

# In the order in which they are likely to be needed.
MODULES = (
    "numpy.ma",  # the first median of NumPy imports it
    "rnn_tui.tui.panels.current_pass.window_table",
    "rnn_tui.tui.panels.current_pass.timestep",
    "rnn_tui.tui.panels.current_pass.clip_and_update",
    "rnn_tui.engine.time_travel.search_back",
    "rnn_tui.engine.training.breakpoint_advice",
    "rnn_tui.proofs.prover",
    *filter(None, (PROOFS[name].module for name in PROOFS.names)),
    "rnn_tui.tui.screens.help",
    "rnn_tui.tui.panels.current_pass.signs",
    "rnn_tui.tui.screens.settings",
    "rnn_tui.tui.screens.jump",
    "rnn_tui.tui.screens.what_if",
    "rnn_tui.engine.time_travel.counterfactual",
    "rnn_tui.tui.screens.breakpoints",
    "rnn_tui.tui.screens.prompt",
    *filter(None, (PANELS[name].module for name in PANELS.in_group("proof"))),
    *filter(None, (PANELS[name].module for name in PANELS.in_group("heat"))),
    "rnn_tui.tui.panels.current_pass.cell_view",
    "rnn_tui.second_network",
)


def import_all() -> None:
    """Import all modules."""
    for name in MODULES:
        import_module(name)


def measure_equations(declaration: NetworkDeclaration, width: int, *, ascii: bool) -> None:
    """Find out how high equations can be in a panel of so many cells: the first step needs it."""
    from rnn_tui.tui.panels.current_pass.row_places import equation_lines

    equation_lines(declaration, width, ascii)
