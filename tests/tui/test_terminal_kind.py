"""Which terminals are refused by their kind, and which go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.tui.terminal_kind import erases_in_colour, prints_mode_queries, why_unusable

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", [None, "", " ", "dumb", "DUMB", "unknown"])
def test_without_a_screen(kind: str | None) -> None:
    reason = why_unusable(kind)
    assert reason.startswith("this needs a terminal that can move its cursor")
    assert (kind or "").strip() in reason


@pytest.mark.parametrize(
    "kind",
    [
        "xterm", "xterm-256color", "xterm-kitty", "xterm-ghostty", "tmux-256color", "screen",
        "alacritty", "foot", "linux", "rxvt-unicode-256color", "vt100", "st-256color", "wezterm",
    ],
)  # fmt: skip
def test_with_a_screen_whatever_the_database_has(kind: str) -> None:
    assert why_unusable(kind) == ""


@pytest.mark.parametrize(("kind", "usable"), [("quite-new", True), ("a\0b", True), ("lpr", False)])
def test_other_kinds_are_looked_up(kind: str, usable: bool) -> None:
    script = "import sys; from rnn_tui.tui.terminal_kind import why_unusable as w; print(w(KIND))"
    script = script.replace("KIND", repr(kind))  # the database is read once in a process
    if not usable and not any(
        Path(folder, kind[0], kind).exists()
        for folder in ("/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo")
    ):
        pytest.skip(f"the database here has no {kind}")
    argv = [sys.executable, "-c", script]
    shown = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, env=os.environ)
    assert (shown.stdout == "\n") == usable, shown.stderr


@pytest.mark.parametrize(
    ("environment", "prints"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "linux"}, True),
        ({"TERM": "vt220"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, True),
        ({}, False),
    ],
)
def test_who_prints_queries_about_modes(environment: dict[str, str], prints: bool) -> None:
    assert prints_mode_queries(environment) == prints


@pytest.mark.parametrize(
    ("environment", "erases"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "TMUX": "/tmp/tmux-1/default,1,0"}, False),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "screen"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "vt100"}, False),
        ({}, False),
    ],
)
def test_who_erases_in_the_background(environment: dict[str, str], erases: bool) -> None:
    assert erases_in_colour(environment) == erases
