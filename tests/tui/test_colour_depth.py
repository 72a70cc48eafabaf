"""How many colours a terminal has: what the environment says, and what the terminal answers."""

from __future__ import annotations

import pytest

from rnn_tui.tui.colour_depth import (
    TRUECOLOR_QUERY,
    Depth,
    depth_of,
    means_truecolor,
    truecolor_query,
)


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-256color"}, Depth.INDEXED),
        ({"TERM": "screen-256color-bce"}, Depth.INDEXED),
        ({"TERM": "tmux-256color"}, Depth.INDEXED),
        ({"TERM": "xterm-direct"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-direct256"}, Depth.TRUECOLOR),
        ({"TERM": "konsole-direct"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-kitty"}, Depth.TRUECOLOR),
        ({"TERM": "alacritty"}, Depth.TRUECOLOR),
        ({"TERM": "xterm"}, Depth.SIXTEEN),
        ({"TERM": "screen"}, Depth.SIXTEEN),
        ({"TERM": "screen.xterm-256color"}, Depth.INDEXED),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, Depth.TRUECOLOR),  # tmux, maybe
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.x"}, Depth.SIXTEEN),
        ({"TERM": "screen.xterm-256color", "COLORTERM": "truecolor"}, Depth.INDEXED),
        (
            {"TERM": "tmux-256color", "COLORTERM": "truecolor", "STY": "1.x", "TMUX": "x"},
            Depth.TRUECOLOR,
        ),
        ({"TERM": "linux"}, Depth.SIXTEEN),
        ({"TERM": "linux", "COLORTERM": "yes"}, Depth.SIXTEEN),
        ({"TERM": "vt100"}, Depth.NONE),
        ({"TERM": "vt220"}, Depth.NONE),
        ({"TERM": "vte-256color"}, Depth.INDEXED),
        ({"TERM": "xterm-mono"}, Depth.NONE),
        ({"TERM": "linux-m"}, Depth.NONE),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, Depth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Depth.INDEXED),  # as no-color.org says
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, Depth.SIXTEEN),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor", "NO_COLOR": "1"}, Depth.NONE),
    ],
)
def test_the_environment_says_how_many_colours_there_are(
    environment: dict[str, str], depth: Depth
) -> None:
    assert depth_of(environment) is depth


XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    "environment",
    [
        XTERM,
        {"TERM": "xterm"},
        {"TERM": "tmux-256color"},
        {"TERM": "tmux-256color", "STY": "1.x", "TMUX": "/t"},
    ],
)
def test_a_terminal_that_may_have_truecolor_is_asked(environment: dict[str, str]) -> None:
    assert truecolor_query(environment) == TRUECOLOR_QUERY


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "linux"},
        {"TERM": "vt100"},
        {"TERM": "eterm-color"},
        {"TERM": "screen"},
        {"TERM": "screen-256color"},
        {"TERM": "screen.xterm-256color"},
        {**XTERM, "STY": "1.x"},
        {**XTERM, "NO_COLOR": "1"},
        {**XTERM, "TEXTUAL_COLOR_SYSTEM": "256"},
        {**XTERM, "COLORTERM": "truecolor"},
        {"TERM": "xterm-direct"},
    ],
)
def test_where_it_is_known_or_no_use_nothing_is_asked(environment: dict[str, str]) -> None:
    assert truecolor_query(environment) == ""


@pytest.mark.parametrize(
    ("answer", "truecolor"),
    [
        ("1$r0;48:2::1:2:3m", True),
        ("1$r0;48:2:1:2:3m", True),
        ("1$r48;2;1;2;3m", True),
        ("1$r0;1;48:2::1:2:3;4m", True),
        ("1$r48:2:0:1:2:3m", True),
        ("0$r", False),
        ("1$r0m", False),
        ("1$r0;48:5:16m", False),
        ("1$r0;38:2::1:2:3m", False),
        ("1$r0;48:2::0:0:0m", False),
        ("1+r524742=38", False),
        ("", False),
    ],
)
def test_an_answer_says_whether_there_is_truecolor(answer: str, truecolor: bool) -> None:
    assert means_truecolor(answer) == truecolor
