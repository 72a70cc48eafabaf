"""Signals without a screen: what each does before there is one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.tui.signal_watch import FAULTS, LEFT_ALONE, STOPPING, SignalWatch, signal_name

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
ROOT = Path(__file__).parents[2]

# Every signal in a process of its own, which has no screen; prints number and exit code.
EACH = """
import os, signal, sys, time
from rnn_tui.tui.signal_watch import SignalWatch
for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}):
    child = os.fork()
    if child == 0:
        with SignalWatch():
            time.sleep(0.02)  # nothing comes before the thread listens, and nothing is lost
            os.kill(os.getpid(), number)
            if number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
                time.sleep(0.05)
                os._exit(0)
            time.sleep(0.05 if number in map(int, sys.argv[1:]) else 10)
        os._exit(0)
    if number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), number
        os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    print(int(number), os.waitstatus_to_exitcode(status))
"""
# Python ignores the two last ones, so that an error is raised instead.
WITHOUT_EFFECT = [*LEFT_ALONE, *STOPPING, "SIGCONT", "SIGPIPE", "SIGXFSZ"]


def numbers(names: list[str]) -> set[int]:
    return {int(getattr(signal, name)) for name in names if hasattr(signal, name)}


def test_every_signal_ends_with_its_code_or_has_no_effect() -> None:
    nothing = numbers(WITHOUT_EFFECT)
    argv = [sys.executable, "-c", EACH, *map(str, nothing)]
    result = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    codes = {int(line.split()[0]): int(line.split()[1]) for line in result.stdout.splitlines()}
    expected = {n: 0 if n in nothing else 128 + n for n in codes}
    assert codes == expected
    assert len(codes) > 25


def test_all_is_as_before_afterwards() -> None:
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with SignalWatch() as watch:
        assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        assert watch.exit_code(3) == 3
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == handlers


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalWatch() as watch:
            signal.raise_signal(signal.SIGHUP)
            assert watch.ended_by is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_names() -> None:
    assert signal_name(signal.SIGTERM) == "SIGTERM"
    assert signal_name(signal.SIGRTMIN + 3) == f"signal {signal.SIGRTMIN + 3}"
    assert numbers(list(FAULTS)) <= signal.valid_signals()
