"""A model trained in PyTorch on something else: dumped, checked, opened, stepped, trained on.

The file in `fixtures` was written by the script beside it, so no PyTorch is needed; where there is
one, the same is done with a model of today.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from terminal.program import program

import rnn_tui as rt
from rnn_tui.cases.reading import read_case
from rnn_tui.cli import run

FIXTURES = Path(__file__).parent / "fixtures"
DUMPED = FIXTURES / "torch-model.safetensors"


def use(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check the numbers of a dumped model, then step through its window and compare them again."""
    assert run(["check", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agrees"]
    theirs = read_case(path).theirs
    assert {tensor["name"] for tensor in found["tensors"]} | {"loss"} == set(theirs)
    trainer = rt.load(path)
    network = [trainer.settings[name] for name in ("cell", "layers", "hidden", "steps", "batch")]
    assert network == ["lstm", 2, 6, 10, 3]
    stages = []
    while trainer.cursor.stage != "CLIP":
        trainer.step("operation")
        stages.append(trainer.cursor.stage)
    assert [stage for stage, _ in groupby(stages)] == [
        "BATCH",
        "FORWARD",
        "LOSS",
        "BACKWARD",
        "CLIP",
    ]
    assert trainer.loss == pytest.approx(float(theirs["loss"]), rel=1e-5)
    for name, gradient in trainer.gradients().items():
        expected = theirs[f"grad.{name}"]
        error = np.abs(gradient - expected).max() / np.abs(expected).max()
        assert error < 1e-4, name
    trainer.run(50)
    assert trainer.loss < float(theirs["loss"])


def test_a_dumped_model(capsys: pytest.CaptureFixture[str]) -> None:
    use(DUMPED, capsys)


@pytest.mark.torch
def test_a_model_of_today(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed here")
    spec = importlib.util.spec_from_file_location("script", FIXTURES / "train_torch_model.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path / "model.safetensors", updates=60)
    use(tmp_path / "model.safetensors", capsys)


def test_a_dumped_model_on_the_screen(tmp_path: Path) -> None:
    shutil.copy(DUMPED, tmp_path / "model.safetensors")
    loss = float(read_case(DUMPED).theirs["loss"])
    with program("model.safetensors", size=(120, 40), cwd=tmp_path) as one:
        one.wait_for("paused")
        assert (one.header.place, one.header.update) == ("BATCH", 0)
        one.reach("nff", "LOSS")
        assert float(one.header.loss) == pytest.approx(loss, rel=1e-2)
        one.reach("u", "UPDATE", 1)
        one.send("q")
        assert one.terminal.wait_exit() == 0
