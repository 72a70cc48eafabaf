"""Words in the real program: three are suggested, a key takes one, and nothing is torn."""

from __future__ import annotations

import re
from pathlib import Path

from terminal.program import assert_ended, program

LINES = (
    "The Donaudampfschifffahrtsgesellschaft runs the river, and the rain rests.\r\n"
    "日本語のテキスト と नमस्ते दुनिया, 👩🏽‍🚀 l’été “quoted”\tZ̈̈alpha\r\n"
)


def test_words_are_suggested_and_taken(tmp_path: Path) -> None:
    place = tmp_path / "lines.txt"
    place.write_bytes((LINES * 20).encode("utf-16"))
    with program(
        *("--data", str(place), "--tokens", "words", "--vocabulary", "20"),
        *("--hidden", "8", "--steps", "8"),
    ) as one:
        one.send("3u")
        one.until(lambda h: h.update == 3 and h.state == "paused")
        one.wait_for("text, words: lines.txt")
        for key in "nffff":  # every pass has them
            one.send(key)
            one.wait_for(lambda text: "│" in text or "═" in text)
        one.send("p")
        one.wait_for("type a beginning")
        one.send("the r")
        one.wait_for(lambda text: re.search(r"F1 r\S+ +(?:\.\d\d|1\.0)", text) is not None, 5)
        one.wait_for(lambda text: re.search(r"before \S+: y [+−]", text) is not None, 5)
        rows = one.text().splitlines()
        inside = [row for row in rows if "│" in row and "F1" in row]
        assert len(inside) == 1
        word = re.search(r"F1 (\S+)", inside[0])
        assert word is not None
        one.send("\x1bOP")  # F1
        one.wait_for(f"the {word[1]}")
        one.key("esc")
        one.key("q")
        assert_ended(one)
