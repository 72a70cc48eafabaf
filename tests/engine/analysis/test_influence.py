"""What an answer loses with each input, against windows that are computed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import same_bits
from engine.toy import ToyTask

from rnn_tui.engine.analysis import influence as module
from rnn_tui.engine.analysis.influence import influence_work
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.architecture import Architecture, architecture_of
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.network import Network
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Topology

STEPS = 6


def problem(loss: str, symbols: bool) -> tuple[Architecture, np.ndarray, ToyTask]:
    settings = Settings(steps=STEPS, hidden=5, cell="gru")
    task = ToyTask(settings, loss, symbols=symbols)
    kind = architecture_of(settings, task)
    return kind, 4 * initialise(kind, "uniform", 1.0, 3, np.float64), task


def answer(kind: Architecture, flat: np.ndarray, x: np.ndarray) -> np.ndarray:
    """y, or the probabilities, at the last timestep of one window."""
    network = Network(kind, flat, STEPS, 1)
    network.inputs[...] = x
    network.encode()
    network.forward(1, STEPS)
    network.readout()
    y: np.ndarray = network.tape["y"][-1, 0]
    if kind.problem.loss == "mse":
        return y.copy()
    weights = np.exp(y - y.max())
    return np.asarray(weights / weights.sum())


@pytest.mark.parametrize("batch", [1, 4, 64])
@pytest.mark.parametrize("symbols", [True, False])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_each_input_is_blanked_alone(
    loss: str, symbols: bool, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    kind, flat, task = problem(loss, symbols)
    kept = flat.copy()
    test = task.test(3)
    for n in range(3):
        x, target = test.x[:, n : n + 1], test.target[:, n : n + 1]
        found = complete(influence_work(kind, flat, x, target))
        whole = answer(kind, flat, x)
        for t in range(STEPS):
            blanked = x.copy()
            blanked[t] = -1 if symbols else 0
            without = answer(kind, flat, blanked)
            if loss == "mse":
                expected = np.abs(whole - without).max()
            else:
                expected = (whole - without)[target[-1, 0]]
            assert found[t] == pytest.approx(expected, rel=1e-9, abs=1e-14)
        assert np.abs(found).max() > 1e-6
    assert same_bits(flat, kept)


def test_there_must_be_one_answer() -> None:
    settings = Settings(steps=STEPS, hidden=5)
    task = ToyTask(settings, topology=Topology.many_to_many(STEPS))
    kind = architecture_of(settings, task)
    flat = initialise(kind, "uniform", 1.0, 3, np.float64)
    test = task.test(1)
    with pytest.raises(ValueError, match="at one timestep"):
        complete(influence_work(kind, flat, test.x, test.target))
