"""Signals in any order and number: the program ends or goes on, and the terminal is as it was."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminal.driver import Terminal, environment
from terminal.program import ROOT, Program, program

PYTHONPATH = {"PYTHONPATH": str(ROOT)}
ENDING = [
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGPROF,
    signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS,
]  # fmt: skip
STOPPING = [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGSTOP]
HARMLESS = [signal.SIGPIPE, signal.SIGURG, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT]
LISTEN = "\n".join(["from rnn_tui.cli import main", "main()"])


def ended_well(one: Terminal, signals: list[signal.Signals], *, timeout: float = 5) -> None:
    """Assert that the program ends by one of `signals`, and leaves nothing behind."""
    code = one.wait_exit(timeout)
    # Before the program watches for signals, a signal does what it does to all programs.
    assert code in {128 + number for number in signals} | {-number for number in signals}
    assert one.left_behind() == []
    assert not one.orphaned()


def stays_well(one: Program) -> None:
    """Assert that the program goes on, with all of its screen."""
    one.terminal.signal(signal.SIGCONT)
    for _ in range(30):  # a dialog may hide the header, and open late on a busy machine
        one.key("esc")
        with contextlib.suppress(AssertionError):
            one.until(lambda header: True, 0.5)
            break
    one.until(lambda header: True)
    left = one.terminal.left_behind()
    assert "alternate screen still on" in left
    assert "line settings differ" in left


# ---------------------------------------------------------------- sequences


def random_walk(seed: int) -> None:
    """Send random signals, with dialogs and training in between, then some that end it."""
    chance = random.Random(seed)
    with program() as one:
        for _ in range(12):
            one.send(chance.choice(["", "", "n", "u", " ", "?", "o", "b", "\x1b", "z", "3u"]))
            for _ in range(chance.randint(1, 4)):
                one.terminal.signal(chance.choice(STOPPING + HARMLESS + [signal.SIGCONT] * 3))
                time.sleep(chance.choice([0, 0, 0.001, 0.01, 0.1]))
            one.terminal.signal(signal.SIGCONT)
        stays_well(one)
        ends = chance.choices(ENDING, k=chance.randint(1, 3))
        for number in ends:
            one.terminal.signal(number)
            one.terminal.signal(chance.choice([*HARMLESS, signal.SIGCONT]))
        ended_well(one.terminal, ends)


@pytest.mark.parametrize("seed", [1])
def test_random_signals(seed: int) -> None:
    random_walk(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_random_signals(seed: int) -> None:
    random_walk(seed)


@pytest.mark.long
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
@pytest.mark.parametrize("more", [[], [signal.SIGCONT], [signal.SIGTSTP, signal.SIGCONT]])
@pytest.mark.parametrize("keys", ["n", " ", "?", "o"], ids=["step", "run", "help", "form"])
def test_every_ending_signal(number: signal.Signals, more: list[signal.Signals], keys: str) -> None:
    with program() as one:
        one.send(keys)
        for each in (number, *more):
            one.terminal.signal(each)
        ended_well(one.terminal, [number])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(150))
def test_signals_while_it_starts_or_ends(seed: int) -> None:
    chance = random.Random(seed)
    argv = [sys.executable, "-m", "rnn_tui"]
    with Terminal(argv, env=PYTHONPATH, anew=True) as one:
        if chance.random() < 0.3:  # while it ends
            one.wait_for("BATCH")
            one.key("q")
            time.sleep(chance.random() * 0.4)
        else:
            time.sleep(chance.random() * 1.6)
        numbers = chance.choices([signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1], k=3)
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                one.signal(number)
            time.sleep(chance.choice([0, 0, 0.05]))
        code = one.wait_exit(5)
        assert code in {0} | {128 + n for n in numbers} | {-n for n in numbers}
        assert one.left_behind() == []
        assert not one.orphaned()


AT_THE_START = """
import os, signal, sys, time
from rnn_tui.cli import main
from rnn_tui.tui.terminal_driver import TerminalDriver
take = TerminalDriver._take_terminal
def take_and_signal(driver):
    take(driver)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.3)
TerminalDriver._take_terminal = take_and_signal
sys.argv[1:] = []
main()
"""


def test_a_signal_at_the_moment_when_the_terminal_is_taken() -> None:
    with Terminal([sys.executable, "-c", AT_THE_START], env=PYTHONPATH) as one:
        assert one.wait_exit(20) == 128 + signal.SIGTERM
        assert one.left_behind() == []
        assert not one.orphaned()


# ---------------------------------------------------------------- a shell's job


def test_suspended_in_a_shell_and_continued() -> None:
    argv = ["bash", "--norc", "--noprofile", "-i"]
    with Terminal(argv, env={**PYTHONPATH, "PS1": "SHELL> "}) as shell:
        one = Program(shell)
        shell.wait_for("SHELL>")
        shell.send(f"{sys.executable} -m rnn_tui\n")
        one.until(lambda h: h.state == "paused")
        one.reach("3u", "UPDATE", update=3)
        before = one.settled()
        shell.key("ctrl+z")
        shell.wait_for("Stopped")
        assert not {"alternate screen still on", "cursor still off"} & {*shell.left_behind()}
        shell.send("fg\n")
        shell.wait_for(lambda text: text == before)
        one.key("space")
        one.until(lambda h: h.update > 10)
        shell.key("ctrl+z")
        shell.wait_for("Stopped")
        shell.send("bg\necho in''front\n")  # it goes on behind the shell, and writes nothing
        shell.wait_for("infront")
        shell.send("fg\n")
        one.until(lambda h: h.state == "running")
        one.send(" q")
        one.wait_for(lambda text: text.rstrip().endswith("SHELL>"))
        shell.send("exit\n")
        assert shell.wait_exit() == 0
        assert shell.left_behind() == []


def test_without_a_shell_ctrl_z_says_so() -> None:
    with program() as one:
        one.key("ctrl+z")
        one.wait_for("no shell")
        one.terminal.signal(signal.SIGTERM)
        ended_well(one.terminal, [signal.SIGTERM])


# ---------------------------------------------------------------- stuck

STUCK = {
    "loop": "import rnn_tui.tui.screens.key_actions as m\n"
    "def stuck(self):\n    while True: pass\n"
    "m.KeyActions.action_help = stuck\n",
    "sleep": "import time, rnn_tui.tui.screens.key_actions as m\n"
    "m.KeyActions.action_help = lambda self: time.sleep(1000)\n",
    "engine": "import rnn_tui.session.command_handler as m\n"
    "def stuck(self, command):\n    while True: pass\n"
    "m.CommandHandler.carry_out = stuck\n",
    "all": "import threading, rnn_tui.tui.screens.key_actions as m\n"
    "def loop():\n    while True: pass\n"
    "def stuck(self):\n    threading.Thread(target=loop, daemon=True).start()\n    loop()\n"
    "m.KeyActions.action_help = stuck\n",
}
SEQUENCES = {
    "term": [signal.SIGTERM],
    "hup-cont": [signal.SIGHUP, signal.SIGCONT],
    "tstp-cont-term": [signal.SIGTSTP, signal.SIGCONT, signal.SIGTERM],
}


def stuck(where: str, sequence: str) -> None:
    """Have a thread stuck, and assert that the program ends all the same."""
    with Terminal([sys.executable, "-c", STUCK[where] + LISTEN], env=PYTHONPATH) as one:
        Program(one).until(lambda h: h.state == "paused")
        one.key("n", "?")
        time.sleep(0.3)
        for number in SEQUENCES[sequence]:
            one.signal(number)
            if number == signal.SIGTSTP:
                time.sleep(1.5)  # longer than the screen's thread is waited for
                assert one.left_behind() == []
        ended_well(one, [SEQUENCES[sequence][-1], SEQUENCES[sequence][0]])


def test_a_stuck_screen_is_ended() -> None:
    stuck("sleep", "tstp-cont-term")


@pytest.mark.long
@pytest.mark.parametrize("where", STUCK)
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_whatever_is_stuck_is_ended(where: str, sequence: str) -> None:
    stuck(where, sequence)


def read_all(master: int) -> bytes:
    """Return all that waits to be read."""
    data = b""
    while select.select([master], [], [], 0.2)[0]:
        data += os.read(master, 1 << 16)
    return data


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_takes_nothing_is_no_obstacle(number: signal.Signals) -> None:
    with program(size=(200, 60)) as one:
        terminal = one.terminal
        terminal._stop.set()
        terminal._reader.join()
        one.key("space")
        for width in (200, 190) * 8:  # each draws all of the screen
            terminal.resize(width, 60)
            time.sleep(0.2)
        terminal.signal(number)
        assert terminal.process.wait(5) == 128 + number
        end = read_all(terminal._master)
        assert b"\x1b[?1049l\x1b[?25h" in end[-300:]


# ---------------------------------------------------------------- the terminal is gone


@pytest.mark.parametrize("keys", ["", " "], ids=["paused", "running"])
def test_a_terminal_that_is_gone_ends_the_program(keys: str, tmp_path: Path) -> None:
    master, slave = os.openpty()
    argv = [sys.executable, "-m", "rnn_tui"]  # it is not its controlling terminal: no SIGHUP
    process = subprocess.Popen(
        argv,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(PYTHONPATH),
        start_new_session=True,
        cwd=tmp_path,
    )
    os.close(slave)
    try:
        shown = b""
        while b"help" not in shown:
            shown += os.read(master, 1 << 16)
        os.write(master, keys.encode())
        time.sleep(0.3)
        if keys:
            os.read(master, 1 << 16)
        else:
            read_all(master)
        os.close(master)
        assert process.wait(10) == 128 + signal.SIGHUP
    finally:
        process.kill()
        process.wait()
