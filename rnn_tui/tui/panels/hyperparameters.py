"""The hyperparameters panel: those that matter for the current settings, with their values."""

from __future__ import annotations

from rnn_tui.settings import DECLARATIONS, Declaration
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, cut_middle, fit
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import PanelSpec

LIVE, RESTART = "~", "↻"
WIDEST = 20  # cells of a value at most; a path may be longer

_LEFT_TO_THE_FILE = ("encoding", "inputs", "time", "delimiter", "decimal", "thousands")
"""Settings that are shown once something was said or found."""


def title(_scene: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    return "hyperparameters", f"o edits · {LIVE} live · {RESTART} restarts"


def mark(declaration: Declaration) -> str:
    """Return the sign of what a change does: take effect at once, or restart."""
    return LIVE if declaration.effect == "live" else RESTART


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the hyperparameters in columns."""
    settings = context.snapshot.settings
    found = dict(context.snapshot.task.found)
    entries: list[Line] = []
    for name, declaration in DECLARATIONS.items():
        if not declaration.used_by(settings):
            continue
        value = declaration.show(getattr(settings, name)) or found.get(name, "")
        if not value and name in _LEFT_TO_THE_FILE:
            continue
        entries.append(
            (
                (
                    f"{mark(declaration)} ",
                    "title" if declaration.effect == "live" else "dim",
                ),
                (f"{name.replace('_', '-')} ", "dim"),
                (cut_middle(value, WIDEST) or "–", ""),
            )
        )
    columns = _columns(entries, width, max(height, 1))
    widths = [max(map(cell_width, column)) + 1 for column in columns]
    # In a narrow panel the space before the first column goes first.
    margin: Line = ((" ", ""),) if sum(widths) <= width else ()
    spare = max(width - sum(widths), 0) // len(columns)
    widths[-1] -= 1  # no space after the last
    lines: list[Line] = []
    for row in range(len(columns[0])):
        line = margin
        for column, natural in zip(columns, widths, strict=True):
            line += fit(column[row] if row < len(column) else (), natural + spare)
        lines.append(line)
    return tuple(lines)


def _columns(entries: list[Line], width: int, height: int) -> list[list[Line]]:
    """Return the entries in as many columns as stand side by side, three where there is room."""
    for least in (3, 2):
        rows = min(-(-len(entries) // least), height)
        columns = [entries[k : k + rows] for k in range(0, len(entries), rows)]
        if sum(max(map(cell_width, column)) + 1 for column in columns) - 1 <= width:
            return columns
    return [entries[k : k + height] for k in range(0, len(entries), height)]


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    settings = context.snapshot.settings
    return (
        Sign("o", "the key that changes them"),
        Sign(LIVE, "a change takes effect at once"),
        Sign(RESTART, "a change restarts the training"),
        *(
            Sign(name.replace("_", "-"), declaration.help.rstrip("."))
            for name, declaration in DECLARATIONS.items()
            if declaration.used_by(settings)
        ),
    )


PANEL = PanelSpec(draw, title, help=signs, table="window:hyperparameters")
