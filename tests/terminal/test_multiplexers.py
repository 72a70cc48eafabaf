"""Inside real multiplexers: tmux by each of its names and with each wait after ESC, and screen."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from terminal.driver import Terminal
from terminal.program import ROOT, Program

PROGRAM = [sys.executable, "-m", "rnn_tui", "--hidden", "4", "--steps", "9"]
HERE = {"PYTHONPATH": str(ROOT)}


class Multiplexer:
    """A server of tmux or screen of its own, and how to attach to it."""

    def __init__(self, folder: Path, new: list[str], again: list[str], detach: str) -> None:
        self.env: Mapping[str, str | None] = {
            **HERE,
            "TMUX_TMPDIR": str(folder),
            "SCREENDIR": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "COLORTERM": None,
        }
        self.new, self.again, self.detach = new, again, detach

    @contextlib.contextmanager
    def attached(
        self, argv: list[str], size: tuple[int, int], term: str = "xterm-256color"
    ) -> Iterator[Program]:
        """Show it in a terminal."""
        with Terminal(argv, *size, env={**self.env, "TERM": term}) as terminal:
            yield Program(terminal)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder for sockets, with a short name and for the user alone."""
    tmp_path.chmod(0o700)
    return tmp_path


@contextlib.contextmanager
def tmux(folder: Path, term: str, escape_time: int) -> Iterator[Multiplexer]:
    """Start nothing yet; end the server afterwards."""
    settings = folder / "tmux.conf"
    settings.write_text(
        f"set -g default-terminal {term}\nset -s escape-time {escape_time}\nset -g exit-empty on\n"
    )
    base = ["tmux", "-f", str(settings)]
    try:
        yield Multiplexer(
            folder, [*base, "new-session", shlex.join(PROGRAM)], [*base, "attach"], "\x02d"
        )
    finally:
        env = {**os.environ, "TMUX_TMPDIR": str(folder)}
        subprocess.run([*base, "kill-server"], env=env, capture_output=True, check=False)


@contextlib.contextmanager
def screen(folder: Path) -> Iterator[Multiplexer]:
    """Start nothing yet; end the session afterwards."""
    settings = folder / "screenrc"
    settings.write_text("startup_message off\nterm screen-256color\ndefutf8 on\ndeflogin off\n")
    base = ["screen", "-c", str(settings)]
    try:
        yield Multiplexer(
            folder, [*base, "-U", "-S", "one", *PROGRAM], ["screen", "-U", "-r", "one"], "\x01d"
        )
    finally:
        env = {**os.environ, "SCREENDIR": str(folder)}
        argv = ["screen", "-S", "one", "-X", "quit"]
        subprocess.run(argv, env=env, capture_output=True, check=False)


def use(multiplexer: Multiplexer, outer: str) -> None:
    """Start, step, run, close a dialog, detach, attach to it at another size, resize, quit."""
    with multiplexer.attached(multiplexer.new, (80, 24), outer) as one:
        one.until(lambda header: header.state == "paused", timeout=20)
        one.key("n", "f10")
        one.until(lambda header: header.place == "FORWARD t=1/9")
        one.key("right", "home", "end", "shift+tab", "backspace")
        one.key("?")
        one.wait_for("esc closes")
        one.key("esc")
        one.until(lambda header: header.place == "FORWARD t=1/9")
        one.key("f5")
        one.until(lambda header: header.state == "running" and header.update > 5)
        one.send(multiplexer.detach)
        one.wait_for("detached")
        assert one.terminal.wait_exit() == 0
    with multiplexer.attached(multiplexer.again, (120, 40), "xterm-256color") as one:
        one.until(lambda header: header.state == "running" and header.update > 20)
        one.key("space")
        one.until(lambda header: header.state == "paused")
        for size in ((80, 23), (100, 30)):
            one.terminal.resize(*size)
            shown_at(one, size)
        one.key("q")
        one.terminal.wait_exit()
        assert "rnn" not in one.text()  # its screen is gone


def shown_at(one: Program, size: tuple[int, int]) -> None:
    """Wait until the program is shown as wide as the terminal, down to its last line."""

    def fits(text: str) -> bool:
        rows = text.split("\n")
        rules = [row for row in rows if row.startswith(("──", "══"))]
        last = [row for row in rows[-2:] if "? help" in row]
        narrow = "rnn-tui needs 80×23" in text
        return narrow or (bool(last) and bool(rules) and max(map(len, rules)) == size[0])

    one.wait_for(fits)
    one.settled()
    assert fits(one.text())


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
@pytest.mark.parametrize(
    ("term", "escape_time", "outer"),
    [("screen-256color", 500, "xterm-256color"), ("tmux-256color", 0, "linux")],
)
def test_tmux(folder: Path, term: str, escape_time: int, outer: str) -> None:
    with tmux(folder, term, escape_time) as multiplexer:
        use(multiplexer, outer)


@pytest.mark.skipif(shutil.which("screen") is None, reason="there is no screen here")
def test_screen(folder: Path) -> None:
    with screen(folder) as multiplexer:
        use(multiplexer, "xterm-256color")
