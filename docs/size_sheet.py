"""Make contact sheets of sizes: the main screen at 30 sizes, in every pass, of many networks.

    python docs/size_sheet.py FOLDER                    a sheet for each network and pass
    python docs/size_sheet.py FOLDER --cells lstm --passes LOSS CLIP --sizes 120x40 200x60

A sheet is an SVG of all sizes side by side. The screens are composed of what the panels draw,
without an application: so a thousand take a minute or two.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from contact_sheet import sheet, terminal
from portable_svg import portable
from tui.idle_rows import NETWORKS, SIZES, places

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.layout import FOOTER, HEADER, Focus, arrange
from rnn_tui.tui.lines import Line, cell_width
from rnn_tui.tui.panel_spec import needs_of
from rnn_tui.tui.panel_widget import Panel
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.screens.selection_moves import initial_selection
from rnn_tui.tui.themes import THEMES, style_of

ACROSS = 4  # pictures of a sheet side by side


def screen(snapshot: Snapshot, size: tuple[int, int], cache: ChartCache) -> list[list[Line]]:
    """Return the lines of the screen, each of the pieces that stand in it side by side."""
    backward = snapshot.cursor.stage in (Pass.BACKWARD, Pass.CLIP)
    focus = Focus(proofs=backward, untrained=not snapshot.curve.update.size)
    context = DrawContext(snapshot, initial_selection(snapshot), chart_cache=cache)
    rows: list[dict[int, Line]] = [{} for _ in range(size[1])]
    for y, line in enumerate(header.draw(context, size[0], HEADER)):
        rows[y][0] = line
    for name, region in arrange(*size, focus, needs_of(snapshot)).items():
        lines = Panel.registered(name)._with_title(context, region.width, region.height)
        for y in range(region.y, region.bottom):  # what is blank keeps its place
            rows[y][region.x] = ()
        for y, line in enumerate(lines, region.y):
            rows[y][region.x] = line
    for y, line in enumerate(footer.draw(context, size[0], FOOTER), size[1] - FOOTER):
        rows[y][0] = line
    return [[_at(x, row) for x in sorted(row)] for row in rows]


def _at(x: int, row: dict[int, Line]) -> Line:
    """Return the piece that begins at cell `x`, with the blanks that part it from the next."""
    after = min((each for each in row if each > x), default=0)
    return (*row[x], (" " * max(after - x - cell_width(row[x]), 0), ""))


def picture(rows: list[list[Line]], size: tuple[int, int], title: str, theme: str) -> str:
    """Return the lines of a screen as SVG."""
    console = Console(
        width=size[0],
        height=size[1],
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
    )
    colours = THEMES[theme]
    base = Style(color=colours.foreground, bgcolor=colours.background)
    for row in rows:
        text = Text(no_wrap=True, overflow="crop", end="\n")
        for line in row:
            for piece, role in line:
                text.append(piece, base + style_of(role, colours.name))
        text.append(" " * (size[0] - text.cell_len), base)
        console.print(text, crop=True)
    svg = console.export_svg(title=title, theme=terminal(dark=theme == "dark"))
    return portable(svg, f"at-{size[0]}-{size[1]}", dark=theme == "dark")


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
                picture(screen(snapshot, size, cache), size, f"{size[0]}×{size[1]}", theme)
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
