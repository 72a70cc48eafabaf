"""Where the panels stand: for every size, nothing overlaps and nothing is lost."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.geometry import Region

from rnn_tui.registry import PANELS
from rnn_tui.tui.layout import FOOTER, HEADER, LEAST, WIDE, arrange

CHARTS, PROOFS = PANELS.in_group("chart"), PANELS.in_group("proof")
WIDTHS = st.integers(LEAST[0], 400) | st.integers(LEAST[0], 130)
HEIGHTS = st.integers(LEAST[1], 200) | st.integers(LEAST[1], 50)
ANY_PANEL = st.sampled_from(PANELS.names)
OTHER = st.sampled_from([panel for panel in PANELS.names if panel != "timestep"])
LEAST_LINES = {"timestep": 9, "network": 6, "hyperparameters": 6}  # of anything else, 6


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER, st.booleans())
@example(80, 24, "timestep", "network", False)
@example(80, 24, "timestep", "hyperparameters", False)
@example(80, 23, "timestep", "network", False)
@example(80, 23, "timestep", "loss", False)
@example(110, 34, "timestep", "network", False)
@example(120, 40, "timestep", "network", False)
@example(110, 33, "loss", "network", False)
@example(109, 34, "loss", "network", False)
@example(400, 24, "loss", "network", False)
def test_panels_lie_inside_the_body_and_never_overlap(
    width: int, height: int, panel: str, beside: str, zoomed: bool
) -> None:
    regions = arrange(width, height, panel, beside, zoomed)
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    for region in regions.values():
        assert region.area > 0
        assert body.contains_region(region)
    for one, other in combinations(regions.values(), 2):
        assert not one.overlaps(other)


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER)
def test_the_panel_with_the_focus_is_visible_and_so_is_the_timestep(
    width: int, height: int, panel: str, beside: str
) -> None:
    regions = arrange(width, height, panel, beside, False)
    assert {panel, "timestep"} <= set(regions)


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER)
def test_a_narrow_screen_has_two_panels_and_a_wide_one_all_charts_or_one_proof(
    width: int, height: int, panel: str, beside: str
) -> None:
    regions = arrange(width, height, panel, beside, False)
    if width >= WIDE[0] and height >= WIDE[1]:
        others = set(PANELS.names) - set(PROOFS) - set(CHARTS)
        assert set(regions) == others | ({panel} if panel in PROOFS else set(CHARTS))
    else:
        assert set(regions) == {"timestep", panel if panel != "timestep" else beside}


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER)
def test_every_panel_has_room_for_what_it_must_show(
    width: int, height: int, panel: str, beside: str
) -> None:
    for name, region in arrange(width, height, panel, beside, False).items():
        assert region.height >= LEAST_LINES.get(name, 6), name
        assert region.width >= 35, name


@given(WIDTHS, HEIGHTS, ANY_PANEL, OTHER)
def test_a_zoomed_panel_has_the_whole_screen(
    width: int, height: int, panel: str, beside: str
) -> None:
    regions = arrange(width, height, panel, beside, True)
    assert regions == {panel: Region(0, HEADER, width, height - HEADER - FOOTER)}


@given(st.integers(0, 400), st.integers(0, 100), ANY_PANEL, st.booleans())
def test_below_the_least_size_there_is_nothing(
    width: int, height: int, panel: str, zoomed: bool
) -> None:
    small = width < LEAST[0] or height < LEAST[1]
    assert (not arrange(width, height, panel, "network", zoomed)) == small


@pytest.mark.parametrize("panel", ["timestep", *PROOFS])
@pytest.mark.parametrize("size", [LEAST, (120, 40), (200, 60)])
def test_no_cell_of_the_body_is_wasted_but_the_gap_between_the_columns(
    size: tuple[int, int], panel: str
) -> None:
    regions = arrange(*size, panel, "network", False)
    used = sum(region.area for region in regions.values())
    body = size[0] * (size[1] - HEADER - FOOTER)
    assert body - used <= size[1]
