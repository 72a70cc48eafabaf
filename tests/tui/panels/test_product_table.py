"""Every product of every operation in numbers: the terms are those used, and add up."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from shares import share
from tui.equation_reading import check
from tui.screen_support import KINDS, SMALL, SnapshotMaker, context, stands_for, text_of

from rnn_tui.engine.core.expressions import Dot, Products, UnitReader
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.equation_text import Fits, fold_numbers, numbers_line
from rnn_tui.tui.layout import Focus, arrange
from rnn_tui.tui.lines import cell_width
from rnn_tui.tui.panel_spec import needs_of
from rnn_tui.tui.panels.current_pass import panel as current_pass

HIDDEN = {1: (1, 2, 3, 7, 16, 32, 40), 2: (2, 5, 33)}
_NUMBER = r"([+−]?[\d.e−×⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
TERM = re.compile(rf" (\d+) +{_NUMBER} +· +{_NUMBER} += +{_NUMBER}")
POWERS = re.compile(r"  ×(\S+) · ×(\S+) = ×(\S+)")
HEADED = ((80, 20), (100, 26))
ZOOMED = ((80, 19), (80, 20), (120, 36))


def after_backward(kind: str, hidden: int, layers: int = 1, batch: int = 1) -> Snapshot:
    settings = SMALL.with_(hidden=hidden, layers=layers, batch=batch, steps=3, **KINDS[kind])
    trainer = Trainer(settings)
    trainer.run(2)
    for _ in range(4):
        trainer.finish_pass()
    return SnapshotMaker(trainer).snapshot(2)


def room(width: int, height: int) -> Fits:
    """Return whether a text has room in so many lines."""
    return lambda text: len(fold_numbers(text, width)) <= height


def exponent(power: str) -> int:
    """Return that of a power of ten as a heading has it: 10⁻⁴, or 1."""
    return int(power[2:].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")) or 0)


def operations(snapshot: Snapshot) -> tuple[Operation, ...]:
    declaration = snapshot.window.declaration
    return (*declaration.forward_operations, *declaration.backward_operations_at(2))


@pytest.mark.parametrize(
    ("kind", "layers"), share((kind, 1 + k // 2 % 2) for k, kind in enumerate(sorted(KINDS)))
)
def test_the_terms_are_the_numbers_used_and_add_up_to_what_is_shown(kind: str, layers: int) -> None:
    for hidden in HIDDEN[layers]:
        snapshot = after_backward(kind, hidden, layers)
        values = snapshot.window.values(2)
        for place, operation in enumerate(operations(snapshot)):
            unit = (place * 7) % values[operation.symbol].shape[-1]
            tokens = operation.expression.tokens(UnitReader(values, 0, unit))
            assert not isinstance(operation.expression, Dot) or isinstance(tokens[0], Products)
            for token in tokens:
                if isinstance(token, Products):
                    matrix = values[token.matrix].T if token.transposed else values[token.matrix]
                    assert np.array_equal(token.left, values[token.vector][0, token.entries])
                    assert np.array_equal(token.right, matrix[token.entries, unit])
                    rounding = 1e-6 * float(np.abs(token.products()).sum())
                    assert abs(token.products().sum() - token.total) <= rounding
            own = float(values[operation.symbol][0, unit])
            for width, height in ((78, 1), (78, 3), (118, 40)):
                fits = room(width, height)
                line = numbers_line(operation, values, 0, unit, 2, fits)
                check(operation.equation(), line, values, unit, own)
                time = 1 if operation.symbol.endswith("<t-1>") else 2
                assert re.match(rf"[a-z]+\d?(_[a-z]+)?_{time}\[{unit + 1}\] = ", line), line
                if height == 40:
                    assert "more" not in line
                    assert "terms" not in line


VARIANTS = {"rnn-relu", "neuron", "lstm-coupled", "lstm-peephole", "gru-reset-before"}


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=[pytest.mark.long] * (k in VARIANTS)) for k in sorted(KINDS)]
)
def test_the_table_has_every_term_once_and_goes_round(kind: str) -> None:
    snapshot = after_backward(kind, 9)
    values = snapshot.window.values(2)
    for back, operation in enumerate(reversed(snapshot.selectable_operations(2))):
        unit = min(4, values[operation.symbol].shape[-1] - 1)
        tokens = operation.expression.tokens(UnitReader(values, 0, unit))
        wanted = [
            (str(entry + 1), float(left), float(right))
            for token in tokens
            if isinstance(token, Products)
            for entry, left, right in zip(token.entries, token.left, token.right, strict=True)
        ]
        looked_at = replace(context(snapshot, unit=4, operation=back), zoomed=True)
        for width, height in ZOOMED:
            first = text_of(current_pass.draw(looked_at, width, height))
            count = re.search(r"page 1 of (\d+)", "\n".join(first))
            found, scales = [], ("1", "1", "1")
            for page in range(int(count[1]) if count else 1):
                selection = replace(looked_at.selection, page=page)
                lines = current_pass.draw(replace(looked_at, selection=selection), width, height)
                assert len(lines) <= height
                assert all(cell_width(line) <= width for line in lines)
                for line in text_of(lines):
                    if " = Σ " in line:
                        scales = (POWERS.findall(line) or [("1", "1", "1")])[0]
                        left, right, product = map(exponent, scales)
                        assert left + right == product, line
                    found += [(*term, *scales) for term in TERM.findall(line)]
            assert len(found) == len(wanted), (operation.symbol, width, found)
            for (k, *texts), (entry, a, b) in zip(found, wanted, strict=True):
                assert k == entry
                for text, power, exact in zip(texts[:3], texts[3:], (a, b, a * b), strict=True):
                    assert stands_for(text, exact, exponent(power)), (text, power, exact)
            if count:
                selection = replace(looked_at.selection, page=int(count[1]))
                again = current_pass.draw(replace(looked_at, selection=selection), width, height)
                assert text_of(again) == first


@pytest.mark.parametrize("kind", ["lstm-coupled", "gru"])
def test_each_page_of_many_terms_has_its_heading_and_several_of_them(kind: str) -> None:
    """Below the picture of the cell, too: the equation has no numbers there before terms go."""
    snapshot = after_backward(kind, 129)
    for width, height in HEADED:
        for page in (0, -1, 5):
            looked_at = replace(context(snapshot, unit=4, page=page), zoomed=True)
            lines = text_of(current_pass.draw(looked_at, width, height))
            table = lines[next(k for k, line in enumerate(lines) if " = Σ " in line) :]
            assert sum(bool(TERM.search(line)) for line in table) >= (1 if page < 0 else 2), lines
            assert any(line.startswith(" dh_1[5] = ") for line in lines), lines


def test_the_terms_push_out_no_row() -> None:
    """At 80×23 there are as many rows with terms as there were with their sum alone."""
    for kind in sorted(KINDS):
        for hidden in (2, 32):
            snapshot = after_backward(kind, hidden)
            rows = len(snapshot.rows) + 1
            for back in range(len(snapshot.selectable_operations(2))):
                lines = text_of(current_pass.draw(context(snapshot, operation=back), 80, 10))
                place = next(k for k, line in enumerate(lines) if re.search(r"^ \S+ = ", line))
                assert place >= min(rows, 10 - 3), lines


@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru", "lstm-peephole"])
@pytest.mark.parametrize(
    ("hidden", "layers"),
    [
        (32, 1),
        *(pytest.param(*each, marks=pytest.mark.long) for each in ((5, 2), (32, 2), (200, 1))),
    ],
)
def test_at_80_columns_each_product_has_a_term(kind: str, hidden: int, layers: int) -> None:
    """In both sizes of a small screen, of every operation; and where all of them are is said."""
    snapshot = after_backward(kind, hidden, layers)
    for height in (23, 24):
        focus = Focus("timestep", "network")
        size = arrange(80, height, focus, needs_of(snapshot))["timestep"].size
        for back, operation in enumerate(reversed(snapshot.selectable_operations(2))):
            looked_at = context(snapshot, unit=hidden - 1, operation=back)
            lines = text_of(current_pass.draw(looked_at, size.width, size.height - 1))
            text = "\n".join(lines)
            assert not re.search(r"\d terms: ", text), lines
            symbols = next(line for line in lines if line.startswith(f" {operation.symbol} = "))
            full = "all terms: z" in text or len(symbols.rstrip()) > 80 - len("   all terms: z")
            assert full or " more: " not in text.partition(f"[{hidden}] = ")[2].split("[")[0], lines
