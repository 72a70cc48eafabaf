"""Options that were written and would do nothing are refused, and the error says what they need."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import SMALL

from rnn_tui.cli import run
from rnn_tui.files.limits import MAX_DATA
from rnn_tui.files.regular_file import GIB
from rnn_tui.registry import CELLS, OPTIMIZERS, TASKS
from rnn_tui.settings import DECLARATIONS, Settings

WITHOUT_EFFECT = {
    "--beta1 0.8 --optimizer sgd": "it needs --optimizer adam",
    "--momentum 0.5": "--optimizer adagrad; it needs --optimizer sgd",
    "--gap 5 --task cos": "it needs --task recall",
    "--task cos --data x.csv": "--data x.csv has no effect with --task cos",
    "--preset tutorial --data x.csv": "it needs --task series or text",
    "--clip 3 --clip-by none": "it needs --clip-by value or norm",
    "--cell lstm --activation relu": "it needs --cell rnn or neuron",
    "--init small --init-from x.safetensors": "which has the starting weights",
    "--task neuron --carry": "--carry has no effect with --cell neuron",
    "--task text --encoding utf-8": "it needs --data FILE",
    "--task adding --difference": "it needs --task series",
    "--updates 5 --test-every 6": "--test-every 6 has no effect in a run of 5 updates",
    "--force": "--force has no effect without --out or --metrics",
    "--max-data 1MiB": "--max-data has no effect without --data",
    "--resume list --hidden 3": "--hidden has no effect with --resume list",
}


@pytest.mark.parametrize("line", WITHOUT_EFFECT)
def test_an_option_without_effect_is_refused(
    line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MAX_DATA, str(GIB))  # which is restored afterwards
    assert run(["train", *line.split()]) == 2
    error = capsys.readouterr().err
    assert WITHOUT_EFFECT[line] in error
    assert error.count("\n") == 1


def test_every_setting_of_one_entry_is_refused_with_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for registry in (CELLS, TASKS, OPTIMIZERS):
        for name, declaration in DECLARATIONS.items():
            users = registry.using(name)
            others = set(registry.names) - {*users, "series", "case"}
            if not users or not others:
                continue
            other = sorted(others)[0]
            value = declaration.show(declaration.default) or "x"
            option = [declaration.option, value]
            if declaration.kind is bool:
                option = option[:1]
            assert run(["train", f"--{registry.kind}", other, *option]) == 2, name
            error = capsys.readouterr().err
            assert f"has no effect with --{registry.kind} {other}" in error, name


def test_what_nobody_wrote_is_not_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--preset", "tutorial", "--task", "adding", "--updates", "0"]) == 0
    assert run(["train", "--task", "copy", "--optimizer", "sgd", "--updates", "0", *SMALL[:2]]) == 0
    capsys.readouterr()


def test_beside_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "run.safetensors")
    assert run(["train", "--updates", "1", *SMALL, "--out", file, "--quiet"]) == 0
    assert run(["train", file, "--updates", "1", "--beta1", "0.8", "--quiet"]) == 2
    assert f"in {file!r} with --optimizer adagrad; it needs" in capsys.readouterr().err
    line = ["train", file, "--updates", "1", "--optimizer", "adam", "--beta1", "0.8", "--quiet"]
    assert run(line) == 0
    assert run(["train", file, "--updates", "1", "--data", file]) == 2
    assert "leave --data out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["--target", "--data", "--out", "--encoding"])
def test_a_name_that_is_empty_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--updates", "1", name, ""]) == 2
    assert f"{name} needs a value: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("delimiter", "ab"),
        ("delimiter", "x"),
        ("decimal", ";"),
        ("thousands", "x"),
        ("encoding", "utf-99"),
        ("encoding", "rot13"),
        ("target", ","),
        ("target", "a,a"),
    ],
)
def test_what_is_said_of_a_table_is_checked_before_it_is_read(
    name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--task", "series", "--data", "missing.csv", DECLARATIONS[name].option, value]
    assert run(["train", *line]) == 2
    error = capsys.readouterr().err
    assert f"{DECLARATIONS[name].option} must be" in error


def test_two_that_contradict(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["train", "--task", "series", "--data", "missing.csv"]
    assert run([*line, "--decimal", "comma", "--thousands", ","]) == 2
    assert "--thousands must be another sign than that of --decimal" in capsys.readouterr().err
    assert run([*line, "--time", "load", "--target", "load"]) == 2
    assert "--time must be another column than --target" in capsys.readouterr().err


def test_what_users_type_for_a_sign() -> None:
    typed = {"delimiter": "\t", "decimal": "comma", "thousands": " "}
    meant = {name: DECLARATIONS[name].parse(text) for name, text in typed.items()}
    assert meant == {"delimiter": "tab", "decimal": ",", "thousands": "blank"}
    Settings(task="series", data="x.csv", **meant)  # type: ignore[arg-type]  # texts, all three
