"""Answers of the terminal are told from keys, wherever the stream is torn."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.tui.terminal_answers import (
    ANSWER_SECONDS,
    Answer,
    AnswerReader,
    CursorReport,
    ModeReport,
    StringReport,
)

KEYS = ["a", "[", "0", "R", "y", "\x1b[A", "\x1b[1;2R", "\x1b[1;5C", "\x1bOP", "é", "\x1b[27u"]
ANSWERS: dict[str, Answer] = {
    "\x1b[?2026;2$y": ModeReport(2026, 2),
    "\x1b[?2026;0$y": ModeReport(2026, 0),
    "\x1b[?25;1$y": ModeReport(25, 1),
    "\x1b[2;8R": CursorReport(2, 8),
    "\x1b[24;80R": CursorReport(24, 80),
    "\x1bP1$r0;38:2::1:2:3m\x1b\\": StringReport("P", "1$r0;38:2::1:2:3m"),
    "\x1b]11;rgb:0000/0000/0000\x07": StringReport("]", "11;rgb:0000/0000/0000"),
}


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def read(reader: AnswerReader, pieces: list[str]) -> tuple[str, list[Answer]]:
    """Return all text and answers of `pieces`."""
    fed = [reader.feed(piece) for piece in pieces]
    return "".join(text for text, _ in fed), [answer for _, each in fed for answer in each]


@given(
    st.lists(st.sampled_from([*KEYS, *ANSWERS]), max_size=12),
    st.lists(st.integers(0, 150), max_size=20),
)
def test_keys_and_answers_come_out_whole_however_they_were_torn(
    sequences: list[str], cuts: list[int]
) -> None:
    stream = "".join(sequences)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[first:last] for first, last in pairwise(places)]
    reader = AnswerReader(Clock())
    reader.patience = 1.0
    text, answers = read(reader, pieces)
    assert text == "".join(each for each in sequences if each in KEYS)
    assert answers == [ANSWERS[each] for each in sequences if each in ANSWERS]
    assert reader.seconds_left() is None


@pytest.mark.parametrize("key", ["\x1b", "\x1b[", "\x1bO", "\x1b[1;", "\x1bP", "\x1b]"])
def test_a_key_waits_for_the_rest_of_its_sequence_as_long_as_the_link_is_slow(key: str) -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    assert reader.feed(key) == (key, [])  # Textual's parser waits
    reader.patience = 0.3
    assert reader.feed(key) == ("", [])
    clock.now = 0.2
    assert reader.release() == ""
    clock.now = 0.31
    assert reader.release() == key
    assert reader.release() == ""


def test_the_beginning_of_an_answer_is_never_a_key() -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    assert reader.feed("a\x1b[?2026;") == ("a", [])
    clock.now = ANSWER_SECONDS - 0.1
    assert reader.release() == ""
    assert reader.feed("2$yb") == ("b", [ModeReport(2026, 2)])
    assert reader.feed("\x1bP1$r") == ("", [])
    clock.now = 2 * ANSWER_SECONDS
    assert reader.release() == ""
    assert reader.feed("c") == ("c", [])
