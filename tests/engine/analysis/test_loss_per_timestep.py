"""The loss, timestep by timestep."""

from __future__ import annotations

import numpy as np
import pytest
from engine.toy import ToyTask

from rnn_tui.engine.analysis.loss_per_timestep import loss_per_timestep
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Topology


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("topology", ["many_to_many", "many_to_one", "one_to_many"])
def test_timesteps_add_up_to_the_loss_and_only_those_that_count_have_one(
    loss: str, topology: str
) -> None:
    settings = Settings(hidden=3, steps=5, batch=4, dtype="float64", cell="lstm")
    masks: Topology = getattr(Topology, topology)(5)
    trainer = Trainer(settings, task=ToyTask(settings, loss, masks))
    trainer.run(3)
    network, tape = trainer.network, trainer.network.tape
    parts = loss_per_timestep(network.declaration, tape)
    assert parts.shape == (5, 4)
    assert parts.sum() == pytest.approx(trainer.loss, rel=1e-13)
    for t in range(5):
        for b in range(4):
            if not masks.counted[t]:
                assert parts[t, b] == 0
                continue
            y = tape["y"][t, b]
            if loss == "mse":
                own = sum((y - tape["target"][t, b]) ** 2)
            else:
                own = -np.log(np.exp(y) / np.exp(y).sum())[tape["classes"][t, b]]
            assert parts[t, b] * network.declaration.term_count == pytest.approx(own, rel=1e-12)
            alone = loss_per_timestep(network.declaration, tape.sample(b), b)
            assert alone[t, 0] == parts[t, b]


def test_the_loss_of_a_timestep_stays_finite_where_the_probability_is_0() -> None:
    settings = Settings(hidden=3, steps=2, batch=1)
    trainer = Trainer(settings, task=ToyTask(settings))
    trainer.run(1)
    tape = trainer.network.tape
    tape["y"][-1, 0] = 0
    tape["y"][-1, 0, (tape["classes"][-1, 0] + 1) % 4] = 2000
    trainer.network.loss_kernel.prepare_outputs()
    assert tape["p"][-1, 0, tape["classes"][-1, 0]] == 0
    assert loss_per_timestep(trainer.network.declaration, tape)[-1, 0] == pytest.approx(2000)
