"""Polylines as rows of braille and other characters. The only module that imports plotext.

Every coordinate that plotext receives is the centre of a dot on the canvas, so always finite and
small: plotext's kernel aborts the whole process on NaN.
"""

from __future__ import annotations

import contextlib

import numpy as np

from rnn_tui.tui.charts.points import Polyline
from rnn_tui.tui.charts.strokes import Stroke


def load() -> None:
    """Import plotext; if it does not load, the first chart will say so."""
    with contextlib.suppress(ImportError):
        import plotext  # noqa: F401 (imported now, used in `raster`)


def rasterize(line: Polyline, stroke: Stroke, columns: int, rows: int) -> list[str]:
    """Return `rows` strings of `columns` characters that show the line.

    The figure is plotext's global one: it is cleared first, and never shown.

    Raises:
        ImportError: plotext does not load.
    """
    import plotext

    line = line.corners()
    dot_columns, dot_rows = stroke.cell
    x = ((line.x + 0.5) / dot_columns).tolist()
    y = ((line.y + 0.5) / dot_rows).tolist()

    plotext.terminal.limit(False, False)  # else the terminal's size would limit the canvas
    figure = plotext.figure.clear()
    figure.plot_size(columns, rows).axes(False).legend(False)
    figure.ruler("x").ticks([]).lim(0, columns).alignment(lim="edge")
    figure.ruler("y").ticks([]).lim(0, rows).alignment(lim="edge")
    signal = figure.signal(x, y, marker=stroke.marker)
    for index in np.flatnonzero(line.linked).tolist():
        signal.line(index, True)
    # plotext compares the colours of all points, one by one, to choose the next curve's; there
    # is no next one. Without this line the result is the same and takes a third longer.
    signal._get_unique_pixels = lambda: ()
    text: str = figure.draw(signal).build().string(colorless=True)
    return [row.ljust(columns)[:columns] for row in text.split("\n")[:rows]]
