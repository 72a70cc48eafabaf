"""`rnn-tui train` against PyTorch: the same losses from the same weights."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from cli_support import figures
from safetensors.numpy import save_file

from rnn_tui.layouts.torch_layout import network_names

pytestmark = pytest.mark.usefixtures("elsewhere")

# RMSprop takes larger steps along directions that are almost flat: at 0.01 PyTorch's own float32
# and float64 already part by 1e-3 within 200 updates.
RATES = {"sgd": 0.01, "adagrad": 0.01, "rmsprop": 0.003, "adam": 0.01}
CLIPPING = {"sgd": "norm", "adagrad": "value", "rmsprop": "none", "adam": "norm"}


def pytorch_losses(
    cell: str, optimizer: str, dtype: str, values: np.ndarray, tensors: dict[str, np.ndarray]
) -> list[float]:
    """200 updates by PyTorch: windows of 20 in order, the state carried, the gradient cut."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    rnn = kind(1, 8, dtype=getattr(torch, dtype))
    readout = torch.nn.Linear(8, 1, dtype=getattr(torch, dtype))
    for name, value in tensors.items():
        module = rnn if name.startswith("rnn.") else readout
        module.get_parameter(name.partition(".")[2]).data = torch.from_numpy(value.copy())
    frozen = 16 if cell == "gru" else None  # of bias_hh only the GRU's n block says anything new
    rnn.bias_hh_l0.requires_grad_(cell == "gru")
    learned = [p for p in (*rnn.parameters(), *readout.parameters()) if p.requires_grad]
    make = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam"}[optimizer]
    rest = {"momentum": 0.9} if optimizer == "sgd" else {}
    steps = getattr(torch.optim, make)(learned, lr=RATES[optimizer], **rest)
    series = torch.from_numpy(values).to(rnn.weight_ih_l0.dtype).reshape(-1, 1, 1)
    losses, start, state = [], 0, None
    for _ in range(200):
        if len(series) - start < 21:
            start, state = 0, None
        h, state = rnn(series[start : start + 20], state)
        state = tuple(s.detach() for s in state) if cell == "lstm" else state.detach()
        loss = torch.nn.functional.mse_loss(readout(h), series[start + 1 : start + 21])
        start += 20
        steps.zero_grad()
        loss.backward()
        if frozen:
            rnn.bias_hh_l0.grad[:frozen] = 0
        if CLIPPING[optimizer] == "norm":
            torch.nn.utils.clip_grad_norm_(learned, 0.5)
        elif CLIPPING[optimizer] == "value":
            torch.nn.utils.clip_grad_value_(learned, 0.5)
        steps.step()
        losses.append(loss.item())
    return losses


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", CLIPPING)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_pytorch_learns_the_same(
    capsys: pytest.CaptureFixture[str], cell: str, optimizer: str, dtype: str
) -> None:
    random = np.random.default_rng(3)
    values = np.cos(np.arange(400) * 0.3) + random.normal(0, 0.1, 400)
    Path("series.csv").write_text("\n".join(map(repr, values.tolist())))
    wide = {"rnn": 8, "lstm": 32, "gru": 24}[cell]
    shapes = [(wide, 1), (wide, 8), (wide,), (wide,), (1, 8), (1,)]
    drawn = (random.uniform(-0.35, 0.35, shape).astype(dtype) for shape in shapes)
    tensors = dict(zip(network_names("rnn", 1), drawn, strict=True))
    tensors["rnn.bias_hh_l0"][: 16 if cell == "gru" else None] = 0
    expected = pytorch_losses(cell, optimizer, dtype, values[:320], tensors)
    save_file(tensors, "weights.safetensors")
    line = (
        "--task series --data series.csv --scale none --windows sweep --carry --updates 200 "
        "--metrics m.csv --init-from weights.safetensors --hidden 8 --clip 0.5 "
        f"--cell {cell} --optimizer {optimizer} --momentum 0.9 --dtype {dtype} "
        f"--clip-by {CLIPPING[optimizer]} --lr {RATES[optimizer]}"
    )
    figures(capsys, *line.split())
    with open("m.csv", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(losses, expected, rtol=1e-4 if dtype == "float32" else 1e-9)
