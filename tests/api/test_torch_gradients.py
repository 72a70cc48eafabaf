"""A model of PyTorch's, by its own names, in a trainer: the same loss and the same gradients."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import rnn_tui as rt


@pytest.mark.torch
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_weights_of_a_state_dict_give_its_gradients(cell: str, bias: bool) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    kind: Any = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    encoder, head = kind(3, 5, 2, batch_first=True, bias=bias).double(), torch.nn.Linear(5, 2)
    model = torch.nn.ModuleDict({"encoder": encoder, "head": head.double()})
    x, y = (torch.randn(4, 7, size, dtype=torch.float64) for size in (3, 2))
    loss = torch.nn.functional.mse_loss(model["head"](model["encoder"](x)[0]), y)
    loss.backward()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which says what was taken for what
        trainer = rt.Trainer.from_arrays(
            x, y, cell=cell, hidden=5, layers=2, batch_first=True, weights=model.state_dict()
        )
    trainer.step("pass", 4)
    assert trainer.loss == pytest.approx(loss.item(), rel=1e-13)
    gradients = trainer.gradients()
    for name, parameter in model.named_parameters():
        ours = gradients[name.replace("encoder.", "rnn.").replace("head.", "readout.")]
        assert np.abs(parameter.grad.numpy() - ours).max() < 1e-15, name
