"""Predictions of one answer per window: input, target, prediction, influence of each input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn_tui.engine.analysis.windows_evaluation import CLOSE
from rnn_tui.engine.core.expressions import Array
from rnn_tui.predictions.results import WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.recall import LANGUAGES
from rnn_tui.tui.lines import ELLIPSIS, Line, Lines, Run, cell_width, fit
from rnn_tui.tui.number_format import LEVELS, NOT_FINITE, block, blocks, number, probability, signed
from rnn_tui.tui.panels.predictions.common_lines import correctness_mark, labelled_line, table

_TALL = 14  # lines from which the words of a window are written out
_NAME = 9  # cells of the names of rows


def draw(snapshot: Snapshot, predictions: WindowsPredictions, width: int, height: int) -> Lines:
    """Draw accuracy by gap, the inputs' influence on one answer, and as many windows as fit.

    Args:
        snapshot: where settings are read from.
        predictions: the answers to the test windows.
        width: cells of a line.
        height: lines at most.
    """
    room = max(height - 2, 0)  # beside the head and one row of the table
    lines: list[Line] = [*_gaps(snapshot, predictions, width)][:room]
    lines += _influence(predictions, width, height >= _TALL, room - len(lines))
    if height >= _TALL and lines:
        lines.append(())
    return (*lines, *_examples(snapshot, predictions, width, height - len(lines)))[:height]


# Accuracy by gap


def _gaps(snapshot: Snapshot, predictions: WindowsPredictions, width: int) -> list[Line]:
    """Return two lines, gap and accuracy; the gap used for training is in brackets."""
    if len(predictions.gaps) < 2:
        if snapshot.settings.task == "recall" and predictions.held.at_one_timestep:
            words = " other gaps: not measured, as a what-if is at one timestep"
            return [((words, "dim"),)]
        return []
    trained = snapshot.settings.gap
    names = [f"‹{gap}›" if gap == trained else str(gap) for gap, _ in predictions.gaps]
    shares = [f"{100 * share:.0f}%" for _, share in predictions.gaps]
    cells = max(map(len, (*names, *shares))) + 1
    above: list[Run] = [(f" {'gap':<{_NAME}}", "dim")]
    below: list[Run] = [(f" {'right':<{_NAME}}", "dim")]
    for (gap, _), name, share in zip(predictions.gaps, names, shares, strict=True):
        role = "strong" if gap == trained else ""
        if cell_width(tuple(above)) + cells <= width:
            above.append((f"{name:>{cells}}", role))
            below.append((f"{share:>{cells}}", role))
    return [tuple(above), tuple(below)]


# Influence of the inputs


def _influence(predictions: WindowsPredictions, width: int, tall: bool, height: int) -> list[Line]:
    """Return how much the first window's answer changes when each of its inputs is blanked.

    Where there is no room for the inputs, it is the strip and what it shows; never that alone.
    """
    if predictions.influence is None or height < 2:
        return []
    lost = predictions.influence  # [T]
    classes = predictions.labels is not None
    top = 1.0 if classes else float(np.max(lost, initial=0, where=np.isfinite(lost))) or 1.0
    symbols, x = predictions.symbols, predictions.test.x[:, 0]  # of the first window
    words = None if symbols is None else [symbols[code] for code in x]
    if words is not None and tall and any(len(word) > 1 for word in words):
        return [_caption(predictions, 1, width), *_words(words, lost, top, width)]
    each = -(-len(lost) // max(width - _NAME - 2, 1))  # timesteps of a block
    starts = np.arange(0, len(lost), each)
    lines: list[Line] = []
    if words is None:
        lines = _numbers(predictions, starts, width)
    elif max(map(len, words)) == each == 1:
        lines = [labelled_line("x_t", ("".join(words), ""), width, _NAME)]
    strongest = np.maximum.reduceat(np.maximum(lost, 0), starts)
    strip: Run = (blocks(strongest, 0, top), "gradient")
    named = labelled_line("matters", strip, width, _NAME)[:2]
    available = width - cell_width(named) - 2
    strongest_input = _strongest_input(words, lost)
    if strongest_input and len(strongest_input) <= available:
        named = (*named, (f"  {strongest_input}", "dim"))
    if len(lines) + 2 > height:
        lines = []
    return [_caption(predictions, each, width), *lines, named]


def _caption(predictions: WindowsPredictions, each: int, width: int) -> Line:
    """Return the line that says what the influence strip shows.

    Args:
        predictions: the test windows.
        each: timesteps that share a block, which shows the strongest of them.
        width: cells of the line.
    """
    if predictions.labels is None:
        what = "first window: how far y_T moves when x_t is blanked"
    else:
        target = predictions.labels[int(predictions.test.target[-1, 0])]
        what = f"first window: what p({target}) loses when x_t is blanked"
    where = f", {each} timesteps a block" if each > 1 else ""
    short = what.removeprefix("first window: ").replace(" when x_t is blanked", " if x_t = 0")
    words = (what + where, short + where, short + where.replace("timesteps", "t"))
    text = next((text for text in words if len(text) < width), short)
    return fit(((f" {text}", "dim"),), width)


def _strongest_input(words: list[str] | None, lost: Array) -> str:
    """Return the input with the largest influence: ``most: India at t=3, −.72``."""
    if words is None or not np.isfinite(lost).all():
        return ""
    place = int(lost.argmax())
    drop = probability(max(float(lost[place]), 0.0))
    return f"most: {words[place]} at t={place + 1}, −{drop}"


def _numbers(predictions: WindowsPredictions, starts: np.ndarray, width: int) -> list[Line]:
    """Return the inputs as strips, each block a mean; an input of 0 and 1 shows marks.

    Args:
        predictions: the test windows; the first is drawn.
        starts: the first timestep of each block.
        width: cells of a line.
    """
    lines: list[Line] = []
    x = predictions.test.x[:, 0]  # [T, D]
    sizes = np.diff(np.r_[starts, len(x)])
    for k in range(x.shape[1]):
        values, name = x[:, k], "x_t"
        if set(np.unique(values)) <= {0.0, 1.0}:
            marked = np.maximum.reduceat(values, starts)
            text, name = "".join("▾" if value else " " for value in marked), "marked"
        else:
            means = np.add.reduceat(values, starts) / sizes
            text = blocks(means, float(means.min()), float(means.max()))
        lines.append(labelled_line(name, (text, ""), width, _NAME))
    return lines[::-1]


def _words(words: list[str], lost: Array, top: float, width: int) -> list[Line]:
    """Return the words of the window, each followed by a block for its influence."""
    lines: list[Line] = []
    line: Line = ()
    for word, influence in zip(words, lost, strict=True):
        bar = block(max(float(influence), 0.0), 0, top)
        role = "" if bar == LEVELS[0] else "strong"
        piece: Line = ((f" {word}", role), (bar, "gradient"))
        if cell_width(line) + cell_width(piece) > width:
            lines.append(line)
            line = ()
        line = (*line, *piece)
    return [*lines, line]


# Test windows


def _examples(
    snapshot: Snapshot, predictions: WindowsPredictions, width: int, height: int
) -> Lines:
    """Return a table of test windows: input, target, prediction."""
    if height < 2:
        return ()
    windows = range(predictions.evaluation.outputs.shape[1])
    if predictions.labels is None:
        rows = [_number_row(predictions, n) for n in windows]
        return table(rows, ("", "x", "wanted", "given", "error"), width, height)
    input_text = _INPUT_TEXT.get(snapshot.settings.task, _last_inputs)
    rows = [_class_row(predictions, n, input_text(predictions, n)) for n in windows]
    heads = ("", "told" if snapshot.settings.task == "recall" else "x", "wanted", "given", "p")
    return table(rows, heads, width, height)


def _class_row(predictions: WindowsPredictions, n: int, input_text: str) -> list[Run]:
    """Return the row of window `n`: the target class, the most probable one, its probability."""
    assert predictions.labels is not None
    p, target = predictions.evaluation.outputs[-1, n], int(predictions.test.target[-1, n])
    predicted = int(p.argmax())
    correct = predicted == target and bool(np.isfinite(p).all())
    label = predictions.labels[predicted] if np.isfinite(p).all() else NOT_FINITE
    answer = (label, "good" if correct else "error")
    return [
        correctness_mark(correct),
        (input_text, ""),
        (predictions.labels[target], ""),
        answer,
        (probability(p[predicted]), ""),
    ]


def _number_row(predictions: WindowsPredictions, n: int) -> list[Run]:
    """Return the row of window `n` of numbers: the marked ones, their sum, the network's output."""
    x, target = predictions.test.x[:, n], float(predictions.test.target[-1, n, 0])  # [T, 2]
    output = float(predictions.evaluation.outputs[-1, n, 0])
    marked = " + ".join(f"{value:.3f}" for value in x[x[:, 1] == 1, 0])
    error = output - target
    return [
        correctness_mark(abs(error) < CLOSE),
        (marked, ""),
        (number(target), ""),
        (number(output), ""),
        (signed(error, 2), "dim"),
    ]


def _country(predictions: WindowsPredictions, n: int) -> str:
    """Return the country of window `n`, the one word that its answer follows from."""
    assert predictions.symbols is not None
    words = (predictions.symbols[code] for code in predictions.test.x[:, n])
    return str(next(word for word in words if word in LANGUAGES))


def _curve(predictions: WindowsPredictions, n: int) -> str:
    """Return the beginning of the curve of window `n` as blocks."""
    return blocks(predictions.test.x[:14, n, 0], -1.2, 1.2)


def _pair(predictions: WindowsPredictions, n: int) -> str:
    """Return the two numbers of window `n`."""
    return "  ".join(f"{value:+.2f}".replace("-", "−") for value in predictions.test.x[0, n])


def _last_inputs(predictions: WindowsPredictions, n: int) -> str:
    """Return the last 20 symbols of window `n`."""
    assert predictions.symbols is not None
    codes = predictions.test.x[:, n]
    text = "".join(predictions.symbols[code] for code in codes[-20:])
    return text if len(codes) <= 20 else ELLIPSIS + text


_INPUT_TEXT: dict[str, Callable[[WindowsPredictions, int], str]] = {
    "recall": _country,
    "waveform": _curve,
    "neuron": _pair,
}
