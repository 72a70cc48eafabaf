"""What the line of a place does not lead to is said."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from tui.screen_support import snapshot_after

from rnn_tui.tui.screens.place_looking import left_out


def test_what_is_not_in_the_line_is_said() -> None:
    snapshot, some = snapshot_after(), cast(Any, SimpleNamespace(texts=("a", "b")))
    assert left_out(snapshot, {"loss", "predictions"}) == ()
    changed = replace(snapshot.timeline, changes=some, ghosts=(some,))
    for given, said in (
        (replace(snapshot, stop=some), "the stop"),
        (replace(snapshot, what_if=some), "the what-ifs"),
        (replace(snapshot, answer=some), "the prompt"),
        (replace(snapshot, timeline=changed), "what was changed on the way, the futures left"),
    ):
        assert ", ".join(left_out(given, {"loss", "predictions"})) == said
    assert left_out(replace(snapshot, answer=some), {"timestep"}) == ()
