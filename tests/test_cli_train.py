"""`rnn-tui train`: figures, metrics, checkpoints, breakpoints, divergence."""

from __future__ import annotations

import csv
import json
import re
import resource
from pathlib import Path

import numpy as np
import pytest
from cli_support import SMALL, figures
from safetensors.numpy import load_file, save_file

from rnn_tui import __version__
from rnn_tui.checkpoint.loading import load
from rnn_tui.cli import run
from rnn_tui.layouts.torch_layout import network_names

pytestmark = pytest.mark.usefixtures("elsewhere")
EXPLODING = ["--activation", "relu", "--optimizer", "sgd", "--lr", "100", "--clip-by", "none"]


# ---------------------------------------------------------------- train


def test_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    result = figures(capsys, *SMALL, "--updates", "50")
    assert list(result) == [
        "updates", "loss", "smoothed_loss", "test_one_step_mse", "test_free_run_mse",
        "test_free_run_3_mse", "test_loss", "test_accuracy", "updates_per_second", "parameters",
        "stopped_by", "test_rmse", "test_mae", "baselines", "season", "skill", "comparison",
        "perplexity", "test_values_outside", "task", "data", "target", "cell", "seed", "version",
        "seconds",
    ]  # fmt: skip
    names = {name: result.pop(name) for name in ("task", "cell", "seed", "version")}
    assert names == {"task": "cos", "cell": "rnn", "seed": 0, "version": __version__}
    nothing = ("stopped_by", "test_loss", "test_accuracy", "perplexity", "data", "target")
    assert all(result.pop(name) is None for name in nothing)
    assert set(result.pop("baselines")) == {"last", "season", "drift"}
    assert "× worse than repeating the value 42 points ago" in result.pop("comparison")
    assert result.pop("skill") < 0
    assert result.pop("test_values_outside") == 0
    assert all(value > 0 for value in result.values())
    assert result["updates"] == 50
    assert result["parameters"] == 29


def test_figures_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", *SMALL, "--updates", "50", "--out", "run"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith("updates                             50\n")
    assert shown.out.endswith("\nsaved run\n")
    assert run(["train", *SMALL, "--updates", "50", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_metrics_have_a_row_for_every_update(capsys: pytest.CaptureFixture[str]) -> None:
    result = figures(capsys, *SMALL, "--updates", "321", "--metrics", "m.csv")
    with open("m.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["update", "loss", "grad_norm"]
    assert [row["update"] for row in rows] == [str(k) for k in range(1, 322)]
    assert float(rows[-1]["loss"]) == result["loss"]


def test_a_checkpoint_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    figures(capsys, *SMALL, "--updates", "30", "--out", "run")
    figures(capsys, "run", "--updates", "20", "--out", "run", "--metrics", "m.csv")
    figures(capsys, *SMALL, "--updates", "50", "--out", "whole")
    assert load("run").parameters.tobytes() == load("whole").parameters.tobytes()
    assert Path("m.csv").read_text().splitlines()[1].startswith("31,")


def test_weights_to_start_from(capsys: pytest.CaptureFixture[str]) -> None:
    figures(capsys, *SMALL, "--updates", "30", "--out", "run")
    tensors = load_file("run")
    save_file({name: tensors[name] for name in network_names("rnn", 1)}, "weights")
    figures(capsys, *SMALL, "--updates", "0", "--init-from", "weights", "--out", "again")
    again = load("again")
    np.testing.assert_array_equal(again.parameters, load("run").parameters)
    assert again.updates == 0


def test_a_gate_the_cell_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--out", "run", "--break", "saturated f>0.9"]) == 2
    expected = "--break 'saturated f>0.9' does not fit the rnn cell, whose gates are h"
    assert capsys.readouterr().err == f"rnn-tui: {expected}\n"
    assert not Path("run").exists()


def test_a_breakpoint_ends_the_run_and_is_saved(capsys: pytest.CaptureFixture[str]) -> None:
    line = [*SMALL, "--break", "update=400", "--break", "smoothed<0.7", "--out", "run"]
    result = figures(capsys, *line)
    trainer = load("run")
    assert trainer.updates == result["updates"] < 400
    assert trainer.history.smoothed < 0.7
    shown = f"{trainer.history.smoothed:.3g} < 0.7 at update {trainer.updates}"
    assert result["stopped_by"] == f"smoothed {shown}"
    assert figures(capsys, *SMALL, "--updates", "9")["stopped_by"] is None
    assert run(["train", "run", "--break", "pass=BACKWARD t=3", "--out", "run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3] == f"stopped by BACKWARD t=3 at update {result['updates']}"
    assert lines[-2].startswith("‖dh_3‖ is ")
    assert lines[-1] == "saved run"
    assert load("run").cursor.t == 3


def test_divergence_saves_the_last_finite_state(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", *EXPLODING, "--out", "run", "--json"]) == 1
    shown = capsys.readouterr()
    match = re.fullmatch(
        r"rnn-tui: training diverged in update (\d+): \S+ is \S+ in FORWARD at t=\d+; "
        r"the last finite state is in run\n",
        shown.err,
    )
    assert match
    loaded = load("run")
    assert loaded.updates == int(match[1]) - 1
    assert np.isfinite(loaded.parameters).all()
    assert json.loads(shown.out, parse_constant=pytest.fail)["updates"] == loaded.updates
    assert run(["train", *EXPLODING, "--quiet"]) == 1
    assert capsys.readouterr().err.endswith("; nothing was saved, as there is no --out\n")


def test_a_full_disk_under_the_metrics_does_not_stop_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = [*SMALL, "--updates", "6000", "--metrics", "m.csv", "--out", "run"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # room for the network, not for all
    try:
        assert run(["train", *line]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    shown = capsys.readouterr()
    said = [line for line in shown.err.splitlines() if line.startswith("rnn-tui: ")]
    assert said == ["rnn-tui: --metrics 'm.csv': file too large; rows are missing, going on"]
    assert "updates" in shown.out
    assert load("run").updates == 6000
    rows = Path("m.csv").read_text().split("\n")[1:-1]
    assert [int(row.split(",")[0]) for row in rows] == list(range(1, len(rows) + 1))
