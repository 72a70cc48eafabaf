"""Lines of the screen that show nothing, counted at many sizes, in every pass, of every cell.

    PYTHONPATH=tests python tests/tui/idle_rows.py [NETWORK …] [--zoomed]

An idle line is one whose first 70 cells are blank, between header and footer; and in a column of
panels, one that is blank in all cells of the column. It prints the sizes and passes with more than
two of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tui.screen_support import KINDS, ProofSnapshotMaker

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.layout import FOOTER, HEADER, Focus, arrange
from rnn_tui.tui.lines import Line, cell_width, fit, plain
from rnn_tui.tui.panel_spec import needs_of
from rnn_tui.tui.panel_widget import Panel
from rnn_tui.tui.screens.selection_moves import initial_selection

LOOKED_AT = 70  # cells of a line
MOST = 2  # idle lines
NETWORKS = {
    **{name: Settings(**kind) for name, kind in KINDS.items()},  # type: ignore[arg-type]  # by name
    "rnn H2 T3": Settings(cell="rnn", hidden=2, steps=3),
    "lstm H3 T3": Settings(cell="lstm", hidden=3, steps=3),
    "gru H2 T2": Settings(cell="gru", hidden=2, steps=2),
    "one to one": compose({"task": "neuron"}),
    "recall": compose({"task": "recall"}),
    "text": compose({"task": "text"}),
    "adding H128 T60 L2": compose({"task": "adding", "hidden": 128, "steps": 60, "layers": 2}),
    "gru L3 B4": Settings(cell="gru", hidden=24, layers=3, batch=4, steps=9),
}
"""Networks: every cell, small ones, large ones, tasks of every kind."""
SIZES = (
    *((80, height) for height in (23, 24, 26, 30, 35, 40, 50, 65, 80)),
    *((100, height) for height in (24, 30, 40, 60)),
    *((110, height) for height in (24, 33, 34, 50)),
    *((120, height) for height in (30, 40, 60)),
    *((140, height) for height in (24, 40, 80)),
    *((160, height) for height in (24, 50)),
    *((170, height) for height in (32, 33, 50)),
    *((200, height) for height in (40, 60)),
    *((250, height) for height in (50, 80)),
)


@dataclass(frozen=True)
class Screen:
    """What is drawn between header and footer.

    Attributes:
        lines: the lines.
        columns: for each column of panels, how many of its lines are blank.
    """

    lines: list[str]
    columns: Mapping[int, int]

    @property
    def idle(self) -> int:
        """How many lines show nothing in their first cells, or in the emptiest column of panels."""
        blank = sum(not line[:LOOKED_AT].strip() for line in self.lines)
        return max(blank, *self.columns.values())


def inked(line: Line) -> Line:
    """Return a line with a sign in place of blanks that stand on a ground of heat."""
    grounds = ("heat-", "units-", "grounded-")
    return tuple(
        (text.replace(" ", "▒") if role.startswith(grounds) else text, role) for text, role in line
    )


def screen(
    snapshot: Snapshot, size: tuple[int, int], cache: ChartCache, zoomed: str = ""
) -> Screen:
    """Return what is drawn, with the focus at the timestep or one panel `zoomed`."""
    backward = snapshot.cursor.stage in (Pass.BACKWARD, Pass.CLIP)
    untrained = not snapshot.curve.update.size
    focus = Focus(zoomed or "timestep", zoomed=bool(zoomed), proofs=backward, untrained=untrained)
    selection = replace(initial_selection(snapshot), panel=focus.panel)
    context = DrawContext(snapshot, selection, chart_cache=cache, zoomed=bool(zoomed))
    rows = [[" "] * size[0] for _ in range(size[1] - HEADER - FOOTER)]
    columns: dict[int, int] = {}
    for name, region in arrange(*size, focus, needs_of(snapshot)).items():
        drawn = Panel.registered(name)._with_title(context, region.width, region.height)
        where = f"{name} {region.size} in {snapshot.cursor.stage}"
        assert len(drawn) <= region.height, where
        blank = region.height - sum(bool(plain((inked(line),)).strip()) for line in drawn)
        columns[region.x] = columns.get(region.x, 0) + blank
        for y, line in enumerate(drawn, region.y - HEADER):
            text = plain((fit(inked(line), region.width),))
            assert cell_width(line) <= region.width, f"{where}: {text}"
            for x, each in enumerate(text[: region.width]):
                rows[y][region.x + x] = each
    return Screen(["".join(row) for row in rows], columns)


def places(settings: Settings) -> Iterator[tuple[str, Snapshot]]:
    """Yield a snapshot of the start and one of each pass of a later update."""
    trainer = Trainer(settings)
    maker = ProofSnapshotMaker(trainer, predictions=True)
    parameter = initial_selection(maker.snapshot()).parameter
    yield "start", maker.proved(parameter)
    trainer.run(20)
    for _ in range(2 * settings.steps + 5):
        trainer.step()
        cursor = trainer.cursor
        if cursor.stage in (Pass.FORWARD, Pass.BACKWARD) and cursor.t != settings.steps // 2 + 1:
            continue
        if cursor.stage in (Pass.FORWARD, Pass.BACKWARD):
            trainer.reveal()
            yield f"{cursor.stage} begun", maker.proved(parameter)
            trainer.reveal()
            yield f"{cursor.stage} under way", maker.proved(parameter)
            while trainer.cursor.t == cursor.t and trainer.cursor.operation < cursor.operations:
                trainer.reveal()
        yield str(cursor.stage), maker.proved(parameter)


def too_idle(
    settings: Settings,
    sizes: Iterable[tuple[int, int]] = SIZES,
    zoomed: Iterable[str] = ("",),
    passes: Sequence[str] = (),
) -> Mapping[tuple[tuple[int, int], str], int]:
    """Return where more than MOST lines are idle, and how many: by size, and pass or panel."""
    cache, found = ChartCache(), {}
    for name, snapshot in places(settings):
        for panel in zoomed if not passes or name in passes else ():
            for size in sizes:
                if (lines := screen(snapshot, size, cache, panel).idle) > MOST:
                    found[size, f"{panel} {name}".strip()] = lines
    return found


def main(names: list[str]) -> None:
    """Print where there are too many idle lines."""
    zoomed = PANELS.names if "--zoomed" in names else ("",)
    for name in [each for each in names if each in NETWORKS] or NETWORKS:
        found: dict[str, list[str]] = {}
        for (size, place), lines in too_idle(NETWORKS[name], zoomed=zoomed).items():
            found.setdefault(place, []).append(f"{size[0]}×{size[1]}: {lines}")
        print(name, "none" * (not found), flush=True)
        for place, sizes in found.items():
            print(f"    {place}: {', '.join(sizes)}")


if __name__ == "__main__":
    main(sys.argv[1:])
