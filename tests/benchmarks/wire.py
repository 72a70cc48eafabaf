"""What the bytes to the terminal are for: styles, moves of the cursor, text; and which panel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from textual.geometry import Region

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.layout import FOOTER, HEADER, Focus, arrange
from rnn_tui.tui.lines import text_width
from rnn_tui.tui.output_diff import BEGIN_SYNCHRONISED
from rnn_tui.tui.panel_spec import needs_of

TOKEN = re.compile(
    r"(?P<styles>\x1b\[[0-9;]*m)"
    r"|(?P<blanks>\x1b\[[0-9]+X)"
    r"|(?P<moves>\x1b\[[0-9;]*[A-DH]|\x08+)"
    r"|(?P<brackets>\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b.)"
    r"|(?P<text>[^\x1b\x08]+)",
    re.DOTALL,
)


@dataclass
class Wire:
    """Bytes in some seconds.

    Attributes:
        seconds: how long.
        displays: updates of the screen.
        kinds: bytes by what they are; "brackets" are begin, end and queries of a display.
        panels: bytes by panel, but for the brackets.
    """

    seconds: float
    displays: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    panels: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """KiB a second."""
        return self.kinds.total() / self.seconds / 1024

    def __str__(self) -> str:
        each = f"{self.displays / self.seconds:.1f}/s of {self.kinds.total() // self.displays} B"
        return f"{self.rate:.1f} KiB/s, {each}: {_shares(self.kinds)}; {_shares(self.panels)}"


def _shares(bytes_of: Counter[str]) -> str:
    total = bytes_of.total() or 1
    return ", ".join(f"{name} {100 * n / total:.0f} %" for name, n in bytes_of.most_common())


def read(output: Iterable[bytes], size: tuple[int, int], seconds: float) -> Wire:
    """Return what `output` of the main screen consists of, with the focus at the timestep."""
    wire = Wire(seconds)
    text = b"".join(output).decode(errors="replace")
    row = column = pending = 0
    regions = arrange(*size, Focus(), needs_of(Session(Trainer(Settings())).latest))
    for token in TOKEN.finditer(text):
        kind, content = token.lastgroup or "", token[0]
        length = len(content.encode())
        wire.kinds[kind] += length
        wire.displays += content == BEGIN_SYNCHRONISED
        if kind == "brackets":
            continue
        pending += length
        if kind == "moves":
            row, column = _moved(content, row, column)
        elif kind in ("text", "blanks"):
            wire.panels[_panel(row, column, size[1], regions)] += pending
            column += text_width(content) if kind == "text" else 0
            pending = 0
    return wire


def _moved(sequence: str, row: int, column: int) -> tuple[int, int]:
    """Return the row and the column, from 0, that the cursor is at after a move."""
    if sequence.startswith("\b"):
        return row, column - len(sequence)
    numbers = [int(number or 1) for number in sequence[2:-1].split(";")]
    if sequence[-1] in "AB":
        return row + numbers[0] * (1 if sequence[-1] == "B" else -1), column
    if sequence[-1] in "CD":
        return row, column + numbers[0] * (1 if sequence[-1] == "C" else -1)
    return numbers[0] - 1, (numbers[1] if len(numbers) > 1 else 1) - 1


def _panel(row: int, column: int, rows: int, regions: Mapping[str, Region]) -> str:
    """Return the panel that has a cell."""
    if row < HEADER:
        return "header"
    if row >= rows - FOOTER:
        return "footer"
    return next(
        (name for name, region in regions.items() if region.contains(column, row)), "border"
    )
