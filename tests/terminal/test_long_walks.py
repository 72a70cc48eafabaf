"""The real program in a pseudo-terminal: walks of any length, and what it says when it stops."""

from __future__ import annotations

from terminal.program import program


def test_counts_of_any_length_leave_every_key_its_answer() -> None:
    with program() as one:
        one.reach("60u", "UPDATE", 60)
        back = one.reach("999999999S", "BATCH", 0)
        assert "past of 60" in back.rest
        one.wait_for("the timeline begins at update 0")
        one.send("7" * 100)  # pasted, or a key that is held down
        one.wait_for("999999999▏ is the largest count")
        one.send("u")
        one.until(lambda h: h.update > 60)
        one.send("5")
        one.wait_for("5▏")
        one.send("n")  # waits for the walk under way, and nothing else waits for it
        one.wait_for(lambda text: "▏" not in text)
        one.key("right")
        one.wait_for("timestep 2")
        one.key("esc", "esc")
        one.until(lambda h: h.state == "paused")
        paused = one.header
        one.settled()
        assert one.header == paused


def test_two_quick_deletes_in_the_list_remove_two_and_the_run_goes_on() -> None:
    with program("--break", "update=999", "--break", "loss<1e-9") as one:
        one.send("b")
        one.wait_for("loss<1e-09")
        one.key("tab", "down")  # the first one after nan
        one.send("\x1b[3~\x1b[3~\x1b[3~")
        one.wait_for(lambda text: "loss<1e-09" not in text and "update=999" not in text)
        one.wait_for("● nan")
        one.key("esc")
        one.reach("5u", "UPDATE", 5)


def test_a_divergence_says_why_and_what_to_do() -> None:
    options = [
        "--hidden",
        "8",
        "--activation",
        "relu",
        "--optimizer",
        "sgd",
        "--lr",
        "100",
        "--clip-by",
        "none",
    ]
    with program(*options) as one:
        one.send("c")
        one.until(lambda h: h.state == "diverged")
        one.wait_for("✗")
        screen = one.settled().split("\n")
        assert " ✗" in screen[1]
        assert "lower lr (100) or clip by norm." in screen[-1]
        one.send("b")
        one.wait_for("hit 1×")
