"""Shared by the tests of checkpoints: runs to save, and files that are changed in one place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.format import CHECKSUM
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.torch_layout import network_names
from rnn_tui.settings import DECLARATIONS, Settings

GONE = object()


NETWORK = network_names("rnn", 1)


BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}  # the cells that PyTorch has


OWN = tuple(name for name in DECLARATIONS["cell"].choices if name not in BLOCKS)


def bits(trainer: Trainer) -> dict[str, bytes | str]:
    """Everything a run is made of, to be compared bit for bit."""
    arrays = {"parameters": trainer.parameters, "gradient": trainer.network.gradient}
    arrays |= {f"memory {name}": array for name, array in trainer.optimizer.memory.items()}
    arrays |= {name: trainer.network.tape.states[name] for name in trainer.network.states}
    numbers, curve = trainer.history.state()
    arrays |= curve
    rest = {
        "cursor": repr(trainer.cursor),
        "loss": repr((trainer.loss, trainer.grad_norm)),
        "optimizer": repr(trainer.optimizer.updates_made),
        "data": repr(trainer.task.state()),
        "history": repr((numbers, trainer.history.smoothed)),
    }
    return {name: array.tobytes() for name, array in arrays.items()} | rest


def contents(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and texts of a file, read with nothing of ours."""
    with safe_open(path, framework="np") as file:
        return load_file(path), file.metadata()


def gates(array: np.ndarray, cell: str) -> np.ndarray:
    """Columns gate by gate in PyTorch's order; an LSTM's are o, i, f, g here, i, f, g, o there."""
    return np.roll(array, -array.shape[-1] // 4, axis=-1) if cell == "lstm" else array


def trained(**changes: Any) -> Trainer:
    trainer = Trainer(Settings(**{"hidden": 3, "steps": 4, **changes}))
    trainer.run(5)
    trainer.step()
    return trainer


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, str]], object]) -> None:
    """Load the file, change tensors and texts, and write it again."""
    tensors, texts = contents(path)
    change(tensors, texts)
    if CHECKSUM in texts:  # so that what was changed is found by another check
        texts[CHECKSUM] = checksums(texts, tensors)
    save_file(tensors, path, texts)


def text(_text: str, **values: object) -> Callable[[dict[str, Any], dict[str, str]], object]:
    """Change some values of the JSON object called `_text`; GONE removes one."""

    def change(tensors: dict[str, Any], texts: dict[str, str]) -> None:
        kept = {**json.loads(texts[_text]), **values}
        texts[_text] = json.dumps({key: kept[key] for key in kept if kept[key] is not GONE})

    return change


def tensor(name: str, array: np.ndarray) -> Callable[[dict[str, Any], dict[str, str]], object]:
    return lambda tensors, texts: tensors.update({name: array})


def raw(name: str, value: str) -> Callable[[dict[str, Any], dict[str, str]], object]:
    return lambda tensors, texts: texts.update({name: value})
