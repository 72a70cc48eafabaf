"""A checkpoint says what computed it, and a run that goes on elsewhere says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from checkpoint_files import rewrite

from rnn_tui.checkpoint import arithmetic
from rnn_tui.checkpoint.arithmetic import Arithmetic, arithmetic_here
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import load_run
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tensor_files.content import ContentError

PROGRAM = """
import json
from rnn_tui.checkpoint.arithmetic import arithmetic_here
print(json.dumps(arithmetic_here().to_json()))
"""


def kernels(core: str) -> str:
    """Return the kernels that a new process says it has, if it is asked to take `core`'s."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "OPENBLAS_CORETYPE": core},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return str(json.loads(result.stdout)["kernels"])


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.run(2)
    save(tmp_path / "run.safetensors", trainer)
    return tmp_path / "run.safetensors"


def test_a_run_that_goes_on_here_says_nothing(saved: Path) -> None:
    assert load_run(saved).remark == ""


@pytest.mark.parametrize("part", Arithmetic.__slots__)
def test_a_run_that_goes_on_elsewhere_says_what_differs(
    saved: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    here = arithmetic_here()
    elsewhere = replace(here, **{part: "Another 1.2"})
    monkeypatch.setattr("rnn_tui.checkpoint.loading.arithmetic_here", lambda: elsewhere)
    remark = load_run(saved).remark
    assert remark.startswith("goes on elsewhere, so its last digits differ: ")
    assert "Another 1.2" in remark
    assert remark.count("before") == 1


def test_the_kernels_are_those_that_run() -> None:
    if not arithmetic_here().kernels:
        pytest.skip("the BLAS of this NumPy does not tell its kernels")
    assert os.uname().machine not in ("x86_64", "AMD64") or kernels("Nehalem") == "Nehalem"


@pytest.mark.parametrize("fault", [{"numpy": 1}, {"more": ""}, {"blas": "a\nb"}])
def test_what_a_file_says_is_checked(fault: dict[str, object]) -> None:
    with pytest.raises(ContentError, match=arithmetic.ARITHMETIC):
        Arithmetic.from_json({**arithmetic_here().to_json(), **fault})


def test_a_file_whose_text_is_none_is_refused_by_its_name(saved: Path) -> None:
    rewrite(saved, lambda tensors, texts: texts.update({arithmetic.ARITHMETIC: "{}"}))
    with pytest.raises(CheckpointError, match=f"run.safetensors.*{arithmetic.ARITHMETIC} must"):
        load_run(saved)
