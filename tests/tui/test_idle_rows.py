"""Lines that show nothing: at most two of the terminal, in every pass; see `tui.idle_rows`."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tui.idle_rows import NETWORKS, SIZES, too_idle

from rnn_tui.registry import PANELS

CHEAP = {
    "rnn H2 T3": ((80, 50), (120, 40), (200, 60), (250, 80)),
    "lstm": ((80, 24), (120, 40)),
    "one to one": ((80, 65),),
}
ZOOMED = ((80, 24), (120, 40), (250, 80))


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        *CHEAP.items(),
        *(pytest.param(name, SIZES, marks=pytest.mark.long) for name in NETWORKS),
    ],
)
def test_at_most_two_lines_show_nothing(network: str, sizes: Iterable[tuple[int, int]]) -> None:
    assert not too_idle(NETWORKS[network], sizes)


@pytest.mark.parametrize(
    ("network", "sizes", "passes"),
    [
        ("rnn H2 T3", ZOOMED[1:], ("start", "BACKWARD")),
        *(pytest.param(name, SIZES, (), marks=pytest.mark.long) for name in NETWORKS),
    ],
)
def test_so_do_of_a_panel_that_has_the_whole_screen(
    network: str, sizes: Iterable[tuple[int, int]], passes: tuple[str, ...]
) -> None:
    assert not too_idle(NETWORKS[network], sizes, PANELS.names, passes)
