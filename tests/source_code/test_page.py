import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases.case_support import case_arrays, write
from source_code.page_runs import (
    TOLERANCES,
    every_run,
    settings_of,
    worst_difference,
)

from rnn_tui.cases.reading import read_case
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.settings import compose
from rnn_tui.source_code.dialects import DIALECTS, NUMPY, TORCH
from rnn_tui.source_code.excerpt import ExcerptError, excerpt
from rnn_tui.source_code.page import page_text
from rnn_tui.tasks.case import case_settings

ROOT = Path(__file__).resolve().parents[2]

# Every cell, task, optimizer, way of clipping and number of layers; `long` has all combinations.
SOME = [run for k, run in enumerate(every_run()) if k % 29 == 3]


@pytest.mark.parametrize("run", SOME, ids=lambda run: "-".join(map(str, run.values())))
def test_a_page_prints_the_losses_of_training(run: dict[str, object], tmp_path: Path) -> None:
    trainer = Trainer(settings_of(folder=tmp_path, **run))  # type: ignore[arg-type]
    trainer.run(2)
    difference, _ = worst_difference(trainer, NUMPY, tmp_path, updates=3)
    assert difference < TOLERANCES["float64"]


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pages_of_all_runs_print_the_losses_of_training(dtype: str, tmp_path: Path) -> None:
    worst, runs = 0.0, 0
    for run in every_run():
        trainer = Trainer(settings_of(folder=tmp_path, dtype=dtype, **run))
        trainer.run(runs % 4)
        difference, _ = worst_difference(trainer, NUMPY, tmp_path, updates=10)
        assert difference < TOLERANCES[dtype], run
        worst, runs = max(worst, difference), runs + 1
    print(f"{runs} runs, {dtype}: {worst:.1e}")


@pytest.mark.torch
@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pages_of_pytorch_print_the_losses_of_training(dtype: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    worst, runs = 0.0, 0
    for run in every_run():
        trainer = Trainer(settings_of(folder=tmp_path, dtype=dtype, **run))
        trainer.run(runs % 4)
        difference, _ = worst_difference(trainer, TORCH, tmp_path, updates=10)
        assert difference < TOLERANCES[dtype], run
        worst, runs = max(worst, difference), runs + 1
    print(f"{runs} runs, {dtype}: {worst:.1e}")


WHAT_IFS = ("f[2] = 0.5", "c_3[1:2] = -0.25", "h2_5 = 0.1", "x_2[1] = 3", "detach @4", "i2[1] = 0")


def with_what_ifs(folder: Path) -> Trainer:
    settings = settings_of("adding", folder, cell="lstm-peephole", layers=2, optimizer="adam")
    trainer = Trainer(settings)
    trainer.run(2)
    for text in WHAT_IFS:
        trainer.intervene(parse(text, trainer.network.declaration))
    return trainer


def test_a_page_has_the_what_ifs_in_force(tmp_path: Path) -> None:
    difference, text = worst_difference(with_what_ifs(tmp_path), NUMPY, tmp_path)
    assert difference < TOLERANCES["float64"]
    assert "f[:, 1] = 0.5  # held: f[2] = 0.5" in text
    assert "What-ifs in force: f[2] = 0.5" in text


@pytest.mark.torch
def test_a_page_of_pytorch_has_the_what_ifs_in_force(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    difference, _ = worst_difference(with_what_ifs(tmp_path), TORCH, tmp_path)
    assert difference < TOLERANCES["float64"]


def test_an_update_that_has_begun_is_the_first_of_a_page(tmp_path: Path) -> None:
    trainer = Trainer(settings_of("cos", tmp_path, cell="gru"))
    trainer.run(3)
    for _ in range(9):
        trainer.step()
    before, data = trainer.index, trainer.task.state()
    difference, text = worst_difference(trainer, NUMPY, tmp_path)
    assert difference < TOLERANCES["float64"]
    assert text.startswith('"""Updates 4 to 8 of a run on the task cos: gru, 5 units.')
    again = Trainer(settings_of("cos", tmp_path, cell="gru"))
    again.advance_to(before)
    excerpt(again, 3)
    assert again.index == before
    np.testing.assert_equal(again.task.state(), data)


def test_pages_are_as_ruff_writes_them(tmp_path: Path) -> None:
    runs = [with_what_ifs(tmp_path), *(case_trainer(tmp_path, each) for each in CASES)]
    for cell, task, layers in (
        ("gru", "copy", 3),
        ("rnn", "parity", 1),
        ("lstm", "text", 8),
        ("neuron", "cos", 2),
    ):
        runs.append(Trainer(settings_of(task, tmp_path, cell=cell, layers=layers)))
    for k, trainer in enumerate(runs):
        some = excerpt(trainer, 2)
        for name, dialect in DIALECTS.items():
            text = page_text(some, dialect, "run.safetensors")
            assert max(map(len, text.splitlines())) <= 100
            (tmp_path / f"{name}{k}.py").write_text(text, encoding="utf-8")
    config = ["--config", str(ROOT / "pyproject.toml")]
    for arguments in (["check", *config], ["check", "--isolated"], ["format", "--check", *config]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_windows_that_are_too_large_are_refused(tmp_path: Path) -> None:
    trainer = Trainer(settings_of("adding", tmp_path, batch=100, steps=100))
    with pytest.raises(ExcerptError, match=r"at most [0-9,]+ have room in 1,024 MiB"):
        excerpt(trainer, 100_000)


CASES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "sum": ({"layers": 2}, {"reduction": "sum"}),
    "mean": ({"cell": "gru", "outputs": 3}, {"cell": "gru"}),
    "classes": (
        {"cell": "rnn", "codes": True, "classes": True, "layers": 2},
        {"cell": "rnn", "loss": "cross-entropy"},
    ),
}


def case_trainer(folder: Path, name: str) -> Trainer:
    sizes, texts = CASES[name]
    case = read_case(write(folder / "my.safetensors", case_arrays(**sizes), **texts))
    return new_trainer(case_settings(case, {"optimizer": "adam"}), case)


@pytest.mark.parametrize("name", CASES)
def test_a_page_has_mask_reduction_and_states_of_a_case(name: str, tmp_path: Path) -> None:
    difference, text = worst_difference(case_trainer(tmp_path, name), NUMPY, tmp_path)
    assert difference < TOLERANCES["float64"]
    assert 'counts = run["counts"]' in text
    assert 'run["start.h"]' in text


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_a_page_of_pytorch_has_them_too(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    difference, _ = worst_difference(case_trainer(tmp_path, name), TORCH, tmp_path)
    assert difference < TOLERANCES["float64"]


def test_the_page_shown_in_the_docs_is_the_one_that_is_written(tmp_path: Path) -> None:
    shown = (ROOT / "docs/export.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", shown, re.DOTALL | re.MULTILINE)
    settings = compose({"hidden": 8, "optimizer": "sgd", "clip_by": "none"}, "")
    trainer = Trainer(settings)
    trainer.run(200)
    some = excerpt(trainer, 10)
    assert blocks[0] == page_text(some, NUMPY, "run.safetensors")
    pytorch = page_text(some, TORCH, "run.safetensors")
    assert all(part.strip("\n") in pytorch for part in blocks[1].split("...\n"))
