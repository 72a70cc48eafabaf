"""What ASCII is chosen from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.tui.character_set import choose_characters, is_utf8, locale_variable

ROOT = Path(__file__).parents[2]
SHOW = (
    "import sys; from rnn_tui.tui.character_set import *;"
    "print(choose_characters(None, users_environment(), sys.stdout.encoding).why)"
)


def nobody(command: list[str]) -> None:
    """Answer nothing."""


@pytest.mark.parametrize(
    ("environment", "ascii"),
    [
        ({}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LANG": ""}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "de_DE.utf8@euro"}, False),
        ({"LANG": "de_DE"}, True),
        ({"LANG": "de_DE@euro"}, True),
        ({"LANG": "ru_RU.KOI8-R"}, True),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "LC_CTYPE": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, False),
        ({"LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_ALL": ""}, True),
    ],
)
def test_the_locale(environment: dict[str, str], ascii: bool) -> None:
    chosen = choose_characters(None, environment, "utf-8", nobody)
    assert chosen.ascii == ascii
    assert (f" {locale_variable(environment)} names" in chosen.notice) == ascii
    assert choose_characters(True, environment, "utf-8", nobody).ascii
    assert not choose_characters(False, environment, "ascii", nobody).ascii


@pytest.mark.parametrize("encoding", ["ascii", "ANSI_X3.4-1968", "iso8859-1", "no such codec"])
def test_the_encoding_of_the_output(encoding: str) -> None:
    chosen = choose_characters(None, {"LANG": "C.UTF-8"}, encoding, nobody)
    assert chosen.ascii
    assert encoding in chosen.notice
    assert not choose_characters(None, {}, "UTF8", nobody).ascii


@pytest.mark.parametrize(
    ("variable", "answer", "ascii"),
    [
        ("TMUX", "0", True),
        ("TMUX", "1", False),
        ("TMUX", "", False),
        ("TMUX", None, False),
        ("STY", "(1,1)/(80,24)+1024 +flow G0[BBBB] 0(sh)", True),
        ("STY", "(1,1)/(80,24)+1024 +flow UTF-8 0(sh)", False),
        ("STY", "", False),
        ("STY", None, False),
    ],
)
@pytest.mark.parametrize("locale", [{}, {"LANG": "C.UTF-8"}])
def test_multiplexers_are_asked(
    variable: str, answer: str | None, ascii: bool, locale: dict[str, str]
) -> None:
    environment = {**locale, variable: "something"}
    assert choose_characters(None, environment, "utf-8", lambda _: answer).ascii == ascii
    assert not choose_characters(None, locale, "utf-8", lambda _: "0").ascii


def test_a_multiplexer_that_is_not_there_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert not choose_characters(None, {"TMUX": "x"}, "utf-8").ascii


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, ""),
        ({"LANG": "C"}, "LANG=C names no UTF-8"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, ""),
        ({"LANG": "xx_YY.UTF-8"}, ""),  # not installed: Python takes it for C
        ({"LANG": "xx_YY.ISO-8859-1"}, "LANG=xx_YY.ISO-8859-1 names no UTF-8"),
        ({"PYTHONIOENCODING": "latin-1"}, "the output is in iso8859-1"),
        ({"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}, "LC_ALL=C names no UTF-8"),
    ],
)
def test_what_python_makes_of_a_locale_is_undone(environment: dict[str, str], why: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    argv = [sys.executable, "-c", SHOW]
    done = subprocess.run(
        argv, env={**kept, **environment}, capture_output=True, text=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == (f"{why}\n", "")


def test_names_of_utf8() -> None:
    assert is_utf8("LANG=C.UTF-8")
    assert is_utf8("LC_ALL=en_US.utf8")
    assert not is_utf8("LANG=UTF-8x")
    assert not is_utf8("LANG=")
