"""Files from strangers: checked before anything is made or read, and no other file is opened."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from terminal.driver import Terminal

from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.data_file import UnaskedDataError
from rnn_tui.checkpoint.format import CHECKSUM, CheckpointError
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.starting_weights import load_weights
from rnn_tui.cli import run
from rnn_tui.command_line.checkpoint import open_run
from rnn_tui.command_line.exit import CommandError
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.limits import MAX_DATA, MAX_MEMORY
from rnn_tui.settings import DECLARATIONS, Settings, compose
from rnn_tui.tasks import DataError, make_task

ROOT = Path(__file__).resolve().parent.parent
MOST_MEMORY = 8 * 2**20  # bytes that a refusal may take here; the files have a few KiB


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in (MAX_DATA, MAX_MEMORY):
        monkeypatch.setenv(name, "")  # so that it is put back after the test


# ---------------------------------------------------------------- the header


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the header and what follows it, read with nothing of ours."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def put(
    path: Path, header: str | dict[str, Any], tensors: bytes, length: int | None = None
) -> None:
    """Write a file of these parts; its checksum finds no fault with the header."""
    if isinstance(header, dict) and CHECKSUM in header.get("__metadata__", {}):
        texts = header["__metadata__"]
        sums = dict.fromkeys(header, "") | json.loads(texts[CHECKSUM])["tensors"]
        names = [name for name in header if name != "__metadata__"]
        seal = json.loads(checksums(texts, {})) | {"tensors": {name: sums[name] for name in names}}
        texts[CHECKSUM] = json.dumps(seal)
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little"))
    with path.open("ab") as file:
        file.write(text + tensors)


def a_run(**changes: Any) -> Path:
    """Save a small run and return its path."""
    trainer = Trainer(compose({"hidden": 3, "steps": 4, **changes}))
    trainer.run(5)
    path = Path("run")
    save(path, trainer)
    return path


def refusal(path: Path) -> str:
    """Return the one line with which a file is refused, after checking what that took."""
    tracemalloc.start()
    with pytest.raises(CheckpointError) as caught:
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    return str(caught.value)


def edited(path: Path, name: str, **changes: Any) -> None:
    """Change the header's entry of one tensor."""
    header, tensors = parts(path)
    header[name] |= changes
    put(path, header, tensors)


def test_settings_that_the_file_does_not_fill_are_refused_before_anything_is_made() -> None:
    path = a_run()
    header, tensors = parts(path)
    settings = json.loads(header["__metadata__"]["settings"])
    header["__metadata__"]["settings"] = json.dumps(settings | {"hidden": 4096})
    put(path, header, tensors)
    assert "it has hidden size 3" in refusal(path)


def test_a_tensor_is_not_read_before_its_name_is_looked_at() -> None:
    path = a_run()
    header, tensors = parts(path)
    size, more = len(tensors), 2 * 2**30
    header["extra"] = {
        "dtype": "F32", "shape": [more // 4], "data_offsets": [size, size + more],
    }  # fmt: skip
    put(path, header, tensors)
    os.truncate(path, path.stat().st_size + more)  # 2 GiB that take no room
    assert "tensor 'extra' is unknown" in refusal(path)


def test_a_vast_input_is_not_read_before_the_task_is_asked() -> None:
    path = a_run(hidden=1)
    header, tensors = parts(path)
    offsets = header["rnn.weight_ih_l0"]["data_offsets"]
    wide = 2**28
    for name, entry in header.items():
        if name != "__metadata__" and entry["data_offsets"][0] >= offsets[1]:
            entry["data_offsets"] = [place + 4 * (wide - 1) for place in entry["data_offsets"]]
    header["rnn.weight_ih_l0"] |= {
        "shape": [1, wide],
        "data_offsets": [offsets[0], offsets[0] + 4 * wide],
    }
    put(path, header, tensors[: offsets[0]])
    os.truncate(path, path.stat().st_size - offsets[0] + len(tensors) + 4 * (wide - 1))
    assert "expected " in refusal(path)


@pytest.mark.parametrize("name", ["history.recent", "history.buckets", "readout.bias", "state.h"])
@pytest.mark.parametrize("shape", [[], [0], [1, 1, 1, 1, 1, 1, 1, 1, 1]])
def test_a_shape_of_other_dimensions_is_refused(name: str, shape: list[int]) -> None:
    path = a_run()
    header, tensors = parts(path)
    size = int(np.prod(shape)) * int(header[name]["dtype"][1:]) // 8
    start, end = header[name]["data_offsets"]
    later = [entry for key, entry in header.items() if key != "__metadata__"]
    for entry in later:
        if entry["data_offsets"][0] >= end:
            entry["data_offsets"] = [at + size - (end - start) for at in entry["data_offsets"]]
    header[name] |= {"shape": shape, "data_offsets": [start, start + size]}
    put(path, header, tensors[:start] + bytes(size) + tensors[end:])
    assert re.search(r"tensor \S+ has (no shape|shape .*; expected)", refusal(path))


WRONG_HEADERS: dict[str, tuple[str, str]] = {
    "a list": ("[]", "its header is not a JSON object"),
    "cut": ("{", "Expecting property name"),
    "deep": ("[" * 19_000, "it is nested too deeply"),
    "wide": ("[" + "[]," * 30_000 + "0]", "it has too many lists"),
    "twice": ('{"a": 1, "a": 2}', "'a' is there twice"),
    "a number as text": ('{"__metadata__": {"format": 1}}', "its metadata are not texts"),
    "a list as metadata": ('{"__metadata__": []}', "its metadata are not texts"),
    "no entry": ('{"a": 1}', "tensor 'a' lacks dtype, shape or data_offsets"),
    "NaN": ('{"a": NaN}', "NaN is no number of JSON"),
    "digits": (f'{{"a": {"9" * 5000}}}', "4300"),
}


@pytest.mark.parametrize("case", WRONG_HEADERS)
def test_a_wrong_header_is_one_line(case: str) -> None:
    header, reason = WRONG_HEADERS[case]
    put(Path("file"), header, b"")
    assert reason in refusal(Path("file"))


@pytest.mark.parametrize("length", [2**63, 2**40, 5 * 2**20, 100, 0])
def test_a_wrong_length_of_the_header_is_one_line(length: int) -> None:
    put(Path("file"), "{}", b"", length)
    assert "it is not a safetensors file, or not a whole one" in refusal(Path("file"))


def test_a_header_of_a_gibibyte_is_not_read() -> None:
    put(Path("file"), "{", b"", 2**30)
    os.truncate("file", 2**31)
    assert "its header is larger than 4 MiB" in refusal(Path("file"))


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
def test_a_file_that_claims_the_first_version_is_opened_or_refused(cell: str) -> None:
    path = a_run(cell=cell)
    header, tensors = parts(path)
    header["__metadata__"]["version"] = "1"
    put(path, header, tensors)
    with contextlib.suppress(CheckpointError):
        load(path).run(1)


WRONG_ENTRIES: dict[str, dict[str, Any]] = {
    "dtype": {"dtype": "I64"},
    "no dtype": {"dtype": ["F32"]},
    "a negative size": {"shape": [-1]},
    "a shape of floats": {"shape": [1.0]},
    "a shape of truths": {"shape": [True]},
    "no shape": {"shape": 1},
    "a shape too large": {"shape": [2**40]},
    "shapes that overflow": {"shape": [2**32, 2**32]},
    "offsets the wrong way round": {"data_offsets": [4, 0]},
    "an offset behind the end": {"data_offsets": [0, 2**40]},
    "one offset": {"data_offsets": [0]},
    "a hole": {"data_offsets": [1, 5]},
    "one key too many": {"more": 1},
}


@pytest.mark.parametrize("case", WRONG_ENTRIES)
def test_a_wrong_entry_is_one_line(case: str) -> None:
    path = a_run()
    edited(path, "readout.bias", **WRONG_ENTRIES[case])
    refusal(path)


@pytest.mark.parametrize("what", ["named pipe", "folder"])
def test_a_special_file_is_no_checkpoint(what: str) -> None:
    os.mkfifo("node") if what == "named pipe" else os.mkdir("node")
    assert f"it is a {what}, not a regular file" in refusal(Path("node"))
    with pytest.raises(CheckpointError, match=f"it is a {what}"):
        load_weights("node", Settings())


def test_starting_weights_are_compared_before_they_are_read() -> None:
    wide = 2**28
    entry = {"dtype": "F32", "shape": [wide, 1], "data_offsets": [0, 4 * wide]}
    names = ("rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0")
    nothing = {"dtype": "F32", "shape": [0], "data_offsets": [4 * wide, 4 * wide]}
    header = {"rnn.weight_ih_l0": entry, **dict.fromkeys(names, nothing)}
    header |= dict.fromkeys(("readout.weight", "readout.bias"), nothing)
    put(Path("file"), header, b"")
    os.truncate("file", os.path.getsize("file") + 4 * wide)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="expected"):
        load_weights("file", Settings())
    assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    tracemalloc.stop()


# ---------------------------------------------------------------- the data file


def numbers(path: Path) -> Path:
    """Write a table that can be learnt."""
    path.write_text("y\n" + "".join(f"{k % 7}\n" for k in range(60)))
    return path


def with_data(path: Path, data: str) -> None:
    """Have a checkpoint name another data file."""
    header, tensors = parts(path)
    settings = json.loads(header["__metadata__"]["settings"])
    header["__metadata__"]["settings"] = json.dumps(settings | {"data": data})
    put(path, header, tensors)


def test_data_beside_the_checkpoint_are_opened(tmp_path: Path) -> None:
    numbers(Path("table.csv"))
    path = a_run(task="series", data="table.csv")
    assert load(path).settings.data == "table.csv"
    with_data(path, os.path.abspath("table.csv"))
    assert load(path).settings.data == os.path.abspath("table.csv")
    with_data(path, "/no/such/folder/table.csv")  # the folder of whoever made both files
    assert load(path).settings.data == "table.csv"
    os.chdir(tmp_path)
    with_data(Path("here/run"), "table.csv")
    assert load("here/run").settings.data == "here/table.csv"
    load("here/run").run(1)


def test_data_elsewhere_are_not_opened_unasked(tmp_path: Path) -> None:
    numbers(Path("table.csv"))
    path = a_run(task="series", data="table.csv")
    elsewhere = numbers(tmp_path / "secret.csv")
    os.symlink(elsewhere, "link.csv")
    Path(".hidden").mkdir()
    numbers(Path(".hidden/table2.csv"))
    numbers(Path(".secret.csv"))
    hidden = (".hidden/table2.csv", ".secret.csv")
    for data in (str(elsewhere), "../secret.csv", "link.csv", "~/secret.csv", *hidden):
        with_data(path, data)
        with pytest.raises(UnaskedDataError) as caught:
            load(path)
        assert caught.value.data == data
        assert "name the file with --data" in str(caught.value)
    with_data(path, str(elsewhere))
    assert load(path, trusted=True).settings.data == str(elsewhere)
    assert load(path, data=str(elsewhere)).settings.data == str(elsewhere)


def test_a_namesake_beside_the_checkpoint_stands_for_no_file_that_is_there() -> None:
    numbers(Path("table.csv"))
    path = a_run(task="series", data="table.csv")
    Path("far").mkdir()
    numbers(Path("far/table.csv"))
    for data in ("far/table.csv", os.path.abspath("far/table.csv")):
        with_data(path, data)
        with pytest.raises(UnaskedDataError):
            load(path)


def test_a_link_to_a_checkpoint_vouches_for_no_file_beside_the_link(tmp_path: Path) -> None:
    numbers(Path("table.csv"))
    a_run(task="series", data="table.csv")
    os.rename("run", tmp_path / "real")
    os.symlink(tmp_path / "real", "run")
    with pytest.raises(UnaskedDataError):
        load("run")


def test_a_special_file_beside_the_checkpoint_is_refused_at_once() -> None:
    numbers(Path("table.csv"))
    path = a_run(task="series", data="table.csv")
    os.unlink("table.csv")
    os.mkfifo("table.csv")
    with pytest.raises(DataError, match="it is a named pipe"):
        load(path)


def test_train_names_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = numbers(tmp_path / "table.csv")
    a_run(task="series", data=str(there))
    for command in (["train", "run"], ["run"]):
        assert run(command) == 2
        error = capsys.readouterr().err
        assert f"{str(there)!r}, which does not lie beside it" in error
        assert "--data" in error
        assert error.count("\n") == 1
    assert run(["train", "run", "--updates", "1", "--quiet", "--data", str(there)]) == 0
    assert run(["train", "run", "--data", "none.csv"]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_given_data_must_fit_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("book.txt").write_text("hello world, hello all\n" * 40)
    a_run(task="text", data="book.txt", steps=5, batch=1)
    Path("other.txt").write_text("HELLO world, hello all\n" * 40)
    assert run(["train", "run", "--data", "other.txt"]) == 2
    assert "trained on a text without 'E' (U+0045)" in capsys.readouterr().err
    a_run()
    assert run(["train", "run", "--data", "other.txt"]) == 2
    assert "its task cos reads no file; leave --data out" in capsys.readouterr().err


def opened(*arguments: str) -> Terminal:
    argv = [sys.executable, "-m", "rnn_tui", *arguments]
    return Terminal(argv, env={"PYTHONPATH": str(ROOT)}, cwd=Path.cwd())


def test_the_screen_asks_for_the_data_file(tmp_path: Path) -> None:
    there = numbers(tmp_path / "table.csv")
    a_run(task="series", data=str(there))
    with opened("run") as terminal:
        terminal.wait_for(lambda text: str(there) in re.sub(r"\s", "", text))  # in several lines
        terminal.wait_for("y opens it, n quits")
        terminal.send("nothing.csv\r")
        terminal.wait_for("there is no such file")
        terminal.send("y\r")
        terminal.wait_for("update 5")
        terminal.key("q")
        assert terminal.wait_exit() == 0
    with opened("run") as terminal:
        terminal.wait_for("y opens it, n quits")
        terminal.send("n\r")
        assert terminal.wait_exit() == 2


def test_a_file_that_is_gone_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = numbers(tmp_path / "table.csv")
    a_run(task="series", data=str(there))
    there.rename(tmp_path / "moved.csv")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n\x1b\n"))
    with pytest.raises(CommandError, match="nothing was opened"):
        open_run("run", ask=True)
    shown = capsys.readouterr().out
    assert "y opens it" not in shown
    assert shown.count("Type the path where it is now, or n to quit: ") == 2
    assert "run learns from a file that is not there\nany more:\n" in shown
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{tmp_path / 'moved.csv'}\n"))
    assert open_run("run", ask=True).trainer.settings.data == str(tmp_path / "moved.csv")


# ---------------------------------------------------------------- data and their size


def test_a_data_file_has_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    numbers(Path("table.csv"))
    Path("book.txt").write_text("hello world, hello all\n" * 100)
    series = ["train", "--task", "series", "--data", "table.csv", "--updates", "1", "--quiet"]
    text = ["train", "--task", "text", "--data", "book.txt", "--updates", "1", "--quiet"]
    assert run([*series, "--max-data", "1KiB"]) == 0
    assert run([*text, "--max-data", "2kib"]) == 2
    expected = "rnn-tui: --data 'book.txt': it has 2.2 KiB; the limit is 2 KiB (--max-data)\n"
    assert capsys.readouterr().err == expected
    assert run([*text, "--max-data", "much"]) == 2
    assert capsys.readouterr().err.startswith("rnn-tui: --max-data must be a size from 1KiB to")


@pytest.mark.parametrize("task", ["series", "text"])
def test_special_data_files_are_refused_at_once(
    task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    with open("sparse", "wb") as file:
        file.write(b"y\n1\n")
        file.truncate(2**29)
    os.truncate(os.open("huge", os.O_CREAT | os.O_WRONLY), 2**40)
    for name, reason in (
        ("pipe", "it is a named pipe, not a regular file"),
        ("sparse", "it has holes (a sparse file), so it is neither text nor table"),
        ("huge", "it has 1 TiB; the limit is 1 GiB (--max-data)"),
    ):
        assert run(["train", "--task", task, "--data", name]) == 2
        assert capsys.readouterr().err == f"rnn-tui: --data {name!r}: {reason}\n"


def test_a_line_too_long_for_a_table_is_refused() -> None:
    Path("table.csv").write_text("y\n1\n" + "," * (3 * 2**20))
    with pytest.raises(DataError, match="line 3 has more than 1 MiB, so it is no table"):
        make_task(compose({"task": "series", "data": "table.csv"}))


def test_what_could_not_be_opened_again_is_not_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(Settings(hidden=2, steps=3))
    trainer.run(1)
    trainer.updates = 10**15 + 1
    with pytest.raises(CheckpointError, match="counts at most 1,000,000,000,000,000 updates"):
        save("run", trainer)
    Path("book.txt").write_text("".join(map(chr, range(0x4E00, 0x9000))) * 2)
    chosen: dict[str, Any] = {"task": "text", "data": "book.txt", "steps": 2, "hidden": 2}
    trainer = Trainer(compose(chosen))
    save("run", trainer)
    assert load("run").settings == trainer.settings
    monkeypatch.setattr("rnn_tui.checkpoint.saving.LARGEST_HEADER", 2**18)
    with pytest.raises(CheckpointError, match="too many names"):
        save("run", trainer)
