"""Two threads: the same numbers, whichever thread makes them, stepped or run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine.engine_support import Case, cases, same_bits, trained, worst
from hypothesis import given

from rnn_tui.engine.network import two_threads
from rnn_tui.engine.network.two_threads import (
    ThreadPair,
    TwoThreadKernel,
    splits_batch,
    splits_products,
)
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch of two or more is halved."""
    monkeypatch.setattr(two_threads, "SPLIT_BATCH_SIZE", 0)


def test_small_batches_stay_whole() -> None:
    assert not splits_batch(1, 10**6)
    assert not splits_batch(2, 64)
    assert not splits_batch(32, 256)
    assert splits_batch(64, 256)


def test_long_products_are_shared_by_two_threads_without_halves() -> None:
    assert not splits_products(10_000, 640)
    assert splits_products(16_000, 3200)


@given(cases())
def test_products_of_two_threads_are_the_same_gradients(case: Case) -> None:
    alone = case.network()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_threads, "SPLIT_PRODUCTS_SIZE", 0)
        shared = case.network()
    assert not isinstance(shared.kernel, TwoThreadKernel)
    assert trained(shared) == trained(alone)
    assert worst(shared.gradient, alone.gradient) < 1e-12


@given(cases())
def test_halves_make_the_same_numbers(case: Case) -> None:
    case = replace(case, batch=case.batch + 1)
    whole = case.network()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_threads, "SPLIT_BATCH_SIZE", 0)
        halved = case.network()
    assert isinstance(halved.kernel, TwoThreadKernel)
    assert trained(halved) == pytest.approx(trained(whole), rel=1e-12)
    assert worst(halved.gradient, whole.gradient) < 1e-12
    for name in ("h", "dh", "y", "dh_next"):
        assert worst(halved.tape[name], whole.tape[name]) < 1e-12


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_stepping_is_running(cell: str) -> None:
    settings = Settings(cell=cell, hidden=5, steps=6, batch=7)
    ran, stepped = Trainer(settings), Trainer(settings)
    ran.run(3)
    while stepped.updates < 3:
        stepped.step()
    assert isinstance(stepped.network.kernel, TwoThreadKernel)
    assert same_bits(ran.parameters, stepped.parameters)
    for name, array in ran.network.tape.arrays.items():
        assert same_bits(array, stepped.network.tape[name]), name


@pytest.mark.usefixtures("always")
def test_a_divergence_is_found_in_the_other_thread_too() -> None:
    trainer = Trainer(Settings(hidden=4, batch=4, steps=5, lr=100, optimizer="sgd", clip_by="none"))
    trainer.network.parameters["W_y"][...] = 1e30
    with np.errstate(all="raise"):
        trainer.run(50)
    assert trainer.divergence is not None
    assert np.isfinite(trainer.parameters).all()


def test_one_processor_does_both_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    done: list[str] = []
    ThreadPair().run(lambda: done.append("here"), lambda: done.append("there"))
    assert done == ["here", "there"]


def test_an_error_in_the_thread_is_raised_here() -> None:
    def fail() -> None:
        raise ZeroDivisionError("there")

    with pytest.raises(ZeroDivisionError, match="there"):
        ThreadPair().run(lambda: None, fail)
