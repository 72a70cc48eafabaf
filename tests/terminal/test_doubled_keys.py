"""Keys that arrive twice in one packet, pages where there is no room, and a form on its way."""

from __future__ import annotations

from terminal.program import Program, assert_ended, program

PAGE_DOWN, PAGE_UP = "\x1b[6~", "\x1b[5~"


def assert_answers(one: Program) -> None:
    """Close whatever is open and assert that a key of the main screen is answered."""
    for _ in range(6):  # on a busy machine two may arrive as one
        one.key("esc")
        one.terminal.wait_still(0.2)
        if "╭" not in one.text() and "▔" not in one.text():
            break
    update = one.until(lambda header: header.state == "paused").update
    one.send("u")
    one.until(lambda header: header.update == update + 1)


def test_a_key_twice_in_one_packet_closes_a_dialog_once() -> None:
    with program() as one:
        for opening in ("e", "b", "\x10"):
            one.send(opening)
            one.wait_for(lambda text: "╭" in text or "Search" in text)
            if opening == "\x10":  # a command that moves nothing
                one.send("theme: dark")
                one.wait_for("the dark theme")
            one.send("\r\r")
            assert_answers(one)
        one.send("o\x10")
        one.wait_for("Search")
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


def test_keys_of_one_packet_edit_a_field_in_the_order_of_typing() -> None:
    with program(size=(80, 24)) as one:
        one.send("o")
        one.wait_for("nothing changed")
        one.send("\x7f0.26\x7f5")
        one.wait_for(lambda text: "~ lr          0.25 " in text)
        one.send("\x150.5\r")
        one.wait_for("lr 0.5")
        one.key("q")
        assert_ended(one)


def test_enter_does_not_overtake_what_was_typed_in_the_same_packet() -> None:
    with program(size=(120, 40)) as one:
        one.send("o")
        one.wait_for("nothing changed")
        one.send("0.25\r")
        one.wait_for("lr 0.25")
        one.send("e")
        one.wait_for("what if")
        one.send("\x01\x0bW_h = 0\r")
        one.wait_for("W_h = 0")


def test_keys_after_one_that_opens_or_closes_a_dialog_go_where_they_were_meant() -> None:
    with program(size=(120, 40)) as one:
        one.send("o0.5\ruu")
        one.until(lambda header: header.update == 2)
        one.wait_for("lr 0.5")
        one.send("\x1b[200~text that nobody asked for\x1b[201~bupdate=4\r")
        one.wait_for("never hit")
        one.send("\x1b\x1b")  # the second is for nobody
        one.wait_for(lambda text: "never hit" not in text)
        one.send("o\x1b[200~0.25\x1b[201~\rbloss<0.5\r")
        one.wait_for("lr 0.25")
        one.wait_for("loss<0.5")
        one.key("esc")
        one.wait_for(lambda text: "enter adds" not in text)
        one.send("\x10theme: light\ru")
        one.until(lambda header: header.update == 3)


def test_a_what_if_is_not_kept_by_the_second_of_two_enters() -> None:
    with program(size=(120, 40)) as one:
        one.reach("u", "UPDATE", 1)
        one.send("e\x01\x0bW_h = 0\r\r")
        one.wait_for("W_h = 0")
        one.settled()
        one.send("u")
        one.until(lambda header: header.update == 2)
        assert "enter keeps it" in one.text(), one.text()


def test_the_form_is_announced_before_it_is_made() -> None:
    with program() as one:
        one.until(lambda header: header.state == "paused")
        one.terminal.wait_still(0.3)
        before = one.terminal.bytes_received
        one.send("o")
        one.wait_for("space next choice")
        sent = one.terminal.raw(one.terminal.bytes_received - before).decode()
        assert sent.index("parameters:") < sent.index("hyperparameters   ")  # of the form's frame
        one.send("\x1b")
        one.wait_for(lambda text: "hyperparameters: enter" not in text)
