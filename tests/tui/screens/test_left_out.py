"""What the line of a place has no room for is said."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from tui.screen_support import snapshot_after

from rnn_tui.tui.screens import place_looking


def test_more_losses_and_predictions_than_a_line_has_are_said() -> None:
    for count, said in ((3, ()), (100, ("all test losses", "all earlier predictions"))):
        updates = np.arange(1, count + 1) * 7
        losses: Any = SimpleNamespace(update=updates)
        looks: Any = SimpleNamespace(history=tuple((int(each), 0.0) for each in updates))
        snapshot = replace(snapshot_after(), test_losses=losses, predictions=looks)
        assert place_looking.left_out(snapshot, ("loss", "predictions")) == said
        assert bool(place_looking.tested_of(snapshot)) == (not said)
        assert bool(place_looking.looked_of(snapshot)) == (not said)
        assert place_looking.left_out(snapshot, ()) == ()
