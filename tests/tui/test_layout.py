"""Where the panels stand: for every size, nothing overlaps and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.geometry import Region
from tui.screen_support import LSTM, needs_in, regions

from rnn_tui.registry import PANELS
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.layout import (
    CHART_GOOD,
    FOOTER,
    HEADER,
    LEAST,
    LOOKED_AT,
    SIDE_BY_SIDE,
    THREE_COLUMNS,
    TIMESTEP_LEAST,
    TWO_COLUMNS,
    Focus,
    arrange,
)

CHARTS = PANELS.in_group("chart")
WIDTHS = st.integers(LEAST[0], 400) | st.integers(LEAST[0], 130)
HEIGHTS = st.integers(LEAST[1], 200) | st.integers(LEAST[1], 50)
ANY_PANEL = st.sampled_from(PANELS.names)
OTHER = st.sampled_from([panel for panel in PANELS.names if panel != "timestep"])
RUNS = (
    LSTM,
    Settings(hidden=2),
    Settings(cell="gru", hidden=128, layers=4),
    *(compose({"task": task}) for task in ("text", "adding", "neuron")),
)
ANY_RUN = st.sampled_from(RUNS)
CHART_LEAST = 36, 5
FIRST = Region()
FROM, TO = LEAST, (250, 80)  # the sizes that the rule is for


def narrow(size: tuple[int, int]) -> bool:
    """Return whether one panel stands above the timestep, and nothing else has a place."""
    return size[0] < TWO_COLUMNS and len(regions(size)) == 2


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER, st.booleans(), ANY_RUN)
@example(80, 24, "timestep", "network", False, LSTM)
@example(80, 24, "timestep", "hyperparameters", False, LSTM)
@example(80, 23, "timestep", "network", False, LSTM)
@example(80, 23, "timestep", "loss", False, LSTM)
@example(120, 40, "timestep", "network", False, LSTM)
@example(400, 24, "loss", "network", False, LSTM)
def test_panels_lie_inside_the_body_and_never_overlap(
    width: int, height: int, panel: str, beside: str, zoomed: bool, run: Settings
) -> None:
    placed = regions((width, height), panel, beside, zoomed=zoomed, settings=run)
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    for region in placed.values():
        assert region.area > 0
        assert body.contains_region(region)
    for one, other in combinations(placed.values(), 2):
        assert not one.overlaps(other)
    gaps = body.area - sum(region.area for region in placed.values())
    columns = len({region.x for region in placed.values()})
    assert gaps <= (columns - 1) * body.height, "no cell is wasted but the gaps between columns"


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER, ANY_RUN)
def test_the_panel_with_the_focus_is_visible_and_so_is_the_timestep(
    width: int, height: int, panel: str, beside: str, run: Settings
) -> None:
    placed = regions((width, height), panel, beside, settings=run)
    assert {panel, "timestep"} <= set(placed)
    if width >= TWO_COLUMNS:
        assert {"network", "loss"} <= set(placed), "whatever has the focus"
    for name, region in placed.items():
        assert region.height >= 5, name
        assert region.width >= CHART_LEAST[0], name


@pytest.mark.parametrize("panel", ["weights", "carpet", "ledger"])
def test_a_panel_that_is_looked_at_keeps_its_lines_where_the_strip_comes(panel: str) -> None:
    for height in range(24, 50):
        placed = regions((97, height), panel)
        need = needs_in(LSTM)(panel)
        assert placed[panel].height >= min(need.good, LOOKED_AT), (height, placed)
        assert placed["timestep"].height >= TIMESTEP_LEAST, (height, placed)


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER, ANY_RUN)
def test_the_focus_of_a_panel_that_has_a_place_moves_nothing(
    width: int, height: int, panel: str, beside: str, run: Settings
) -> None:
    before = regions((width, height), settings=run)
    if panel in before and (panel != "timestep" or beside in before):
        assert regions((width, height), panel, beside, settings=run) == before


@given(WIDTHS, HEIGHTS, ANY_PANEL)
def test_a_zoomed_panel_has_the_whole_screen(width: int, height: int, panel: str) -> None:
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    assert regions((width, height), panel, zoomed=True) == {panel: body}


@given(st.integers(0, 400), st.integers(0, 100), ANY_PANEL, st.booleans())
def test_below_the_least_size_there_is_nothing(
    width: int, height: int, panel: str, zoomed: bool
) -> None:
    small = width < LEAST[0] or height < LEAST[1]
    assert (not regions((width, height), panel, zoomed=zoomed)) == small


# ---------------------------------------------------------------- one more line, one more column


@cache
def placed(size: tuple[int, int], run: Settings) -> Mapping[str, Region]:
    """Return where the panels stand, with the focus at the timestep."""
    return arrange(*size, Focus(), needs_in(run))


def sizes() -> list[tuple[int, int]]:
    """Return the sizes that the rule is for: every height, and widths at and around all borders."""
    widths = (80, 99, 100, 109, 110, 125, 150, 151, 169, 170, 200, 229, 250)
    return [(w, h) for w in widths for h in range(FROM[1], TO[1] + 1)]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.task}-{run.cell}-{run.hidden}")
def test_a_larger_terminal_shows_no_panel_less_and_no_line_less_of_one_that_is_to_grow(
    run: Settings,
) -> None:
    good = needs_in(run)("timestep").enough
    for size in sizes():
        here = placed(size, run)
        for more in ((size[0], size[1] + 1), (size[0] + 1, size[1])):
            there = placed(more, run)
            assert set(here) <= set(there), (size, more)
            timestep = here["timestep"], there["timestep"]
            assert timestep[1].height >= min(timestep[0].height, good), (size, more)
            assert timestep[1].width >= min(timestep[0].width, 72), (size, more)
            for chart in set(CHARTS) & set(here):
                before, after = here[chart], there[chart]
                assert after.height >= min(before.height, CHART_GOOD), (size, more, chart)
                assert after.width >= CHART_LEAST[0], (size, more, chart)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.task}-{run.cell}-{run.hidden}")
def test_each_size_has_what_the_rule_promises(run: Settings) -> None:
    needs = needs_in(run)
    for size in sizes():
        here = placed(size, run)
        network, timestep = needs("network"), needs("timestep")
        filled = timestep.enough > timestep.least
        above = network.enough if filled else network.least
        fits = size[1] - HEADER - FOOTER >= above + timestep.enough + 5
        assert (set(CHARTS) & set(here) != set()) == (fits or size[0] >= TWO_COLUMNS), size
        if size[0] >= TWO_COLUMNS:
            assert set(CHARTS[:2]) <= set(here), size
        for name in set(CHARTS) & set(here):
            assert here[name].width >= CHART_LEAST[0], size
            assert here[name].height >= CHART_LEAST[1], size
        columns = 1 + (size[0] >= TWO_COLUMNS) + (size[0] >= 170 and size[1] >= 33)
        below = [region for region in here.values() if region.y > HEADER]
        assert len({region.x for region in below}) in (columns, columns + 1), size
        body = size[1] - HEADER - FOOTER
        least = min(needs("timestep").least, body - needs("network").least)
        assert here["timestep"].height >= least, size


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.task}-{run.cell}-{run.hidden}")
def test_no_row_is_folded_beside_lines_that_a_timestep_has_to_fill(run: Settings) -> None:
    needs = needs_in(run)
    for size in sizes():
        here = placed(size, run)
        whole = here["network"].height >= needs("network").enough
        assert whole or here["timestep"].height <= needs("timestep").least, size


@pytest.mark.parametrize("size", [(100, 30), (140, 24), (80, 50), (120, 40), (200, 60)])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_sizes_without_a_chart_before_have_one(cell: str, size: tuple[int, int]) -> None:
    here = placed(size, Settings(cell=cell))
    assert "loss" in here
    if size[0] >= 200:
        assert len({region.x for region in here.values() if region.bottom == size[1] - FOOTER}) == 3


@pytest.mark.parametrize("run", RUNS[:3], ids=lambda run: run.cell)
def test_one_line_more_goes_to_one_panel_of_a_column_and_one_column_more_to_one_column(
    run: Settings,
) -> None:
    for size in sizes():
        here = placed(size, run)
        higher, wider = placed((size[0], size[1] + 1), run), placed((size[0] + 1, size[1]), run)
        if set(higher) == set(here) and higher["network"].width == here["network"].width:
            for x in {region.x for region in here.values()}:
                column = [name for name, region in here.items() if region.x == x]
                more = [higher[name].height - here[name].height for name in column]
                assert min(more) >= 0, (size, column)
                assert sum(more) <= 1, (size, column)
        same = set(wider) == set(here) and wider.get("loss", FIRST).y == here.get("loss", FIRST).y
        if same and size[0] + 1 not in (SIDE_BY_SIDE, TWO_COLUMNS, THREE_COLUMNS):
            more = [wider[name].width - here[name].width for name in here]
            assert min(more) >= 0, size
            assert max(more) == 1, size
