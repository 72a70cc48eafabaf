"""Make the contact sheet of colours: screens on terminals with every number of colours.

    python docs/contact_sheet.py                       docs/screenshots/colours.svg
    python docs/contact_sheet.py NAME … --out FILE     other screens

A row for each number of colours, dark and light. A name is one of docs/screenshots.py without its
theme, such as ``form-80``. The 16 colours are those of xterm.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import screenshots
from headless_screenshot import take_screenshot
from rich.terminal_theme import TerminalTheme

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.colour_depth import Depth
from rnn_tui.tui.take_home.figure import Figure
from rnn_tui.tui.take_home.svg import svg_text

SHEET = screenshots.FOLDER / "colours.svg"
SCREEN = "lstm-backward-80"
SIXTEEN = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5"
    " 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
LABELS = {
    Depth.TRUECOLOR: "truecolor",
    Depth.INDEXED: "256 colours",
    Depth.SIXTEEN: "16 colours",
    Depth.NONE: "none",
}


def terminal(dark: bool) -> TerminalTheme:
    """Return what the 16 colours look like, on a dark or a light terminal."""
    colours = [(n >> 16, n >> 8 & 255, n & 255) for n in (int(c, 16) for c in SIXTEEN.split())]
    ground, text = (colours[0], colours[7]) if dark else (colours[15], colours[0])
    return TerminalTheme(ground, text, colours[:8], colours[8:])


def pictures(name: str, folder: Path) -> list[list[str]]:
    """Return rows of a dark and a light picture of one screen."""
    one = next(each for each in screenshots.screenshots() if each.name.startswith(name))
    rows = []
    for depth in LABELS:
        row = []
        for theme in ("dark", "light"):
            trainer = Trainer(one.settings)
            app = RnnTui(trainer, theme=theme, depth=depth, versus=one.versus)

            def draw(figure: Figure, depth: Depth = depth, dark: bool = theme == "dark") -> str:
                """Return the SVG of the screen, with the 16 colours of a terminal."""
                figure = replace(figure, title=LABELS[depth])
                return svg_text(figure, terminal(dark), caption=True)

            path = folder / f"{name}-{depth.name}-{theme}.svg"
            path = take_screenshot(app, one.size, one.actions, path, draw=draw)
            row.append(path.read_text("utf-8"))
        rows.append(row)
    return rows


def sheet(rows: list[list[str]]) -> str:
    """Return pictures arranged in one."""
    parts: list[str] = []
    widest = y = 0.0
    for row in rows:
        x = highest = 0.0
        for svg in row:
            box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
            assert box is not None
            width, height = float(box[1]), float(box[2])
            place = f'<svg x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
            parts.append(re.sub(r"<svg [^>]*>", f'{place} viewBox="{box[0][9:-1]}">', svg, count=1))
            x, highest = x + width, max(highest, height)
        y, widest = y + highest, max(widest, x)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {widest:g} {y:g}">'
    return head + "".join(parts) + "</svg>\n"


def main() -> None:
    """Make one contact sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[SCREEN])
    parser.add_argument("--out", type=Path, default=SHEET)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for name in options.names for row in pictures(name, Path(folder))]
    options.out.write_text(sheet(rows), encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
