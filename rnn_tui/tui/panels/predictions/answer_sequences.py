"""Predictions at many timesteps of a window: targets above predictions, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from rnn_tui.predictions.results import WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.reber import legal_next
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fit, merge
from rnn_tui.tui.number_format import NOT_FINITE, blocks, probability
from rnn_tui.tui.panels.predictions.common_lines import correctness_mark

_NAME = 9  # cells of the names of rows
_GAP = 3  # cells between two windows side by side
_COLUMN = 6  # cells of a timestep with a symbol and its probability

_Block = Sequence[Line]  # the lines of one window


def draw(snapshot: Snapshot, predictions: WindowsPredictions, width: int, height: int) -> Lines:
    """Draw as many test windows as fit, side by side and below each other.

    Args:
        snapshot: where settings are read from.
        predictions: the outputs at each timestep of the test windows.
        width: cells of a line.
        height: lines at most.
    """
    windows = range(predictions.evaluation.outputs.shape[1])
    if snapshot.settings.task == "reber":
        return _stack([_grammar(predictions, n, width) for n in windows], width, height)
    inputs = _inputs_differ(predictions)
    return _stack([_compared(predictions, n, width, inputs) for n in windows], width, height)


def _inputs_differ(predictions: WindowsPredictions) -> bool:
    """Return whether the inputs at judged timesteps differ, in one window or between windows.

    All windows have the row of their inputs, or none: rows of the same name stand side by side.
    """
    judged = predictions.test.judged
    return predictions.symbols is not None and len(set(predictions.test.x[judged].tolist())) > 1


def _stack(windows: Sequence[_Block], width: int, height: int) -> Lines:
    """Arrange blocks side by side as far as they fit, then below each other.

    Two rows of blocks have a blank line between them; more have none, as each begins alike.
    """
    across = max(cell_width(line) for block in windows for line in block)
    per_row = max((width + _GAP) // (across + _GAP), 1)
    lines: list[Line] = []
    two = len(windows) <= 2 * per_row or height < 3 * min(map(len, windows))
    apart = two and height > 2 * max(map(len, windows))
    for start in range(0, len(windows), per_row):
        blocks_of_row = windows[start : start + per_row]
        down = max(map(len, blocks_of_row))
        if lines and apart:
            lines.append(())
        if lines and len(lines) + down > height:
            break
        for rows in zip_longest(*blocks_of_row, fillvalue=()):
            padded = [run for row in rows for run in (*fit(row, across), (" " * _GAP, ""))]
            lines.append(merge(padded[:-1]))
    return tuple(lines[:height])


def _compared(predictions: WindowsPredictions, n: int, width: int, inputs: bool) -> _Block:
    """Return the judged timesteps of window `n`: targets, predictions, probabilities.

    With `inputs` they are the first row; it is left out where it would say nothing.
    """
    judged = np.flatnonzero(predictions.test.judged[:, n])
    available = width - _NAME - 2
    space = " " if 2 * len(judged) <= available else ""
    judged = judged[-(available // (1 + len(space))) :]
    names = _initials(predictions.labels or ())
    target = predictions.test.target[judged, n]
    p = predictions.evaluation.outputs[judged, n]  # [J, O]
    finite = np.isfinite(p).all(axis=1)
    predicted = p.argmax(axis=1)  # [J]
    correct = finite & (predicted == target)
    certainty = p[np.arange(len(judged)), predicted]
    x = predictions.test.x[judged, n]
    rows: list[Line] = []
    if inputs and predictions.symbols is not None:
        rows.append(_row("x_t", [(predictions.symbols[code], "dim") for code in x], space))
    rows.append(_row("wanted", [(names[k], "") for k in target], space))
    answers = [
        (names[k], "good" if ok else "error") for k, ok in zip(predicted, correct, strict=True)
    ]
    answers = [a if ok else (NOT_FINITE, "error") for a, ok in zip(answers, finite, strict=True)]
    rows.append(_row("given", answers, space))
    rows.append(_row("", [correctness_mark(bool(ok)) for ok in correct], space))
    rows.append(_row("p(given)", [(bar, "gate") for bar in blocks(certainty, 0, 1)], space))
    return rows


def _initials(labels: Sequence[str]) -> Sequence[str]:
    """Return the first character of each label, if they all differ; otherwise the labels."""
    short = [label[0] for label in labels if "U+" not in label]
    return short if len(set(short)) == len(labels) else labels


def _row(name: str, cells: Sequence[Run], space: str) -> Line:
    """Return a named row of cells with `space` after each."""
    line: list[Run] = [(f" {name:<{_NAME}}", "dim")]
    for text, role in cells:
        line += [(text, role), (space, "")]
    return merge(line)


# Reber's grammar


def _grammar(predictions: WindowsPredictions, n: int, width: int) -> _Block:
    """Return a string of Reber's grammar, below each symbol its legal successors with their p.

    The part shown has the first symbol that the network has to remember. "illegal" is the total
    probability of all other symbols, "memory" marks the answers that need memory.
    """
    assert predictions.symbols is not None
    codes = predictions.test.x[:, n].tolist()
    judged = np.flatnonzero(predictions.test.judged[:, n])
    count = max((width - _NAME - 1) // _COLUMN, 1)
    first = max(int(judged[0]) + 2 - count, 0) if judged.size else 0
    shown = range(first, min(first + count, len(codes)))
    legal = legal_next(codes)  # for each timestep, the symbols that may follow
    rows: list[list[Run]] = [[], [], [], [], []]
    for t in shown:
        p = predictions.evaluation.outputs[t, n]
        by_name = dict(zip(predictions.symbols, p.tolist(), strict=True))
        needs_memory = bool(predictions.test.judged[t, n])
        correct = np.isfinite(p).all() and int(p.argmax()) == int(predictions.test.target[t, n])
        rows[0].append((predictions.symbols[codes[t]], "strong"))
        for row, symbol in zip(rows[1:3], (*legal[t], "")[:2], strict=True):
            row.append((f"{symbol} {probability(by_name[symbol])}" if symbol else "", ""))
        others = sum(value for name, value in by_name.items() if name not in legal[t])
        rows[3].append((f"  {probability(others)}", "dim"))
        rows[4].append(correctness_mark(bool(correct)) if needs_memory else ("", ""))
    names = ("x_t", "next", " or", "illegal", "memory")
    return [_wide_row(name, row) for name, row in zip(names, rows, strict=True)]


def _wide_row(name: str, cells: Sequence[Run]) -> Line:
    """Return a named row of cells that are `_COLUMN` wide."""
    line: list[Run] = [(f" {name:<{_NAME}}", "dim")]
    for text, role in cells:
        line += [(f"{text:<{_COLUMN}}", role)]
    return merge(line)
