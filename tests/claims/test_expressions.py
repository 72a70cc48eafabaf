"""Expressions and claims about a run, against NumPy and against what the screen reads."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_tui.claims.expressions import ClaimError, parse_claim, parse_expression
from rnn_tui.claims.filling import fill
from rnn_tui.claims.run_state import RunState
from rnn_tui.engine.network.pins import Cut
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Value, compose

BY_HAND: dict[str, Value] = {
    "cell": "rnn",
    "hidden": 1,
    "steps": 3,
    "noise": 0.0,
    "dtype": "float64",
    "optimizer": "sgd",
    "lr": 0.1,
    "clip_by": "none",
}


def state(position: int | None = None, **settings: Value) -> RunState:
    """Return the state of a new run at a position of its first update; None: at the end."""
    trainer = Trainer(compose({**BY_HAND, **settings}, ""))
    trainer.advance_to(trainer.schedule.end if position is None else position)
    return RunState(trainer)


def number(text: str, at: RunState) -> float:
    """Return the value of an expression."""
    return parse_expression(text).number(at)


@pytest.fixture(scope="module")
def done() -> RunState:
    """Return a run of one unit after its first update."""
    return state()


def test_one_step_by_hand_has_the_numbers_of_pencil_and_paper(done: RunState) -> None:
    """The figures of the first lesson."""
    assert number("dh_y_2[1]", done) == pytest.approx(-0.01727, abs=5e-6)
    assert number("dh_next_2[1]", done) == pytest.approx(0.03851, abs=5e-6)
    assert number("da_2[1]", done) == pytest.approx(0.01836, abs=5e-6)
    assert parse_claim("da_2[1] = dh_2[1]*(1 − h_2[1]²) within 1e-12").check(done).holds
    assert parse_claim("dW_h[1,1] = sum(shares(W_h[1,1])) within 1e-12").check(done).holds
    assert parse_claim("ΔW_h = -lr·dW_h within 1e-12").check(done).holds


def test_what_is_not_computed_yet_is_no_number() -> None:
    """Never a number of the window before."""
    at = state(3)  # t=2 of the forward pass
    assert number("h_2[1]", at) < 0
    for text in ("h_3[1]", "dh_2[1]", "dh", "loss", "dW_h[1,1]", "update(W_h)", "clipped"):
        with pytest.raises(ClaimError, match="is not computed yet at FORWARD t=2"):
            parse_expression(text).evaluate(at)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3·4 − 1", 13),
        ("−2²", -4),
        ("2^-3", 0.125),
        ("2^3^2", 512),
        ("(1 + 2) × 3 ÷ 9", 1),
        ("5% · 100", 5),
        (".5²⁹ · 2^29", 1),
        ("√(9) + ‖−4‖", 7),
        ("max(1, 3, 2) - min(4, 5)", -1),
        ("sum over t (t)", 6),
        ("prod over t from 2 to 3 (t)", 6),
        ("first t where t² > 3", 2),
        ("count t where not t = 2", 2),
        ("ln(exp(2)) + size(h)", 5),
    ],
)
def test_arithmetic(text: str, value: float, done: RunState) -> None:
    """Signs as the screen writes them, and plain ones."""
    assert number(text, done) == pytest.approx(value)


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("1 < 2 < 3", True),
        ("1 < 2 < 2", False),
        ("1.04 within 5% of 1", True),
        ("1.06 within 5% of 1", False),
        ("1 = 1.5 within .5", True),
        ("1 = 1.02 within 5%", True),
        ("not 1 = 2 and (2 = 3 or 3 = 3)", True),
        ("for every t: t <= 3", True),
        ("for every t from 1 to 3: t < 3", False),
        ("0/0 = 0/0", False),
        ("0/0 < 1", False),
        ("not 0/0 < 1", False),
        ("not (0/0 < 1 or 2 < 1)", False),
        ("10^10^10^10 > 0", False),
        ("10^400 = 10^400", False),
        ("10^400 != 1", False),
        ("2 > 1 or 10^400 > 1", True),
    ],
)
def test_claims(claim: str, holds: bool, done: RunState) -> None:
    """Comparisons, their tolerances, and, or, not."""
    assert parse_claim(claim).check(done).holds is holds


def test_texts_are_filled(done: RunState) -> None:
    """Numbers are written as the screen writes them, or as the text asks for."""
    text = "{da_2[1]} {loss:2} {loss:.3} {0.25:%} {-0.25:.1%} {1:+} {{x}} {W_h[1:1,1]:3}"
    assert fill(text, done) == "0.01836 0.021 0.021 25 % −25.0 % +1 {x} −0.460".replace(
        "−0.460", fill("{W_h[1,1]:3}", done)
    )
    for wrong in ("{loss", "loss}", "{loss:x}", "{}", "{1 < 2}"):
        with pytest.raises(ClaimError):
            fill(wrong, done)


def test_powers_of_w() -> None:
    """As many ways to one number: the gradient, one loss alone, the Jacobians, the gates."""
    adding: dict[str, Value] = {"task": "adding", "activation": "relu", "steps": 20, "batch": 1}
    trainer = Trainer(compose({**BY_HAND, **adding}, ""))
    trainer.parameters[:] = 0.8
    trainer.advance_to(trainer.schedule.backward(1))
    at = RunState(trainer)
    for claim in (
        "norm(dh_1)/norm(dh_20) = 0.8^19 within 1e-12",
        "alone(dh_1, 20)/alone(dh_20, 20) = 0.8^19 within 1e-12",
        "‖∂L_20/∂h_1‖ = ‖dh_1‖ within 1e-12",
        "norms(alone(dh, 20)) = norms(dh) within 1e-12",
        "jacobians(2, 20) = 0.8^19 within 1e-12",
        "prod over t from 2 to 20 (jacobian(t)) = 0.8^19 within 1e-12",
        "argmax(norms(dh)) = 20 and (first t where norm(dh_t) > 0.5*norm(dh_20)) = 17",
        "for every t from 2 to 20: dh_next_<t-1>[1] = da_t[1]·W_h[1,1] within 1e-15",
        "radius(W_h) = .8 and spectral(W_h) = .8 within 1e-15 and singular(W_h) = .8 within 1e-15",
        "dh_0[1] = da_1[1]·W_h[1,1]",
    ):
        assert parse_claim(claim).check(at).holds, claim


def test_what_gates_keep() -> None:
    """The product of the forget gates, and that of the proof."""
    at = state(cell="lstm", hidden=3, steps=6)
    for claim in (
        "direct(c_2, 5) = prod over t from 3 to 5 (f_t) within 1e-12",
        "direct(c_6, 6) = 1",
        "dc_next_5 = dc_6·f_6 within 1e-15",
    ):
        assert parse_claim(claim).check(at).holds, claim


def test_what_a_cut_takes_away() -> None:
    """The gradient of the cut window, and that of the whole one."""
    trainer = Trainer(compose({**BY_HAND, "steps": 6}, ""))
    trainer.intervene(Cut(4))
    trainer.advance_to(trainer.schedule.end)
    at = RunState(trainer)
    for claim in (
        "dh_next_3 = 0",
        "numeric(W_h[1,1]) = dW_h[1,1] within 1e-12",
        "abs(uncut(W_h[1,1]) - dW_h[1,1]) > 1e-5",
    ):
        assert parse_claim(claim).check(at).holds, claim


def test_clipping_and_the_optimizer() -> None:
    """Adagrad's first step has the size of lr in every entry."""
    at = state(optimizer="adagrad", lr=0.01, clip_by="norm", clip=0.001, hidden=2, steps=5)
    for claim in (
        "norm(clipped) within 0.2% of clip",
        "norm(ΔW_h) within 0.1% of 0.01*√(size(W_h))",
        "s(W_h[2,1]) = clipped(W_h[2,1])^2 within 1e-15",
        "memory(W_h) = s(W_h)",
        "update(W_h) = -rate(W_h)*clipped(W_h) within 1e-12",
        "sign(ΔW_h) = -sign(dW_h)",
    ):
        assert parse_claim(claim).check(at).holds, claim


def test_the_second_network_and_what_is_remembered() -> None:
    """By a prefix, and by the names that were given."""
    first, second = state(), state(hidden=2)
    at = RunState(first.trainer, second.trainer, {"before": 2.0, "some": np.arange(3.0), "lr": 1.0})
    assert number("versus.loss + before", at) == second.trainer.loss + 2
    assert number("versus.norm(dh_1) + sum(some[2:3])", at) == number("norm(dh_1)", second) + 3
    for text in ("lr", "versus.before_7", "h_2[2]", "versus.h_2[3]"):
        with pytest.raises(ClaimError):
            number(text, at)
    behind = RunState(first.trainer, state(3).trainer)
    with pytest.raises(ClaimError, match="another place: FORWARD t=2"):
        number("versus.loss", behind)


def test_arrays_have_all_samples(done: RunState) -> None:
    """One unit is that of the first sample; a whole value has all."""
    at = state(batch=3, hidden=2, cell="lstm")
    tape = at.trainer.network.tape
    assert np.array_equal(parse_expression("f_2").evaluate(at), tape["f"][1])
    assert number("f_2[2]", at) == tape["f"][1, 0, 1]
    assert number("f_2[2] in sample 3", at) == tape["f"][1, 2, 1]
    assert number("norm(dh_2)", at) == pytest.approx(np.linalg.norm(tape["dh"][1]))
