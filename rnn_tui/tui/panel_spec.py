"""What the module of a panel declares: how it is drawn and what it answers to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines

if TYPE_CHECKING:
    from rnn_tui.tui.charts.curves import Chart
    from rnn_tui.tui.charts.legend import LegendEntry
    from rnn_tui.tui.key_hint import KeyHint
    from rnn_tui.tui.panel_help import Sign

Draw = Callable[[DrawContext, int, int], Lines]  # (…, width, height) → lines
# (…, text at the left, text at the right, width, height below, has the focus) → the title line
Rule = Callable[[DrawContext, str, str, int, int, bool], Line]
Title = Callable[[DrawContext], tuple[str, str]]  # → texts at the left and right


PANEL_COVERED = "covered until your answer is in"
"""What stands in place of a panel that a lesson covers."""
NO_LIMIT = 1_000  # lines; more than any terminal has


@dataclass(frozen=True, slots=True)
class Need:
    """The lines that a panel needs, its title included: it declares them, `layout` deals them out.

    They are those of a run, the same in all of its passes: a panel keeps its place while one steps.

    Attributes:
        least: below this, rows that are needed are folded or cut.
        enough: all that a panel is about is drawn.
        good: so is what belongs to it; more is given only when other panels are good too.
        most: beyond this there is nothing more to show.
        width: cells that it fills.
    """

    least: int = 5
    enough: int = 8
    good: int = 10
    most: int = NO_LIMIT
    width: int = NO_LIMIT


CHART = Need()
Needs = Callable[[str], Need]  # of the panel with a name


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """The declaration of one panel; its module assigns it to ``PANEL``.

    Attributes:
        draw: draws the lines below the title, as a pure function of its arguments.
        title: gives the texts of the title line.
        legend: gives the legend of the panel's chart, which stands between them; None if there is
            none.
        brief: the text at the left of the title line where there is little room; "" for the same.
        proofs: names of the proofs that are computed while the panel is visible.
        timestep_keys: the arrow keys that select a timestep while the panel has the focus, even
            where they would otherwise select a parameter or a unit: "←→" for a panel that shows
            timesteps side by side, "←→↑↓" for one that shows them one above the other.
        timestep_at: gives the timestep drawn at a column of the panel (snapshot, width, x), None
            where there is none; clicks select it.
        selects_entries: whether the arrow keys select row and column of a tensor while the panel
            has the focus, and PgUp and PgDn the tensor.
        units: gives the units of the layer from the top down as the panel draws them (context);
            the arrow keys go through them so. None: by their numbers.
        variants: gives the names of the things that the panel can show, one at a time; the key
            ``d`` goes through them, and `Selection.variant` is the one to draw.
        help: gives what the signs, colours and abbreviations on the panel mean, for the task, cell
            and pass at hand; ``?`` shows it while the panel has the focus.
        keys: gives the keys that select something while the panel has the focus, for the footer;
            None for the arrow keys, as the attributes above say what they select.
        need: gives the lines that the panel needs in a run.
        variants_in_zoom: it can show them only while it has the whole screen.
        rule: gives the title line where that is more than texts and a legend.
        chart: gives the whole chart that a cursor can be on and that can be zoomed; None where
            there is none. A chart whose `timestep_keys` are the arrows has the timestep for a
            cursor.
        table: gives the numbers behind what is drawn, as "module:function" of `panel_tables`; it
            takes the context and returns `Tables`, none where there are no numbers yet. "" for a
            panel that shows none. The module is imported when they are taken home.
    """

    draw: Draw
    title: Title
    legend: Callable[[DrawContext], tuple[LegendEntry, ...]] | None = None
    brief: str = ""
    proofs: tuple[str, ...] = ()
    timestep_keys: Literal["", "←→", "←→↑↓"] = ""
    timestep_at: Callable[[Snapshot, int, int], int | None] | None = None
    selects_entries: bool = False
    units: Callable[[DrawContext], Sequence[int]] | None = None
    variants: Callable[[Snapshot], tuple[str, ...]] = lambda snapshot: ()
    help: Callable[[DrawContext], tuple[Sign, ...]] = lambda context: ()
    keys: Callable[[DrawContext], tuple[KeyHint | None, ...]] | None = None
    need: Callable[[Snapshot], Need] = lambda snapshot: CHART
    variants_in_zoom: bool = False
    rule: Rule | None = None
    chart: Callable[[DrawContext], Chart | None] = lambda context: None
    table: str = ""


def panel_spec(name: str) -> PanelSpec:
    """Return the declaration of the registered panel `name`, importing its module if need be."""
    spec: PanelSpec = PANELS.load(name)
    return spec


def hidden_panels(snapshot: Snapshot, *, lesson: bool = False) -> dict[str, str]:
    """Return the panels that have nothing to show in a run, and why, in words.

    Args:
        snapshot: of the run.
        lesson: whether a lesson is played.
    """
    hidden: dict[str, str] = {}
    if not snapshot.task.has_theirs:
        hidden["theirs"] = "theirs needs a case file that holds numbers of yours beside the batch"
    if not lesson:
        hidden["lesson"] = "there is no lesson here: the command lesson begins one"
    return hidden


def needs_of(snapshot: Snapshot) -> Needs:
    """Return what gives the need of each panel in the run of `snapshot`."""
    return lambda name: panel_spec(name).need(snapshot)
