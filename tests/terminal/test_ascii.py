"""A terminal without UTF-8: not one other byte is sent, and every number keeps its sign."""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from terminal.driver import Terminal
from terminal.program import ROOT, Program, program

from rnn_tui.command_line.options import read
from rnn_tui.registry import TASKS
from rnn_tui.tui.ascii_text import in_ascii

IN_C = {"LC_ALL": "C"}
UNICODE = {"LC_ALL": "C.UTF-8"}
NUMBER = re.compile(r"[-+−]?\d*\.?\d+(?:e[-−+]?\d+)?")
# Keys of a walk through every pass; then every panel, on the whole screen.
PASSES = ("n", "3s", "10n", "f", "f", "s", "n", "5n", "f", "f", "f")
PANELS = ("z", *["tab"] * 9, "z")
DIALOGS = (("o", "esc"), ("b", "esc"), ("e", "esc"), ("?", "esc"), ("ctrl+p", "esc"))


def settled(one: Program) -> str:
    """Return the screen once nothing has come for a while; a cursor blinks every half second."""
    one.terminal.wait_still(0.4)
    return one.text()


def screens(one: Program, keys: tuple[str, ...]) -> Iterator[str]:
    """Yield the screen after each of `keys`, and each dialog."""
    for key in keys:
        (one.send if key not in ("tab",) else one.key)(key)
        yield settled(one)
    for opens, closes in DIALOGS:
        before = settled(one)
        one.key(opens)
        one.wait_for(lambda text, before=before: text != before)  # type: ignore[misc]
        # What is below may be cut at another number.
        yield "\n".join(re.findall(r"[│|] (.*) [│|]", settled(one)))
        one.key(closes)
        one.wait_for(before)


def walk(options: tuple[str, ...], env: Mapping[str, str], keys: tuple[str, ...]) -> list[str]:
    """Return the screens of a walk; in ASCII, all bytes are."""
    with program(*options, env=env, size=(130, 50)) as one:  # where an equation may be longer
        one.terminal.wait_still(1)
        shown = list(screens(one, keys))
        one.key("q")
        assert one.terminal.wait_exit() == 0
        if env is not UNICODE:
            assert one.terminal.raw().isascii()
        return shown


def numbers(screen: str) -> list[str]:
    """Return the numbers of a screen, in ASCII, without those that are names (U+00E9)."""
    text = re.sub(r"U\+\w+", "", screen)
    return NUMBER.findall(text)


def same(ascii: str, unicode: str, *, questions: bool) -> None:
    """Assert that two screens have the same signed numbers and, if `questions`, as many ?."""
    assert ascii.count("?") == unicode.count("?") or not questions, ascii
    signed = Counter(in_ascii(each) for each in re.findall(r"−\.?\d[\d.]*", unicode))
    missing = signed - Counter(re.findall(r"-\.?\d[\d.]*", ascii))
    assert not missing, f"{missing}\n{ascii}\n{unicode}"


def test_no_panel_and_no_dialog_sends_another_byte() -> None:
    with program("--cell", "lstm", "--hidden", "6", "--steps", "5", env=IN_C) as one:
        one.reach("nfff", "BACKWARD t=1/5")
        signed = re.findall(r" -\.?\d[\d.]*", one.text())
        assert len(signed) > 10
        one.key("z")
        for _ in PANELS:
            one.key("tab")
            one.terminal.wait_still(0.05)
            text = one.text().replace("the rest: ?", "")
            assert text.count("?") <= 2, text  # of the help's key and of a sentence
        one.key("z")
        for opens, closes in DIALOGS:
            one.key(opens)
            one.terminal.wait_still(0.1)
            one.key(closes)
        one.key("q")
        assert one.terminal.wait_exit() == 0
        assert one.terminal.raw().isascii()


def test_a_value_to_edit_has_its_sign() -> None:
    with program("--x-min", "-5", env=IN_C) as one:
        one.reach("u", "UPDATE")
        for _ in range(6):  # one of several weights is negative
            one.key("e")
            shown = one.wait_for(re.compile(r"what if ---[\s\S]*W_\S+ = -?\d"))
            assert "U+" not in shown
            one.key("esc", ".")
            if re.search(r"W_\S+ = -\d", shown):
                break
        else:
            raise AssertionError(shown)
        one.key("o")
        one.wait_for(re.compile(r"x-min +-5 "))


@pytest.mark.long
@pytest.mark.parametrize("task", [name for name in TASKS.names if name not in ("series", "case")])
def test_every_task_says_the_same_in_ascii(task: str) -> None:
    keys = (*PASSES, *PANELS)
    options = ("--task", task, "--hidden", "6")
    for ascii, unicode in zip(walk(options, IN_C, keys), walk(options, UNICODE, keys), strict=True):
        same(ascii, unicode, questions=task != "text")  # a text that is written has its own


def test_it_says_why_until_the_first_key_and_the_palette_changes_it() -> None:
    with program(env={"LANG": "de_DE.ISO-8859-1"}) as one:
        one.wait_for("ASCII, as LANG=de_DE.ISO-8859-1 names no UTF-8")
        assert one.terminal.raw().isascii()
        one.key("n")
        one.wait_for(lambda text: "ASCII, as" not in text)
        for characters, ascii in (("unicode", False), ("ascii", True)):
            one.key("ctrl+p")
            one.wait_for("Search for")
            one.send(f"characters: {characters}")
            one.wait_for(re.compile(f"[│|] +characters: {characters}"))
            one.settled()
            one.key("enter")
            one.wait_for(str.isascii if ascii else lambda text: not text.isascii())
            assert one.settled().isascii() == ascii
            assert ("══" in one.text()) != ascii


def test_by_hand() -> None:
    assert (read(["--ascii"]), read(["--unicode"])) == ({"ascii": True}, {"ascii": False})
    with program("--unicode", env=IN_C) as one:
        assert "══" in one.text()
        assert "ASCII" not in one.text()


def test_characters_of_the_users_are_shown_by_their_numbers(tmp_path: Path) -> None:
    data = tmp_path / "größe.txt"
    data.write_text("été à 中文 − - ß\n" * 300, "utf-8")
    options = ("--task", "text", "--data", str(data), "--hidden", "4", "--steps", "6")
    with program(*options, env=IN_C, cwd=tmp_path) as one:
        one.reach("nf", "FORWARD t=6/6")
        assert "gr<U+00F6><U+00DF>e.txt" in one.text()
        row = next(line for line in one.lines if line.startswith(" x_t"))
        assert re.fullmatch(
            r" x_t( +(U\+00E9|t|SP|U\+00E0|U\+4E2D|U\+6587|U\+2212|-|U\+00DF|\\n)){6}", row
        ), row
        assert "?" not in "\n".join(one.lines[:-1])
        one.key("p")
        one.wait_for("enter draws anew")
        one.send("é")
        one.wait_for("<U+00E9>")
        assert one.terminal.raw().isascii()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("ascii", [True, False])
def test_tmux_is_asked_what_its_terminal_shows(ascii: bool, tmp_path: Path) -> None:
    socket, settings = str(tmp_path / "tmux"), tmp_path / "tmux.conf"
    settings.write_text("set -g status off\n")
    command = f"exec {sys.executable} -m rnn_tui"
    argv = ["tmux", "-S", socket, "-f", str(settings), "new-session", command]
    env = {
        "PYTHONPATH": str(ROOT),
        "LANG": None if ascii else "C.UTF-8",
        "TMUX_TMPDIR": str(tmp_path),
    }
    with Terminal(argv, 80, 24, env=env) as terminal:
        terminal.wait_for("paused")
        terminal.wait_still(0.3)
        assert (
            "tmux runs without UTF-8 (tmux -u); --unicode, ctrl+p change it" in terminal.text()
        ) == ascii
        assert ("==" in terminal.text()) == ascii
        # Another terminal takes over, in which it is the other way round.
        attach = ["tmux", "-S", socket, "attach", "-d"]
        other = {**env, "LANG": "C.UTF-8" if ascii else None}
        with Terminal(attach, 90, 25, env=other) as second:
            second.wait_for("══" if ascii else "==")
            second.wait_for("Unicode, as tmux has" if ascii else "tmux runs without UTF-8")
            second.key("q")
            assert second.wait_exit() == 0


@pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed")
def test_screen_is_asked_too(tmp_path: Path) -> None:
    folder, settings = tmp_path / "screens", tmp_path / "screenrc"
    folder.mkdir(mode=0o700)
    settings.touch()
    argv = ["screen", "-c", str(settings), sys.executable, "-m", "rnn_tui"]
    env = {"PYTHONPATH": str(ROOT), "LANG": None, "SCREENDIR": str(folder), "TERM": "xterm"}
    with Terminal(argv, 80, 24, env=env) as terminal:
        terminal.wait_for("screen runs without UTF-8 (screen -U); --unicode, ctrl+p change it")
        assert terminal.raw().isascii()
        terminal.key("q")
        terminal.wait_exit()
