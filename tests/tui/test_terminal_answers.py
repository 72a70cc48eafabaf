"""Answers of the terminal are told from keys, wherever the stream is torn."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.constants import ESCAPE_DELAY

from rnn_tui.tui.key_sequences import ESCAPE_KEY
from rnn_tui.tui.terminal_answers import (
    ANSWER_SECONDS,
    PASTE_SECONDS,
    REST_SECONDS,
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


@pytest.mark.parametrize("patience", [0.0, 0.7])
def test_esc_alone_is_a_key_after_a_moment(patience: float) -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    reader.patience = patience
    assert reader.feed("n\x1b") == ("n", [])
    clock.now = ESCAPE_DELAY + patience - 0.01
    assert reader.release() == ""
    clock.now = ESCAPE_DELAY + patience + 0.01
    assert reader.release() == ESCAPE_KEY
    assert reader.seconds_left() is None
    assert reader.feed("n") == ("n", [])


@pytest.mark.parametrize(
    "torn", ["\x1b[", "\x1bO", "\x1b[1;", "\x1bP", "\x1b]", "\x1b[M!", "\x1b[["]
)
def test_a_sequence_that_is_never_completed_is_no_key(torn: str) -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    assert reader.feed(torn) == ("", [])
    clock.now = REST_SECONDS - 0.01
    assert reader.release() == ""
    clock.now = REST_SECONDS + 0.01
    assert reader.release() == ""
    assert reader.feed("n") == ("n", [])


def test_the_wait_begins_with_each_sequence() -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    reader.feed("\x1b[1;")
    clock.now = REST_SECONDS - 0.1
    assert reader.feed("5C\x1b[1;") == ("\x1b[1;5C", [])
    clock.now = REST_SECONDS + 0.1
    assert reader.release() == ""
    assert reader.feed("5D") == ("\x1b[1;5D", [])


@pytest.mark.parametrize("key", ["n", " ", "é", "\r", "\x1b[A"])
def test_a_key_soon_after_esc_is_a_key(key: str) -> None:
    reader = AnswerReader(Clock())
    reader.patience = 1.0
    reader.feed("\x1b")
    assert reader.feed(key) == (ESCAPE_KEY + key, [])


def test_a_bracket_soon_after_esc_is_a_key_unless_it_goes_on() -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    reader.feed("\x1b")
    assert reader.feed("[") == ("", [])
    clock.now = ESCAPE_DELAY + 0.01
    assert reader.release() == ESCAPE_KEY + "["
    reader.feed("\x1b")
    reader.feed("[")
    assert reader.feed("C") == ("\x1b[C", [])


@pytest.mark.parametrize(
    "rest",
    [
        "[C", "[0n", "[15~", "[?1;2c", "[[A", "[<0;5;5M", "[Z", "[I", "[M !!", "[23$", "[a",
        "OP", "OA", "O5A", "Oj",
    ],
)  # fmt: skip
def test_what_follows_esc_too_late_is_no_key(rest: str) -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    reader.feed("\x1b")
    clock.now = ESCAPE_DELAY + 0.01
    assert reader.release() == ESCAPE_KEY
    clock.now = 0.5
    assert reader.feed(rest + "n") == ("n", [])
    assert reader.feed(rest) == (rest, [])  # typed by somebody


@pytest.mark.parametrize(
    ("rest", "typed"),
    [
        ("[200~q y r\x1b[201~", "\x1b[200~q y r\x1b[201~"),
        ("]11;rgb:0000/0000/0000\x1b\\", ""),
        ("]11;rgb:0/0/0\x07", ""),
        ("P1$r0;38:2:1:2:3m\x1b\\", ""),
        ("P>|xterm(390)\x1b\\", ""),
        ("_Gi=1;OK\x1b\\", ""),
    ],
)
@pytest.mark.parametrize("torn", [False, True])
def test_texts_that_follow_esc_too_late_press_no_key(rest: str, typed: str, torn: bool) -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    reader.feed("\x1b")
    clock.now = ESCAPE_DELAY + 0.01
    assert reader.release() == ESCAPE_KEY
    clock.now = 0.3
    first = reader.feed(rest[:6])[0] if torn else ""
    assert first + reader.feed((rest[6:] if torn else rest) + "n")[0] == typed + "n"


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("\x1b[1;\x1b[Cn", "\x1b[Cn"),
        ("\x1b[1;\rn", "\rn"),
        ("\x1b[1;én", "én"),
        ("\x1bP1$r\x1b[Cn", "\x1b[Cn"),
        ("\x1b\x1b[C", f"{ESCAPE_KEY}\x1b[C"),
        ("\x1b\x1b\x1bOAn", f"{ESCAPE_KEY}{ESCAPE_KEY}\x1bOAn"),
        ("\x1bO!n", "!n"),
        ("\x1bPn\x1b]n\x1b_n", "nnn"),
        ("\x9b0n\x9bCn", "\x1b[Cn"),
        ("\udc9b0n\udc8fPn", "\x1bOPn"),
        ("\x9fGi=1;OK\x9cn", "n"),
        ("\udcffn", "\ufffdn"),
    ],
)
def test_what_cuts_a_sequence_short_is_not_part_of_it(text: str, typed: str) -> None:
    assert AnswerReader(Clock()).feed(text) == (typed, [])


@pytest.mark.parametrize("pieces", [1, 3, 7, 50])
def test_what_is_pasted_presses_no_key(pieces: int) -> None:
    stream = "n\x1b[200~a\x1b[0n\x1b]11;x\x07b\x1b[20\tc\r\nd\x9b\x1b[201~n"
    size = -(-len(stream) // pieces)
    reader = AnswerReader(Clock())
    text, answers = read(reader, [stream[at : at + size] for at in range(0, len(stream), size)])
    assert (text, answers) == ("n\x1b[200~a[0n]11;xb[20\tc\r\nd[\x1b[201~n", [])


def test_a_paste_without_an_end_does_not_take_all_keys_for_ever() -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    assert reader.feed("\x1b[200~abc\x1b[2") == ("\x1b[200~abc", [])
    clock.now = PASTE_SECONDS - 1
    assert reader.release() == ""
    assert reader.feed("n") == ("[2n", [])
    clock.now = 2 * PASTE_SECONDS
    assert reader.release() == "\x1b[201~"
    assert reader.feed("n") == ("n", [])


@given(st.text("\x1b[OP]\\0;?$~ABMRcnpuy<\x07\x9b a", max_size=60), st.integers(1, 9))
def test_nothing_makes_it_fail_or_wait_for_ever(stream: str, size: int) -> None:
    clock = Clock()
    reader = AnswerReader(clock)
    for at in range(0, len(stream), size):
        reader.feed(stream[at : at + size])
    clock.now = PASTE_SECONDS + 1
    reader.release()
    assert reader.seconds_left() is None


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
