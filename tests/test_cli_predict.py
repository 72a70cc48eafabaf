"""`rnn-tui predict` and `rnn-tui sample`, and how a saved run goes on with other data."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from rnn_tui.checkpoint.loading import load_run
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.stored_network import load_network
from rnn_tui.cli import run
from rnn_tui.command_line.checkpoint import agreement
from rnn_tui.command_line.exit import CommandError
from rnn_tui.engine.analysis.sampling import SymbolSampler
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.text_job import random_generator
from rnn_tui.settings import compose

pytestmark = pytest.mark.usefixtures("elsewhere")
OLD = Path(__file__).with_name("checkpoints")
TEXT = "the cat sat on the mat\nthe dog sat on the log\n" * 20


def values(count: int = 120) -> list[float]:
    return [round(50 + 10 * float(np.sin(0.5 * k)) + k % 3, 2) for k in range(count)]


def write(path: str, columns: dict[str, Sequence[Any]]) -> None:
    with Path(path).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def dated(count: int = 120) -> dict[str, Sequence[Any]]:
    days = [date(2024, 1, 1) + timedelta(k) for k in range(count)]
    return {"date": days, "sales": values(count)}


def a_run(path: str = "run", **chosen: Any) -> Trainer:
    start: dict[str, Any] = {"task": "series", "data": "a.csv", "hidden": 4, "steps": 8}
    trainer = Trainer(compose(start | chosen))
    trainer.run(30)
    save(path, trainer)
    return trainer


def predicted(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["predict", *arguments, "--json"]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return result


@pytest.mark.parametrize(
    "chosen",
    [{}, {"scale": "minmax"}, {"scale": "none", "difference": True}],
    ids=["standard", "minmax", "changes"],
)
def test_no_file_is_needed(capsys: pytest.CaptureFixture[str], chosen: dict[str, Any]) -> None:
    write("a.csv", {"sales": values()})
    a_run(**chosen, data=str(Path("a.csv").absolute()) if chosen else "a.csv")
    beside = predicted(capsys, "run", "--horizon", "9")
    assert (beside["rows"], beside["tested"], beside["horizon"]) == (120, 24, 9)
    Path("a.csv").unlink()
    alone = predicted(capsys, "run", "--horizon", "9")
    assert alone["forecast"] == beside["forecast"]
    assert alone["coverage"] == beside["coverage"]
    assert [each["row"] for each in alone["forecast"]] == [*range(121, 130)]
    assert all(40 < each["forecast"] < 70 for each in alone["forecast"])


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", dated() | {"cost": values(120)[::-1]})
    a_run(target="sales,cost", inputs="sales,cost", time="date")
    assert run(["predict", "run", "--horizon", "3", "--out", "p.csv"]) == 0
    said = capsys.readouterr().out
    assert "p.csv: 120 rows, and 3 beyond the last" in said
    assert "of 80% comes from forecasts from 24 test rows" in said
    assert run(["predict", "run", "--horizon", "3"]) == 0
    shown = capsys.readouterr()
    assert shown.out == Path("p.csv").read_text()
    assert "one step over 24 test rows" in shown.err
    rows = list(csv.reader(shown.out.splitlines()))
    parts = ("truth", "one_step", "forecast", "lower", "upper")
    names = [f"{name} {part}" for name in ("sales", "cost") for part in parts]
    assert rows[0][1:] == names
    assert len(rows) == 124
    assert [float(row[1]) for row in rows[1:121]] == values()
    assert rows[1][2] == ""
    assert all(row[2] and not row[3] for row in rows[2:121])
    for row in rows[121:]:
        assert row[1:3] == ["", ""]
        low, middle, high = (float(row[k]) for k in (4, 3, 5))
        assert low < middle < high
    before = Path("p.csv").read_bytes()
    assert run(["predict", "run", "--out", "p.csv"]) == 2
    assert run(["predict", "run", "--out", "a.csv", "--force"]) == 2
    assert run(["predict", "run", "--out", "run", "--force"]) == 2
    assert Path("p.csv").read_bytes() == before
    assert run(["predict", "run", "--horizon", "2", "--out", "p.csv", "--force"]) == 0


def test_new_rows_and_another_file(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", {"sales": values()})
    a_run()
    write("a.csv", {"sales": values(126)})
    grown = predicted(capsys, "run", "--horizon", "2")
    assert (grown["rows"], grown["tested"]) == (126, 30)
    assert grown["forecast"][0]["row"] == 127
    assert any("6 new rows" in note for note in grown["notes"])
    write("a.csv", {"sales": values()[::-1]})
    assert run(["predict", "run"]) == 2
    assert "--data a.csv predicts from it all the same" in capsys.readouterr().err
    other = predicted(capsys, "run", "--data", "a.csv", "--horizon", "2")
    assert other["tested"] == 120
    assert any("another one" in note for note in other["notes"])


def test_old_rows_may_be_dropped_as_new_ones_come(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", {"sales": values()})
    a_run()
    write("a.csv", {"sales": values(126)[30:]})
    found = predicted(capsys, "run", "--horizon", "2")
    assert (found["rows"], found["tested"]) == (96, 30)
    assert any("begins at another row" in note for note in found["notes"])
    changed = values()
    changed[10] = 999.0
    write("a.csv", {"sales": changed})
    found = predicted(capsys, "run", "--horizon", "2")
    assert "1 row is not as the run was trained on: row 11" in found["notes"]
    assert not any("begins at another row" in note for note in found["notes"])
    write("few.csv", {"sales": values()[10:17]})
    few = predicted(capsys, "run", "--data", "few.csv", "--horizon", "2")
    assert few["origins"] == 24
    assert few["forecast"][0]["lower"] < few["forecast"][0]["forecast"]
    assert any("the interval comes from the run's own test part" in note for note in few["notes"])


REFUSED = {
    "predict": "which run? rnn-tui predict RUN.safetensors",
    "predict text": "a text has no forecast; rnn-tui sample writes what may come next",
    "predict recall": "predict continues a series, and this run's task is recall",
    "predict cos --data a.csv": "--data has no effect: the task cos reads no file",
    "predict cos --force": "--force has no effect without --out",
    "predict cos --horizon -1": "--horizon must be a whole number from 0 to 100000, not -1",
    "predict none": "'none': there is no such file",
    "predict inputs": "beyond the last row nothing is known of 'heat', an input that is no target",
    "sample": "which run? rnn-tui sample RUN.safetensors",
    "sample cos": "sample writes text, and this run's task is cos; rnn-tui predict forecasts a se",
    "sample text --prompt cät": "--prompt: ä not in the vocabulary; allowed: ↵ ␣ a c d e g h l",
    "sample text --kiosk": "there is no option --kiosk",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refusals(capsys: pytest.CaptureFixture[str], line: str) -> None:
    saved = line.split()[1:2]
    if saved == ["inputs"]:
        write("a.csv", {"sales": values(), "heat": values()[::-1]})
        a_run("inputs", target="sales", inputs="sales,heat")
    elif saved == ["text"]:
        Path("book.txt").write_text(TEXT)
        a_run("text", task="text", data="book.txt", batch=1)
    elif saved and saved[0] in ("cos", "recall"):
        chosen: dict[str, Any] = {"task": saved[0], "hidden": 2}
        save(saved[0], Trainer(compose(chosen)))
    assert run(line.split()) == 2
    assert REFUSED[line] in capsys.readouterr().err


def test_inputs_that_are_no_targets_have_one_step(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", {"sales": values(), "heat": values()[::-1]})
    a_run(target="sales", inputs="sales,heat")
    found = predicted(capsys, "run", "--horizon", "0")
    assert found["forecast"] == []
    assert found["one_step_rmse"][0] > 0


def test_a_cosine_and_an_old_run(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(OLD / "v4-rnn.safetensors", "old")
    assert run(["predict", "old", "--horizon", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "x,truth,one_step,forecast,lower,upper"
    assert lines[-1].startswith("21,,,")


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("tokens", ["chars", "words", "bytes"])
def test_a_sample_is_the_programs_own(capsys: pytest.CaptureFixture[str], tokens: str) -> None:
    Path("book.txt").write_text(TEXT)
    trainer = a_run(task="text", data="book.txt", batch=1, tokens=tokens)
    Path("book.txt").unlink()
    assert run(["sample", "run", "--prompt", "the", "--length", "40", "--seed", "3"]) == 0
    found = capsys.readouterr().out
    texts = trainer.task.source().vocabulary  # type: ignore[union-attr]
    prompt = [texts.index("the")] if tokens == "words" else list(map(texts.index, "the"))
    sampler = SymbolSampler(trainer.architecture, trainer.parameters)
    sampler.read(prompt)
    drawn = sampler.sample(1.0, random_generator(3, 0))
    text = "the" + "".join(texts[next(drawn).code] for _ in range(40))
    if tokens == "bytes":
        text = text.encode("latin-1").decode("utf-8", "replace")
    assert found == f"{text}\n"
    for length, extra in (("0", []), ("5", ["--temperature", "0"])):
        assert run(["sample", "run", "--prompt", "the", "--length", length, *extra]) == 0
    assert capsys.readouterr().out.startswith("the\nthe")


def test_a_sample_of_an_old_run(capsys: pytest.CaptureFixture[str]) -> None:
    stored = load_network(OLD / "v3-text.safetensors")
    assert stored.source is None
    old = str(OLD / "v3-text.safetensors")
    assert run(["sample", old, "--prompt", "A river.\n", "--length", "9"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("A river.\n")
    assert len(out) == 9 + 9 + 1


# ---------------------------------------------------------------- going on with other data


def goes_on(*arguments: str) -> int:
    return run(["train", "run", "--updates", "5", "--quiet", "--no-autosave", *arguments])


def test_new_rows_are_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", {"sales": values()})
    before = a_run().task.source()
    write("a.csv", {"sales": values(126)})
    assert goes_on("--out", "run") == 0
    assert "the data have 6 new rows: they are tested on" in capsys.readouterr().err
    after = load_run("run").trainer.task.source()
    assert before is not None
    assert after is not None
    assert (after.rows, after.trained, after.scale) == (126, before.trained, before.scale)
    assert load_run("run").remark == ""


@pytest.mark.parametrize("rows", [60, 120, 130])
def test_changed_data_are_asked_about(capsys: pytest.CaptureFixture[str], rows: int) -> None:
    write("a.csv", {"sales": values()})
    before = a_run().task.source()
    changed = values(rows)
    changed[2] = 1.0
    write("a.csv", {"sales": changed})
    for refused in ([], ["--data-changed", "refuse"]):
        assert goes_on(*refused) == 2
        assert "--data-changed continue goes on with it" in capsys.readouterr().err
    assert goes_on("--data-changed", "continue", "--out", "run") == 0
    assert "the data have changed: it" in capsys.readouterr().err
    after = load_run("run").trainer.task.source()
    assert before is not None
    assert after is not None
    assert (after.rows, after.scale) == (rows, before.scale)


def test_the_same_numbers_written_otherwise_are_no_change() -> None:
    write("a.csv", {"sales": values()})
    a_run()
    Path("a.csv").write_text(Path("a.csv").read_text().replace("\n", "\r\n") + "\r\n")
    assert load_run("run").remark == ""


def test_a_moved_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", {"sales": values()})
    a_run()
    Path("there").mkdir()
    Path("a.csv").rename("there/b.csv")
    assert goes_on() == 2
    assert "if it has moved, name the file with --data" in capsys.readouterr().err
    assert goes_on("--data", "there/b.csv") == 0
    assert capsys.readouterr().err == ""


def test_a_longer_text_keeps_its_vocabulary(capsys: pytest.CaptureFixture[str]) -> None:
    Path("book.txt").write_text(TEXT)
    a_run(task="text", data="book.txt", batch=1)
    with safe_open("run", framework="np") as file:
        source = json.loads(file.metadata()["source"])
    assert source["vocabulary"] == sorted(map(ord, set(TEXT)))
    Path("book.txt").write_text(TEXT + "the cat\n")
    assert goes_on() == 0
    assert "8 new characters" in capsys.readouterr().err


def test_data_changed_needs_a_saved_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--data-changed", "continue"]) == 2
    assert "--data-changed has no effect on a new run" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "agrees"), [("maybe\ny\n", True), ("n\n", False), ("", False)])
def test_the_user_is_asked_once(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    agrees: bool,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    agree = agreement("run\x1b", "", ask=True)
    if not agrees:
        with pytest.raises(CommandError, match="nothing was opened"):
            agree("it has 3 rows")
    else:
        assert agree("it has 3 rows")
        assert agree("it has 3 rows")
        shown = capsys.readouterr().out
        assert shown.count("The data have changed since 'run\\x1b' was saved: it has 3 rows.") == 1
        assert shown.count("y goes on with them, n quits: ") == 2
