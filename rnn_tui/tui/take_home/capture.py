"""The main screen at one moment, from which figures and tables are made."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from textual.geometry import Region

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panel_widget import BIG, LinesWidget
from rnn_tui.tui.take_home.figure import Figure, PlacedLines, figure_of_lines, figure_of_parts

if TYPE_CHECKING:
    from rnn_tui.tui.panel_tables.number_table import Tables

AROUND = ("header", "footer")
NUMBERS = ".csv"
TABLES = "rnn_tui.tui.panel_tables"
LONGEST_STEM = 80  # characters of a file's name that come from the run's own file


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """What is on the main screen.

    Attributes:
        context: what it is drawn from.
        snapshot: the same snapshot with the names that the data have.
        size: columns and rows.
        widgets: those that are visible, and where they stand.
        theme: the name of the theme.
        run_file: the run's own file; None for none.
    """

    context: DrawContext
    snapshot: Snapshot
    size: tuple[int, int]
    widgets: tuple[tuple[LinesWidget, Region], ...]
    theme: str
    run_file: str | None

    @property
    def panel(self) -> str:
        """The name of the panel with the focus."""
        return self.context.selection.panel

    @property
    def shown(self) -> str:
        """What a figure of the panel shows: the panel, or what fills the screen in large."""
        big = self.context.selection.big
        if not big:
            return self.panel
        return f"{self.panel if big == 'curve' else big}-large"

    @property
    def covers(self) -> bool:
        """Whether a lesson covers numbers until they are predicted."""
        covered = self.context.covered_values
        return covered is not None and bool(covered.numbers or covered.names or covered.panels)

    def figure(self, *, whole: bool, theme: str = "", characters: str = "unicode") -> Figure:
        """Return the figure of the panel with the focus, or of the whole screen.

        Args:
            whole: of the screen.
            theme: another theme than the screen has.
            characters: "ascii" for those of a terminal that has no others.
        """
        context, theme = self._plain_context(characters), theme or self.theme
        title = self.title(whole=whole)
        if not whole:
            shown = next(each for each in self.widgets if each[0].id in (self.panel, BIG))
            widget, region = shown
            lines = widget.drawn(context, region.width, region.height)
            return figure_of_lines(title, region.width, lines, theme)
        parts = [
            PlacedLines(region, widget.drawn(context, *region.size), widget.id in AROUND)
            for widget, region in self.widgets
        ]
        return figure_of_parts(title, self.size, parts, theme)

    def _plain_context(self, characters: str) -> DrawContext:
        """Return what the figure is drawn from: in full, whatever the terminal can show.

        Axes are those of the screen; a message in the footer is of another moment.
        """
        ascii, snapshot = characters == "ascii", self.context.snapshot
        if self.context.ascii and not ascii:
            snapshot = self.snapshot
            if snapshot.task.symbols is not None:
                from rnn_tui.tui.visible_names import with_visible_names

                snapshot = with_visible_names(snapshot)
        cache = ChartCache()
        cache.ascii, cache.ranges = ascii, self.context.chart_cache.ranges  # the axes stay
        return replace(
            self.context,
            snapshot=snapshot,
            notice="",
            error=False,
            chart_cache=cache,
            ascii=ascii,
            slow_link=False,
            covered=False,
        )

    def tables(self) -> Tables:
        """Return the numbers behind the panel with the focus; none where it shows none yet."""
        return tables_of(self.panel, replace(self.context, snapshot=self.snapshot))

    def title(self, *, whole: bool) -> str:
        """Return what a figure shows, in a line."""
        settings, cursor = self.snapshot.settings, self.snapshot.cursor
        place = f"{cursor.stage} t={cursor.t}" if cursor.t else str(cursor.stage)
        what = "screen" if whole else self.shown
        network = f"{settings.cell} {settings.hidden} on {settings.task}"
        return f"{what}: {network}, update {cursor.update} {place}"

    def file_name(self, *, whole: bool, ending: str) -> str:
        """Return a name that says what is in the file: ``cos-lstm32-loss-40-B7.svg``."""
        settings, cursor = self.snapshot.settings, self.snapshot.cursor
        stem = f"{settings.task}-{settings.cell}{settings.hidden}"
        if self.run_file:
            stem = os.path.splitext(os.path.basename(self.run_file))[0][:LONGEST_STEM] or stem
        place = str(cursor.update)
        if cursor.has_batch:
            place += f"-{str(cursor.stage)[0]}{cursor.t or ''}"
        shown = self.panel if ending == NUMBERS else self.shown  # numbers are the panel's
        return f"{stem}-{'screen' if whole else shown}-{place}{ending}"


def tables_of(panel: str, context: DrawContext) -> Tables:
    """Return the numbers behind a panel; none where it shows none, or none yet."""
    target = panel_spec(panel).table
    if not target:
        return ()
    module, _, name = target.partition(":")
    tables: Tables = getattr(import_module(f"{TABLES}.{module}"), name)(context)
    return tables
