"""The panel of the weights: what is drawn are the numbers, and the selected one is among them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui.screen_support import KINDS, SMALL, TASKS, context, text_of

from rnn_tui.engine.analysis.tensor_report import CHANGE
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Command, Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.bars import UNICODE_BARS, BarScale, bar
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import Line, cell_width, plain
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panels.weights import PANEL, draw, entries_of
from rnn_tui.tui.parameter_names import TensorRange, parameter_name, tensor_of, tensors
from rnn_tui.tui.screens.selection_moves import move_entry, move_tensor, move_to_layer
from rnn_tui.tui.tensor_map import from_to
from rnn_tui.tui.themes import role_within

QUANTITIES = PANEL.variants(Session(Trainer(SMALL)).latest)


def at(settings: Settings, *moves: Command, parameter: int = 0, variant: str = "") -> Snapshot:
    """Return a snapshot with all that the panel requests."""
    session = Session(Trainer(settings))
    chosen = (("weights", variant or QUANTITIES[0]),)
    request = ViewRequest(
        predictions=False, proofs=frozenset(PANEL.proofs), parameter=parameter, variants=chosen
    )
    snapshot = session.perform(*moves, request)
    while snapshot.proving is not None:
        snapshot = session.perform(request)
    return snapshot


def looked_at(
    snapshot: Snapshot, parameter: int, variant: str, zoomed: bool = False
) -> DrawContext:
    """Return what the panel is drawn from."""
    selection = Selection(parameter=parameter, variants=(("weights", variant),), panel="weights")
    return replace(context(snapshot), selection=selection, zoomed=zoomed)


def marked(lines: tuple[Line, ...]) -> list[tuple[int, int, str, str]]:
    """Return line, column, text and role of the marked entry."""
    found = []
    for y, line in enumerate(lines):
        x = 0
        for text, role in line:
            if role.startswith("selected-"):
                found.append((y, x, text, role_within(role)))
            x += cell_width(((text, role),))
    return found


SELDOM = {"rnn-relu", "neuron", "lstm-coupled", "gru-reset-before"}  # all by `-m long`


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] * (kind in SELDOM)) for kind in KINDS]
)
def test_each_entry_is_drawn_in_its_place_with_its_sign_and_size(kind: str) -> None:
    settings = SMALL.with_(**KINDS[kind], hidden=3, steps=3)
    moves = (Step(Stride.UPDATE, 2), Step(Stride.PASS, 3), Step(Stride.TIMESTEP, 2))
    for variant in QUANTITIES:
        # The change is known in UPDATE alone.
        passes = (Step(Stride.PASS, 3),) if variant == CHANGE else ()
        for tensor in tensors(at(settings)):
            snapshot = at(settings, *moves, *passes, parameter=tensor.start, variant=variant)
            entries = entries_of(snapshot, tensor, variant)
            assert entries is not None
            scale = BarScale(float(np.abs(entries).max()))
            step = max(tensor.spec.shape[-1] // 3, 1)
            for index in range(tensor.start, tensor.stop, step):
                lines = draw(looked_at(snapshot, index, variant), 78, 12)
                [(y, x, text, role)] = marked(lines)
                glyph, expected = bar(float(entries[index - tensor.start]), scale)
                assert (text, role) == (glyph * len(text), expected)
                check_names(lines, y, x, tensor, index, snapshot)


def check_names(
    lines: tuple[Line, ...], y: int, x: int, tensor: TensorRange, index: int, snapshot: Snapshot
) -> None:
    """Check that the marks beside and above an entry, and the names there, are its own."""
    row, column = tensor.place(index)
    assert tensor.index_at(row, column) == index
    shown = text_of(lines)
    assert shown[0].index("▾") == x
    label = re.match(r" ▸ *(\S+)", shown[y])
    assert label is not None or "▸" in shown[y]  # rows that continue at the right
    name = parameter_name(snapshot, index)
    assert any(line.startswith(f" {name} = ") for line in shown)
    inside = [int(number) for number in re.findall(r"\d+", name.partition("[")[2])]
    source, to = from_to(tensor, index)
    assert to.endswith(f"[{inside[-1]}]")
    assert not source or source.endswith(f"[{inside[0]}]")


LARGE = {
    "text": TASKS["text"].with_(hidden=40),
    "stack": Settings(cell="lstm", hidden=70, layers=2),
    "narrow": Settings(cell="gru", hidden=150),
}


@cache
def large(name: str) -> Snapshot:
    """Return a snapshot of a network whose tensors do not fit."""
    return at(LARGE[name], Step(Stride.UPDATE, 1))


@pytest.mark.parametrize("name", LARGE)
@given(
    where=st.floats(0, 1),
    width=st.integers(40, 200),
    height=st.integers(5, 57),
    zoomed=st.booleans(),
)
def test_what_is_selected_is_drawn_and_what_is_hidden_is_counted(
    name: str, where: float, width: int, height: int, zoomed: bool
) -> None:
    snapshot = large(name)
    index = int(where * (snapshot.optimizer.parameters.size - 1))
    tensor = tensor_of(snapshot, index)
    lines = draw(looked_at(snapshot, index, "value", zoomed), width, height)
    assert len(lines) <= height
    assert all(cell_width(line) <= width for line in lines)
    drawn = marked(lines)
    assert len({y for y, *_ in drawn}) in range(1, 4)
    value = float(snapshot.optimizer.parameters[index])
    scale = BarScale(float(np.abs(snapshot.optimizer.parameters[tensor.part]).max()))
    if len(drawn) == 1:
        assert set(drawn[0][2]) == {bar(value, scale)[0]}
    shown, (rows, columns) = text_of(lines), tensor.picture
    head = shown[0]
    left = re.match(r" ◂(\d+)", head)
    right = re.search(r" (\d+) ▸", head)
    glyphs = set(UNICODE_BARS.positive + UNICODE_BARS.negative + UNICODE_BARS.nothing)
    cells = next(line for line in shown[1:] if " ▸" in line)
    stands = re.split(r" ▸ *\S+ ", cells)[-1].split("  ")[0]
    across = sum(each in glyphs for each in stands)  # cells of the terminal
    hidden = sum(int(match[1]) for match in (left, right) if match)
    if hidden:
        each = len(drawn[0][2])
        assert across + hidden * each == columns * each
        assert left is None or int(left[1]) <= tensor.place(index)[1]
        assert right is None or int(right[1]) <= columns - 1 - tensor.place(index)[1]
    assert head.count("▾") == 1
    counts = re.search(r"more rows", "\n".join(shown))
    if counts:
        line = next(line for line in shown if "more rows" in line)
        assert sum(map(int, re.findall(r"\d+", line))) < rows
    assert plain(lines)


def test_the_arrows_go_through_rows_columns_and_tensors() -> None:
    snapshot = at(SMALL.with_(cell="lstm"))
    selection = Selection(
        parameter=next(t.start for t in tensors(snapshot) if t.spec.name == "W_h")
    )
    tensor = tensor_of(snapshot, selection.parameter)
    first = move_entry(snapshot, selection, -99, -99)
    assert parameter_name(snapshot, first.parameter) == "W_hi[1,1]"  # i comes first on the screen
    names = [parameter_name(snapshot, first.parameter)]
    for rows, columns in ((1, 0), (0, 4), (0, 99), (99, 0), (0, 1)):
        first = move_entry(snapshot, first, rows, columns)
        names.append(parameter_name(snapshot, first.parameter))
    assert names[1:] == ["W_hi[2,1]", "W_hf[2,1]", "W_ho[2,4]", "W_ho[4,4]", "W_ho[4,4]"]
    other = move_tensor(snapshot, first, 1)
    assert tensor_of(snapshot, other.parameter) != tensor
    assert panel_spec("weights").selects_entries


def test_a_layer_has_the_same_tensor() -> None:
    snapshot = at(SMALL.with_(cell="gru", layers=3))
    selection = Selection(parameter=tensors(snapshot)[1].start + 5)
    names = []
    for layer in (2, 3, 1):
        selection = move_to_layer(snapshot, selection, layer)
        names.append(parameter_name(snapshot, selection.parameter))
    assert names == ["W2_hz[1,2]", "W3_hz[1,2]", "W_hz[1,2]"]
    first = move_to_layer(snapshot, Selection(parameter=0), 2)
    assert parameter_name(snapshot, first.parameter) == "W2_xr[1,1]"  # of another size
    last = Selection(parameter=snapshot.optimizer.parameters.size - 1)
    assert move_to_layer(snapshot, last, 1) == last


def test_a_number_that_is_not_finite_is_shown_and_counted() -> None:
    session = Session(Trainer(SMALL))
    session.trainer.parameters[4:6] = np.inf, np.nan
    request = ViewRequest(proofs=frozenset({"weights"}), parameter=4)
    with np.errstate(all="ignore"):
        snapshot = session.perform(request)
    text = plain(draw(looked_at(snapshot, 4, "value"), 78, 9))
    assert "!" in text
    assert "2 not finite" in text
