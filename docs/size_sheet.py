"""Make contact sheets of sizes: the main screen at 30 sizes, in every pass, of many networks.

    python docs/size_sheet.py FOLDER                    a sheet for each network and pass
    python docs/size_sheet.py FOLDER --cells lstm --passes LOSS CLIP --sizes 120x40 200x60

A sheet is an SVG of all sizes side by side. The screens are composed of what the panels draw,
without an application: so a thousand take a minute or two.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from textual.geometry import Region

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from contact_sheet import sheet
from tui.idle_rows import NETWORKS, SIZES, places

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.layout import FOOTER, HEADER, Focus, arrange
from rnn_tui.tui.panel_spec import needs_of
from rnn_tui.tui.panel_widget import Panel
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.screens.selection_moves import initial_selection
from rnn_tui.tui.take_home.figure import Figure, PlacedLines, figure_of_parts
from rnn_tui.tui.take_home.svg import svg_text
from rnn_tui.tui.themes import THEMES

ACROSS = 4  # pictures of a sheet side by side


def screen(
    snapshot: Snapshot, size: tuple[int, int], cache: ChartCache, title: str, theme: str
) -> Figure:
    """Return the figure of the main screen."""
    backward = snapshot.cursor.stage in (Pass.BACKWARD, Pass.CLIP)
    focus = Focus(proofs=backward, untrained=not snapshot.curve.update.size)
    context = DrawContext(snapshot, initial_selection(snapshot), chart_cache=cache)
    width, height = size
    top, bottom = Region(0, 0, width, HEADER), Region(0, height - FOOTER, width, FOOTER)
    parts = [
        PlacedLines(top, header.draw(context, width, HEADER), surface=True),
        PlacedLines(bottom, footer.draw(context, width, FOOTER), surface=True),
    ]
    for name, region in arrange(*size, focus, needs_of(snapshot)).items():
        lines = Panel.registered(name)._with_title(context, region.width, region.height)
        parts.append(PlacedLines(region, lines))
    return figure_of_parts(title, size, parts, theme)


def sheets(
    cells: Iterable[str], passes: Iterable[str], sizes: list[tuple[int, int]], theme: str
) -> Iterator[tuple[str, str]]:
    """Yield the name of each sheet and its SVG."""
    cache = ChartCache()
    for kind in cells:
        made = set()
        for name, snapshot in places(NETWORKS[kind]):
            if name not in passes or name in made:
                continue
            made.add(name)
            drawn = [
                svg_text(screen(snapshot, size, cache, f"{size[0]}×{size[1]}", theme), caption=True)
                for size in sizes
            ]
            yield (
                f"{kind}-{name}".replace(" ", "-"),
                sheet([drawn[k : k + ACROSS] for k in range(0, len(drawn), 4)]),
            )


def main() -> None:
    """Make the sheets."""
    passes = ("start", *map(str, Pass))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--passes", nargs="*", default=list(passes), choices=passes)
    parser.add_argument("--sizes", nargs="*", default=[f"{w}x{h}" for w, h in SIZES])
    parser.add_argument("--theme", default="dark", choices=list(THEMES))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    pairs = [re.fullmatch(r"(\d+)x(\d+)", each) for each in options.sizes]
    sizes = [(int(pair[1]), int(pair[2])) for pair in pairs if pair is not None]
    for name, svg in sheets(options.cells, options.passes, sizes, options.theme):
        path = options.folder / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
