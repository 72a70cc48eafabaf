"""The regions of the panels, for a terminal of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.geometry import Region

from rnn_tui.registry import PANELS
from rnn_tui.tui.panels import network

# Columns and lines that the program needs: 80×24 without the status line of a multiplexer.
LEAST = (80, 23)
WIDE = (110, 34)  # columns and lines from which most panels are visible at once
HEADER, FOOTER = 2, 1  # lines
TIMESTEP_LEAST = 11  # lines that the timestep keeps where there is one less than 24


def arrange(width: int, height: int, panel: str, other: str, zoomed: bool) -> Mapping[str, Region]:
    """Return the region of each visible panel; header and footer have the first and last lines.

    On a narrow screen the timestep and one other panel are visible, on a wide one most panels;
    there a proof with the focus takes the place of the charts.

    Args:
        width: columns of the terminal.
        height: lines of the terminal.
        panel: the panel with the focus.
        other: the panel that a narrow screen shows above the timestep while that has the focus.
        zoomed: the panel with the focus has the whole screen.

    Returns:
        Regions by name of the panel; empty if the terminal is smaller than LEAST.
    """
    if width < LEAST[0] or height < LEAST[1]:
        return {}
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    if zoomed:
        return {panel: body}
    if width >= WIDE[0] and height >= WIDE[1]:
        return _wide(body, panel)
    return _narrow(body, panel if panel != "timestep" else other)


def _narrow(body: Region, other: str) -> Mapping[str, Region]:
    """Return the regions of `other` and, below it, of the timestep panel."""
    spare = max(body.height - 21, 0)
    lines = {"network": network.HEIGHT, "hyperparameters": 9}.get(other, 10) + spare // 2
    above, below = body.split_horizontal(min(lines, body.height - TIMESTEP_LEAST))
    return {other: above, "timestep": below}


def _wide(body: Region, panel: str) -> Mapping[str, Region]:
    """Return the regions of a wide screen.

    The network is on top; below it the timestep and the hyperparameters are at the left, charts or
    one proof at the right.
    """
    above, rest = body.split_horizontal(network.HEIGHT + 2 + (body.height - 37) // 4)
    left, right = rest.split_vertical(max(rest.width * 31 // 50, 72))
    timestep, hyperparameters = left.split_horizontal(left.height - 8)
    right = Region(right.x + 1, right.y, right.width - 1, right.height)
    regions = {"network": above, "timestep": timestep, "hyperparameters": hyperparameters}
    if panel in PANELS.in_group("proof"):
        return {**regions, panel: right}
    return {**regions, **_stacked(right, PANELS.in_group("chart"))}


def _stacked(region: Region, panels: Sequence[str]) -> Mapping[str, Region]:
    """Return the regions of `panels` one above the other, of about the same height."""
    regions: dict[str, Region] = {}
    for index, panel in enumerate(panels):
        left = len(panels) - index
        # A line that is left over goes to a panel below the first.
        height = region.height // left if not regions else -(-region.height // left)
        regions[panel], region = region.split_horizontal(height)
    return regions
