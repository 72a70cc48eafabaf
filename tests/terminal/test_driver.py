"""The driver itself, tested with a small Textual application and plain programs."""

import re
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from terminal.driver import Terminal
from terminal.emulator import Emulator

APP = """
import os
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

class Echo(App):
    def compose(self) -> ComposeResult:
        yield Static("ready ▁▂▃ ∂h", id="said")

    def on_key(self, event: events.Key) -> None:
        if event.key == "q":
            self.exit()
        elif event.key == "x":
            os._exit(7)
        else:
            self.query_one("#said", Static).update(f"key <{event.key}>")

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#said", Static).update(f"size {event.size.width}x{event.size.height}")

Echo().run()
"""


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest.fixture
def echo() -> Iterator[Terminal]:
    with Terminal(python(APP), columns=60, rows=12) as terminal:
        terminal.wait_for("size 60x12")
        terminal.wait_still(0.3)
        yield terminal


KEY_NAMES = {
    "n": "n",
    "N": "upper_n|N",
    "tab": "tab",
    "shift+tab": r"shift\+tab",
    "up": "up",
    "enter": "enter",
    "esc": "escape",
    "backspace": "backspace",
    "ctrl+o": r"ctrl\+o",
    "f5": "f5",
    "f10": "f10",
    "f11": "f11",
    # Without the kitty protocol a terminal sends F23 for it.
    "shift+f11": r"f23|shift\+f11",
}


def test_keys_arrive(echo: Terminal) -> None:
    for key, name in KEY_NAMES.items():
        echo.key(key)
        echo.wait_for(re.compile(f"key <({name})>"))


def test_resize_is_seen(echo: Terminal) -> None:
    echo.resize(100, 30)
    echo.wait_for("size 100x30")
    assert [len(row) for row in echo.screen()] == [100] * 30
    echo.resize(40, 8)
    echo.wait_for("size 40x8")


def test_exit_restores(echo: Terminal) -> None:
    assert "alternate screen still on" in echo.left_behind()
    assert not echo.restored()
    echo.key("q")
    assert echo.wait_exit() == 0
    assert echo.left_behind() == []
    assert not echo.orphaned()


def test_a_hard_end_is_noticed(echo: Terminal) -> None:
    echo.key("x")
    assert echo.wait_exit() == 7
    left = echo.left_behind()
    assert "alternate screen still on" in left
    assert "cursor still off" in left
    assert "mouse clicks still on" in left
    assert "line settings differ" in left


def test_idle_program_sends_nothing(echo: Terminal) -> None:
    before = echo.bytes_received
    time.sleep(0.5)
    assert echo.bytes_received == before
    assert sum(count for _, count in echo.arrivals) == before


def test_waiting_in_vain_shows_the_screen(echo: Terminal) -> None:
    echo.key("up")
    with pytest.raises(AssertionError, match=r"(?s)no 'never'.*running.*key <up>"):
        echo.wait_for("never", timeout=0.5)


def test_waiting_for_a_dead_program_ends_at_once() -> None:
    with Terminal(python("print('last words')")) as terminal:
        terminal.wait_for("last words")
        with pytest.raises(AssertionError, match="ended with 0"):
            terminal.wait_for("more", timeout=60)


def test_signals_and_hanging_up_arrive() -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "signal.signal(signal.SIGHUP, lambda *_: sys.exit(4))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with Terminal(python(program)) as terminal:
        terminal.wait_for("ready")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 3
        assert terminal.restored()
    with Terminal(python(program)) as terminal:
        terminal.wait_for("ready")
        terminal.hang_up()
        assert terminal.wait_exit() == 4


def test_orphans_are_seen_and_ended() -> None:
    program = (
        "import signal, subprocess, sys\n"
        "sleeper = 'import signal, time; signal.signal(1, 1); print(1, flush=True)'\n"
        "sleeper += '; time.sleep(60)'\n"
        "child = subprocess.Popen([sys.executable, '-c', sleeper], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
    )
    with Terminal(python(program)) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.orphaned()
    deadline = time.monotonic() + 5
    while terminal.orphaned() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not terminal.orphaned()


def test_environment_is_a_plain_colour_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    program = "import os; print({k: os.environ.get(k) for k in ('TERM', 'NO_COLOR', 'LANG')})"
    with Terminal(python(program)) as terminal:
        terminal.wait_for("{'TERM': 'xterm-256color', 'NO_COLOR': None, 'LANG': 'C.UTF-8'}")
    with Terminal(python(program), env={"NO_COLOR": "1", "LANG": None}) as terminal:
        terminal.wait_for("{'TERM': 'xterm-256color', 'NO_COLOR': '1', 'LANG': None}")


@pytest.mark.parametrize(
    "noise",
    [
        "\x1b[>25u",
        "\x1b[<u",
        "\x1b[=5u",
        "\x1b[?u",
        "\x1b[4:3m",
        "\x1b[58:2::1:2:3m",
        "\x1b[>4;1m",
        "\x1b[?2026h",
        "\x1b[?2026$p",
        "\x1b[?2048$p",
        "\x1b[2 q",
        "\x1b[!p",
        "\x1b]11;?\x1b\\",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1bP$qm\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b_Gi=1;x\x1b\\",
    ],
)
def test_sequences_unknown_to_pyte_show_nothing(noise: str) -> None:
    data = f"ab{noise}cd".encode()
    emulator = Emulator(10, 2)
    for byte in data:
        emulator.feed(bytes([byte]))
    assert emulator.shown.display == ["abcd      ", " " * 10]
    assert emulator.shown.cursor.attrs == emulator.shown.default_char


def test_leaving_the_alternate_screen_shows_the_main_one() -> None:
    emulator = Emulator(10, 1)
    emulator.feed(b"before\x1b[?1049hinside\x1b[?25l")
    assert emulator.shown.display == ["inside    "]
    emulator.feed(b"\x1b[?1049l\x1b[?25h")
    assert emulator.shown.display == ["before    "]
    assert emulator.left_behind() == []
    emulator.feed(b"\x1b[?1049h")
    assert emulator.shown.display == [" " * 10]
