"""docs/python.md and docs/notebook.ipynb: every block runs, and gives what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.registry import CELLS

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"(<!-- needs torch -->\n)?^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAID = re.compile(r"^(\S.*?) +# → (.*)$", re.MULTILINE)


def compiled(block: str, line: int, page: Path) -> CodeType:
    """Return a block's code, in which what stands behind an arrow is asserted."""
    code = SAID.sub(lambda match: f"said(({match[1]}), {match[2]!r})", block)
    return compile("\n" * line + code, str(page), "exec")


def said(value: object, text: str) -> None:
    """Compare what an expression gives with what the page says; … stands for anything."""
    value = value.item() if isinstance(value, np.generic) else value
    pattern = re.escape(text).replace("…", ".*")
    assert re.fullmatch(pattern, repr(value)), f"{value!r}, the page says {text}"


def run(page: Path, blocks: list[tuple[str, int]]) -> dict[str, Any]:
    """Run blocks, each with the number of the line it begins at, in one namespace."""
    namespace: dict[str, Any] = {"said": said, "__name__": "__main__"}
    for block, line in blocks:
        exec(compiled(block, line, page), namespace)
    return namespace


def blocks_of(text: str, *, torch: bool) -> list[tuple[str, int]]:
    """Return the blocks of a page."""
    return [
        (match[2], text[: match.start(2)].count("\n"))
        for match in BLOCK.finditer(text)
        if torch or not match[1]
    ]


def test_the_page_is_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)  # whoever runs the tests may have a terminal
    page = DOCS / "python.md"
    blocks = blocks_of(page.read_text(encoding="utf-8"), torch=False)
    assert len(blocks) == 9
    run(page, blocks)


@pytest.mark.torch
def test_the_page_is_a_script_with_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)
    page = DOCS / "python.md"
    run(page, blocks_of(page.read_text(encoding="utf-8"), torch=True))


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = DOCS / "notebook.ipynb"
    notebook = json.loads(page.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")
    run(page, [(text, 0) for text in code])


def test_the_table_has_every_name_of_every_cell() -> None:
    section = (DOCS / "python.md").read_text(encoding="utf-8").split("| name | shape |")[1]
    rows = section.split("\n\n")[0].splitlines()[2:]
    named = set(re.findall(r"`([\w()]+)`", " ".join(rows)))
    cells = {"rnn", "gru", "neuron"}  # as the table says which have what
    there: set[str] = set()
    for cell in CELLS.names:
        for task, layers in (("cos", 1), ("copy", 2)):
            values = rt.Trainer(task, cell=cell, layers=layers, hidden=1).values
            there |= {re.sub(r"(?<=[a-z])\d", "", name) for name in values}
    assert named - cells == there
