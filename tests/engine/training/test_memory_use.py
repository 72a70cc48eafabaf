"""The memory that settings need is known before it is allocated, and too much of it is refused."""

import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from shares import share

from rnn_tui.cli import run
from rnn_tui.engine.network.architecture import architecture_of
from rnn_tui.engine.training.memory_use import check_memory, memory_use
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.limits import MAX_MEMORY, SizeError, available_memory, memory_limit, parse_size
from rnn_tui.second_network import SecondNetwork, Versus, second_network_settings
from rnn_tui.settings import DECLARATIONS, SettingError, compose
from rnn_tui.tasks import make_task

SHAPES: dict[str, dict[str, Any]] = {
    "parameters": {"hidden": 300, "steps": 4, "optimizer": "adam"},
    "timesteps": {"hidden": 16, "steps": 1000, "num_points": 2000},
    "samples": {"hidden": 16, "batch": 200, "num_points": 10_000},
    "layers": {"hidden": 60, "layers": 3, "batch": 8, "dtype": "float64"},
    "symbols": {"task": "text", "hidden": 20, "batch": 20},
    "classes": {"task": "reber", "hidden": 64, "batch": 50},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", share(DECLARATIONS["cell"].choices))
def test_the_computed_memory_is_what_a_run_takes(cell: str, shape: str) -> None:
    settings = compose({**SHAPES[shape], "cell": cell})
    task = make_task(settings)
    computed = memory_use(settings, architecture_of(settings, task), screen=False).total
    tracemalloc.start()
    trainer = Trainer(settings)
    trainer.run(1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The history and objects of the program itself take a fixed amount, whatever the settings.
    assert computed / 1.7 - 2**20 < peak < 1.4 * computed + 2**20


def test_settings_that_need_too_much_are_refused_with_both_sizes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_MEMORY, "")
    vast = ["--hidden", "4096", "--layers", "8", "--cell", "lstm", "--max-memory", "1GiB"]
    tracemalloc.start()
    assert run(["train", *vast]) == 2
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()
    error = capsys.readouterr().err
    assert error.startswith("rnn-tui: --hidden 4096 with --cell lstm, --layers 8, --steps 20, ")
    assert error.endswith(" GiB; the limit is 1 GiB (--max-memory)\n")
    assert run(["train", "--steps", "5000", "--batch", "1000", "--num-points", "10000000"]) == 2
    assert capsys.readouterr().err.startswith("rnn-tui: --steps 5000 with ")
    assert run(["--timeline", "65536"]) == 2
    assert capsys.readouterr().err.startswith("rnn-tui: --timeline 65536 with ")
    monkeypatch.setenv(MAX_MEMORY, "100MiB")
    assert run(["--hidden", "300", "--versus", "lstm"]) == 2
    assert " would need for both networks " in capsys.readouterr().err


def test_a_second_network_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(compose({"hidden": 200, "timeline": 1}))
    check_memory(trainer.settings, trainer.architecture, screen=True)
    monkeypatch.setenv(MAX_MEMORY, "4MiB")
    for match in (False, True):
        with pytest.raises(SettingError, match="for both networks"):
            second_network_settings(trainer.settings, trainer.architecture, Versus("lstm", match))
    with pytest.raises(SettingError, match="--hidden 200 with --cell lstm"):
        SecondNetwork.fresh(trainer.settings.with_(cell="lstm"))


def test_a_vocabulary_that_does_not_fit_is_named_with_one_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "text"
    place.write_text(" ".join(f"a{'b' * (k % 60)}{chr(97 + k % 23)}c{k}" for k in range(9000)))
    settings = compose({"task": "text", "data": str(place), "tokens": "words", "steps": 5})
    monkeypatch.setenv(MAX_MEMORY, "12MiB")
    with pytest.raises(SettingError) as caught:
        Trainer(settings)
    match = re.fullmatch(
        r"a vocabulary of ([\d,]+) words with --cell lstm, --hidden 64, --layers 1, --batch 8 "
        r"would need ([\d,]+) parameters and ([\d.]+) MiB; the limit is 12 MiB \(--max-memory\); "
        r"--vocabulary (\d+) would do",
        str(caught.value),
    )
    assert match is not None
    assert caught.value.name == "vocabulary"
    Trainer(settings.with_(vocabulary=int(match[4])))
    more = int(match[4]) * 11 // 10
    with pytest.raises(SettingError, match=f"a vocabulary of {more + 1:,} words"):
        Trainer(settings.with_(vocabulary=more))
    with pytest.raises(SettingError, match="--hidden 4000 with"):
        Trainer(settings.with_(hidden=4000))


@pytest.mark.parametrize(
    ("text", "size"),
    [("1KiB", 2**10), ("512mib", 2**29), ("2 GiB", 2**31), ("1.5g", 3 * 2**29), ("5MB", 5 * 10**6)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size("--max-data", text) == size


@pytest.mark.parametrize(
    "text", ["", "1", "-1GiB", "GiB", "1 GiB 2", "1e9", "inf", "9" * 30, "１GiB"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(SizeError, match="--max-data must be a size from 1KiB to 1024TiB"):
        parse_size("--max-data", text)


def test_the_limit_is_a_part_of_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MAX_MEMORY, raising=False)
    assert memory_limit() == available_memory() // 3
    monkeypatch.setenv(MAX_MEMORY, "lots")
    with pytest.raises(SizeError, match=MAX_MEMORY):
        memory_limit()
