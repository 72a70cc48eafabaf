"""Task text in the real program: a sample of text, and a prompt that is continued."""

from __future__ import annotations

import re

from terminal.program import assert_ended, program


def test_a_prompt_is_typed_and_continued() -> None:
    with program("--task", "text", "--hidden", "16") as one:
        one.send("3u")
        one.until(lambda h: h.update == 3 and h.state == "paused")
        one.focus("predictions")
        one.wait_for(lambda text: "at update 3" in text and "▸" in text, 10)
        assert re.search(r"test loss \d\.\d+ nats", one.text())
        one.send("p")
        one.wait_for("type a beginning")
        one.send("the ")
        one.wait_for(lambda text: len(re.findall(r" \S (?:\.\d\d|1\.0)(?= )", text)) >= 6, 5)
        one.wait_for(lambda text: re.search(r"│  the \S", text) is not None, 5)
        before = one.header
        one.key("tab")
        one.wait_for(lambda text: re.search(r"│ the \S", text) is not None, 5)
        one.send("@")
        one.wait_for("has never seen '@'")
        one.key("down")
        one.wait_for("temperature 0.80")
        one.key("esc")
        one.wait_for(lambda text: "prompt ·" not in text)
        one.wait_for("temperature 0.80")  # it stays
        assert one.header == before  # typing has moved nothing
        one.key("q")
        assert_ended(one)


def test_a_prompt_is_for_text() -> None:
    with program() as one:
        one.send("p")
        one.wait_for("--task text")
        one.key("q")
        assert_ended(one)


def test_lines_are_typed_and_pasted_and_a_long_paste_says_what_was_cut() -> None:
    with program("--task", "text", "--hidden", "8") as one:
        one.send("3u")
        one.until(lambda h: h.update == 3 and h.state == "paused")
        one.send("p")
        one.wait_for("type a beginning")
        one.send("a\nb")
        one.wait_for("a↵b")
        one.wait_for(lambda text: re.search(r"│  ?a↵ *│\n.*│  ?b", text) is not None, 5)
        for _ in range(3):
            one.key("backspace")
        one.send("\x1b[200~the\r\nriver\nand" + " the" * 60 + "\x1b[201~")
        one.wait_for("river↵")
        one.wait_for("120 of 253 characters pasted: a prompt has at most 120")
        one.key("down")
        one.wait_for("temperature 0.80")
        one.key("backspace")
        one.wait_for(lambda text: "characters pasted" not in text)
        one.key("esc")
        one.key("q")
        assert_ended(one)
