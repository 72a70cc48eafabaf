"""Without PyTorch there is nothing that could be dumped, and nothing imports it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rnn_tui.api.dump import dump


def test_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(TypeError, match=r"rnn is a int; expected a module of torch\.nn"):
        dump(tmp_path / "case", 3, 4, [], [])
    assert "torch" not in sys.modules
