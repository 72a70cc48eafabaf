"""docs/pytorch.md: its blocks run in PyTorch, and what they write is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import rnn_tui as rt
from rnn_tui.checkpoint.starting_weights import stored_settings

PAGE = Path(__file__).resolve().parents[1] / "docs/pytorch.md"


@pytest.mark.torch
def test_the_page_is_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed here")
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, str(PAGE), "exec"), namespace)
    for name in ("case", "loop", "mine"):
        assert rt.check(f"{name}.safetensors"), name
    _, said = stored_settings("model.safetensors", {})
    assert f"`{said}`" in text
