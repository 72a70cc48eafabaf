"""What the screen looks at: what the user chose, beside what the trainer did."""

from __future__ import annotations

from dataclasses import dataclass, field

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.chart_cache import ChartCache


@dataclass(frozen=True, slots=True)
class View:
    """The user's selection.

    Attributes:
        unit: the selected hidden unit, from 0.
        operation: the operation whose equation is shown, counted back from the newest revealed.
        parameter: index into the flat parameter vector.
        prefix: digits typed so far.
        panel: the panel with the focus.
    """

    unit: int = 0
    operation: int = 0
    parameter: int = 0
    prefix: str = ""
    panel: str = "timestep"


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A snapshot and how it is looked at: all that a panel needs to draw itself."""

    snapshot: Snapshot
    view: View
    notice: str = ""  # what was just said, until the next key
    error: bool = False  # whether it was bad news
    chart_cache: ChartCache = field(default_factory=ChartCache)  # charts drawn before
