"""Text in large: every sign of every equation has a glyph, and folded text keeps all of it."""

from __future__ import annotations

import numpy as np
import pytest
from tui.screen_support import SnapshotMaker

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS, OPTIMIZERS
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.big.block_text import block_lines, folded, sizes
from rnn_tui.tui.big.font import HEIGHT, glyph, has_glyph
from rnn_tui.tui.lines import Line, cell_width, plain

TEXT = "g_7[1] = tanh(−0.7292·(−0.1142) + (32 more: 1.329e−5) − 0.05229) = tanh(0.1639) = 0.1624"


def equations() -> set[str]:
    """Return the characters of all equations of all cells, with numbers too."""
    found = set("0123456789.,−+=·()[]<>_×⊙σΣ√²³′ᵀ‖|!:/^%*@#'abcdefghijklmnopqrstuvwxyz")
    for cell in CELLS.names:
        trainer = Trainer(compose({"cell": cell, "hidden": 3, "steps": 9, "task": "reber"}))
        declaration = SnapshotMaker(trainer).snapshot().window.declaration
        for operation in (*declaration.forward_operations, *declaration.backward_operations):
            found |= {*operation.equation()}
    for name in OPTIMIZERS.names:
        for operation in Trainer(
            Settings(optimizer=name, hidden=2, steps=2)
        ).optimizer.operations():
            found |= {*operation.expression.text(), *operation.symbol}
    return found - {" "}


def test_every_sign_of_equations_has_a_glyph_of_its_own() -> None:
    missing = {each for each in equations() if not has_glyph(each)}
    assert not missing
    drawn = {each: glyph(each).tobytes() + bytes(glyph(each).shape) for each in equations()}
    alike = [
        (one, other)
        for one in drawn
        for other in drawn
        if one < other and drawn[one] == drawn[other]
    ]
    assert set(alike) <= {("'", "′"), ("*", "×"), ("-", "−")}
    assert all(glyph(each).shape[0] == HEIGHT for each in drawn)


@pytest.mark.parametrize("ascii", [False, True])
def test_folded_text_is_all_there_and_not_too_wide(ascii: bool) -> None:
    rng = np.random.default_rng(0)
    line: Line = ((TEXT[:7], "strong"), (TEXT[7:], ""))
    for size in sizes(ascii):
        for width in rng.integers(size.width("tanh(−0.7"), 260, 12):
            lines = folded(line, int(width), size)
            shown = "".join(text for each in lines for text, _ in each)
            assert shown.replace(" ", "") == TEXT.replace(" ", "")
            drawn = block_lines(lines, size)
            assert len(drawn) == size.height(len(lines))
            assert max(map(cell_width, drawn)) <= width
            allowed = {"#"} if ascii else {*"▀▄█"}
            assert {*plain(drawn)} - {" ", "\n"} <= allowed


def test_an_operator_begins_a_line_and_none_ends_one() -> None:
    size = sizes(False)[-1]
    for width in range(60, 200, 7):
        for line in folded(((TEXT, ""),), width, size):
            text = plain((line,))
            assert not text.endswith((" =", " +", "·"))
