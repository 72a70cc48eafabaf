"""One answer a window: what went in, the answer wanted, the answer given, and what it hung on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn_tui.engine.analysis.evaluation import CLOSE
from rnn_tui.engine.core.expressions import Array
from rnn_tui.predictions.results import WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.recall import LANGUAGES
from rnn_tui.tui.lines import ELLIPSIS, Line, Lines, Run, cell_width, fit
from rnn_tui.tui.number_format import LEVELS, number, signed
from rnn_tui.tui.panels.predictions.common_lines import blocks, chance, labelled, level, mark, table

_ROOMY = 14  # lines from which the words themselves are shown
_NAME = 9  # cells of the names of rows


def draw(snapshot: Snapshot, found: WindowsPredictions, width: int, height: int) -> Lines:
    """Accuracy by gap, what the first window's answer hung on, and as many windows as fit."""
    lines: list[Line] = [*_gaps(snapshot, found, width)]
    lines += _influence(found, width, height >= _ROOMY)
    if len(lines) + 2 > height:  # no picture without an answer beside it
        lines = lines[: max(height - 2, 0)]
    if height >= _ROOMY and lines:
        lines.append(())
    return (*lines, *_examples(snapshot, found, width, height - len(lines)))[:height]


# --------------------------------------------------------------------------------------- the gap


def _gaps(snapshot: Snapshot, found: WindowsPredictions, width: int) -> list[Line]:
    """Accuracy of the same network at other gaps; trained with the one in brackets."""
    if len(found.gaps) < 2:
        return []
    trained = snapshot.settings.gap
    names = [f"‹{gap}›" if gap == trained else str(gap) for gap, _ in found.gaps]
    shares = [f"{100 * share:.0f}%" for _, share in found.gaps]
    cells = max(map(len, (*names, *shares))) + 1
    above: list[Run] = [(f" {'gap':<{_NAME}}", "dim")]
    below: list[Run] = [(f" {'right':<{_NAME}}", "dim")]
    for (gap, _), name, share in zip(found.gaps, names, shares, strict=True):
        role = "strong" if gap == trained else ""
        if cell_width(tuple(above)) + cells <= width:
            above.append((f"{name:>{cells}}", role))
            below.append((f"{share:>{cells}}", role))
    return [tuple(above), tuple(below)]


# --------------------------------------------------------------------------------- the influence


def _influence(found: WindowsPredictions, width: int, roomy: bool) -> list[Line]:
    """What the answer to the first window hangs on: how much of it goes with each input."""
    if found.influence is None:
        return []
    lost = found.influence  # [T]
    classes = found.labels is not None
    top = 1.0 if classes else float(np.max(lost, initial=0, where=np.isfinite(lost))) or 1.0
    words = None if found.symbols is None else [found.symbols[k] for k in found.test.x[:, 0]]
    if words is not None and roomy and any(len(word) > 1 for word in words):
        return [_meaning(found, 1, width), *_words(words, lost, top, width)]
    each = -(-len(lost) // max(width - _NAME - 2, 1))  # timesteps a block
    starts = np.arange(0, len(lost), each)
    lines: list[Line] = []
    if words is None:
        lines = _numbers(found, starts, width)
    elif max(map(len, words)) == each == 1:
        lines = [labelled("x_t", ("".join(words), ""), width, _NAME)]
    strongest = np.maximum.reduceat(np.maximum(lost, 0), starts)
    strip: Run = (blocks(strongest, 0, top), "gradient")
    named = labelled("matters", strip, width, _NAME)[:2]
    room = width - cell_width(named) - 2
    told = _most(words, lost)
    if told and len(told) <= room:
        named = (*named, (f"  {told}", "dim"))
    return [_meaning(found, each, width), *lines, named]


def _meaning(found: WindowsPredictions, each: int, width: int) -> Line:
    """What the strip says, exactly; of several timesteps a block the most."""
    if found.labels is None:
        what = "first window: how far y_T moves when x_t is blanked"
    else:
        wanted = found.labels[int(found.test.target[-1, 0])]
        what = f"first window: what p({wanted}) loses when x_t is blanked"
    where = f", {each} timesteps a block" if each > 1 else ""
    short = what.removeprefix("first window: ").replace(" when x_t is blanked", " if x_t = 0")
    words = (what + where, short + where, short + where.replace("timesteps", "t"))
    text = next((each for each in words if len(each) < width), short)
    return fit(((f" {text}", "dim"),), width)


def _most(words: list[str] | None, lost: Array) -> str:
    """The input that matters most, by its place."""
    if words is None or not np.isfinite(lost).all():
        return ""
    place = int(lost.argmax())
    drop = chance(max(float(lost[place]), 0.0))
    return f"most: {words[place]} at t={place + 1}, −{drop}"


def _numbers(found: WindowsPredictions, starts: np.ndarray, width: int) -> list[Line]:
    """The inputs as curves, the mean of a block; one that only marks places shows where it is 1."""
    lines: list[Line] = []
    x = found.test.x[:, 0]  # [T, D]
    sizes = np.diff(np.r_[starts, len(x)])
    for k in range(x.shape[1]):
        values, name = x[:, k], "x_t"
        if set(np.unique(values)) <= {0.0, 1.0}:
            marked = np.maximum.reduceat(values, starts)
            text, name = "".join("▾" if value else " " for value in marked), "marked"
        else:
            means = np.add.reduceat(values, starts) / sizes
            text = blocks(means, float(means.min()), float(means.max()))
        lines.append(labelled(name, (text, ""), width, _NAME))
    return lines[::-1]


def _words(words: list[str], lost: Array, top: float, width: int) -> list[Line]:
    """The words of the window, each with a block for how much it matters."""
    lines: list[Line] = []
    line: Line = ()
    for word, share in zip(words, lost, strict=True):
        bar = level(max(float(share), 0.0), 0, top)
        role = "" if bar == LEVELS[0] else "strong"
        piece: Line = ((f" {word}", role), (bar, "gradient"))
        if cell_width(line) + cell_width(piece) > width:
            lines.append(line)
            line = ()
        line = (*line, *piece)
    return [*lines, line]


# ---------------------------------------------------------------------------------- the examples


def _examples(snapshot: Snapshot, found: WindowsPredictions, width: int, height: int) -> Lines:
    if height < 2:
        return ()
    windows = range(found.evaluation.outputs.shape[1])
    if found.labels is None:
        rows = [_number_row(found, n) for n in windows]
        return table(rows, ("", "x", "wanted", "given", "error"), width, height)
    told = _TOLD.get(snapshot.settings.task, _last_inputs)
    rows = [_class_row(found, n, told(found, n)) for n in windows]
    heads = ("", "told" if snapshot.settings.task == "recall" else "x", "wanted", "given", "p")
    return table(rows, heads, width, height)


def _class_row(found: WindowsPredictions, n: int, told: str) -> list[Run]:
    """A class wanted, the most probable one, and its probability."""
    assert found.labels is not None
    p, wanted = found.evaluation.outputs[-1, n], int(found.test.target[-1, n])
    given = int(p.argmax())
    right = given == wanted and bool(np.isfinite(p).all())
    label = found.labels[given] if np.isfinite(p).all() else "!"
    answer = (label, "good" if right else "error")
    return [mark(right), (told, ""), (found.labels[wanted], ""), answer, (chance(p[given]), "")]


def _number_row(found: WindowsPredictions, n: int) -> list[Run]:
    """The marked numbers, their sum, what the network says."""
    x, wanted = found.test.x[:, n], float(found.test.target[-1, n, 0])  # [T, 2]
    given = float(found.evaluation.outputs[-1, n, 0])
    marked = " + ".join(f"{value:.3f}" for value in x[x[:, 1] == 1, 0])
    error = given - wanted
    return [
        mark(abs(error) < CLOSE),
        (marked, ""),
        (number(wanted), ""),
        (number(given), ""),
        (signed(error, 2), "dim"),
    ]


def _country(found: WindowsPredictions, n: int) -> str:
    """The one word that the answer follows from."""
    assert found.symbols is not None
    words = (found.symbols[code] for code in found.test.x[:, n])
    return str(next(word for word in words if word in LANGUAGES))


def _curve(found: WindowsPredictions, n: int) -> str:
    """The beginning of a curve."""
    return blocks(found.test.x[:14, n, 0], -1.2, 1.2)


def _pair(found: WindowsPredictions, n: int) -> str:
    return "  ".join(f"{value:+.2f}".replace("-", "−") for value in found.test.x[0, n])


def _last_inputs(found: WindowsPredictions, n: int) -> str:
    """The last symbols of a window."""
    assert found.symbols is not None
    codes = found.test.x[:, n]
    text = "".join(found.symbols[code] for code in codes[-20:])
    return text if len(codes) <= 20 else ELLIPSIS + text


_TOLD: dict[str, Callable[[WindowsPredictions, int], str]] = {
    "recall": _country,
    "waveform": _curve,
    "neuron": _pair,
}
