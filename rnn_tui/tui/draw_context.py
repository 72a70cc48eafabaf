"""The argument of every panel's functions: the snapshot to draw, and the user's selection in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal

from rnn_tui.files.error_log import ErrorReports
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.ascii_text import in_ascii
from rnn_tui.tui.bars import ASCII_BARS, MOVING_BARS, UNICODE_BARS, BarGlyphs
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.chart_view import WHOLE, ChartView, looked_at
from rnn_tui.tui.charts.curves import Chart
from rnn_tui.tui.marks import ValueMark

if TYPE_CHECKING:
    from rnn_tui.tui.lesson.view import Covered, LessonView

Following = Literal["", "live", "own", "left"]
Pointing = Literal["", "on", "dims"]
Big = Literal["", "equation", "timestep", "curve"]
THINGS: tuple[Big, ...] = ("equation", "timestep", "curve")
"""What can fill the screen in large, in the order in which the key ``d`` goes through them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The user's selection on the screen.

    Attributes:
        unit: the selected hidden unit, from 0.
        operation: the operation whose equation is shown, counted back from the newest revealed.
        parameter: index into the flat parameter vector.
        prefix: digits typed so far, which count the next key.
        panel: the name of the panel with the focus.
        page: of a table of terms, any number: they go round.
        variants: panels and which of their variants was chosen (`PanelSpec.variants`).
        chart_views: panels and how their chart is looked at, where that is not as a whole.
        pointing: whether a value is pointed at, and whether all else is dimmed.
        pointed: the name of that value.
        big: the one thing that fills the screen; "" for the panels.
    """

    unit: int = 0
    operation: int = 0
    parameter: int = 0
    prefix: str = ""
    panel: str = "timestep"
    page: int = 0
    variants: tuple[tuple[str, str], ...] = ()
    chart_views: tuple[tuple[str, ChartView], ...] = ()
    pointing: Pointing = ""
    pointed: str = ""
    big: Big = ""

    def variant(self, panel: str, variants: Sequence[str]) -> str:
        """Return which of `variants` the panel shows: the chosen one if it is there, or the first.

        Args:
            panel: the name of the panel.
            variants: what it can show, at least one thing.
        """
        chosen = dict(self.variants).get(panel, "")
        return chosen if chosen in variants else variants[0]

    def chart_view(self, panel: str) -> ChartView:
        """Return how the chart of a panel is looked at."""
        return dict(self.chart_views).get(panel, WHOLE)

    def looking(self, panel: str, view: ChartView) -> Selection:
        """Return the selection with another view of the chart of a panel."""
        views = dict(self.chart_views)
        views.pop(panel, None)
        if view != WHOLE:
            views[panel] = view
        return replace(self, chart_views=tuple(views.items()))


@dataclass(frozen=True, slots=True, eq=False)
class DrawContext:
    """Everything that a panel is drawn from, the argument of its `draw` and `title`.

    Attributes:
        snapshot: the state of the training.
        selection: the user's selection in it.
        notice: a message to the user, shown until the next key; "" if there is none.
        error: the notice is an error message.
        chart_cache: draws charts, and keeps what can be used again for the next frame.
        errors: logs the error of a panel that cannot be drawn; panels do not use it.
        link: what the link to the terminal limits the frames to; "" if it does not.
        ascii: the terminal shows ASCII alone; lines of a panel are translated after it has drawn
            them, only what is folded into lines has to be translated before (`written`).
        zoomed: the panel with the focus has the whole screen.
        rail: the header has the rail of the passes, as the network panel is not visible.
        guest: the session is a guest's, who writes no files.
        followers: how many follow this screen; None where nobody can.
        following: whether this screen follows the presenter's ("live"), has a view of its own
            ("own"), or shows what a presenter who has left showed last ("left"); "" if it does not
            follow.
        paged: the table of the window has other pages, which J and K show.
        covered: a dialog is over the screen, whose keys are others.
        lesson: what is shown of a lesson; None where there is none.
        covered_values: what is not to be seen until the answer of a lesson is in.
        slow_link: the link to the terminal is slow, so pictures in the lines that are left over,
            and those without the focus, are not drawn unless the panel is zoomed, and nothing
            stands on a ground.
        mark: the value that the pointer or a lesson points at; None for none. Where there is one,
            cells that show a value are named (`marks.name_cells`).
        playing: what is played, and how fast; "" for nothing.
        slide: which slide of a presentation it is; "" for none.
    """

    snapshot: Snapshot
    selection: Selection
    notice: str = ""
    error: bool = False
    chart_cache: ChartCache = field(default_factory=ChartCache)
    errors: ErrorReports = field(default_factory=ErrorReports)
    link: str = ""
    ascii: bool = False
    zoomed: bool = False
    rail: bool = False
    guest: bool = False
    followers: int | None = None
    following: Following = ""
    paged: bool = False
    slow_link: bool = False
    covered: bool = False
    mark: ValueMark | None = None
    playing: str = ""
    slide: str = ""
    lesson: LessonView | None = None
    covered_values: Covered | None = None

    def for_panel(self) -> DrawContext:
        """Return the context without what only header and footer show."""
        selection = self.selection
        if selection.prefix:
            selection = replace(selection, prefix="")
        return replace(
            self,
            selection=selection,
            notice="",
            error=False,
            link="",
            rail=False,
            followers=None,
            paged=False,
            playing="",
            slide="",
        )

    def looks_like(self, other: DrawContext) -> bool:
        """Return whether a panel that is drawn from this is the same as one drawn from `other`."""
        return self.snapshot is other.snapshot and all(
            getattr(self, each.name) == getattr(other, each.name)
            for each in fields(self)
            if each.name != "snapshot"
        )

    def written(self, text: str) -> str:
        """Return `text` as it is written on this terminal: in full, if it is in ASCII."""
        return in_ascii(text) if self.ascii else text

    def looked_at(self, panel: str, chart: Chart) -> Chart:
        """Return the chart of a panel as it is looked at, with its cursor while in focus."""
        view = self.selection.chart_view(panel)
        return looked_at(chart, view, reading=self.selection.panel == panel)

    @property
    def grounds(self) -> bool:
        """Whether there are grounds, and text on them: not in ASCII, nor in 16 colours.

        Nor on a slow link: a style for each shade, and the moves from cell to cell of one, are a
        seventh of what a pause sends.
        """
        return self.chart_cache.grounds and not self.ascii and not self.slow_link

    @property
    def bar_glyphs(self) -> BarGlyphs:
        """What bars are drawn with on this terminal."""
        if self.ascii:
            return ASCII_BARS
        return MOVING_BARS if self.snapshot.training else UNICODE_BARS
