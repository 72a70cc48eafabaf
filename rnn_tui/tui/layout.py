"""Where the panels stand, for any size of the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.geometry import Region

from rnn_tui.registry import PANELS
from rnn_tui.tui.panels import network

LEAST = (80, 24)
WIDE = (110, 34)
HEADER, FOOTER = 2, 1


def arrange(width: int, height: int, panel: str, beside: str, zoomed: bool) -> Mapping[str, Region]:
    """The region of each visible panel; header and footer have the first and last lines.

    `panel` has the focus. On a narrow screen the timestep and one other panel are visible: the one
    with the focus, else `beside`. On a wide one a proof with the focus takes the place of the
    charts. `zoomed` gives the panel the whole screen. Empty below LEAST.
    """
    if width < LEAST[0] or height < LEAST[1]:
        return {}
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    if zoomed:
        return {panel: body}
    if width >= WIDE[0] and height >= WIDE[1]:
        return _wide(body, panel)
    return _narrow(body, panel if panel != "timestep" else beside)


def _narrow(body: Region, other: str) -> Mapping[str, Region]:
    """One panel above the timestep. The network needs its rows, a chart wants height."""
    spare = body.height - 21
    share = {"network": network.HEIGHT, "hyperparameters": 9}.get(other, 10) + spare // 2
    above, below = body.split_horizontal(share)
    return {other: above, "timestep": below}


def _wide(body: Region, panel: str) -> Mapping[str, Region]:
    """Everything that teaches together stands together."""
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
