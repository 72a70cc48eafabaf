"""The equations on the screen, recomputed from what stands there, to the digits shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shares import share
from tui.equation_calculator import Interval, calculate, shown
from tui.equation_reading import (
    check,
    computed_middle,
    equation_of,
)
from tui.screen_support import KINDS, SMALL, TASKS, SnapshotMaker, context, regions, text_of

from rnn_tui.engine.core.expressions import Products
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import OPTIMIZERS, PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.tui import equation_text
from rnn_tui.tui.equation_text import Terms, _most_terms, numbers_line, spell
from rnn_tui.tui.panels.current_pass import panel as current_pass

# The sizes the panel has on screens of 80×23 and 80×24, beside each of the others, and of 120×40.
SIZES = sorted(
    {
        (region.width, region.height - 1)
        for size, beside in [
            *((small, p) for small in ((80, 23), (80, 24)) for p in PANELS.names[1:]),
            ((120, 40), "loss"),
        ]
        for region in [regions(size, other=beside)["timestep"]]
    }
)
ROOMY = (200, 60)  # so that every part of the panel is there
# ---------------------------------------------------------------- every operation of every cell


@st.composite
def networks(draw: st.DrawFn) -> Trainer:
    """Trained and untrained networks, with tiny and huge weights."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    subject = draw(st.sampled_from([SMALL, *TASKS.values()]))
    steps = draw(st.integers(1, 6)) if subject is SMALL else subject.steps
    chosen = subject.with_(
        hidden=draw(st.integers(1, 9)),
        steps=steps,
        batch=draw(st.integers(1, 3)),
        seed=draw(st.integers(0, 10**6)),
        dtype=draw(st.sampled_from(["float32", "float64"])),
        lr=draw(st.sampled_from([0.01, 0.5])),
        **kind,
    )
    trainer = Trainer(chosen)
    trainer.parameters *= draw(st.sampled_from([1.0, 1.0, 1e-7, 1e-3, 30.0, 300.0]))
    trainer.run(draw(st.sampled_from([0, 0, 3, 30])))
    assume(trainer.divergence is None)
    return trainer


def check_all(snapshot: Snapshot, operations: tuple[Operation, ...], unit: int) -> None:
    """Each of the operations revealed in `snapshot`, in every size of the panel."""
    values = snapshot.window.values(snapshot.t)
    for back, operation in enumerate(reversed(operations)):
        array = values[operation.symbol][0]
        own = float(array[min(unit, array.size - 1)])
        looked_at = context(snapshot, unit=unit, operation=back)
        for width, height in SIZES:
            lines = text_of(current_pass.draw(looked_at, width, height))
            symbols, numbers = equation_of(lines, operation)
            check(symbols, numbers, values, unit, own)


@given(networks(), st.data())
@settings(max_examples=8)
def test_every_equation_of_both_passes_agrees_with_itself_and_with_the_tape(
    trainer: Trainer, data: st.DataObject
) -> None:
    size = max(trainer.settings.hidden, trainer.network.architecture.outputs)
    unit, t = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, trainer.settings.steps))
    maker = SnapshotMaker(trainer)
    for _ in range(3):  # batch, forward, loss
        trainer.finish_pass()
    assume(trainer.divergence is None)
    snapshot = maker.snapshot(t)
    assert snapshot.cursor.stage is Pass.LOSS
    check_all(snapshot, snapshot.window.declaration.forward_operations, unit)
    trainer.finish_pass()
    assume(trainer.divergence is None)
    snapshot = maker.snapshot(t)
    assert snapshot.cursor.stage is Pass.BACKWARD
    check_all(snapshot, snapshot.window.declaration.backward_operations_at(t), unit)


PAIRS = [(kind, task) for kind in sorted(KINDS) for task in sorted(TASKS)]


@pytest.mark.parametrize(
    ("kind", "task"),
    # An eighteenth of them; all of them in a long run.
    share(PAIRS, every=18),
)
def test_every_equation_of_every_task_agrees_at_every_timestep(kind: str, task: str) -> None:
    """Symbols, absent inputs, classes, and where the loss does not count."""
    trainer = Trainer(TASKS[task].with_(**KINDS[kind]))
    trainer.run(5)
    maker = SnapshotMaker(trainer)
    for _ in range(4):  # batch, forward, loss, backward
        trainer.finish_pass()
    for t in range(1, trainer.settings.steps + 1):
        snapshot = maker.snapshot(t)
        declaration = snapshot.window.declaration
        values = snapshot.window.values(t)
        for operation in declaration.forward_operations:
            array = values[operation.symbol][0]
            unit = t % array.size
            symbols, numbers = operation.equation(), numbers_line(operation, values, 0, unit, t)
            check(symbols, numbers, values, unit, float(array[unit]))
        check_all(snapshot, declaration.backward_operations_at(t), t % trainer.settings.hidden)


@pytest.mark.parametrize("kind", share(sorted(KINDS)))
def test_equations_agree_at_every_place_of_a_walk(kind: str) -> None:
    """As a user sees them: the newest operation, wherever the cursor stands."""
    trainer = Trainer(Settings(hidden=16, steps=3, num_points=100).with_(**KINDS[kind]))
    trainer.run(20)
    still, seen = SnapshotMaker(trainer), set()
    while trainer.updates == 20:
        trainer.reveal()
        snapshot = still.snapshot()
        operations = snapshot.backward_revealed(snapshot.t) or snapshot.forward_revealed(snapshot.t)
        if snapshot.cursor.t:
            check_all(snapshot, operations[-1:], unit=7)
            seen.add(operations[-1].symbol)
    network = trainer.network
    operations = network.declaration.forward_operations + network.declaration.backward_operations
    assert seen == {operation.symbol for operation in operations}


@pytest.mark.parametrize("kind", share(sorted(KINDS), first=1))
def test_after_the_update_the_equations_still_hold(kind: str) -> None:
    trainer = Trainer(SMALL.with_(lr=0.5, **KINDS[kind]))
    trainer.run(3)
    snapshot = SnapshotMaker(trainer).snapshot(t=2)
    check_all(snapshot, snapshot.window.declaration.backward_operations, unit=1)


# ---------------------------------------------------------------- the optimizers


@st.composite
def updates(draw: st.DrawFn) -> tuple[Trainer, int]:
    """Just after an update, and the parameter looked at."""
    chosen = SMALL.with_(
        cell=draw(st.sampled_from(DECLARATIONS["cell"].choices)),
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS.names))),
        momentum=draw(st.sampled_from([0.0, 0.9])),
        eps_place=draw(st.sampled_from(["inside", "outside"])),
        eps=draw(st.sampled_from([None, 1e-3])),
        lr=draw(st.sampled_from([1e-4, 0.01, 0.3])),
        clip=draw(st.sampled_from([1e-5, 5.0])),
        seed=draw(st.integers(0, 10**6)),
    )
    trainer = Trainer(chosen)
    trainer.run(draw(st.sampled_from([1, 2, 50])))
    assume(trainer.divergence is None)
    return trainer, draw(st.integers(0, trainer.parameters.size - 1))


@given(updates())
def test_every_equation_of_the_optimizer_agrees_with_itself_and_with_its_memory(
    case: tuple[Trainer, int],
) -> None:
    trainer, index = case
    snapshot = SnapshotMaker(trainer).snapshot()
    optimizer, gradient = snapshot.optimizer, snapshot.gradient
    assert gradient is not None
    values = optimizer.values(gradient.clipped, index)
    lines = text_of(current_pass.draw(context(snapshot, parameter=index), *ROOMY))
    for operation in optimizer.operations():
        symbol = operation.symbol.removesuffix("_new")
        found = [line for line in lines if re.match(rf" {symbol} [=←]", line)]
        left, right = re.split(" [=←] ", found[-1].strip(), maxsplit=1)
        text, *numbers = right.split(" = ")
        old = {name: values[f"{name}_old"] for name in optimizer.memory if name == left}
        known = {**values, **old, "p": values["p"]}
        line = " = ".join((left, *numbers))
        check(f"{left} = {text}", line, known, 0, float(values[operation.symbol]))


# ---------------------------------------------------------------- the reading itself


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.4970", 0.49695, 0.49705),
        ("−12.35", -12.355, -12.345),
        ("3.214e−5", 3.2135e-5, 3.2145e-5),
        ("1234", 1233.5, 1234.5),
        ("20", 20, 20),
        ("1.000e4", 9995, 10005),
    ],
)
def test_a_number_stands_for_all_that_round_to_it(text: str, low: float, high: float) -> None:
    assert (shown(text).low, shown(text).high) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 − 3 − 4", -5),
        ("2 + 3·(−4)", -10),
        ("−2·3²", -18),
        ("(−2)²", 4),
        ("8/2/2", 2),
        ("√(9 + 7)·2", 8),
        ("σ(0) − tanh(0) + relu(−3) + step(2)", 1.5),
    ],
)
def test_the_calculator_knows_operator_precedence(text: str, expected: float) -> None:
    assert calculate(text).middle == pytest.approx(expected, rel=1e-12)


NUMBERS = st.floats(-1e6, 1e6, width=32)
JOINED = st.tuples(st.sampled_from([" + ", " − ", "·", "/"]), NUMBERS)


@given(NUMBERS, st.lists(JOINED, max_size=3))
@example(-1.0, [(" + ", -2.0), ("·", -3.0)])
@example(1.0, [(" − ", -2.0), ("/", -3.0)])
def test_signs_are_spelled_so_that_they_read_back(
    first: float, more: list[tuple[str, float]]
) -> None:
    assume(all(value or sign != "/" for sign, value in more))
    python = {" + ": "+", " − ": "-", "·": "*", "/": "/"}
    expected = eval(repr(first) + "".join(python[sign] + repr(value) for sign, value in more))
    text = spell((first, *(token for pair in more for token in pair)))
    assert not re.search(r"[−+·/] ?−", text), text
    assert calculate(text).meets(Interval.around(expected)), text


@pytest.mark.parametrize(
    ("fits", "expected"),
    [
        (lambda _: True, "1·1 + 2·1 + 3·1 + 7·1 + 0·1 + 8·1"),
        (lambda terms: sum(terms.counts) <= 2, "3·1 + (2 more: 3) + 8·1 + (2 more: 7)"),
        (lambda terms: terms.together and sum(terms.counts) <= 3, "3·1 + 8·1 + 7·1 + (3 more: 3)"),
        (lambda terms: terms.together and sum(terms.counts) <= 1, "8·1 + (5 more: 13)"),
        (lambda terms: not any(terms.counts), "(3 terms: 6) + (3 terms: 15)"),
        (lambda _: False, "(3 terms: 6) + (3 terms: 15)"),
    ],
)
def test_every_product_has_its_largest_term_if_there_is_room(
    fits: Callable[[Terms], bool], expected: str
) -> None:
    left = Products("h", "W", False, np.arange(3), np.array([1.0, 2, 3]), np.ones(3), 6.0)
    right = Products("x", "U", False, np.arange(3), np.array([7.0, 0, 8]), np.ones(3), 15.0)
    tokens = (left, " + ", right)
    assert spell(tokens, equation_text._most_terms(tokens, fits)) == expected


def test_products_that_are_not_added_are_not_counted_together() -> None:
    one = Products("h", "W", False, np.arange(3), np.array([1.0, 2, 3]), np.ones(3), 6.0)
    tokens = (one, " + ", 0.5, "·", one, " + ", 4.0)
    written = spell(tokens, Terms((1, 1), together=True))
    assert written == "3·1 + (2 more: 3) + 0.5000·(3·1 + (2 more: 3)) + 4"


def test_equations_of_other_units_have_their_terms() -> None:
    trainer = Trainer(Settings(cell="rnn", hidden=2, steps=3))
    for _ in range(4):
        trainer.finish_pass()
    for size in (80, 16), (110, 30):
        lines = text_of(current_pass.draw(context(SnapshotMaker(trainer).snapshot(1)), *size))
        (second,) = (line for line in lines if line.strip().startswith("dh_0[2] ="))
        assert second.count("·") == 2
        assert "terms" not in second


@pytest.mark.parametrize("own", [0.97, -0.995, 0.9999, 0.9999998, -0.99999994, 1.0])
def test_a_difference_of_close_numbers_can_be_had_from_what_is_written(own: float) -> None:
    """Of saturated units: 1 − tanh(c)², o⊙(1 − o) and what i_t = 1 − f_t gives."""
    one = float(np.float32(own))
    for tokens, exact in (
        (("(", "1", " − ", one, "²", ")"), 1 - one**2),
        ((abs(one), "·", "(", "1", " − ", abs(one), ")"), abs(one) * (1 - abs(one))),
        (("1", " − ", abs(one)), 1 - abs(one)),
        (("(", abs(one), " − ", 1.0, ")", "/", 8.0), (abs(one) - 1) / 8),
    ):
        text = spell(tokens)
        assert computed_middle(text) == pytest.approx(exact, rel=2e-3), text
    assert spell(("1", " − ", 0.6198)) == "1 − 0.6198"
    assert spell((0.3, " − ", 0.3001, "·", 2.0)) == "0.3000 − 0.3001·2"


def test_terms_of_zero_and_a_single_term_left_out() -> None:
    """What is 0 takes no room of what is not; one term is itself rather than "1 more"."""
    entries = np.arange(4)
    some, none = np.array([0.5, 0.25, 0.125, 0.0625]), np.zeros(4)
    weights = np.array([0.3, -0.2, 0.1, 0.4])
    products = [
        Products("x_t", "W_x", False, entries, left, weights, float(left @ weights))
        for left in (some, none)
    ]
    tokens = (products[0], " + ", products[1])

    def fits(room: int, terms: Terms) -> bool:
        return len(spell(tokens, terms)) <= room

    for room in range(20, 160, 3):
        text = spell(tokens, _most_terms(tokens, partial(fits, room)))
        assert "(1 more" not in text, text
        assert "0·" not in text.replace("00·", "") or "more" not in text, text
