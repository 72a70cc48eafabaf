"""The key ``d``: what a panel shows, of the things that it can show."""

from __future__ import annotations

from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.screens.selection_moves import move_variant

VARIANTS = ("h", "c", "i")


def test_variants_go_round_in_both_directions() -> None:
    selection = Selection(panel="timestep")
    shown = [selection.variant("timestep", VARIANTS)]
    for _ in range(3):
        selection = move_variant(VARIANTS, selection, 1)
        shown.append(selection.variant("timestep", VARIANTS))
    assert shown == ["h", "c", "i", "h"]
    assert move_variant(VARIANTS, selection, -1).variant("timestep", VARIANTS) == "i"


def test_each_panel_keeps_its_own_and_what_is_gone_is_the_first() -> None:
    selection = move_variant(VARIANTS, Selection(panel="timestep"), 1)
    other = move_variant(("x", "y"), Selection(panel="loss", variants=selection.variants), 1)
    assert other.variant("timestep", VARIANTS) == "c"
    assert other.variant("loss", ("x", "y")) == "y"
    assert other.variant("timestep", ("h", "i")) == "h"  # another cell has no c
