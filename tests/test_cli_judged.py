"""`rnn-tui train`: test losses on the way, the best network, several seeds, a log's lines."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from cli_support import SMALL, figures, start

from rnn_tui.checkpoint.loading import load
from rnn_tui.cli import run
from rnn_tui.command_line.train.progress_line import ProgressLine, progress_text
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.train import TrainProgress, summarise, train
from rnn_tui.train.seeds import SeedsError, parse_seeds
from rnn_tui.train.test_curve import TestCurve

pytestmark = pytest.mark.usefixtures("elsewhere")


def series(path: str, values: list[float]) -> list[str]:
    Path(path).write_text("value\n" + "\n".join(map(repr, values)) + "\n")
    return ["--task", "series", "--data", path]


def wave(count: int) -> list[float]:
    return [1000 + 100 * math.sin(k / 3) + k for k in range(count)]


def rows_of(path: str) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- the figures


def test_errors_in_the_units_of_the_column(capsys: pytest.CaptureFixture[str]) -> None:
    data = series("wave.csv", wave(200))
    line = [*data, *SMALL, "--updates", "60"]
    result = figures(capsys, *line)
    assert (result["task"], result["data"] is not None) == ("series", True)
    trained = wave(200)[:160]
    mean = sum(trained) / 160
    scale = math.sqrt(sum((v - mean) ** 2 for v in trained) / 160)
    assert result["test_rmse"] == pytest.approx(scale * math.sqrt(result["test_one_step_mse"]))
    assert 0 < result["test_mae"] <= result["test_rmse"]
    last = [(a - b) / scale for a, b in itertools.pairwise(wave(200)[159:])]
    mse = sum(e * e for e in last) / 40
    assert result["baselines"]["last"] == pytest.approx(mse)
    best = min(filter(None, result["baselines"].values()))
    assert result["skill"] == pytest.approx(1 - result["test_one_step_mse"] / best)
    changes = figures(capsys, *line, "--difference")
    ratio = result["baselines"]["last"] / changes["baselines"]["last"]
    assert changes["test_rmse"] == pytest.approx(
        scale * math.sqrt(changes["test_one_step_mse"] * ratio)
    )


def test_a_season_is_named_and_test_values_outside_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = series("wave.csv", wave(200))
    assert run(["train", *data, *SMALL, "--updates", "5"]) == 0
    shown = capsys.readouterr().out
    assert "a season of 19 rows, found by autocorrelation of the training part" in shown
    assert re.search(r"\d+ of 40 test values lie outside of the range of the training", shown)
    assert figures(capsys, *data, *SMALL, "--updates", "5", "--season", "7")["season"] == 7
    data = series("walk.csv", [(k * k * 7919) % 101 for k in range(200)])
    result = figures(capsys, *data, *SMALL, "--updates", "5")
    assert result["season"] is result["baselines"]["season"] is None


# ---------------------------------------------------------------- the test curve


def test_measuring_changes_nothing_of_the_training() -> None:
    plain, measured = Trainer(Settings(hidden=4, steps=5)), Trainer(Settings(hidden=4, steps=5))
    train(plain, 100)
    curve = TestCurve(measured, 7)
    progress = train(measured, 100, tests=curve)
    assert measured.parameters.tobytes() == plain.parameters.tobytes()
    assert measured.history.recent(100)[0].tolist() == plain.history.recent(100)[0].tolist()
    assert curve.count == 15  # 14 on the way, and the last one
    assert measured.history.tested.rows[:, 0].tolist() == [*range(7, 100, 7), 100]
    assert progress.tested == summarise(measured, progress).test_one_step_mse


def test_metrics_have_the_test_losses(capsys: pytest.CaptureFixture[str]) -> None:
    line = [*SMALL, "--test-every", "20", "--metrics", "m.csv", "--out", "run"]
    result = figures(capsys, *line, "--updates", "50")
    rows = rows_of("m.csv")
    assert list(rows[0]) == ["update", "loss", "grad_norm", "test_loss"]
    measured = {int(row["update"]): row["test_loss"] for row in rows if row["test_loss"]}
    assert list(measured) == [20, 40, 50]
    assert float(measured[50]) == result["test_one_step_mse"]
    assert (result["tests"], result["test_every"]) == (3, 20)
    more = ["run", "--updates", "30", "--metrics", "m.csv", "--out", "run"]
    figures(capsys, *more, "--test-every", "20")
    measured = {int(row["update"]): row["test_loss"] for row in rows_of("m.csv")}
    assert list(measured) == list(range(1, 81))
    assert [update for update, loss in measured.items() if loss] == [20, 40, 50, 60, 80]
    assert run(["train", *more]) == 2
    said = "it has a column test_loss; go on with test losses given, as --test-every does"
    assert said in capsys.readouterr().err
    figures(capsys, *SMALL, "--updates", "5", "--metrics", "plain.csv", "--out", "plain")
    assert run(["train", "plain", "--metrics", "plain.csv", "--test-every", "5"]) == 2
    assert "it has no column test_loss" in capsys.readouterr().err


def test_a_test_loss_ends_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    line = [*SMALL, "--updates", "2000", "--break", "test<0.2"]
    result = figures(capsys, *line, "--test-every", "30")
    assert result["updates"] % 30 == 0
    assert result["updates"] < 2000
    assert result["test_one_step_mse"] < 0.2
    assert result["stopped_by"].startswith("test 0.1")
    assert result["stopped_by"].endswith(f" < 0.2 at update {result['updates']}")
    assert figures(capsys, *line)["updates"] % 20 == 0  # each hundredth where nothing is said


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_best_network_is_kept_though_training_goes_on(
    keep: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [*SMALL, "--lr", "0.3", "--optimizer", "adam", "--updates", "300", "--test-every", "10"]
    result = figures(capsys, *line, "--keep", keep, "--out", "run", "--metrics", "m.csv")
    measured = {int(r["update"]): r["test_loss"] for r in rows_of("m.csv") if r["test_loss"]}
    loss, update = min((float(loss), update) for update, loss in measured.items())
    best = result["best"]
    assert (best["loss"], best["update"], best["kept"]) == (loss, update, keep == "best")
    assert best["test_one_step_mse"] == loss < result["test_one_step_mse"]
    saved = load("run")
    assert saved.updates == (update if keep == "best" else 300)
    measured_again = summarise(saved, train(saved, 0)).test_one_step_mse
    assert measured_again == (loss if keep == "best" else result["test_one_step_mse"])


def test_patience_ends_a_run_that_no_longer_improves(capsys: pytest.CaptureFixture[str]) -> None:
    line = [*SMALL, "--lr", "0.3", "--optimizer", "adam", "--updates", "3000", "--test-every", "10"]
    assert run(["train", *line, "--patience", "6", "--keep", "best", "--out", "run"]) == 0
    shown = capsys.readouterr().out.splitlines()
    best = load("run").updates
    assert f"stopped by --patience 6: 6 tests without an improvement since update {best:,}" in shown
    assert shown[-1] == f"saved run: the network of update {best:,}, the best in tests"
    assert shown[0].split() == ["updates", f"{best + 60:,}"]


def test_the_best_network_is_kept_where_training_diverges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = [*SMALL, "--activation", "relu", "--optimizer", "sgd", "--lr", "8", "--clip-by", "none"]
    assert run(["train", *line, "--test-every", "1", "--keep", "best", "--out", "run"]) == 1
    assert "saved run: the network of update" in capsys.readouterr().err
    saved = load("run")
    assert math.isfinite(saved.history.tested.rows[:, 1].min())


def test_the_best_network_is_kept_at_ctrl_c(tmp_path: Path) -> None:
    line = [*SMALL, "--updates", "100000000", "--test-every", "50", "--keep", "best"]
    with start("train", *line, "--out", "run", "--metrics", "m.csv", cwd=tmp_path) as process:
        while not Path("m.csv").exists() or len(Path("m.csv").read_text()) < 3_000:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    saved = load("run")
    assert f"the network of update {saved.updates:,}, the best in tests" in err
    losses = {int(r["update"]): r["test_loss"] for r in rows_of("m.csv") if r["test_loss"]}
    assert min(losses, key=lambda update: float(losses[update])) == saved.updates


def test_keeping_the_best_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", *SMALL, "--keep", "best"]) == 2
    assert capsys.readouterr().err == "rnn-tui: --keep has no effect without --out\n"


# ---------------------------------------------------------------- several seeds


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-4", (0, 1, 2, 3, 4)), ("0,3,7", (0, 3, 7)), (" 7 , 2-3", (7, 2, 3))]
)
def test_seeds_are_read(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "a", "3-1", "1,,2", "-1", "0-99999999", "1,1", "9" * 19, "1.5"]
)
def test_what_names_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(SeedsError):
        parse_seeds(text)


def test_a_run_for_each_seed(capsys: pytest.CaptureFixture[str]) -> None:
    line = [*SMALL, "--updates", "30", "--out", "run.safetensors", "--seeds", "4,1,2"]
    assert run(["train", *line]) == 0
    table = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in table] == ["seed", "4", "1", "2", "median", "lowest", "highest"]
    assert load("run-seed1.safetensors").settings.seed == 1
    result: dict[str, Any] = figures(capsys, *line, "--force")
    alone = figures(capsys, *SMALL, "--updates", "30", "--seed", "1")
    runs = result["runs"]
    assert [each["seed"] for each in runs] == [4, 1, 2]
    assert runs[1]["test_one_step_mse"] == alone["test_one_step_mse"]
    errors = sorted(each["test_one_step_mse"] for each in runs)
    assert result["summary"]["test_one_step_mse"] == {
        "median": errors[1],
        "low": errors[0],
        "high": errors[2],
    }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--seeds", "0-2", "--seed", "1"], "--seed names one seed; leave it out"),
        (["--seeds", "2-0"], "--seeds must be seeds such as 0-4 or 0,3,7"),
        (["run.safetensors", "--seeds", "0-2"], "a checkpoint has its own seed; leave it out"),
        (["--seeds", "0-1", "--out", "there"], "--out 'there-seed1': there is a file"),
    ],
)
def test_seeds_that_cannot_be(
    more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there-seed1").write_bytes(b"theirs")
    assert run(["train", *more]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


def test_ctrl_c_keeps_the_runs_that_are_done(tmp_path: Path) -> None:
    line = ["--hidden", "1", "--steps", "2", "--updates", "400", "--seeds", "0-900", "--json"]
    with start("train", *line, "--out", "run", cwd=tmp_path) as process:
        while not Path("run-seed2").exists():
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    runs = json.loads(out)["runs"]
    assert [each["seed"] for each in runs] == list(range(len(runs)))
    assert len(runs) >= 2
    assert {each["ended"] for each in runs[:2]} == {None}
    assert load("run-seed1").updates == runs[1]["updates"] == 400


# ---------------------------------------------------------------- a log


def test_a_log_has_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("rnn_tui.command_line.train.progress_line.time.monotonic", lambda: now)
    log = io.StringIO()
    line = ProgressLine(log, visible=True)
    for done in range(1, 1001):
        now = 0.5 * done
        line.show(TrainProgress(done, 1000, now, 0.5))
    line.clear()
    rows = log.getvalue().splitlines()
    places = [int(found[1]) for row in rows if (found := re.search(r" (\d+)/1,000 ", row))]
    assert places[:3] == [60, 100, 160]
    assert len(rows) <= 30
    assert rows[-1].startswith("100%")
    assert "\r" not in log.getvalue()


def test_a_short_run_has_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", *SMALL, "--updates", "50"]) == 0
    assert capsys.readouterr().err == ""


def test_the_progress_has_the_newest_test_loss() -> None:
    text = progress_text(TrainProgress(123_456, 1_234_567, 60.0, 0.0123, tested=0.0456))
    assert "loss 0.0123  test 0.0456" in text
    assert len(text) <= 79
    assert len(progress_text(TrainProgress(1, 2, 1.0, 0.1, tested=0.2), "seed 3, 4 of 5  ")) <= 79
