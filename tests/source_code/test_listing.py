"""The code of an update computes what the trainer computes: line by line, and as a program."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from engine.given_task import GivenTask
from tui.screen_support import TASKS

from rnn_tui.engine.core.expressions import Softmax, apply
from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.interventions import parse, together
from rnn_tui.engine.network.pins import Cut, Pin
from rnn_tui.engine.network.sample_window import named_values
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS, OPTIMIZERS
from rnn_tui.settings import Settings
from rnn_tui.source_code.listing.lines import ListedLine, folded
from rnn_tui.source_code.listing.step import ListedStep, step_name
from rnn_tui.source_code.listing.update import ListedUpdate, listed_lines
from rnn_tui.source_code.names import code_name

SMALL = Settings(hidden=3, steps=4, batch=2, num_points=100, dtype="float64")
EDITS = ("W_h *= 2", "W_hf[2,:] = 0.5", "W_xo[:,1:2] -= 0.25", "W_hi = 0.9·I", "b_y[1] = 0.75")
PINS = ("h_2[1] = 0.5", "x_3 = 0.25", "detach @3")


def trainer_of(settings: Settings, *what_ifs: str) -> Trainer:
    """Return a trainer that has made three updates, before the next window."""
    trainer = Trainer(settings)
    advance(trainer, 3)
    for text in what_ifs:
        pin = parse(text, trainer.network.declaration)
        assert isinstance(pin, Pin | Cut)
        trainer.network.pins = together(trainer.network.pins, pin)
    return trainer


def advance(trainer: Trainer, updates: int) -> None:
    """Make so many updates."""
    last = trainer.updates + updates
    while trainer.updates < last:
        trainer.step()


def update_of(trainer: Trainer, *, made: bool = False) -> ListedUpdate:
    """Return what the code of the trainer's update is written from."""
    network = trainer.network
    step = ListedStep.of(trainer.optimizer, made=made)
    carry, clipping = trainer.settings.carry, trainer.clipping
    given = trainer.task.start_states is not None
    return ListedUpdate(network.declaration, network.pins, carry, given, clipping, step)


def functions() -> dict[str, Any]:
    """Return what the code's names stand for that it does not define."""
    softmax = Softmax("y").evaluate
    return {
        "np": np,
        "sigmoid": lambda a: apply("σ", a),
        "softmax": lambda y: softmax({"y": y}),
    }


def name_of_kind(settings: object) -> str:
    """Return a name for a kind of network."""
    if not isinstance(settings, Settings):
        return str(settings)
    names = (settings.task, settings.cell, settings.layers, settings.optimizer, settings.dtype)
    return " ".join(map(str, names))


def kinds() -> Iterator[Settings]:
    """Yield every cell, one to three layers, every optimizer, clipping and loss."""
    for cell in CELLS.names:
        yield SMALL.with_(cell=cell, layers=2 if cell != "neuron" else 1)
    yield SMALL.with_(cell="rnn", activation="relu", layers=3, clip_by="norm", clip=0.1)
    for optimizer in OPTIMIZERS.names:
        yield SMALL.with_(cell="gru", optimizer=optimizer, momentum=0.5, clip_by="none")
    yield SMALL.with_(optimizer="adagrad", eps_place="inside", clip_by="value", clip=0.01)
    yield SMALL.with_(carry=False, dtype="float32")
    for name in ("recall", "text", "reber"):
        yield TASKS[name].with_(dtype="float64", cell="lstm")


# ------------------------------------------------------------------------- line by line


@pytest.mark.parametrize("settings", kinds(), ids=name_of_kind)
def test_every_line_gives_the_very_number_that_is_computed(settings: Settings) -> None:
    trainer = trainer_of(settings)
    while trainer.position != trainer.schedule.clip:
        trainer.step()
    network, count = trainer.network, 0
    declaration = network.declaration
    lines = listed_lines(update_of(trainer), "numpy")
    for t in range(1, declaration.steps + 1):
        values = named_values(declaration, network.parameters, network.tape, t)
        of_this_t = (*declaration.forward_operations, *declaration.backward_operations_at(t))
        for line in lines:
            if line.operation in of_this_t:
                computed = by_code(line, values, code_name)
                assert np.array_equal(computed, line.operation.expression.evaluate(values))
                assert np.allclose(computed, values[line.operation.symbol], 1e-5, 1e-7)
                count += 1
    assert count == declaration.steps * len(of_this_t)


def by_code(line: ListedLine, values: Any, name_of: Any) -> Any:
    """Return what a line computes of values as it is written: their names are those in code."""
    assert line.operation is not None
    known = functions() | {name_of(each): array for each, array in values.items()}
    exec(line.text.replace("[:]", ""), known)  # of our own expressions
    return known[name_of(line.operation.symbol).removesuffix("[:]")]


@pytest.mark.parametrize("optimizer", OPTIMIZERS.names)
def test_every_line_of_a_step_gives_the_very_number_that_is_computed(optimizer: str) -> None:
    trainer = trainer_of(SMALL.with_(optimizer=optimizer, momentum=0.5))
    gradient = trainer.clipped.copy()
    step, index = trainer.optimizer, 5
    values = step.values(gradient, index)
    made = [line for line in listed_lines(update_of(trainer, made=True), "numpy") if line.operation]
    lines = [line for line in made if line.stage is Pass.UPDATE]
    assert [line.operation for line in lines] == list(step.operations())
    for line in lines:
        assert line.operation is not None
        before = {name: values[name] for name in line.operation.expression.symbols()}
        computed = by_code(line, before, step_name)
        assert computed == line.operation.expression.evaluate(values)
        assert computed == pytest.approx(float(values[line.operation.symbol]), rel=1e-9)


# ------------------------------------------------------------------------- as a program


@pytest.mark.parametrize("settings", kinds(), ids=name_of_kind)
def test_the_lines_are_a_program_that_makes_the_update(settings: Settings) -> None:
    compare(trainer_of(settings), 41 if settings.layers > 1 else 200)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("pins", [*((each,) for each in PINS), PINS])
def test_so_they_are_with_held_values_and_cut_paths(cell: str, pins: tuple[str, ...]) -> None:
    gate = {"rnn": "a[2] = 0.1", "lstm": "f = 1", "gru": "z[2:3] = 0.5"}[cell]
    compare(trainer_of(SMALL.with_(cell=cell), gate, *pins))


@pytest.mark.parametrize("symbols", [False, True])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_so_they_are_where_the_loss_counts_by_sample_or_is_summed(
    reduction: Literal["mean", "sum"], loss: str, symbols: bool
) -> None:
    settings = SMALL.with_(cell="lstm", carry=symbols)
    task = GivenTask(settings, loss=loss, symbols=symbols, reduction=reduction, start=("h", "c"))
    trainer = Trainer(settings, task=task)
    advance(trainer, 2)
    compare(trainer)


@pytest.mark.parametrize("text", EDITS)
def test_so_they_are_with_parameters_changed(text: str) -> None:
    trainer = trainer_of(SMALL.with_(cell="lstm"))
    edit = parse(text, trainer.network.declaration)
    assert isinstance(edit, Edit)
    compare(trainer, edits=(edit,))


def compare(trainer: Trainer, width: int = 200, edits: tuple[Edit, ...] = ()) -> None:
    """Execute the code of the next update, make it, and compare all that both have computed."""
    network, optimizer = trainer.network, trainer.optimizer
    params, steps = network.flat.copy(), optimizer.updates_made
    names = {"m": "mean"}
    known = functions() | {names.get(k, k): v.copy() for k, v in optimizer.memory.items()}
    states = {code_name(name): network.state(network.tape.steps)[name] for name in network.states}
    code = listed_lines(replace(update_of(trainer), edits=edits), "numpy")
    for edit in edits:
        edit.apply(network.declaration, network.flat)
    trainer.step()  # the window
    begun = network.state(0)
    fresh = bool(trainer.settings.carry) and not all(
        np.array_equal(begun[name], states[code_name(name)]) for name in network.states
    )
    window = [network.tape["x"].copy(), network.tape["target"].copy()]
    if any(map(network.declaration.problem.differs, range(1, trainer.settings.steps + 1))):
        window.append(network.declaration.counted)
    if trainer.settings.carry:
        window.append(np.asarray(fresh))
    views, start = [], 0
    for spec in network.specs:
        size = int(np.prod(spec.shape))
        views.append(params[start : start + size].reshape(spec.shape))
        start += size
    known |= states | {"views": views, "params": params, "step": steps}
    known["start_states"] = tuple(begun[name] for name in network.states)
    known["next_window"] = lambda: window
    program = "\n".join(row for line in code for row in folded(line, width))
    assert all(len(row) <= width for row in program.split("\n")) or width < 50
    exec(program, known)  # of our own expressions
    advance(trainer, 1)
    relative = 1e-9 if trainer.parameters.itemsize == 8 else 1e-4
    assert known["loss"] == pytest.approx(trainer.loss, rel=1e-5, abs=1e-12)
    assert known["params"].dtype == trainer.parameters.dtype
    assert known["grad"] == pytest.approx(trainer.clipped, rel=relative, abs=1e-12 + relative**2)
    assert params == pytest.approx(trainer.parameters, rel=relative, abs=1e-12 + relative**2)


def test_the_timesteps_that_count_are_written_in_few_words() -> None:
    def counted(*mask: bool) -> str:
        settings = SMALL.with_(steps=len(mask))
        task = GivenTask(settings, mask=np.repeat(np.array(mask)[:, None], 2, axis=1))
        code = listed_lines(update_of(Trainer(settings, task=task)), "numpy")
        return next(line.text for line in code if line.text.startswith("counted"))

    assert counted(False, False, True).startswith("counted = [3]  #")
    assert counted(False, True, True, True).startswith("counted = range(2, 5)  #")
    assert counted(True, False, True, True).startswith("counted = [1, *range(3, 5)]  #")


# ------------------------------------------------------------------------- lines and rows


@pytest.mark.parametrize("dialect", ["numpy", "torch"])
def test_a_line_in_rows_is_the_same_statement(dialect: str) -> None:
    codes = (listed_lines(update_of(Trainer(settings)), dialect) for settings in kinds())
    lines = {line.text: line for code in codes for line in code}
    for text, line in lines.items():
        if line.loops or text.startswith(("if ", "else")):
            continue
        for width in (36, 47, 70):
            rows = folded(line, width)
            assert max(map(len, rows)) <= width, rows
            if len(rows) > 1:
                written = [row.removeprefix("# ") if line.comment else row for row in rows]
                assert statements(written) == statements([f"    {text}"])


def statements(rows: Sequence[str]) -> list[str]:
    """Return rows of indented code without the form that they have."""
    indented = [row if row.startswith(" ") else f"    {row}" for row in rows]
    tree = ast.parse("\n".join(("if True:", *indented)))
    assert isinstance(tree.body[0], ast.If)
    return [ast.unparse(each) for each in tree.body[0].body]
