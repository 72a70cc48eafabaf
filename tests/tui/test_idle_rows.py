"""Lines that show nothing: at most two of the terminal, in every pass; see `tui.idle_rows`."""

from __future__ import annotations

import pytest
from tui.idle_rows import MOST, idle, places, screen
from tui.screen_support import KINDS

from rnn_tui.settings import Settings
from rnn_tui.tui.charts.chart_cache import ChartCache

SIZES = ((80, 24), (80, 50), (120, 40), (160, 50))
ALL = {
    *((80, h) for h in (23, 24, 26, 30, 35, 40, 50)),
    *((100, h) for h in (24, 30, 40)),
    *((110, h) for h in (24, 33, 50)),
    *((120, h) for h in (30, 40)),
    *((140, h) for h in (24, 40)),
    *((160, h) for h in (24, 50)),
    *((170, h) for h in (33, 50)),
    *((200, h) for h in (40, 60)),
    (250, 50),
}
MORE = 1  # line that one pass of a cell may have beyond that, see docs/reliability.md


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("lstm", SIZES),
        *(pytest.param(kind, sorted(ALL), marks=pytest.mark.long) for kind in KINDS),
    ],
)
def test_hardly_a_line_shows_nothing(kind: str, sizes: tuple[tuple[int, int], ...]) -> None:
    cache = ChartCache()
    for name, snapshot in places(Settings(**KINDS[kind])):  # type: ignore[arg-type]
        if name == "start":  # charts have nothing to show yet
            continue
        for size in sizes:
            assert idle(screen(snapshot, size, cache)) <= MOST + MORE, (size, name)
