"""The real program in a pseudo-terminal: it asks before a file or a minute of training is lost."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal.driver import Terminal
from terminal.program import ROOT, Program, assert_ended, program

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5)
THEIRS = b"somebody's work"

# The program, in which a moment of training counts as more than a minute.
IMPATIENT = (
    "from rnn_tui.tui.screens import lost_training; lost_training.ASKS_AFTER = 1e-9;"
    "from rnn_tui.cli import main; main()"
)


@contextlib.contextmanager
def impatient(cwd: Path) -> Iterator[Program]:
    """Start the program such that it asks before any training is lost; train a little."""
    argv = [sys.executable, "-c", IMPATIENT, "--hidden", "4", "--steps", "5"]
    with Terminal(argv, 80, 24, env={"PYTHONPATH": str(ROOT)}, cwd=cwd) as terminal:
        one = Program(terminal)
        one.until(lambda h: h.state == "paused")
        one.settled()
        one.reach("30u", "UPDATE", 30)
        yield one


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Write a checkpoint at update 5."""
    trainer = Trainer(SMALL)
    trainer.run(5)
    path = tmp_path / "mine.safetensors"
    save(path, trainer)
    return path


def test_a_file_changed_behind_the_programs_back_is_asked_about(mine: Path) -> None:
    with program("mine.safetensors", size=(80, 24), cwd=mine.parent) as one:
        one.reach("u", "UPDATE", 6)
        one.send("w")
        one.wait_for("saved mine.safetensors at update 6")
        mine.write_bytes(THEIRS)
        one.send("w")
        one.wait_for("it was changed since this run")
        one.send("\r\r")  # a key pressed twice closes one dialog
        one.wait_for("saved mine-2.safetensors at update 6")
        assert mine.read_bytes() == THEIRS
        assert load(mine.with_name("mine-2.safetensors")).updates == 6
        mine.with_name("mine-2.safetensors").write_bytes(THEIRS)
        one.send("w")
        one.asked("not saved yet")
        one.key("esc")
        one.wait_for(lambda text: "not saved yet" not in text)
        assert mine.with_name("mine-2.safetensors").read_bytes() == THEIRS
        one.send("w")
        one.wait_for("ctrl+o overwrites the file")
        one.send("\x0f\x0f")
        one.wait_for("saved mine-2.safetensors at update 6")
        assert load(mine.with_name("mine-2.safetensors")).updates == 6


def test_the_other_network_and_a_restart_leave_the_file_alone(mine: Path) -> None:
    before = mine.read_bytes()
    with program("mine.safetensors", cwd=mine.parent) as one:
        one.key("ctrl+p")
        one.wait_for("Search for commands")
        one.send("versus gru")
        one.wait_for("same size")
        one.settled()
        one.key("enter")
        one.wait_for("vs gru 4")
        one.send("a")
        one.wait_for("vs rnn 4")
        one.send("u")
        one.wait_for("UPDATE · update 6")
        one.send("w")
        one.wait_for("at update 6")
        one.send("r")
        one.wait_for("R brings the old run back")
        one.send("w")
        one.wait_for("at update 0")
        assert mine.read_bytes() == before
        assert sorted(path.name for path in mine.parent.glob("cos-*")) == [
            "cos-gru4-0.safetensors",
            "cos-gru4-6.safetensors",
        ]


def test_a_restart_asks_and_can_be_undone(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        one.send("r")
        one.asked("update 30 is not saved")
        one.send("u")  # any other key stays
        one.until(lambda h: h.update == 31)
        one.send("r")
        one.asked("r again restarts")
        one.reach("r", "BATCH", 0)
        one.wait_for("R brings the old run back, at update 31")
        one.reach("u", "UPDATE", 1)
        one.reach("R", "UPDATE", 31)
        one.reach("R", "UPDATE", 1)
        one.key("q")
        one.asked("q again quits")
        one.key("q")
        assert_ended(one)


def test_quitting_asks_by_either_key(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        for key in ("q", "ctrl+q"):
            one.key(key)
            one.asked("update 30 is not saved")
            one.key("left")
            one.wait_for(lambda text: "is not saved" not in text)
        one.key("ctrl+q")
        one.asked("q again quits")
        one.key("ctrl+q")
        assert_ended(one)


def test_a_question_is_not_answered_before_it_was_seen(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        for doubled in ("qq", "qqqq", "rr", "\x11\x11"):
            one.send(doubled)
            one.asked("update 30 is not saved")
            one.settled()
            assert one.header.update == 30
            one.key("left")
            one.wait_for(lambda text: "is not saved" not in text)
        one.send("?\x11y")
        one.wait_for("y quits")
        one.settled()
        one.send("\x11\x11")
        assert_ended(one)


def test_quitting_in_a_dialog_and_by_the_palette_asks(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        one.send("?")
        one.wait_for("esc closes")
        one.key("ctrl+q")
        one.wait_for("y quits")
        one.key("esc")
        one.wait_for(lambda text: "y quits" not in text)
        one.key("esc")
        one.wait_for(lambda text: "esc closes" not in text)
        one.key("ctrl+p")
        one.wait_for("Search for commands")
        one.send("quit")
        one.wait_for("quit, as q does")
        one.settled()
        one.key("enter")
        one.asked("update 30 is not saved")
        one.send("?")
        one.wait_for("esc closes")
        one.key("ctrl+q")
        one.wait_for("y quits")
        one.key("ctrl+q")
        assert_ended(one)


def test_the_form_asks_before_it_restarts(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        one.send("o")
        one.wait_for("enter applies")
        one.key("up", "up")  # from lr to the seed
        one.send("\x15")  # ctrl+u: the field is empty
        one.wait_for("seed must be")
        one.send("7")
        one.wait_for("enter restarts the network: seed")
        one.key("enter", "enter")  # the second one is no answer to the question
        one.wait_for("y restarts")
        one.settled()
        assert one.header.update == 30
        one.send("y")
        one.wait_for("R brings the old run back, at update 30")
        one.reach("R", "UPDATE", 30)
        one.key("q")
        one.asked("q again quits")
        one.key("q")
        assert_ended(one)


def choose(one: Program, command: str) -> None:
    """Type a command of the palette that sets the second network; enter is pressed twice."""
    one.key("ctrl+p")
    one.wait_for("Search for commands")
    one.send(command)
    one.wait_for("beside this")
    one.settled()
    one.key("enter", "enter")  # the second one is no answer to a question


def test_dropping_or_replacing_the_second_network_asks(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        choose(one, "versus gru")
        one.wait_for("vs gru 4")
        one.send("u")
        one.wait_for("update 31")
        for command in ("versus none", "versus neuron"):
            choose(one, command)
            one.asked("the other network's update 31 is not saved")
            one.key("esc")
            one.wait_for(lambda text: "not saved" not in text)
            assert "vs gru 4" in one.settled()
        choose(one, "versus none")
        one.wait_for("y drops that network")
        one.send("y")
        one.wait_for(lambda text: "vs gru 4" not in text and "not saved" not in text)
        one.key("q")
        one.asked("q again quits")
        one.key("q")
        assert_ended(one)


@pytest.mark.parametrize("command", ["quit, as", "restart from"])
def test_enter_twice_in_the_palette_does_not_answer_the_question(
    tmp_path: Path, command: str
) -> None:
    with impatient(tmp_path) as one:
        one.key("ctrl+p")
        one.wait_for("Search for commands")
        one.send(command.split()[0].strip(","))
        one.wait_for(command)
        one.settled()
        one.key("enter", "enter", "enter")  # the last ones answer no question
        one.settled()
        assert one.header.update == 30
        one.send("n")
        one.reach("n", "FORWARD t=1/5", 30)
        one.key("ctrl+q")
        one.asked("q again quits")
        one.key("ctrl+q")
        assert_ended(one)


def test_quitting_asks_in_the_past_too(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        one.reach("40U", "BATCH", 0)
        one.send("q")
        one.asked("update 30 is not saved")
        one.asked("G w saves")
        one.send("q")
        assert_ended(one)
