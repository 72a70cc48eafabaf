"""Keys that arrive twice in one packet, and pages where there is no room."""

from __future__ import annotations

from terminal.program import Program, assert_ended, program

PAGE_DOWN, PAGE_UP = "\x1b[6~", "\x1b[5~"


def assert_answers(one: Program) -> None:
    """Close whatever is open and assert that a key of the main screen is answered."""
    for _ in range(2):
        one.key("esc")
    update = one.until(lambda header: header.state == "paused").update
    one.send("u")
    one.until(lambda header: header.update == update + 1)


def test_a_key_twice_in_one_packet_closes_a_dialog_once() -> None:
    with program() as one:
        for opening in ("e", "b", "\x10"):
            one.send(opening)
            one.wait_for(lambda text: "╭" in text or "Search" in text)
            one.send("\r\r")
            assert_answers(one)
        one.send("o\x10")
        assert_answers(one)
        one.send("\x10")
        one.wait_for("Search")
        one.terminal.resize(80, 3)
        one.send(f"{PAGE_DOWN}{PAGE_UP}{PAGE_DOWN}\x1b[F{PAGE_UP}\x1b[H")
        one.terminal.wait_still(0.1)
        one.terminal.resize(80, 24)
        assert_answers(one)
        one.key("q", "q")
        assert_ended(one)
