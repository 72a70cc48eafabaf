"""``rnn-tui check``: exit codes, JSON, report, and what it says of files that it cannot use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks.random_cases import random_case

from rnn_tui.cases.case import Case
from rnn_tui.cases.writing import write_case
from rnn_tui.checks.compute import compute
from rnn_tui.cli import run
from rnn_tui.command_line.check import report_lines
from rnn_tui.files.limits import MAX_MEMORY
from rnn_tui.tensor_files.content import Array
from rnn_tui.tui.lines import text_width

PATH = "case.safetensors"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def large_case() -> tuple[Case, dict[str, Array]]:
    """Return a case of two layers, and all its numbers."""
    random = np.random.default_rng(0)
    case = random_case(random, "lstm", 3)
    while case.layers < 2 or case.steps < 3 or case.batch < 2 or case.hidden < 2:
        case = random_case(random, "lstm", 3)
    given = tuple(case.weights)
    case = replace(case, batch_first=True, given_weights=given)
    return case, compute(case)


def checked(capsys: pytest.CaptureFixture[str], *options: str, code: int) -> dict[str, Any]:
    """Return what the command prints as JSON."""
    assert run(["check", PATH, "--json", *options]) == code
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    result: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    assert [*result] == ["agrees", "loss", "tensors", "first", "guess"]
    for tensor in result["tensors"]:
        assert [*tensor] == ["name", "max_relative_error", "entry", "agrees", "tolerance"]
    return result


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that says why nothing can be checked."""
    assert run(["check", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_right_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    case, ours = large_case()
    write_case(PATH, replace(case, theirs=ours))
    found = checked(capsys, code=0)
    assert found["agrees"] is True
    assert found["first"] is found["guess"] is None
    assert found["loss"]["theirs"] == pytest.approx(found["loss"]["ours"])
    assert {each["name"] for each in found["tensors"]} == ours.keys()
    assert run(["check", PATH]) == 0
    shown = capsys.readouterr().out
    assert f"All {len(ours)} tensors agree with ours to 1e-7" in shown
    assert shown.endswith(f"rnn-tui {PATH}\n")


def test_wrong_numbers_in_the_files_own_names_and_order(capsys: pytest.CaptureFixture[str]) -> None:
    case, ours = large_case()
    theirs = {name: array.copy() for name, array in ours.items() if name != "loss"}
    layer, t, sample, unit = place = (1, case.steps - 2, 1, 1)
    theirs["grad.h"][place] *= 1.1
    theirs["grad.rnn.weight_hh_l1"][0, 1] = np.nan
    names = {"net.lstm": "rnn", "dfc": "readout", "hidden": "h"}
    write_case(PATH, replace(case, theirs=theirs), names=names)
    found = checked(capsys, code=1)
    assert found["loss"] == {"theirs": None, "ours": float(ours["loss"])}
    assert found["first"] == {
        "name": "grad.hidden",
        "t": t + 1,
        "entry": [layer, sample, t, unit],
        "theirs": theirs["grad.h"][place],
        "ours": ours["grad.h"][place],
    }
    errors = {each["name"]: each["max_relative_error"] for each in found["tensors"]}
    assert errors["grad.net.lstm.weight_hh_l1"] == "inf"
    assert {"grad.dfc.weight", "grad.dfc.bias", "hidden"} < errors.keys()
    wrong = [each for each in found["tensors"] if not each["agrees"]]
    assert [each["entry"] for each in wrong] == [[layer, sample, t, unit], [0, 1]]
    assert checked(capsys, "--tolerance", "0.25", code=1)["first"]["theirs"] == "nan"
    assert run(["check", PATH]) == 1
    shown = capsys.readouterr().out
    words = " ".join(shown.split())
    assert f"[{layer},{sample},{t},{unit}], backward at t = {t + 1}" in words
    said = f"layer 2 of {case.layers}, sample 2 of {case.batch}, unit 2 of {case.hidden}"
    assert f"({said}; the entry in brackets counts from 0):" in words
    assert not any(line.endswith((" unit", " sample", " of")) for line in shown.split("\n"))
    assert "theirs" in shown


@pytest.mark.parametrize("width", [40, 56, 80])
def test_the_report_fits_the_terminal(width: int) -> None:
    from rnn_tui.checks.comparison import compare

    case, ours = large_case()
    for theirs in (ours, {name: array + 1 for name, array in ours.items() if "." in name}):
        given = replace(case, theirs=theirs, spelling={"rnn.weight_ih_l0": "x" * 90})
        comparison = compare(given, ours)
        lines = report_lines("case.safetensors", given, comparison, "words " * 30, width)
        assert max(map(text_width, lines)) <= width
        table = [line for line in lines if line.endswith(("agrees", "differs"))]
        assert len(table) == len(theirs)


def test_what_more_would_say_where_it_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_tui.checks.checked_case.guess", lambda case, comparison: None)
    case, ours = large_case()
    write_case(PATH, replace(case, theirs={"loss": ours["loss"] * 2}))
    assert run(["check", PATH]) == 1
    shown = capsys.readouterr().out
    assert "With h, c or output in the file" in shown
    assert "No guess" in shown
    bias = ours["grad.readout.bias"] + 1
    write_case(PATH, replace(case, theirs={"output": ours["output"], "grad.readout.bias": bias}))
    assert run(["check", PATH]) == 1
    assert "With grad.h, grad.c or grad.output in the file" in capsys.readouterr().out


def test_files_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_MEMORY, "1GiB")  # the option replaces it, for the rest of the process
    case, ours = large_case()
    write_case(PATH, case)
    assert "no numbers of yours to check" in refused(capsys, PATH)
    write_case(PATH, replace(case, theirs={"h": ours["h"][:, 1:]}))
    shape = case.layers, case.batch, case.steps, case.hidden
    assert str(shape) in refused(capsys, PATH)
    assert "no such file" in refused(capsys, "nowhere.safetensors", "--json")
    Path("table.csv").write_text("1,2\n")
    assert "table.csv" in refused(capsys, "table.csv")
    assert "which file?" in refused(capsys)
    assert "one FILE is enough" in refused(capsys, PATH, PATH)
    for tolerance in ("nan", "1", "0.5"):
        message = refused(capsys, PATH, "--tolerance", tolerance)
        assert "--tolerance must be a number from 0 to 0.25" in message
    write_case(PATH, replace(case, theirs=ours))
    assert "the limit is 1 KiB" in refused(capsys, PATH, "--max-memory", "1KiB")
