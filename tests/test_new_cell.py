"""A cell is its declaration and one line of the registry: cells made here do what the others do.

The invariants are those of the built-in cells: the same functions are called, with these cells'
names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine.analysis import test_sampling
from engine.cells import test_declarations, test_gradients
from engine.engine_support import Case, cases, headed_cases, same_bits, trained
from engine.network import (
    test_intervention_texts,
    test_interventions,
    test_layers,
    test_network,
)
from engine.time_travel.test_timeline_walks import GATES, Walks
from engine.training import test_trainer
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from proofs import test_prover
from source_code.page_runs import worst_difference
from tui import test_equation
from tui.panels import test_panels
from tui.screen_support import KINDS

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.cli import run
from rnn_tui.engine.cells.base import (
    HIDDEN_GRADIENT,
    Cell,
    affine,
    gradient,
    through_sigmoid,
    through_tanh,
)
from rnn_tui.engine.core.expressions import ONE, Dot, Square, Value, sigmoid, tanh
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.network.declared_kernel import DeclaredKernel
from rnn_tui.engine.network.two_threads import TwoThreadKernel
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS, Entry
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.source_code.dialects import NUMPY


class LightGruCell(Cell):
    """A GRU without reset gate (Ravanelli et al. 2018), with tanh: two gates, one state."""

    name = "light-gru"
    gates = ("z", "n")
    states = ("h",)
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("z_t", "update gate", (0.0, 1.0)),
        Row("n_t", "candidate", (-1.0, 1.0)),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation("z_t", "update gate", sigmoid(affine("z")), "z_t", note="keeps {value:.0%}"),
        Operation("n_t", "candidate", tanh(affine("n")), "n_t"),
        Operation(
            "h_t",
            "hidden state",
            Value("z_t") * Value("h_<t-1>") + (ONE - Value("z_t")) * Value("n_t"),
            "h_t",
        ),
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        gradient("n_t", "candidate", Value("dh_t") * (ONE - Value("z_t"))),
        gradient("z_t", "update gate", Value("dh_t") * (Value("h_<t-1>") - Value("n_t"))),
        through_tanh("n", "through tanh′ of the candidate"),
        through_sigmoid("z", "through σ′ of the update gate"),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            Value("dh_t") * Value("z_t")
            + Dot("da_z", "W_hz", transposed=True)
            + Dot("da_n", "W_hn", transposed=True),
        ),
    )


class LeakyMemoryCell(Cell):
    """``c_t = f⊙c_<t-1> + (1−f)⊙g``, ``h_t = tanh(c_t)``: two gates, two states."""

    name = "leaky-memory"
    gates = ("f", "g")
    states = ("h", "c")
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("c_<t-1>", "cell state before"),
        Row("f_t", "forget gate", (0.0, 1.0)),
        Row("g_t", "candidate", (-1.0, 1.0)),
        Row("c_t", "cell state"),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation("f_t", "forget gate", sigmoid(affine("f")), "f_t"),
        Operation("g_t", "candidate", tanh(affine("g")), "g_t"),
        Operation(
            "c_t",
            "cell state",
            Value("f_t") * Value("c_<t-1>") + (ONE - Value("f_t")) * Value("g_t"),
            "c_t",
        ),
        Operation("h_t", "hidden state", tanh(Value("c_t")), "h_t"),
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        gradient(
            "c_t", "cell state", Value("dc_next") + Value("dh_t") * (ONE - Square(Value("h_t")))
        ),
        gradient("g_t", "candidate", Value("dc_t") * (ONE - Value("f_t"))),
        gradient("f_t", "forget gate", Value("dc_t") * (Value("c_<t-1>") - Value("g_t"))),
        through_tanh("g", "through tanh′ of the candidate"),
        through_sigmoid("f", "through σ′ of the forget gate"),
        gradient("c_<t-1>", "sent along the cell", Value("dc_t") * Value("f_t")),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            Dot("da_f", "W_hf", transposed=True) + Dot("da_g", "W_hg", transposed=True),
        ),
    )


ENTRIES = (
    Entry("light-gru", LightGruCell),
    Entry("leaky-memory", LeakyMemoryCell, ("forget_bias",)),
)
KINDS_OF_CELL = tuple((entry.name, "tanh") for entry in ENTRIES)
each_cell = pytest.mark.parametrize("cell", [entry.name for entry in ENTRIES])
any_fixture = hypothesis_settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have them among the cells, and among the settings that panels are tested with."""
    with CELLS.registered(ENTRIES[0]), CELLS.registered(ENTRIES[1]):
        for entry in ENTRIES:
            monkeypatch.setitem(KINDS, entry.name, {"cell": entry.name})
        yield


def settings(cell: str, **changes: object) -> Settings:
    """Return a small network of that cell."""
    return Settings(**{"cell": cell, "hidden": 3, "steps": 4, "num_points": 60, **changes})  # type: ignore[arg-type]


# ---------------------------------------------------------------- numbers


def test_a_light_gru_is_the_loop_of_its_equations() -> None:
    network = Case("light-gru", "tanh", 7, 3, 2, 5, 2, seed=3).network()
    trained(network)
    W_x, W_h, b = (network.parameters[name] for name in ("W_x", "W_h", "b"))
    h = network.tape["h"][0]
    for t, x in enumerate(network.tape["x"], start=1):
        a_z, a_n = np.split(x @ W_x + h @ W_h + b, 2, axis=1)
        z = 1 / (1 + np.exp(-a_z))
        h = z * h + (1 - z) * np.tanh(a_n)
        np.testing.assert_allclose(network.tape["h"][t], h, rtol=1e-13, atol=1e-14)


@any_fixture
@given(headed_cases(KINDS_OF_CELL))
def test_gradients_agree_with_the_complex_step(case: Case) -> None:
    """With any loss and topology, of numbers or symbols, in up to three layers."""
    test_gradients.check_complex_step(case)
    test_declarations.check_every_operation(case)


@any_fixture
@given(cases(KINDS_OF_CELL))
def test_what_would_leave_the_window_is_the_gradient_of_its_first_state(case: Case) -> None:
    test_gradients.check_gradient_of_the_first_state(case)


@each_cell
def test_the_engines_invariants(cell: str) -> None:
    for check in (
        test_gradients.test_a_share_is_known_as_soon_as_its_timestep_is_done,
        test_gradients.test_the_gradient_of_one_error_reaches_only_back,
        test_gradients.test_a_second_window_accumulates_nothing,
        test_gradients.test_float32_follows_float64,
        test_network.test_views_share_the_vectors_memory,
        test_network.test_samples_of_a_batch_do_not_touch_each_other,
        test_network.test_stepping_and_running_are_the_same_bits,
        test_network.test_the_backward_pass_overwrites_nothing_of_the_forward_pass,
        test_network.test_a_window_allocates_nothing_that_stays,
        test_layers.test_each_layer_is_a_network_of_one_that_reads_the_layer_below,
        test_layers.test_jacobians_of_the_whole_state,
        test_layers.test_the_gradient_map_covers_all_layers,
        test_sampling.test_it_reads_as_one_long_window,
        test_trainer.test_operations_are_revealed_one_by_one,
        test_trainer.test_the_gradient_is_cut_at_the_windows_edge,
    ):
        check(cell, "tanh")
    for check_case in (
        test_declarations.test_the_declaration_alone_computes_both_passes,
        test_declarations.test_operations_name_rows_and_columns_that_exist,
        test_declarations.test_rows_have_values_and_stay_in_their_span,
        test_declarations.test_everything_an_operation_reads_is_there_before_it,
        test_declarations.test_every_operation_can_be_shown_in_numbers,
        test_declarations.test_float32_is_evaluated_in_float32_and_agrees,
    ):
        check_case(Case(cell, "tanh", 3, 2, 2, 4, 2, 7))
    for batch in (1, 3):
        test_gradients.test_a_weight_gradient_is_the_sum_of_shares_per_timestep(
            cell, "tanh", 7, batch
        )
    for layers in (2, 3):
        test_layers.test_symbols_rows_and_places_are_unique(cell, "tanh", layers)
        test_layers.test_stepping_and_running_are_the_same_bits(cell, "tanh", layers)


@each_cell
def test_a_large_batch_is_computed_by_two_threads(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_layers.test_large_batches_are_halved_and_alike(cell, "tanh", monkeypatch)
    network = Case(cell, "tanh", 3, 70, 2, 70, 1, 5).network()
    assert isinstance(network.kernel, TwoThreadKernel)
    assert isinstance(network.kernel.upper, DeclaredKernel)


# ---------------------------------------------------------------- what if, and time


@each_cell
def test_what_ifs_are_exact(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(test_interventions.PINS, cell, test_interventions.three_pins(cell))
    for timestep in (2, 3, 4):
        test_interventions.test_a_jacobian_with_pins_is_that_of_the_pinned_step(
            cell, "tanh", timestep
        )
    for t in (None, 3):
        for unit in (None, 2):
            test_interventions.test_every_symbol_of_every_smooth_cell(cell, "tanh", unit, t)
    for t in (1, 4):
        test_interventions.test_a_cut_is_a_state_that_is_a_constant(cell, "tanh", t)
    for check in (
        test_interventions.test_the_gradient_of_what_is_held_is_still_shown,
        test_interventions.test_stepping_and_running_with_pins_are_the_same_bits,
        test_interventions.test_pins_of_inputs_leave_the_fused_kernel,
        test_interventions.test_a_cut_lets_no_jacobian_through,
        test_interventions.test_the_numeric_check_agrees_with_pins,
        test_interventions.test_the_items_of_the_gradient_add_up_with_pins_and_cuts,
        test_interventions.test_what_a_longer_window_adds_with_pins,
        test_intervention_texts.test_every_parameter_has_a_name,
    ):
        check(cell, "tanh")
    for dtype in (np.float32, np.float64):
        test_interventions.test_without_pins_the_fused_kernel_runs_the_same_bits(
            cell, "tanh", dtype
        )


@each_cell
def test_every_place_of_a_run_is_the_same_bits_again(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = CELLS.load(cell).gates[0]
    monkeypatch.setitem(GATES, cell, [f"{gate} = 1", f"{gate}_2 @3 = 0.5", f"W_h{gate}[1,2] = 0"])

    class NewCellWalks(Walks):
        start = settings(cell, noise=0.1)

    run_state_machine_as_test(
        NewCellWalks,
        settings=hypothesis_settings(max_examples=6, stateful_step_count=15),
    )


# ---------------------------------------------------------------- screen, proofs, checkpoint


@pytest.mark.long
@each_cell
def test_the_screen_shows_it_at_every_place(cell: str) -> None:
    test_panels.test_every_line_fits_at_every_place_of_a_walk(cell)
    test_panels.test_no_number_is_drawn_before_its_operation_is_revealed(cell)


@each_cell
def test_the_screen_shows_it(cell: str) -> None:
    if cell == "light-gru":  # once is enough: these take seconds
        test_equation.test_equations_agree_at_every_place_of_a_walk(cell)
        test_panels.test_rows_keep_their_lines_through_both_passes(cell, (74, 21))
        test_equation.test_every_equation_of_every_task_agrees_at_every_timestep(cell, "text")
    for check in (
        test_panels.test_a_share_of_the_gradient_is_drawn_only_once_its_factors_are_revealed,
        test_panels.test_after_a_divergence_no_such_number_is_drawn,
        test_panels.test_the_network_keeps_its_lines,
        test_equation.test_after_the_update_the_equations_still_hold,
    ):
        check(cell)


@each_cell
def test_its_proofs_hold(cell: str) -> None:
    for batch, layers in ((1, 1), (2, 2)):
        chosen = settings(cell, batch=batch, layers=layers, noise=0.0)
        for check in (
            test_prover.test_the_results_are_the_engines,
            test_prover.test_the_ledgers_total_is_the_gradients_entry,
            test_prover.test_the_trainer_is_left_as_it_was,
            test_prover.test_a_check_is_the_engines,
        ):
            check(chosen)


@each_cell
def test_it_is_saved_and_loaded(tmp_path: Path, cell: str) -> None:
    trainer = Trainer(settings(cell, layers=2))
    trainer.run(9)
    trainer.step()
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    assert loaded.settings == trainer.settings
    for each in (trainer, loaded):
        each.run(3)
    assert same_bits(loaded.parameters, trainer.parameters)


@each_cell
@pytest.mark.parametrize("task", ["cos", "text", "recall"])
def test_it_learns_every_kind_of_task_by_its_name(task: str, cell: str) -> None:
    assert cell in DECLARATIONS["cell"].choices
    arguments = ["train", "--cell", cell, "--task", task, "--updates", "3", "--hidden", "4"]
    assert run(arguments) == 0


@each_cell
def test_it_leaves_as_a_page_of_code(cell: str, tmp_path: Path) -> None:
    trainer = Trainer(settings(cell, dtype="float64", layers=2, optimizer="adam"))
    difference, _ = worst_difference(trainer, NUMPY, tmp_path, updates=3)
    assert difference < 1e-12
