"""An answer at many timesteps: what was wanted above what was given, column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_tui.predictions.results import WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.reber import legal_next
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fit, merge
from rnn_tui.tui.number_format import BAD
from rnn_tui.tui.panels.predictions.common_lines import blocks, chance, mark

_NAME = 9  # cells of the names of rows
_APART = 3  # cells between two windows side by side
_COLUMN = 6  # cells of a timestep with a symbol and its probability

Block = Sequence[Line]


def draw(snapshot: Snapshot, found: WindowsPredictions, width: int, height: int) -> Lines:
    """As many test windows as fit, below and beside each other."""
    kept = range(found.evaluation.outputs.shape[1])
    if snapshot.settings.task == "reber":
        return _stack([_grammar(found, n, width) for n in kept], width, height)
    return _stack([_compared(found, n, width) for n in kept], width, height)


def _stack(windows: Sequence[Block], width: int, height: int) -> Lines:
    """Blocks of equal size, side by side where two of them fit, then below each other."""
    across = max(cell_width(line) for block in windows for line in block)
    side = max((width + _APART) // (across + _APART), 1)
    lines: list[Line] = []
    for start in range(0, len(windows), side):
        beside = windows[start : start + side]
        if lines and len(lines) + 1 + len(beside[0]) <= height:
            lines.append(())
        if lines and len(lines) + len(beside[0]) > height:
            break
        for rows in zip(*beside, strict=True):
            padded = [run for row in rows for run in (*fit(row, across), (" " * _APART, ""))]
            lines.append(merge(padded[:-1]))
    return tuple(lines[:height])


def _compared(found: WindowsPredictions, n: int, width: int) -> Block:
    """Inputs where they are not silent, the labels wanted, those given, and how sure they are."""
    judged = np.flatnonzero(found.test.judged[:, n])
    room = width - _NAME - 2
    space = " " if 2 * len(judged) <= room else ""
    judged = judged[-(room // (1 + len(space))) :]
    names = _initials(found.labels or ())
    target = found.test.target[judged, n]
    p = found.evaluation.outputs[judged, n]  # [J, O]
    finite = np.isfinite(p).all(axis=1)
    given = p.argmax(axis=1)
    right = finite & (given == target)
    sure = p[np.arange(len(judged)), given]
    x = found.test.x[judged, n]
    rows: list[Line] = []
    if len(set(x.tolist())) > 1 and found.symbols is not None:
        rows.append(_row("x_t", [(found.symbols[code], "dim") for code in x], space))
    rows.append(_row("wanted", [(names[k], "") for k in target], space))
    answers = [(names[k], "good" if ok else "error") for k, ok in zip(given, right, strict=True)]
    answers = [a if ok else (BAD, "error") for a, ok in zip(answers, finite, strict=True)]
    rows.append(_row("given", answers, space))
    rows.append(_row("", [mark(bool(ok)) for ok in right], space))
    rows.append(_row("p(given)", [(bar, "gate") for bar in blocks(sure, 0, 1)], space))
    return rows


def _initials(labels: Sequence[str]) -> Sequence[str]:
    """One character a label, if that still tells them apart."""
    short = [label[0] for label in labels]
    return short if len(set(short)) == len(labels) else labels


def _row(name: str, cells: Sequence[Run], space: str) -> Line:
    line: list[Run] = [(f" {name:<{_NAME}}", "dim")]
    for text, role in cells:
        line += [(text, role), (space, "")]
    return merge(line)


# ---------------------------------------------------------------------------------- Reber's grammar


def _grammar(found: WindowsPredictions, n: int, width: int) -> Block:
    """The symbols of a string, and which may follow each with what the network gives them.

    Shown is the stretch with the first symbol that has to be remembered.
    """
    assert found.symbols is not None
    codes = found.test.x[:, n].tolist()
    judged = np.flatnonzero(found.test.judged[:, n])
    columns = max((width - _NAME - 1) // _COLUMN, 1)
    first = max(int(judged[0]) + 2 - columns, 0) if judged.size else 0
    shown = range(first, min(first + columns, len(codes)))
    legal = legal_next(codes)
    rows: list[list[Run]] = [[], [], [], [], []]
    for t in shown:
        p = found.evaluation.outputs[t, n]
        by_name = dict(zip(found.symbols, p.tolist(), strict=True))
        there = bool(found.test.judged[t, n])
        right = np.isfinite(p).all() and int(p.argmax()) == int(found.test.target[t, n])
        rows[0].append((found.symbols[codes[t]], "strong"))
        for row, symbol in zip(rows[1:3], (*legal[t], "")[:2], strict=True):
            row.append((f"{symbol} {chance(by_name[symbol])}" if symbol else "", ""))
        others = sum(value for name, value in by_name.items() if name not in legal[t])
        rows[3].append((f"  {chance(others)}", "dim"))
        rows[4].append(mark(bool(right)) if there else ("", ""))
    names = ("x_t", "next", " or", "illegal", "memory")
    return [_wide(name, row) for name, row in zip(names, rows, strict=True)]


def _wide(name: str, cells: Sequence[Run]) -> Line:
    line: list[Run] = [(f" {name:<{_NAME}}", "dim")]
    for text, role in cells:
        line += [(f"{text:<{_COLUMN}}", role)]
    return merge(line)
