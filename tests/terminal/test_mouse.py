"""The mouse: what is reported, what a click and the wheel do, and that it all ends."""

from __future__ import annotations

import re

from terminal.program import assert_ended, program

WANTED = {"1000", "1006"}  # buttons and wheel, as decimal numbers
OTHERS = {"9", "1001", "1002", "1003", "1005", "1015", "1016"}


def click(column: int, row: int) -> str:
    """Return press and release of the left button; columns and rows count from 1."""
    return f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"


def test_buttons_are_reported_and_no_motion() -> None:
    with program() as one:
        one.send("?")
        one.wait_for("This panel: ")
        one.key("escape")
        one.wait_for("BATCH")
        before = one.settled()
        one.send("\x1b[<0;10;14M\x1b[<0;40;16m" * 3)  # dragged, of which the ends are reported
        one.send("\x1b[<0;10;14M")  # released outside of the window, where no terminal says so
        one.send("\x1b[<32;12;14M\x1b[<35;13;14M")  # motion that nobody asked for
        assert one.settled() == before
        # What a terminal that reports its size in band answers; Textual then asks for pixels.
        one.send("\x1b[?2048;2$y\x1b[48;24;80;480;800t")
        one.settled()
        one.key("q")
        assert_ended(one)
        modes = re.findall(rb"\x1b\[\?([\d;]+)([hl])", one.terminal.raw())
        on = {mode.decode() for mode, switch in modes if switch == b"h"}
        off = {mode.decode() for mode, switch in modes if switch == b"l"}
        assert on >= WANTED
        assert on & OTHERS == set()
        assert off >= WANTED


def test_clicks_and_wheel_in_panels_and_dialogs() -> None:
    with program() as one:
        one.send("nn")
        one.until(lambda header: header.place == "FORWARD t=1/20")
        one.settled()
        # In-band reports of the size do not change what a position is.
        one.send("\x1b[48;24;80;480;800t")
        one.send(click(30, 5))
        one.wait_for("══ network")
        one.send("?")
        one.wait_for("This panel: ")
        before = one.settled()
        one.send("\x1b[<65;40;12M" * 3)
        one.wait_for(lambda text: text != before)
        one.send("\x1b[<64;40;12M" * 3)
        one.wait_for(lambda text: text == before)
        one.key("escape")
        one.send("o")
        one.wait_for("hyperparameters   ~")
        one.terminal.wait_still(0.5)  # it scrolls
        rows = one.settled().split("\n")
        row = next(number for number, row in enumerate(rows, 1) if "~ clip  " in row)
        one.send(click(rows[row - 1].index("clip  ") + 13, row) + "\x1b[F7")
        one.wait_for(re.compile(r"~ clip +57 "))
        one.key("escape")
        one.until(lambda header: header.place == "FORWARD t=1/20")
