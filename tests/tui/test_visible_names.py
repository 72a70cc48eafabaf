"""Names of symbols as they are seen: marks on their letters, nothing that tears a column."""

from __future__ import annotations

import pyte
import pytest
from tui.screen_support import text_of

from rnn_tui.tasks.tokens import shown_character
from rnn_tui.tui.lines import text_width
from rnn_tui.tui.panels.predictions.text_sample import wrap_characters
from rnn_tui.tui.visible_names import on_letter, visible_name, visible_names

MARKS = {
    "acute": "\u0301",
    "Hindi virama": "\u094d",
    "Hindi candrabindu": "\u0901",
    "Hindi vowel sign": "\u093e",
    "Thai vowel": "\u0e31",
    "Thai tone": "\u0e48",
    "Hebrew point": "\u05b8",
    "Arabic fatha": "\u064e",
    "keycap": "\u20e3",
}
WORDS = {
    "German": "u\u0308ber",
    "Hindi": "हिन्दी में",
    "Thai": "ที่นั่น",
    "Hebrew": "שָׁלוֹם",
    "Vietnamese": "e\u0302\u0301",
}


def names(text: str) -> list[str]:
    return [visible_name(shown_character(each)) for each in text]


@pytest.mark.parametrize("mark", MARKS.values(), ids=list(MARKS))
def test_a_mark_alone_stands_on_a_ring(mark: str) -> None:
    (name,) = names(mark)
    assert name == f"◌{mark}"
    assert text_width(name) == 1


def test_all_names_are_seen_and_differ() -> None:
    characters = [chr(n) for n in (*range(32, 0x3000), *range(0x1F1E6, 0x1F650))]
    shown = visible_names(tuple(map(shown_character, characters)))
    assert shown is not None
    assert len(set(shown)) == len(characters)
    assert all(text_width(name) > 0 for name in shown)


@pytest.mark.parametrize("tone", [chr(n) for n in range(0x1F3FB, 0x1F400)])
def test_a_skin_tone_keeps_the_places_behind_it_in_every_terminal(tone: str) -> None:
    for text in (names(tone)[0], on_letter("👍", names(tone)[0]) or ""):
        screen = pyte.Screen(12, 1)
        pyte.Stream(screen).feed(text)
        apart = screen.cursor.x  # a terminal that draws each character by itself
        assert tone in text
        assert apart <= text_width(text) + 2
        screen.reset()
        pyte.Stream(screen).feed(f"{text}\x1b[1;{text_width(text) + 1}H|")
        assert tone in screen.display[0]
        assert screen.display[0].index("|") >= 0


@pytest.mark.parametrize("word", WORDS.values(), ids=list(WORDS))
def test_marks_stand_on_their_letters_in_running_text(word: str) -> None:
    (line,) = text_of(wrap_characters([(name, "") for name in names(word)], 40, 3))
    line = " ".join(line.split())  # behind a word, cells may be free
    assert line == word
    assert text_width(line) == sum(text_width(each) > 0 for each in word)


def test_what_cannot_stand_there_keeps_its_ring() -> None:
    ring = visible_name("U+0301")
    assert on_letter("e", ring) == "e\u0301"
    for letter in (" ", "▸", ring, "?"):
        assert on_letter(letter, ring) is None
    assert on_letter("a", "b") is None
    assert on_letter("e", visible_name("\U0001f3fb")) is None
    lines = text_of(wrap_characters([(each, "") for each in names("\u0301e\u0301")], 40, 3))
    assert lines == [" ◌\u0301e\u0301"]


def test_a_column_is_not_broken_where_a_mark_comes_first_in_a_line() -> None:
    text = [(each, "") for each in names("abcde\u0301f")]
    assert text_of(wrap_characters(text, 6, 4)) == [" abcde\u0301", " f"]


def test_characters_without_a_look_have_unicodes_short_names() -> None:
    assert names("\u200d\ufe0f\u200c") == ["ZWJ", "VS16", "ZWNJ"]
    assert names("aé中\n") == ["a", "é", "中", "↵"]
