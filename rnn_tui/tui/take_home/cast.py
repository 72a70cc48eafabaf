"""Recordings of a terminal in the format asciicast v2, made of figures.

https://docs.asciinema.org/manual/asciicast/v2/: a header, then a line for each event. Only rows
that change are written, each in full, with its colours; so any player shows what the figures show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.style import Style

from rnn_tui.tui.take_home.figure import Figure, Piece

START = "\x1b[?25l\x1b[0m\x1b[2J"  # no cursor, an empty screen
END = "\x1b[0m\x1b[?25h"
TENTHS = 10  # of a second; times are multiples
PALETTE = (
    "#000000:#cd0000:#00cd00:#cdcd00:#0000ee:#cd00cd:#00cdcd:#e5e5e5"
    ":#7f7f7f:#ff0000:#00ff00:#ffff00:#5c5cff:#ff00ff:#00ffff:#ffffff"
)
"""Of xterm: a header with a theme needs one, though no figure uses it."""


@dataclass(frozen=True, slots=True)
class TimedFigure:
    """One picture of a recording.

    Attributes:
        figure: the picture; all of a recording have one size.
        seconds: how long it stays.
        marker: a name in the recording's list of places; "" for none.
    """

    figure: Figure
    seconds: float
    marker: str = ""


def cast_text(title: str, frames: list[TimedFigure]) -> str:
    """Return a recording: at least one frame, one after the other."""
    first = frames[0].figure
    header = {
        "version": 2,
        "width": first.width,
        "height": first.height,
        "title": title,
        "env": {"TERM": "xterm-256color"},
        "theme": {"fg": first.ink, "bg": first.ground, "palette": PALETTE},
    }
    lines = [header, *_events(frames)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _events(frames: Iterable[TimedFigure]) -> Iterator[list[object]]:
    """Yield the events: the time in seconds, what it is, and its text."""
    before: tuple[tuple[Piece, ...], ...] = ()
    tenths = 0
    for frame in frames:
        time = tenths / TENTHS
        if frame.marker:
            yield [time, "m", frame.marker]
        rows = frame.figure.rows
        changed = [y for y, row in enumerate(rows) if y >= len(before) or row != before[y]]
        text = "".join(f"\x1b[{y + 1};1H{_row(rows[y], frame.figure)}" for y in changed)
        if text:
            yield [time, "o", text if before else START + text]
        before = rows
        tenths += max(round(frame.seconds * TENTHS), 1)
    yield [tenths / TENTHS, "o", END]


def _row(row: Iterable[Piece], figure: Figure) -> str:
    """Return a row as it is written to a terminal, in colours of its own throughout."""
    return "".join(f"\x1b[{_codes(style, figure)}m{text}" for text, style in row)


def _codes(style: Style, figure: Figure) -> str:
    """Return the parameters of SGR for a style."""
    attributes = (
        (style.bold, "1"), (style.dim, "2"), (style.italic, "3"),
        (style.underline, "4"), (style.reverse, "7"), (style.strike, "9"),
    )  # fmt: skip
    ink, ground = figure.ink, figure.ground
    if style.color is not None and not style.color.is_default:
        ink = style.color.get_truecolor().hex
    if style.bgcolor is not None and not style.bgcolor.is_default:
        ground = style.bgcolor.get_truecolor().hex
    codes = ["0", *(code for there, code in attributes if there)]
    for plane, colour in (("38", ink), ("48", ground)):
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        codes.append(f"{plane};2;{red};{green};{blue}")
    return ";".join(codes)
