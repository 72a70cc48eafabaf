"""Runs whose pages are compared with what training gives."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS, OPTIMIZERS, TASKS
from rnn_tui.settings import Settings, compose
from rnn_tui.source_code.dialects import Dialect
from rnn_tui.source_code.excerpt import excerpt
from rnn_tui.source_code.page import page_text

TASKS_RUN = tuple(name for name in TASKS.names if name != "case")  # which has a file of its own
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


def settings_of(task: str, folder: Path, **changed: Any) -> Settings:
    """Return small settings of a task; the data of those that read a file are made."""
    chosen: dict[str, Any] = {"hidden": 5, "dtype": "float64", "batch": 3, "task": task}
    if task in ("series", "text"):
        path = folder / f"{task}.{'csv' if task == 'series' else 'txt'}"
        if task == "series":
            rows = np.sin(np.arange(200) / 3)
            path.write_text("value\n" + "\n".join(f"{row:.6f}" for row in rows) + "\n")
        else:
            path.write_text("the quick brown fox jumps over the lazy dog. " * 12)
        chosen["data"] = str(path)
    if task in ("cos", "series", "text", "adding", "parity"):
        chosen["steps"] = 7
    chosen |= changed
    return compose(chosen, "")


def losses_of_page(text: str, arrays: bytes, folder: Path) -> list[float]:
    """Run a page as a program would, and return the losses that it prints."""
    page = folder / "run.py"
    page.with_suffix(".npz").write_bytes(arrays)
    printed = io.StringIO()
    scope = {"__name__": "__main__", "__file__": str(page)}
    with redirect_stdout(printed):
        exec(compile(text, str(page), "exec"), scope)
    return [float(line) for line in printed.getvalue().splitlines()]


def every_run() -> Iterator[dict[str, Any]]:
    """Yield settings with every cell, task and optimizer, and all else by turns."""
    kinds = product(CELLS.names, TASKS_RUN, OPTIMIZERS.names)
    for k, (cell, task, optimizer) in enumerate(kinds):
        run: dict[str, Any] = {"cell": cell, "task": task, "optimizer": optimizer}
        run |= {"clip_by": ("none", "norm", "value")[k % 3], "layers": 1 + k % 2}
        if optimizer == "sgd":
            run["momentum"] = 0.9 * (k % 8 < 4)
        if optimizer == "adagrad" and k % 8 < 4:
            run["eps_place"] = "inside"
        if cell in CELLS.using("activation") and k % 8 < 4:
            run["activation"] = "relu"
        yield run


def worst_difference(
    trainer: Trainer, dialect: Dialect, folder: Path, updates: int = 5
) -> tuple[float, str]:
    """Return how far a page's losses are from those of training at most, relatively, and it."""
    some = excerpt(trainer, updates)
    text = page_text(some, dialect, "run.safetensors")
    losses = losses_of_page(text, some.content(), folder)
    expected = []
    for _ in range(updates):
        assert trainer.run(1) == 1
        expected.append(trainer.loss)
    assert len(losses) == updates
    pairs = zip(losses, expected, strict=True)
    return max(abs(one - other) / abs(other) for one, other in pairs), text
