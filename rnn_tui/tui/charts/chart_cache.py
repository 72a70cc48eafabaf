"""The charts of a screen, each drawn once as long as it does not change."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from rnn_tui.tui.charts.curves import Chart, message
from rnn_tui.tui.lines import Lines

REMEMBERED = 8  # charts: more than are visible at once


class ChartCache:
    """Draws charts and keeps the newest: while paused, most keys leave most charts unchanged.

    plotext takes a quarter of a second to import. After `postpone` charts are a line of text until
    `import_plotext` has finished in a thread of its own.

    Attributes:
        ascii: curves are drawn with ASCII characters.
    """

    def __init__(self) -> None:
        self.ascii = False
        self._drawn: dict[tuple[int, int, bool, tuple[str, ...]], tuple[Chart, Lines]] = {}
        self._waiting = False  # for plotext

    def draw(self, content: Chart, width: int, height: int) -> Lines:
        """Return `content` in exactly `height` lines of `width` cells; see `chart.draw`."""
        if self._waiting:
            text = "the chart is on its way" if content.drawable else content.empty
            return message(text, "dim", width, height)
        from rnn_tui.tui.charts import chart, strokes  # the first screen does without

        key = (width, height, self.ascii, tuple(curve.label for curve in content.curves))
        before = self._drawn.get(key)
        if before is not None and before[0].looks_like(content):
            return before[1]
        stroke_set = strokes.ASCII if self.ascii else strokes.UNICODE
        lines = chart.draw(content, width, height, stroke_set)
        if len(self._drawn) >= REMEMBERED:
            self._drawn.pop(next(iter(self._drawn)))
        self._drawn[key] = content, lines
        return lines

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

        if self._waiting:
            threading.Thread(target=load, name="plotext", daemon=True).start()
