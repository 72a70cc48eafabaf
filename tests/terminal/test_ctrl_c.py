"""ctrl+c, by habit or in earnest: it says which key ends the program, and does nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from terminal.program import assert_ended, program
from terminal.test_ownership import impatient

SAYS = "ctrl+c does nothing; q: quit (asks if over a minute of training would be lost)"
SAYS_IN_A_DIALOG = "ctrl+c does nothing; ctrl+q quits"
DIALOGS = {
    "e": "what if",
    "o": "hyperparameters",
    "b": "breakpoints",
    "?": "─ help ─",
    "\x10": "Search for commands",
}
KITTY = "\x1b[99;5u"  # ctrl+c in kitty's keyboard protocol


def is_gone(title: str, screen: str) -> bool:
    return title not in screen


def test_on_the_main_screen() -> None:
    with program() as one:
        before = one.text().split("\n")
        one.send("\x03")
        one.wait_for(SAYS)
        assert one.text().split("\n")[:-1] == before[:-1]
        one.send("\x03\x03nn")  # insisting changes nothing
        one.until(lambda header: header.place == "FORWARD t=1/20")
        assert SAYS not in one.text()
        one.send(" ")
        one.until(lambda header: header.state == "running" and header.update > 20)
        one.send(KITTY)
        one.wait_for(SAYS)
        assert one.header.state == "running"
        one.send("q")
        assert_ended(one)


def test_a_question_that_it_hides_is_asked_again(tmp_path: Path) -> None:
    with impatient(tmp_path) as one:
        one.send("q")
        one.asked("q again quits")
        one.send("\x03")
        one.wait_for(SAYS)
        one.send("q")
        one.asked("q again quits")


def test_in_dialogs_and_text_fields() -> None:
    with program() as one:
        for key, title in DIALOGS.items():
            one.send(key)
            one.wait_for(title)
            one.send("\x03")
            one.wait_for(SAYS_IN_A_DIALOG)
            assert title in one.text()
            one.key("esc")
            one.wait_for(partial(is_gone, title))
        assert one.header.place == "BATCH"
        one.send("e")
        one.wait_for("what if")
        one.send("h=1\x1b[1;2D\x1b[1;2D\x03")  # selected with shift and left
        one.send("\x1b[D2")  # the field takes keys as before
        one.wait_for("h2=1")
        assert b"\x1b]52" not in one.terminal.raw()  # nothing was copied
        one.key("ctrl+q")
        assert_ended(one)
