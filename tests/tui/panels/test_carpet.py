"""The carpet: what is drawn are the values of the window, in an order that keeps still."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui.screen_support import KINDS, SMALL, TASKS, context, text_of, title_text

from rnn_tui.engine.analysis.unit_values import UnitValues, unit_symbols
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Command, Intervene, Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.bar_scales import gradient_scale, magnitudes_of
from rnn_tui.tui.bars import UNICODE_BARS, BarScale, bar
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import Line, cell_width
from rnn_tui.tui.panels.carpet import PANEL, draw, timestep_at, title, units_in_order, variants
from rnn_tui.tui.screens.selection_moves import move_in_order
from rnn_tui.tui.themes import role_within

BY_NUMBER = " by number"


def request(variant: str, layer: int | None = None, t: int | None = None) -> ViewRequest:
    """Return what the screen asks for while the panel is visible."""
    return ViewRequest(
        predictions=False,
        proofs=frozenset(PANEL.proofs),
        variants=(("carpet", variant),),
        layer=layer,
        t=t,
    )


def proved(session: Session, view: ViewRequest, *moves: Command) -> Snapshot:
    """Return a snapshot in which all that the panel needs is done."""
    snapshot = session.perform(*moves, view)
    while snapshot.proving is not None:
        snapshot = session.perform(view)
    return snapshot


def looked_at(snapshot: Snapshot, variant: str, unit: int = 0, zoomed: bool = False) -> DrawContext:
    """Return what the panel is drawn from."""
    selection = Selection(unit=unit, variants=(("carpet", variant),), panel="carpet")
    return replace(context(snapshot), selection=selection, zoomed=zoomed)


def cells(line: Line, label: int) -> list[tuple[str, str]]:
    """Return each cell behind a row's label with the role of its text."""
    every = [(glyph, role) for text, role in line for glyph in text]
    return [(glyph, role_within(role)) for glyph, role in every[label:]]


def truth(snapshot: Snapshot, symbol: str) -> Array:
    """Return a value of the layer shown at all timesteps, [T, H], from the window itself."""
    named = snapshot.window.declaration.layers[snapshot.layer - 1].name(symbol)
    times = range(1, snapshot.steps + 1)
    return np.array([snapshot.window.values(t)[named][0] for t in times])


SELDOM = {"rnn-relu", "neuron", "lstm-coupled", "gru-reset-before"}  # all by `-m long`


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] * (kind in SELDOM)) for kind in KINDS]
)
def test_each_cell_is_its_value_and_blank_before_it_is_computed(kind: str) -> None:
    settings = SMALL.with_(**KINDS[kind], hidden=3, layers=1 if kind == "neuron" else 2, batch=2)
    session = Session(Trainer(settings))
    moves = (Step(Stride.UPDATE, 2), Step(Stride.PASS, 3), Step(Stride.TIMESTEP, 2))
    session.perform(*moves)
    symbols = unit_symbols(session.trainer.network.declaration)
    assert {"h", "dh"} <= {*symbols}
    for name, symbol in symbols.items():
        for layer in range(1, settings.layers + 1):
            snapshot = proved(session, request(name, layer))
            values = truth(snapshot, symbol)
            shown = looked_at(snapshot, name + BY_NUMBER, unit=1)
            head, *rows = draw(shown, 40, 4)
            assert "▾" in text_of((head,))[0]
            scale = scale_of(snapshot, symbol, values)
            back = name.startswith("d") and name != "d"
            for unit, row in enumerate(rows):
                drawn = cells(row, 4)[: 4 * settings.steps : 4]
                for t, cell in enumerate(drawn, 1):
                    known = not back or snapshot.backward_complete(t)
                    value = float(values[t - 1, unit])
                    assert cell == (bar(value, scale) if known else (" ", "")), (name, t)


def scale_of(snapshot: Snapshot, symbol: str, values: Array) -> BarScale:
    """Return the scale that the bars have."""
    spans = {row.symbol: row.span for row in snapshot.window.declaration.cell.rows}
    if symbol not in spans:
        return gradient_scale(magnitudes_of(snapshot))
    span = spans[symbol]
    if span is None:
        return BarScale(float(np.abs(values).max()))
    return BarScale(max(map(abs, span)), signed=span[0] < 0)


def test_the_order_keeps_still_while_one_steps_and_is_that_of_the_peaks() -> None:
    session = Session(Trainer(SMALL.with_(cell="lstm", hidden=12)))
    session.perform(Step(Stride.UPDATE, 1))
    orders = set()
    for _ in range(6):
        snapshot = proved(session, request("c"), Step(Stride.TIMESTEP, 1))
        orders.add(tuple(units_in_order(looked_at(snapshot, "c"))))
    assert len(orders) == 1
    snapshot = proved(session, request("c"), Step(Stride.PASS, 2))
    sizes = np.abs(truth(snapshot, "c_t"))
    peaks = sizes.argmax(axis=0)[list(orders.pop())]
    assert list(peaks) == sorted(peaks)
    shown = looked_at(snapshot, "c", unit=7)
    rows = [line for line in text_of(draw(shown, 60, 13)) if "▸" in line]
    assert [row.split()[0] for row in rows] == ["▸"]
    assert rows[0].split()[1] == "8"
    assert "units by time of peak" in title_text(PANEL, shown, 80)
    assert "units by number" in title_text(PANEL, looked_at(snapshot, "c by number"), 80)


def test_the_arrows_follow_the_rows_and_the_value_is_in_the_title() -> None:
    session = Session(Trainer(SMALL.with_(cell="gru", hidden=9)))
    snapshot = proved(session, request("h"), Step(Stride.PASS, 2))
    order = units_in_order(looked_at(snapshot, "h"))
    selection = Selection(unit=order[0])
    for unit in order:
        assert selection.unit == unit
        shown = replace(context(snapshot), selection=selection)
        value = float(truth(snapshot, "h_t")[snapshot.t - 1, unit])
        assert f"h_{snapshot.t}[{unit + 1}] = {value:+.3f}"[:-2].replace("-", "−") in title_text(
            PANEL, shown, 90
        )
        selection = move_in_order(order, selection, 1)
    assert selection.unit == order[-1]
    places = {timestep_at(snapshot, 80, x) for x in range(80)}
    assert places - {None} == set(range(1, snapshot.steps + 1))


@cache
def long_window() -> Snapshot:
    """Return a window with more units and timesteps than have room."""
    session = Session(Trainer(Settings(hidden=150, steps=300, num_points=400)))
    return proved(session, request("h"), Step(Stride.PASS, 2))


@given(
    unit=st.integers(0, 149),
    t=st.integers(1, 300),
    width=st.integers(40, 200),
    height=st.integers(6, 57),
)
def test_what_is_selected_is_marked_at_any_size_and_what_a_cell_stands_for_is_said(
    unit: int, t: int, width: int, height: int
) -> None:
    snapshot = long_window()
    snapshot = replace(snapshot, request=replace(snapshot.request, t=t))
    shown = looked_at(snapshot, "h", unit, zoomed=height > 30)
    lines = draw(shown, width, height)
    text = text_of(lines)
    assert len(lines) <= height
    assert all(cell_width(line) <= width for line in lines)
    marked = [line for line in text[1:] if line.startswith(" ▸")]
    assert [line[2:5].strip() for line in marked] == [str(unit + 1)]
    drawn = [line for line in text[1:] if line[2:5].strip()]
    assert PANEL.rule is not None
    [said] = text_of((PANEL.rule(shown, *title(shown), width, height, True),))
    count = re.search(r"(\d+) of 150", said)
    assert int(count[1] if count else 150) == len(drawn)
    assert text[0].count("▾") == 1
    assert "strongest of " in said or (width < 100 and " t)" in said)
    found = snapshot.proofs["carpet"]
    assert isinstance(found, UnitValues)
    column = next(x for x in range(width) if timestep_at(snapshot, width, x) is not None)
    at = text[0].index("▾")
    first = timestep_at(snapshot, width, at) or 0
    each = (timestep_at(snapshot, width, column + 1) or 301) - 1
    assert first <= t < first + max(each, 1)
    block = found.values[unit, first - 1 : first - 1 + max(each, 1)]
    strongest = float(block[np.abs(block).argmax()])
    assert marked[0][at] == bar(strongest, BarScale(1.0))[0]


def test_text_stands_above_coloured_by_the_unit() -> None:
    session = Session(Trainer(TASKS["text"].with_(steps=60)))
    snapshot = proved(session, request("h"), Step(Stride.PASS, 2))
    symbols = snapshot.task.symbols
    assert symbols is not None
    codes = [int(np.flatnonzero(row[0])[0]) for row in snapshot.window.tape["x"]]
    written = "".join(symbols[code] for code in codes)
    for width in (64, 30):
        lines = draw(looked_at(snapshot, "h", unit=2), width, 14)
        text = text_of(lines)
        label = 4
        if width == 64:
            assert text[1][label:] == written
        else:
            label = len(" t=1 ")
            assert text[1].startswith(" t=1 ")
            assert text[1][label:] in written
            bars = UNICODE_BARS.positive + UNICODE_BARS.negative + UNICODE_BARS.nothing
            assert set(text[2][label:].strip()) <= set(bars)
        start = written.index(text[1][label:])
        heats = [role for run, role in lines[1] for _ in run][label:]
        for k, role in enumerate(heats, start):
            value = float(truth(snapshot, "h_t")[k, 2])
            if "heat" in role:
                assert role.startswith(f"heat-{'negative' if value < 0 else 'positive'}")


def test_a_what_if_is_in_the_picture() -> None:
    session = Session(Trainer(SMALL.with_(cell="lstm")))
    declaration = session.trainer.network.declaration
    held = Intervene(parse("f = 1", declaration), declaration)
    snapshot = proved(session, request("f"), Step(Stride.PASS, 1), held, Step(Stride.PASS, 1))
    rows = text_of(draw(looked_at(snapshot, "f"), 60, 5))[1:]
    assert {*"".join(row[4:] for row in rows).strip()} == {"█"}
    assert "with f = 1" in title_text(PANEL, looked_at(snapshot, "f"), 120)


def test_there_is_a_variant_for_each_value_and_each_order() -> None:
    names = variants(Session(Trainer(SMALL.with_(cell="lstm"))).latest)
    names_of_values = "h c i f g o dh dc do dg df di da_o da_g da_f da_i"
    values = (*names_of_values.split(" "),)
    assert names[: len(values)] == values
    assert names[-1] == "h by number"
    assert len(names) == 2 * len(values)
