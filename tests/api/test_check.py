"""`rnn_tui.check`: what the command finds, in Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.cases.case import Case
from rnn_tui.cases.writing import write_case

random = np.random.default_rng(0)
X, Y = random.normal(size=(4, 2, 3)), random.normal(size=(4, 2, 1))


def case_file(folder: Path, wrong: float = 0.0) -> Path:
    """Write a case with our own numbers, one of them wrong by `wrong`, and return the path."""
    trainer = rt.Trainer.from_arrays(X, Y, cell="gru", hidden=3)
    trainer.step("pass", 4)
    weights, gradient = trainer.parameters(), trainer.gradients()["rnn.weight_hh_l0"].copy()
    gradient[2, 1] += wrong
    theirs = {"loss": np.array(trainer.loss), "grad.rnn.weight_hh_l0": gradient}
    case = Case(
        "gru", "tanh", "mse", "mean", 1, 3, np.dtype("f8"), weights, tuple(weights), X, Y,
        np.ones((4, 2), np.bool_), 3, 1, theirs=theirs,
    )  # fmt: skip
    write_case(folder / "case.safetensors", case)
    return folder / "case.safetensors"


def test_right_numbers_agree(tmp_path: Path) -> None:
    found = rt.check(case_file(tmp_path))
    assert found
    assert found.first is None
    assert [each.name for each in found.tensors] == ["loss", "grad.rnn.weight_hh_l0"]
    assert found.loss[0] == pytest.approx(found.loss[1])
    assert "agree" in str(found)


def test_the_first_wrong_number_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is guessed has tests of its own, and trying all mistakes takes a while.
    monkeypatch.setattr("rnn_tui.checks.checked_case.guess", lambda case, found: "by chance")
    found = rt.check(case_file(tmp_path, 0.1))
    assert not found
    assert found.first is not None
    assert (found.first.name, found.first.entry) == ("grad.rnn.weight_hh_l0", (2, 1))
    assert found.first.theirs - found.first.ours == pytest.approx(0.1)
    assert found.guess == "by chance"
    assert "by chance" in str(found)
    assert rt.check(case_file(tmp_path, 1e-5), tolerance=0.2)


def test_what_cannot_be_checked_is_named(tmp_path: Path) -> None:
    rt.save(rt.Trainer(hidden=2), tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match=r"run\.safetensors': its format is 'rnn-tui checkpoint'"):
        rt.check(tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match=r"tolerance must be a number from 0 to 0\.25, not 2"):
        rt.check(tmp_path / "run.safetensors", tolerance=2)
    with pytest.raises(TypeError, match=r"check\(path\): a path is text, not a int"):
        rt.check(3)  # type: ignore[arg-type]
