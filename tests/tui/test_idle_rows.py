"""Lines that show nothing: at most two of the terminal, in every pass; see `tui.idle_rows`."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import islice

import pytest
from tui.idle_rows import NETWORKS, SIZES, too_idle
from tui.random_runs import random_runs
from tui.screen_support import SnapshotMaker

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_widget import Panel

CHEAP = {
    "rnn H2 T3": ((80, 50), (200, 60)),
    "lstm": ((80, 24), (120, 40)),
    "one to one": ((80, 65),),
}
WIDTHS, HEIGHTS = (80, 90, 100, 105, 110, 120, 140, 160, 170, 185, 200, 250), range(23, 81)
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
    ("seed", "runs", "each"),
    [(0, 2, 2), *(pytest.param(k, 22, 12, marks=pytest.mark.long) for k in range(1, 6))],
)
def test_so_do_of_runs_drawn_at_random(seed: int, runs: int, each: int) -> None:
    drawn = random.Random(seed)
    for settings in islice(random_runs(seed), runs):
        sizes = [(drawn.choice(WIDTHS), drawn.choice(HEIGHTS)) for _ in range(each)]
        assert not too_idle(settings, sizes), settings


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


LATE = compose({"task": "recall", "gap": 1, "hidden": 2})  # only its last timestep has a loss


@pytest.mark.parametrize(
    ("settings", "heights"),
    [
        (NETWORKS["rnn H2 T3"], (12, 30, 60)),
        *(
            pytest.param(settings, range(12, 62), marks=pytest.mark.long)
            for settings in (NETWORKS["lstm H3 T3"], NETWORKS["gru H2 T2"], LATE)
        ),
    ],
)
def test_what_fills_lines_stays_where_it_is_through_a_pass(
    settings: Settings, heights: Iterable[int]
) -> None:
    trainer, kept = Trainer(settings), dict[object, object]()
    maker, timestep = SnapshotMaker(trainer), Panel.registered("timestep")
    found = 0
    while not trainer.updates:
        trainer.reveal()
        snapshot = maker.snapshot()
        stage = snapshot.cursor.stage
        if stage not in (Pass.FORWARD, Pass.BACKWARD):
            continue
        context = DrawContext(snapshot, Selection())
        for height in heights:
            lines = plain(timestep._with_title(context, 92, height)).split("\n")
            fills = (" the cell", " weights: ", "what the signs mean", "  L  the loss")
            places = {
                fill: y for y, line in enumerate(lines) for fill in fills if fill in line[:20]
            }
            assert kept.setdefault((stage, height), places) == places, "\n".join(lines)
            found += len(places)
    assert found
