"""docs/check-your-gradients.md: its program, its case file and what the check says of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.cli import run

PAGE = Path(__file__).resolve().parents[1] / "docs/check-your-gradients.md"


def blocks(kind: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def without_rounding(text: str) -> str:
    """Return a report without the errors that rounding makes, and where they are."""
    text = re.sub(r" +\d\.\de-1\d  (\[[\d,]+\]|–) +agrees", " agrees", text)
    return re.sub(r"the largest error is .*", "", text)


def test_the_wrong_line_is_found_and_the_right_one_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program, ten_lines, right_line = blocks("python")
    printed, report = blocks("text")
    with np.errstate(all="raise"):
        exec(program + ten_lines, {})
    assert capsys.readouterr().out == printed
    assert run(["check", "case.safetensors"]) == 1
    assert without_rounding(capsys.readouterr().out) == without_rounding(report)
    wrong_line = next(line for line in program.splitlines() if "da_f =" in line)
    assert right_line.rstrip() != wrong_line
    assert right_line.split("=")[0] == wrong_line.split("=")[0]
    exec(program.replace(wrong_line, right_line.rstrip()) + ten_lines, {})
    capsys.readouterr()
    assert run(["check", "case.safetensors"]) == 0
    assert "All 12 tensors agree" in capsys.readouterr().out
