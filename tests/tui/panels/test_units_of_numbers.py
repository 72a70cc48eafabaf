"""What a heading says of the numbers below it holds for all of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tui.panels.test_product_table import after_backward
from tui.screen_support import KINDS, SMALL, SnapshotMaker, context, text_of

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.panels.current_pass import panel as current_pass
from rnn_tui.tui.panels.current_pass.row_columns import row_columns


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("size", [(80, 20), (120, 60)])
def test_the_picture_is_in_units_of_one_and_its_title_names_no_other(
    kind: str, size: tuple[int, int]
) -> None:
    snapshot = after_backward(kind, 3)
    zoomed = replace(context(snapshot), zoomed=True)
    title = " ".join(current_pass.title(zoomed))
    assert "the cell" in title
    assert "×" not in title
    operation = snapshot.selectable_operations(2)[-1]
    value = float(snapshot.window.values(2)[operation.symbol][0, 0])
    text = "\n".join(text_of(current_pass.draw(zoomed, *size)))
    listed = [line for line in text.split("\n") if line.startswith(" ▸ ")]
    assert all(f"{value:+.6f}"[:6].replace("-", "−") in line for line in listed), (value, text)


def test_the_picture_below_rows_says_that_its_gradients_are_in_units_of_one() -> None:
    text = "\n".join(text_of(current_pass.draw(context(after_backward("lstm", 3)), 120, 60)))
    assert "gradients ×1" in next(line for line in text.split("\n") if " the cell at" in line)


@pytest.mark.parametrize("compared", [False, True])
@pytest.mark.parametrize("width", [80, 100, 133])
def test_a_hundred_times_and_a_thousandth_are_in_the_unit_of_the_column(
    width: int, compared: bool
) -> None:
    for labels in (1, 4):
        column = row_columns(width, 11, labels, 5, -3, compared=compared).gradient
        for value in (0.1856, -0.1856, 0.9994):
            assert not {"e", "×"} & {*column.text(value)}
            assert len(column.text(value)) == column.width


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_number_of_a_timestep_has_an_exponent_where_a_heading_has_a_power(kind: str) -> None:
    snapshot = after_backward(kind, 3)
    for width in (80, 120):
        for line in text_of(current_pass.draw(context(snapshot), width, 15)):
            if line.startswith("   ") and "_t " in line[:12]:
                assert "e−" not in line[40:], line


@pytest.mark.parametrize("kind", ["lstm", "gru-reset-before"])
def test_what_is_of_the_timestep_before_has_a_dot_before_each_of_its_gradients(kind: str) -> None:
    """Without colours nothing else tells it from what is computed."""
    trainer = Trainer(SMALL.with_(hidden=3, steps=3, **KINDS[kind]))
    trainer.run(2)
    for _ in range(3):
        trainer.finish_pass()
    trainer.step()
    for _ in range(4):
        trainer.reveal()
    snapshot = SnapshotMaker(trainer).snapshot()
    known = {operation.symbol for operation in snapshot.backward_revealed(snapshot.t)}
    lines = text_of(current_pass.draw(context(snapshot), 80, 16))
    found = [each for line in lines for each in re.findall(r"(·?)\b(da_\w) ", line[40:])]
    assert found
    for dot, symbol in found:
        assert bool(dot) == (symbol not in known), (symbol, lines)
