"""The declarations against the kernels: the same numbers, and complete."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, headed_cases, trained, worst
from hypothesis import example, given

from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.core.expressions import Products, UnitReader, Zeros
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.parameters import block_name
from rnn_tui.engine.network.network import Network

SMALL = tuple(Case(*kind, 3, 2, 2, 4, 2, seed) for seed, kind in enumerate(CELLS))
each_cell = pytest.mark.parametrize("case", SMALL, ids=map("-".join, CELLS))


def all_operations(network: Network, t: int | None = None) -> tuple[Operation, ...]:
    """Return the operations of both passes at timestep `t`; None: where the loss counts."""
    declaration = network.declaration
    if t is None:
        return declaration.forward_operations + declaration.backward_operations
    return declaration.forward_operations + declaration.backward_operations_at(t)


def stored(network: Network, t: int) -> dict[str, np.ndarray]:
    """Return the values of timestep t that kernel and readout wrote to the tape."""
    whole, k = network.tape, t - 1
    result = {"y_t": whole["y"][k], "dy_t": whole["dy"][k]}
    for layer in network.layers:
        tape = layer.cell_tape(whole)
        values = network.cell.values(tape, t) | {
            "h_t": tape["h"][t],
            "dh_y": tape["dh_y"][k],
            "dh_t": tape["dh"][k],
            "dh_<t-1>": tape["dh_next"][k],
        }
        result |= {layer.name(name): array for name, array in values.items()}
    return result


@given(headed_cases())
@example(Case("lstm", "tanh", 12, 3, 2, 5, 2, 1))
@example(Case("gru", "tanh", 12, 3, 2, 5, 2, 1))
@example(Case("rnn", "relu", 12, 3, 2, 5, 2, 1))
def test_every_operation_evaluates_to_what_the_kernel_computed(case: Case) -> None:
    check_every_operation(case)


def check_every_operation(case: Case) -> None:
    """Check each operation's result against the tape."""
    network = case.network()
    trained(network)
    for t in range(1, case.steps + 1):
        values, on_tape = network.values(t), stored(network, t)
        for operation in all_operations(network, t):
            result = operation.expression.evaluate(values)
            assert result.shape == (case.batch, values[operation.symbol].shape[-1])
            if operation.symbol in on_tape:
                # Terms may cancel: what is rounded is as large as what is read.
                read = [values[name] for name in operation.expression.symbols()]
                scale = max(float(np.abs(array).max()) for array in [result, *read])
                wrong = np.abs(result - on_tape[operation.symbol]).max()
                assert wrong <= 1e-15 * (4 + case.hidden) * scale, (operation.equation(), t)


@each_cell
def test_the_declaration_alone_computes_both_passes(case: Case) -> None:
    """Nothing but declared operations, timestep after timestep, gives the kernel's numbers."""
    network = case.network()
    loss = trained(network)
    names = network.cell.states
    carried = {f"{name}_<t-1>": network.tape[name][0] for name in names}
    before: list[dict[str, np.ndarray]] = []
    for t in range(1, case.steps + 1):
        values = parameters(network) | carried
        values |= {"x_t": network.tape["x"][t - 1], "target_t": network.tape["target"][t - 1]}
        values["N"] = np.asarray(float(network.tape["target"].size))
        for operation in network.declaration.forward_operations:
            values[operation.symbol] = operation.expression.evaluate(values)
        if "c_t" in values:
            values["tanh(c_t)"] = np.tanh(values["c_t"])
        carried = {f"{name}_<t-1>": values[f"{name}_t"] for name in names}
        before.append(values)
    errors = [values["y_t"] - values["target_t"] for values in before]
    assert np.mean(np.square(errors)) == pytest.approx(loss, rel=1e-14)
    arriving = {f"d{name}_next": np.zeros((case.batch, case.hidden)) for name in names}
    for t in range(case.steps, 0, -1):
        values = before[t - 1] | arriving
        for operation in network.declaration.backward_operations:
            values[operation.symbol] = operation.expression.evaluate(values)
        arriving = {f"d{name}_next": values[f"d{name}_<t-1>"] for name in names}
        for name, number in stored(network, t).items():
            assert worst(values[name], number) < 2e-14, (name, t)


def parameters(network: Network) -> dict[str, np.ndarray]:
    """Return the parameters by gate, cut out of their matrices here, not by the engine."""
    values = {}
    for spec in network.specs:
        blocks = np.split(network.parameters[spec.name], len(spec.blocks), axis=-1)
        for name, block in zip(spec.blocks, blocks, strict=True):
            values[block_name(spec.name, name)] = block
    return values


@each_cell
def test_symbols_are_unique(case: Case) -> None:
    network = case.network()
    symbols = [operation.symbol for operation in all_operations(network)]
    assert len(symbols) == len(set(symbols))
    rows = [row.symbol for row in network.declaration.rows]
    assert len(rows) == len(set(rows))


@each_cell
def test_operations_name_rows_and_columns_that_exist(case: Case) -> None:
    network = case.network()
    rows = {row.symbol for row in network.declaration.rows}
    for operation in network.declaration.forward_operations:
        assert (operation.row, operation.column) == (operation.symbol, "value")
    for operation in all_operations(network):
        assert operation.row in rows, operation.symbol
        assert operation.column in ("value", "gradient", "through")
        assert operation.title


@each_cell
def test_every_result_has_a_place_of_its_own(case: Case) -> None:
    network = case.network()
    operations = all_operations(network)
    places = [(operation.row, operation.column) for operation in operations]
    assert len(places) == len(set(places))


@each_cell
def test_rows_have_values_and_stay_in_their_span(case: Case) -> None:
    network = case.network()
    network.set_state({name: np.tanh(start) for name, start in network.state(0).items()})
    trained(network)
    for t in range(1, case.steps + 1):
        values = network.values(t)
        for row in network.declaration.rows:
            if row.span is not None:
                low, high = row.span
                assert np.all((values[row.symbol] >= low) & (values[row.symbol] <= high))
            assert values[row.symbol].shape[0] == case.batch


@each_cell
def test_everything_an_operation_reads_is_there_before_it(case: Case) -> None:
    """It is an input, computed earlier in this pass, or on the tape since the forward pass."""
    network = case.network()
    trained(network)
    values = network.values(2)
    computed = {"tanh(c_t)"} if "c" in network.cell.states else set()
    known = set(parameters(network)) | {"x_t", "target_t", "N"} | computed
    known |= {f"{name}_<t-1>" for name in network.cell.states}
    known |= {f"d{name}_next" for name in network.cell.states}
    for operation in all_operations(network):
        for name in operation.expression.symbols():
            assert name in known, f"{operation.symbol} reads {name} before it is computed"
            assert name in values
        known.add(operation.symbol)


@each_cell
def test_every_operation_can_be_shown_in_numbers(case: Case) -> None:
    network = case.network()
    trained(network)
    values = network.values(1)
    for operation in all_operations(network):
        width = values[operation.symbol].shape[-1]
        for unit in range(width):
            tokens = operation.expression.tokens(UnitReader(values, 1, unit))
            numbers = any(isinstance(token, float | Products) for token in tokens)
            assert numbers or isinstance(operation.expression, Zeros)
        if operation.note:
            assert "{value" in operation.note
            assert operation.note.format(value=0.25)


@each_cell
def test_float32_is_evaluated_in_float32_and_agrees(case: Case) -> None:
    network = case.network(np.float32)
    trained(network)
    for t in range(1, case.steps + 1):
        values, on_tape = network.values(t), stored(network, t)
        for operation in all_operations(network):
            result = operation.expression.evaluate(values)
            assert result.dtype == values[operation.symbol].dtype == np.float32
            if operation.symbol in on_tape:
                assert worst(result, on_tape[operation.symbol]) < 1e-6, operation.equation()


@each_cell
def test_parameters_are_read_by_the_declaration(case: Case) -> None:
    network = case.network()
    read = {
        name
        for operation in network.declaration.forward_operations
        for name in operation.expression.symbols()
    }
    assert set(parameters(network)) <= read


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(KeyError):
        make_cell("elman")
