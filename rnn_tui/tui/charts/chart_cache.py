"""Where a screen's charts are drawn: once each, and not before plotext is there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from rnn_tui.tui.charts.curves import Chart, message
from rnn_tui.tui.lines import Lines

REMEMBERED = 8  # charts: as many as are seen at once, and some more


class ChartCache:
    """Draws charts, and remembers the newest: while paused, most steps leave most as they are."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[int, int, tuple[str, ...]], tuple[Chart, Lines]] = {}
        self._waiting = False  # for plotext

    def draw(self, picture: Chart, width: int, height: int) -> Lines:
        """`picture` in exactly `height` lines of `width` cells; see `chart.draw`."""
        if self._waiting:
            words = "the chart is on its way" if picture.drawable else picture.empty
            return message(words, "dim", width, height)
        from rnn_tui.tui.charts import chart  # not before there is anything to draw

        place = (width, height, tuple(curve.label for curve in picture.curves))
        before = self._drawn.get(place)
        if before is not None and chart.same(before[0], picture):
            return before[1]
        lines = chart.draw(picture, width, height)
        if len(self._drawn) >= REMEMBERED:
            self._drawn.pop(next(iter(self._drawn)))
        self._drawn[place] = picture, lines
        return lines

    def postpone(self) -> None:
        """Draw a word in place of every chart until `import_plotext` has finished."""
        self._waiting = "plotext" not in sys.modules

    def import_plotext(self, done: Callable[[], None]) -> None:
        """Import plotext in a thread beside the screen, and call `done`, in that thread, then.

        It takes a quarter of a second.
        """

        def load() -> None:
            from rnn_tui.tui.charts import chart

            chart.load()
            self._waiting = False
            done()

        if self._waiting:
            threading.Thread(target=load, name="plotext", daemon=True).start()
