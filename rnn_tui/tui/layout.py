"""The regions of the panels, for a terminal of any size.

Panels stand in one column, in two from 110 columns of the terminal, in three from 170. Lines are
dealt out by need: what a panel needs in a run it declares itself (`PanelSpec.need`). One line or
column more takes no panel away, and no line of the timestep or of a chart that is still to grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.geometry import Region

from rnn_tui.registry import PANELS
from rnn_tui.tui.panel_spec import NO_LIMIT, Needs

# Columns and lines that the program needs: 80×24 without the status line of a multiplexer.
LEAST = (80, 23)
TWO_COLUMNS, THREE_COLUMNS = 110, 170  # columns of the terminal
TALL = 30  # lines of the body from which on there are three columns
HEADER, FOOTER = 2, 1  # lines
TIMESTEP_LEAST = 11  # lines that the timestep keeps below a panel that is looked at
LOOKED_AT = 10  # lines of such a panel in one column without room for more
CHART_LEAST, CHART_GOOD, CHART_TALL = 5, 10, 20  # lines of a chart
HEAT_LEAST, SECOND_HEAT = 8, 6  # lines of a heat map, and of one below another
SIDE_BY_SIDE = 100  # columns from which on two charts stand side by side in one column
BESIDE = 40, 10  # columns and lines at the right of the network that are a place for a chart
TIMESTEP_WIDTH = 72, 92, 110  # columns: at least, at most, and at most of very wide terminals
VERY_WIDE = 200
PREDICTIONS = "predictions"
THIRD_CHART = 27  # lines of a column from which on three charts stand in it


@dataclass(frozen=True, slots=True)
class Focus:
    """What the user looks at.

    Attributes:
        panel: the panel with the focus.
        other: the panel that was looked at before the timestep had the focus; one column shows it.
        zoomed: the panel with the focus has the whole screen.
        proofs: of three columns, the middle one shows proofs of the backward pass.
        untrained: there is no loss yet: one column shows predictions where that would be.
    """

    panel: str = "timestep"
    other: str = "network"
    zoomed: bool = False
    proofs: bool = False
    untrained: bool = False


def arrange(width: int, height: int, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the region of each visible panel; header and footer have the first and last lines.

    Args:
        width: columns of the terminal.
        height: lines of the terminal.
        focus: what the user looks at.
        needs: gives the need of a panel.

    Returns:
        Regions by name of the panel; empty if the terminal is smaller than LEAST.
    """
    if width < LEAST[0] or height < LEAST[1]:
        return {}
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    if focus.zoomed:
        return {focus.panel: body}
    if width < TWO_COLUMNS:
        return _one_column(body, focus, needs)
    return _columns(body, focus, needs)


# ---------------------------------------------------------------- one column


def _one_column(body: Region, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the regions of one column: network, timestep and, where there is room, charts."""
    looked_at = focus.other if focus.panel == "timestep" else focus.panel
    rows = _chart_rows(body.width, looked_at, untrained=focus.untrained)
    heat = PANELS.in_group("heat")
    least = [HEAT_LEAST if row[0] in heat else CHART_LEAST for row in rows]
    lines = _lines_of_one_column(body.height, least, needs)
    placed = {"network", "timestep", *(name for row in rows[: len(lines) - 2] for name in row)}
    if looked_at in placed:
        return _stacked(body, zip(_rows_with(rows, lines), lines, strict=True))
    if len(lines) == 2:
        lines = _above(body.height, LOOKED_AT + max(body.height - 21, 0) // 2, TIMESTEP_LEAST)
        return _stacked(body, zip(((looked_at,), ("timestep",)), lines, strict=True))
    network, timestep = needs("network").least, needs("timestep").enough
    lines = [network, timestep, body.height - network - timestep]
    names = (("network",), ("timestep",), (looked_at,))
    return _stacked(body, zip(names, lines, strict=True))


def _chart_rows(width: int, looked_at: str, *, untrained: bool) -> list[tuple[str, ...]]:
    """Return the charts of one column, row by row; the one that is looked at in the first row."""
    charts = list(PANELS.in_group("chart"))
    if untrained and looked_at == "network":
        looked_at = PREDICTIONS
    across = 2 if width >= SIDE_BY_SIDE else 1
    if looked_at in charts[across:]:
        charts.remove(looked_at)
        charts.insert(across - 1, looked_at)
    rows = [tuple(charts[k : k + across]) for k in range(0, len(charts), across)]
    heat = [(name,) for name in PANELS.in_group("heat")[:1]]
    return [*rows[:1], *heat, *rows[1:2]] if across > 1 else [*rows[:2], *heat]


def _rows_with(rows: Sequence[tuple[str, ...]], lines: Sequence[int]) -> list[tuple[str, ...]]:
    """Return the rows of panels that have lines."""
    return [("network",), ("timestep",), *rows[: len(lines) - 2]]


def _lines_of_one_column(height: int, least: Sequence[int], needs: Needs) -> list[int]:
    """Return the lines of network, timestep and as many rows of other panels as have room.

    The lines of a row that has no room yet are the network's, which can do without them again.
    """
    network, timestep = needs("network"), needs("timestep")
    stages = [
        (1, timestep.enough),
        (2, CHART_LEAST),
        (0, network.enough),
        (2, 8),
        (1, timestep.good),
        (2, CHART_GOOD),
        (0, network.good),
        *((3, each) for each in least[1:2]),
        (3, CHART_GOOD),
        (1, timestep.most),
        *((4, each) for each in least[2:]),
        (4, CHART_GOOD),
        (2, CHART_TALL),
        (3, CHART_TALL),
        (4, NO_LIMIT),
    ]
    lines = [network.least, min(timestep.least, height - network.least)]
    return _dealt(
        height, lines, [each for each in stages if each[0] < 2 + len(least)], network.most
    )


def _dealt(
    height: int, lines: list[int], stages: Iterable[tuple[int, int]], most: int
) -> list[int]:
    """Raise `lines` stage by stage to those of each stage, until `height` is dealt out.

    A panel that is not there yet comes with all lines of its stage or, as everything after it, not
    at all: what is left then goes to the first panel, up to `most`, and to the last one.
    """
    spare = height - sum(lines)
    for index, upto in stages:
        if not spare:
            break
        new = index >= len(lines)
        if new and spare < upto:
            break
        if new:
            lines.append(0)
        more = min(max(upto - lines[index], 0), spare)
        lines[index] += more
        spare -= more
    more = min(max(most - lines[0], 0), spare)
    lines[0] += more
    lines[-1] += spare - more
    return lines


# ---------------------------------------------------------------- two and three columns


def _columns(body: Region, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the regions of two or three columns below the network.

    Timestep at the left, charts at the right, in the middle what is many numbers in one picture. A
    panel that has no place takes the middle, or that of all charts but the first.
    """
    network, charts = needs("network"), PANELS.in_group("chart")
    lines = 6 + max(body.height - 24, 0) // 5
    above, rest = body.split_horizontal(min(max(lines, network.least), network.most))
    fixed: dict[str, Region] = {"network": above}
    if above.height >= BESIDE[1] and body.width - network.width > BESIDE[0]:
        fixed["network"], beside = above.split_vertical(network.width)
        fixed[charts[0]] = _without_gap(beside)
    left, right = rest.split_vertical(_timestep_width(body.width))
    right = _without_gap(right)
    three = body.width >= THREE_COLUMNS and body.height >= TALL
    in_middle = three and not focus.proofs  # the second one
    fixed |= _left(left, PANELS.in_group("heat")[: 2 - in_middle], needs)
    middle: Mapping[str, Region] = {}
    if three:
        centre, right = right.split_vertical((right.width - 1) // 2)
        right = _without_gap(right)
        middle = _middle(centre, focus, needs)
        if focus.panel not in {*fixed, *middle, *charts}:
            middle = {focus.panel: centre}
    shown = [name for name in charts if name not in fixed]
    at_right = _charts(right, shown[: 2 if right.height < THIRD_CHART else 3])
    regions = {**fixed, **middle, **at_right}
    if focus.panel in regions:
        return regions
    if charts[0] in fixed:
        return {**fixed, **middle, focus.panel: right}
    first, others = right.split_horizontal(at_right[charts[0]].height)
    return {**fixed, **middle, charts[0]: first, focus.panel: others}


def _timestep_width(width: int) -> int:
    """Return the columns of the timestep beside other panels."""
    least, good, most = TIMESTEP_WIDTH
    return min(min(max(-(-width * 4 // 7), least), good) + max(width - VERY_WIDE, 0) // 6, most)


def _left(region: Region, below: Sequence[str], needs: Needs) -> Mapping[str, Region]:
    """Return the regions of the timestep and, where it leaves room, of panels below it."""
    need = needs("timestep")

    def stages() -> Iterator[tuple[int, int]]:
        """Yield the stages; the module of a panel is imported only if that has a place."""
        yield 0, need.good
        for index, name in enumerate(below, 1):
            other = needs(name)
            yield index, SECOND_HEAT if index > 1 else min(HEAT_LEAST, other.good)
            yield from ((index, other.good), (0, need.most), (index, other.most))

    lines = [min(need.enough, region.height)]
    lines = _dealt(region.height, lines, stages(), NO_LIMIT)
    names = [("timestep",), *((name,) for name in below)]
    return _stacked(region, zip(names, lines, strict=False))


def _middle(region: Region, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the regions of the middle column: of proofs, or of one heat map."""
    names = list(PANELS.in_group("heat")[1:2])
    if focus.proofs or not names:
        names = [name for name in ("map", "ledger") if name in PANELS]
    first, *others = names
    if not others or region.height < needs(first).good + needs(others[0]).least:
        return {first: region}
    upper, lower = region.split_horizontal(max(needs(first).good, region.height // 2))
    return {first: upper, others[0]: lower}


def _charts(region: Region, names: Sequence[str]) -> Mapping[str, Region]:
    """Return the regions of charts one above the other.

    They are of about the same height; a third one comes as soon as the others are good.
    """
    if len(names) == 3 and region.height < 3 * CHART_GOOD:
        lines = [CHART_GOOD, CHART_GOOD, region.height - 2 * CHART_GOOD]
    else:
        each, over = divmod(region.height, len(names))
        lines = [each + (k >= len(names) - over) for k in range(len(names))]
    return _stacked(region, zip(((name,) for name in names), lines, strict=True))


# ---------------------------------------------------------------- regions


def _above(height: int, lines: int, below: int) -> list[int]:
    """Return `lines`, or what leaves `below`, and what is left of `height`."""
    above = min(lines, height - below)
    return [above, height - above]


def _stacked(region: Region, rows: Iterable[tuple[tuple[str, ...], int]]) -> Mapping[str, Region]:
    """Return the regions of rows of panels, one row above the other.

    Args:
        region: what is divided.
        rows: the panels of a row, side by side, and its lines.
    """
    regions: dict[str, Region] = {}
    for names, lines in rows:
        row, region = region.split_horizontal(lines)
        for k, name in enumerate(names):
            left = len(names) - k
            at, row = row.split_vertical(row.width // left)
            regions[name] = _without_gap(at) if k else at
    return regions


def _without_gap(region: Region) -> Region:
    """Return a region without its first column, which parts it from what stands at its left."""
    return Region(region.x + 1, region.y, region.width - 1, region.height)
