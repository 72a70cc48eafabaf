"""Lines of the screen that show nothing, counted at many sizes, in every pass, of every cell.

    PYTHONPATH=tests python tests/tui/idle_rows.py [CELL …]

An idle line is one whose first 70 cells are blank, between header and footer. It prints the sizes
and passes with more than two of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from tui.screen_support import KINDS, ProofSnapshotMaker

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.layout import FOOTER, HEADER, Focus, arrange
from rnn_tui.tui.lines import cell_width, fit, plain
from rnn_tui.tui.panel_spec import needs_of, panel_spec
from rnn_tui.tui.screens.selection_moves import initial_selection

LOOKED_AT = 70  # cells of a line
MOST = 2  # idle lines
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


def screen(snapshot: Snapshot, size: tuple[int, int], cache: ChartCache) -> list[str]:
    """Return the lines between header and footer, the title lines of panels left out as rules."""
    backward = snapshot.cursor.stage in (Pass.BACKWARD, Pass.CLIP)
    focus = Focus(proofs=backward, untrained=not snapshot.curve.update.size)
    context = DrawContext(snapshot, initial_selection(snapshot), chart_cache=cache)
    rows = [[" "] * size[0] for _ in range(size[1] - HEADER - FOOTER)]
    for name, region in arrange(*size, focus, needs_of(snapshot)).items():
        spec = panel_spec(name)
        drawn = spec.draw(context, region.width, region.height - 1)
        assert len(drawn) < region.height, f"{name} {region.size} in {snapshot.cursor.stage}"
        rows[region.y - HEADER][region.x] = "─"
        for y, line in enumerate(drawn, region.y - HEADER + 1):
            text = plain((fit(line, region.width),))
            assert cell_width(line) <= region.width, f"{name} {region.size}: {text}"
            for x, each in enumerate(text[: region.width]):
                rows[y][region.x + x] = each
    return ["".join(row) for row in rows]


def idle(lines: list[str]) -> int:
    """Return how many lines show nothing in their first cells."""
    return sum(not line[:LOOKED_AT].strip() for line in lines)


def places(settings: Settings) -> Iterator[tuple[str, Snapshot]]:
    """Yield a snapshot of the start and one of each pass of a later update."""
    trainer = Trainer(settings)
    maker = ProofSnapshotMaker(trainer, predictions=True)
    yield "start", maker.proved()
    trainer.run(20)
    for _ in range(2 * settings.steps + 5):
        trainer.step()
        cursor = trainer.cursor
        if cursor.stage in (Pass.FORWARD, Pass.BACKWARD) and cursor.t != settings.steps // 2 + 1:
            continue
        if cursor.stage in (Pass.FORWARD, Pass.BACKWARD):
            trainer.reveal()
            yield f"{cursor.stage} begun", maker.proved()
            trainer.reveal()
            yield f"{cursor.stage} under way", maker.proved()
            while trainer.cursor.t == cursor.t and trainer.cursor.operation < cursor.operations:
                trainer.reveal()
        yield str(cursor.stage), maker.proved()


def too_idle(settings: Settings) -> Mapping[tuple[tuple[int, int], str], int]:
    """Return where more than MOST lines are idle, and how many."""
    cache, found = ChartCache(), {}
    for name, snapshot in places(settings):
        for size in SIZES:
            if (lines := idle(screen(snapshot, size, cache))) > MOST:
                found[size, name] = lines
    return found


def main(cells: list[str]) -> None:
    """Print where there are too many idle lines."""
    for kind in cells or list(KINDS):
        settings = Settings(**KINDS[kind])  # type: ignore[arg-type]
        found: dict[str, list[str]] = {}
        for (size, name), lines in too_idle(settings).items():
            found.setdefault(name, []).append(f"{size[0]}×{size[1]}: {lines}")
        for name, sizes in found.items():
            print(f"{kind} {name}: {', '.join(sizes)}")


if __name__ == "__main__":
    main(sys.argv[1:])
