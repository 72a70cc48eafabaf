"""A plot of growth as SVG: rates over a size that doubles, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 270, 260, 46
COLOURS = {"rnn": "#1f77b4", "lstm": "#d62728", "gru": "#2ca02c"}
DASHES = {"rnn": "", "lstm": "6 3", "gru": "2 3"}  # never colour alone


@dataclass(frozen=True, slots=True)
class Panel:
    """One axis: what is doubled, its values, and the rates (1/s) of each cell at them."""

    title: str
    values: Sequence[int]
    rates: Mapping[str, Sequence[float]]


def svg(panels: Sequence[Panel]) -> str:
    """Return an SVG of the panels side by side, on one scale of rates."""
    rates = [rate for panel in panels for line in panel.rates.values() for rate in line]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    width = WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{HEIGHT}" fill="white"/>',
    ]
    for index, panel in enumerate(panels):
        parts += [f'<g transform="translate({index * WIDTH} 0)">']
        parts += [*_frame(panel, low, high), *_lines(panel, low, high), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _x(panel: Panel, position: int) -> float:
    return MARGIN + position * (WIDTH - 1.5 * MARGIN) / (len(panel.values) - 1)


def _y(rate: float, low: int, high: int) -> float:
    share = (math.log10(rate) - low) / (high - low)
    return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)


def _frame(panel: Panel, low: int, high: int) -> list[str]:
    """Title, a line a decade, and the values below."""
    right = _x(panel, len(panel.values) - 1)
    parts = [f'<text x="{MARGIN}" y="20" font-weight="bold">{panel.title}</text>']
    for decade in range(low, high + 1):
        y = _y(10**decade, low, high)
        parts += [f'<path d="M{MARGIN} {y:.1f}H{right:.1f}" stroke="#ddd"/>']
        parts += [f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,}</text>']
    for position, value in enumerate(panel.values):
        x, y = _x(panel, position), HEIGHT - MARGIN + 16
        parts += [f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{value}</text>']
    return parts


def _lines(panel: Panel, low: int, high: int) -> list[str]:
    """Return the SVG elements of one line for each cell, and the legend."""
    parts = []
    for row, (cell, rates) in enumerate(panel.rates.items()):
        points = [(_x(panel, k), _y(rate, low, high)) for k, rate in enumerate(rates)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        style = f'stroke="{COLOURS[cell]}" stroke-dasharray="{DASHES[cell]}" stroke-width="1.8"'
        parts += [f'<polyline points="{path}" fill="none" {style}/>']
        x, y = MARGIN + 70 * row, HEIGHT - 10
        parts += [f'<path d="M{x} {y - 4}h22" {style}/><text x="{x + 26}" y="{y}">{cell}</text>']
    return parts
