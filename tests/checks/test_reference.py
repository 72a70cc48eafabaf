"""The reference of the guess: its lines, their exact derivatives and the engine say the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from checks.random_cases import random_case

from rnn_tui.checks.compute import compute
from rnn_tui.checks.losses import loss_of
from rnn_tui.checks.mutations import mutations
from rnn_tui.checks.programs import GRU_RESET_BEFORE
from rnn_tui.checks.reference import LineEdit, problem_of, run_forward, with_backward, with_loss
from rnn_tui.checks.weight_gradients import with_derivatives, with_gradients


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("count", [3, pytest.param(200, marks=pytest.mark.long)])
def test_the_reference_the_engine_and_exact_derivatives_agree(cell: str, count: int) -> None:
    for seed in range(count):
        case = replace(random_case(np.random.default_rng(seed), cell), theirs={})
        problem = problem_of(case)
        assert problem
        run = run_forward(problem)
        run = with_loss(run, *loss_of(problem, run.y))
        by_lines = with_gradients(with_backward(run)).numbers()
        exact = with_derivatives(run, LineEdit()).numbers()
        engine = compute(case)
        assert {*by_lines} == {*engine}
        for name, array in engine.items():
            scale = np.abs(array).max() or 1.0
            assert np.abs(by_lines[name] - array).max() <= 1e-11 * scale, name
            assert np.abs(by_lines[name] - exact[name]).max() <= 1e-11 * scale, name


def test_the_reset_gate_before_the_product() -> None:
    case = replace(random_case(np.random.default_rng(1), "gru"), theirs={})
    problem = problem_of(case)
    assert problem
    run = run_forward(replace(problem, program=GRU_RESET_BEFORE))
    run = with_loss(run, *loss_of(problem, run.y))
    by_lines = with_gradients(with_backward(run)).numbers()
    for name, exact in with_derivatives(run, LineEdit()).numbers().items():
        assert np.allclose(by_lines[name], exact, rtol=1e-9, atol=1e-12), name


def test_mutations_of_a_line() -> None:
    found = {each.text: each for each in mutations("dc_next + dh * o", {"o": ("f",)})}
    assert {"dc_next", "dh * o", "dc_next - dh * o", "dc_next + dh * f", "dc_next + o"} <= {*found}
    assert found["dc_next + dh"].part == "o"
    assert found["dc_next + dh * f"].other == "f"
    assert "dc_next + dh * o" not in found
