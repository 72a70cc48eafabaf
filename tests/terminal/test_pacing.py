"""Frames follow the terminal's answers: the real program, in a terminal that answers or stops."""

from __future__ import annotations

import re
import sys
import threading
import time

import pytest
from terminal.driver import Terminal

PROGRAM = [sys.executable, "-m", "rnn_tui", "--hidden", "8"]
ASKING = [
    sys.executable,
    "-c",
    "from rnn_tui.tui.screens import lost_training; lost_training.ASKS_AFTER = 1e-9;"
    "from rnn_tui.cli import main; main()",
]
"""The program, which asks before it throws away any training."""
ANSWERED = re.compile(rb"\x1b\[\?\d+\$p|\x1b\[6n")


class AnsweringTwice(Terminal):
    """A terminal that two look at."""

    def _answer(self, answer: str) -> None:
        super()._answer(answer)
        threading.Timer(0.2, super()._answer, [answer]).start()


def update(text: str) -> int:
    """Return the number of the update that the header shows."""
    found = re.search(r"update ([\d,]+)", text)
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("answers", ["decrqm", pytest.param("cpr", marks=pytest.mark.long)])
def test_without_answers_frames_stop_and_with_them_they_go_on(answers: str) -> None:
    with Terminal(PROGRAM, answers=answers) as terminal:
        terminal.wait_for("paused")
        terminal.key("space")
        terminal.wait_for("running")
        shown = update(terminal.text())
        terminal.wait_for(lambda text: update(text) > shown)
        terminal.answering = False
        terminal.wait_still(1)  # a probe may come within, no frame
        shown = update(terminal.text())
        terminal.key("]", "]", "]")
        terminal.wait_still(0.5)
        before = terminal.bytes_received
        terminal.key("]", "]", "]")
        terminal.wait_still(1.5)
        assert terminal.bytes_received - before < 50  # probes
        assert update(terminal.text()) == shown
        terminal.answering = True
        terminal.wait_for(lambda text: update(text) > shown, timeout=40)
        terminal.key("space")
        terminal.wait_for("paused")
        terminal.wait_still(0.5)
        before = terminal.bytes_received
        time.sleep(0.5)
        assert terminal.bytes_received == before  # while paused and untouched, not one byte
        terminal.key("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()


def test_every_display_is_asked_about() -> None:
    with Terminal(PROGRAM, answers="decrqm") as terminal:
        terminal.wait_for("paused")
        terminal.wait_still(0.5)
        before = len(ANSWERED.findall(terminal.raw()))
        terminal.key("n")
        terminal.wait_for(lambda text: "no data yet" not in text)
        terminal.wait_still(0.3)
        assert len(ANSWERED.findall(terminal.raw())) > before
        terminal.key("q")
        assert terminal.wait_exit() == 0


def test_without_answers_a_local_terminal_is_not_held_back() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.wait_for("paused")
        terminal.key("space")
        terminal.wait_for("running")
        for _ in range(3):
            shown = update(terminal.text())
            terminal.wait_for(lambda text, shown=shown: update(text) > shown)  # type: ignore[misc]
        assert "link" not in terminal.text().splitlines()[0]
        terminal.key("q")
        terminal.key("q")
        terminal.wait_exit()


def test_a_question_is_answered_only_by_keys_typed_after_it_was_seen() -> None:
    with Terminal([*ASKING, "--hidden", "8"], answers="decrqm") as terminal:
        terminal.wait_for("paused")
        terminal.key("u")
        terminal.wait_for(lambda text: update(text) == 1)
        terminal.wait_still(0.3)
        terminal.answer_delay = 1.0
        terminal.key("q")
        terminal.wait_for("not saved")
        terminal.key("q")  # the question is still on its way to the user
        time.sleep(1.5)
        assert terminal.process.poll() is None
        terminal.answer_delay = 0.0
        terminal.key("q")
        terminal.wait_still(0.3)
        terminal.key("q")
        assert terminal.wait_exit() == 0


@pytest.mark.parametrize(("answers", "running"), [("decrqm", True), ("cpr", False)])
def test_no_answer_is_left_to_the_shell(answers: str, running: bool) -> None:
    with Terminal(PROGRAM, answers=answers) as terminal:
        terminal.wait_for("paused")
        terminal.answer_delay = 0.3
        if running:
            terminal.key("space")
            terminal.wait_for("running")
            time.sleep(1)
        terminal.key("]")
        terminal.key("q")
        assert terminal.wait_exit() == 0
        time.sleep(0.5)
        assert terminal.unread() == b""


@pytest.mark.parametrize(
    ("answers", "case"),
    [("decrqm", "twice"), pytest.param("cpr", "later than ever", marks=pytest.mark.long)],
)
def test_no_answer_is_left_to_the_shell_that_is_late_or_given_twice(
    answers: str, case: str
) -> None:
    terminal_class = AnsweringTwice if case == "twice" else Terminal
    with terminal_class(PROGRAM, answers=answers) as terminal:
        terminal.wait_for("paused")
        terminal.answer_delay = 0.05
        terminal.key("n")
        terminal.wait_for(lambda text: "no data yet" not in text)
        terminal.wait_still(0.8)
        terminal.answer_delay = 1.0 if case == "later than ever" else 0.05
        terminal.key("n")
        terminal.wait_for("t=1/")
        terminal.key("q")
        assert terminal.wait_exit() == 0
        time.sleep(1.1)
        assert terminal.unread() == b""


@pytest.mark.parametrize("answers", ["decrqm", pytest.param("cpr", marks=pytest.mark.long)])
def test_paused_and_untouched_nothing_is_sent_also_where_an_answer_is_lost(answers: str) -> None:
    with Terminal(PROGRAM, answers=answers) as terminal:
        terminal.wait_for("paused")
        terminal.wait_still(0.5)
        terminal.answering = False
        terminal.key("n")
        terminal.wait_for(lambda text: "no data yet" not in text)
        terminal.wait_still(0.3)
        before = terminal.bytes_received
        time.sleep(2.5)
        assert terminal.bytes_received == before
        terminal.key("n", "n", "n")  # more than may be on their way
        terminal.wait_still(3)  # a probe is asked, as something waits
        terminal.answering = True
        terminal.wait_for("t=3/", timeout=10)
