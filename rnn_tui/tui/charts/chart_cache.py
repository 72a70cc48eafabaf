"""The charts of a screen, each drawn once as long as it does not change."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from rnn_tui.tui.charts.curves import Chart, message
from rnn_tui.tui.charts.steady_ranges import SteadyRanges
from rnn_tui.tui.lines import Lines, fit

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry
    from rnn_tui.tui.charts.strokes import StrokeSet

REMEMBERED = 8  # charts: more than are visible at once


class ChartCache:
    """Draws charts and keeps the newest: while paused, most keys leave most charts unchanged.

    plotext takes a quarter of a second to import. After `postpone` charts are a line of text until
    `import_plotext` has finished in a thread of its own.

    Attributes:
        ascii: curves are drawn with ASCII characters.
        grounds: a ground behind a curve can be seen; else truth is dots.
        ranges: those of the axes that do not shrink.
    """

    def __init__(self) -> None:
        self.ascii = False
        self.grounds = True
        self.ranges = SteadyRanges()
        self._drawn: dict[tuple[int, int, bool, bool, tuple[str, ...]], tuple[Chart, Lines]] = {}
        self._waiting = False  # for plotext

    @property
    def state(self) -> tuple[bool, bool, bool]:
        """What charts look like, aside from what they show."""
        return self._waiting, self.ascii, self.grounds

    def draw(self, content: Chart, width: int, height: int) -> Lines:
        """Return `content` in exactly `height` lines of `width` cells; see `chart.draw`."""
        if self._waiting:
            text = "the chart is on its way" if content.drawable else content.empty
            return message(text, "dim", width, height)
        from rnn_tui.tui.charts import chart  # the first screen does without

        labels = tuple(curve.label for curve in content.curves)
        key = (width, height, self.ascii, self.grounds, labels)
        before = self._drawn.get(key)
        if before is not None and before[0].looks_like(content):
            return before[1]
        lines = chart.draw(content, width, height, self.stroke_set)
        if len(self._drawn) >= REMEMBERED:
            self._drawn.pop(next(iter(self._drawn)))
        self._drawn[key] = content, lines
        return lines

    def draw_or_say(self, content: Chart, width: int, height: int) -> Lines:
        """Return `content` likewise, or in one line what it waits for while it has no curve."""
        if content.drawable:
            return self.draw(content, width, height)
        return (fit(((f" {content.empty}", "dim"),), width),)[:height]

    def legend(self, content: Chart) -> tuple[LegendEntry, ...]:
        """Return the legend of `content`, whose y range is fixed, for the title of its panel."""
        if self._waiting or not content.drawable:
            return ()
        from rnn_tui.tui.charts import legend

        arrow, levels = "", content.placeable_levels
        if levels and content.y_range is not None:
            low, high = content.y_range
            arrow = "↓" if levels[0].y < low else "↑" if levels[0].y > high else ""
        return legend.entries(content, self.stroke_set, arrow)

    @property
    def stroke_set(self) -> StrokeSet:
        """Return the strokes that this terminal shows."""
        from rnn_tui.tui.charts import strokes

        if self.ascii:
            return strokes.ASCII_ON_GROUNDS if self.grounds else strokes.ASCII
        return strokes.UNICODE if self.grounds else strokes.WITHOUT_GROUNDS

    def postpone(self) -> None:
        """Draw a line of text in place of every chart until `import_plotext` has finished."""
        self._waiting = "plotext" not in sys.modules

    def import_plotext(self, done: Callable[[], None]) -> None:
        """Import plotext in a thread of its own, then call `done` in that thread."""

        def load() -> None:
            from rnn_tui.tui.charts import chart, raster  # noqa: F401 (`chart` is needed next)

            raster.load()
            self._waiting = False
            done()

        threading.Thread(target=load, name="plotext", daemon=True).start()
