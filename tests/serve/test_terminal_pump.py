"""The server's end of a terminal: kinds, sizes, and bytes that wait where there is no room."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios

import pytest

from rnn_tui.serve import terminal_pump
from rnn_tui.serve.guest import ANSWERS
from rnn_tui.serve.session_log import SessionRecord, session_line
from rnn_tui.serve.terminal_pump import TerminalKind, TerminalPump, clamped
from rnn_tui.tui import terminal_driver


@pytest.mark.parametrize("said", ["xterm-256color", "tmux-256color", "linux", "XTERM", "screen.st"])
def test_known_terminals_are_what_they_say(said: str) -> None:
    assert terminal_pump.terminal_kind(said) == TerminalKind(said)


@pytest.mark.parametrize(
    "said", ["acme", "xterm/../../etc", "xterm\n", "xterm" * 20, "xtermé", "xterm;id", "adm3a"]
)
def test_others_are_taken_for_a_common_one(said: str) -> None:
    kind = terminal_pump.terminal_kind(said)
    assert kind in (TerminalKind("xterm", taken_for=True), TerminalKind(said.strip()))
    assert kind.name in ("xterm", said.strip())
    assert kind.name.isascii()


@pytest.mark.parametrize("said", ["", "dumb", " unknown "])
def test_some_show_no_screen(said: str) -> None:
    assert terminal_pump.terminal_kind(said).name == ""


def test_sizes() -> None:
    assert terminal_pump.LARGEST == terminal_driver.LARGEST
    assert terminal_pump.FALLBACK == terminal_driver.FALLBACK
    assert clamped(0, 0) == (80, 24)
    assert clamped(2**32 - 1, 2**31) == (500, 200)
    assert clamped(1, 1) == (1, 1)


def test_answers_of_a_terminal_are_no_keys() -> None:
    answers = b"\x1b[?2026;2$y\x1b[2;9R\x1bP1$r0m\x1b\\\x1b[?1;2c\x1b[I\x1b]11;rgb:0/0/0\x07"
    assert ANSWERS.sub(b"", answers) == b""
    assert ANSWERS.sub(b"", answers + b"n\x1b[A") == b"n\x1b[A"


def test_output_waits_while_it_may_not_be_sent_and_input_while_nobody_reads() -> None:
    async def play() -> None:
        written: list[bytes] = []
        room: list[bool] = []
        ended = asyncio.Event()
        pump = TerminalPump((80, 24), written.append, room.append, ended.set)
        end = os.dup(pump.program_end)
        settings = termios.tcgetattr(end)
        settings[0] = settings[1] = settings[3] = 0
        termios.tcsetattr(end, termios.TCSANOW, settings)
        pump.pause("window")
        pump.pause("network")
        os.write(end, b"out")
        pump.resume("window")
        await asyncio.sleep(0.05)
        assert written == []
        pump.resume("network")
        await asyncio.sleep(0.05)
        assert (written, pump.sent) == ([b"out"], 3)

        pump.feed(b"x" * 30_000)
        await asyncio.sleep(0.05)
        assert room[-1] is False
        got = 0
        while got < 30_000:
            got += len(os.read(end, 4096))
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert (room[-1], pump.received) == (True, 30_000)

        for k in range(200):
            pump.resize(k, k)
        await asyncio.sleep(0.25)
        size = fcntl.ioctl(end, termios.TIOCGWINSZ, bytes(8))
        assert struct.unpack("HHHH", size)[:2] == (199, 199)[::-1]
        pump.close_program_end()
        os.close(end)
        await asyncio.wait_for(ended.wait(), 5)
        assert not pump.is_open

    asyncio.run(play())


def test_the_line_of_a_session() -> None:
    record = SessionRecord(
        3, "192.0.2.1 without a key", "guest", 0.0, "left", 2048, 12, 2**26, 1.25
    )
    line = session_line(record, 60.0)
    assert line.startswith("session 3: guest 192.0.2.1 without a key; from 19")
    assert line.endswith(
        "; left; sent 2 KiB, received 12 bytes; peak memory 64 MiB, processor 1.2 s"
    )
