"""The folder of a saved file, as it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_tui.files.shown_folder import MOST, shown_folder


def test_it_is_told_from_the_users_own_on_and_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert shown_folder("run.safetensors") == "~"
    assert shown_folder(str(tmp_path / "runs" / "run.safetensors")) == str(Path("~", "runs"))
    long = shown_folder(str(tmp_path / ("x" * 40) / "may" / "run"))
    assert len(long) == MOST
    assert long.startswith("~")
    assert "…" in long
    assert long.endswith("may")
    assert shown_folder(str(Path(tmp_path.anchor, "run"))) == tmp_path.anchor
