"""Environment variables: what is for developers of Textual has no effect for users."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from terminal.program import assert_ended, program

from rnn_tui.command_line.exit import DEVELOPER, ignore_variables

MODULE = """
import pathlib
from textual.drivers.linux_driver import LinuxDriver as Driver
pathlib.Path(__file__).with_name("imported").touch()
"""


def variables(folder: Path) -> dict[str, str]:
    """Return every variable of Textual that writes, presses, imports or connects."""
    return {
        "TEXTUAL": "debug,devtools",
        "TEXTUAL_DEBUG": "1",
        "TEXTUAL_LOG": str(folder / "log"),
        "TEXTUAL_DRIVER": "a_driver:Driver",
        "TEXTUAL_PRESS": "n,n,w,q",
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(folder),
        "TEXTUAL_SCREENSHOT_FILENAME": "shot.svg",
        "TEXTUAL_SHOW_RETURN": "1",
        "TEXTUAL_ALLOW_SIGNALS": "1",
        "TEXTUAL_FILTERS": "dim",
        "TEXTUAL_THEME": "nonsense",
        "TEXTUAL_COLOR_SYSTEM": "nonsense",
        "TEXTUAL_ANIMATIONS": "nonsense",
        "TEXTUAL_SLOW_THRESHOLD": "100",
    }


def test_nothing_is_written_pressed_or_imported(tmp_path: Path) -> None:
    (tmp_path / "a_driver.py").write_text(MODULE)
    path = os.pathsep.join((str(Path(__file__).parents[2]), str(tmp_path)))
    with program(cwd=tmp_path, env={**variables(tmp_path), "PYTHONPATH": path}) as one:
        one.terminal.wait_still(0.6)
        assert one.header.place == "BATCH"
        one.key("q")
        assert_ended(one)
        assert "None" not in one.text()
    left = {each.name for each in tmp_path.iterdir()} - {"__pycache__"}
    assert left == {"a_driver.py"}


def test_a_developers_switch_lets_them_have_their_effect() -> None:
    with program(env={DEVELOPER: "1", "TEXTUAL_PRESS": "n,n"}) as one:
        one.until(lambda header: header.place == "FORWARD t=1/20")
        one.key("q")
        assert_ended(one)


def test_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"TEXTUAL_ANIMATIONS": "none", "TEXTUALITY": "x"}
    dropped = {"TEXTUAL": "debug", "TEXTUAL_NEW_IN_2030": "1", "TEXTUAL_COLOR_SYSTEM": "odd"}
    monkeypatch.setattr(os, "environ", {**kept, **dropped})
    ignore_variables()
    assert os.environ == kept
