"""Damaged lesson files: each is read, or gives one line with its place."""

from __future__ import annotations

import random

import pytest

from rnn_tui.lessons.lesson_file import LessonError, parse_bytes
from rnn_tui.lessons.library import library
from rnn_tui.lessons.reading import lesson_from

PIECES = (
    *b'[ ] [[ ]] " """ \' # = , { } \\ {} [] -1 nan inf 1e999 true 1979-05-27 \x1b[2J'.split(b" "),
    *(b"\n", b"\0", b"\xff", b"9" * 20, b"9" * 5000, b"(" * 40, b"[" * 3000, b"a." * 3000),
    *(b"[[step]]\n", b"[step.ask]\n", b"do = 3\n", b"steps = 5001\n", b"restart hidden=0"),
    *(b"go 9:B9.9", b"keys q", b"what-if f = 1", b"run until loss<"),
)


def _damaged(content: bytes, rng: random.Random) -> bytes:
    """Return a file with one to four mistakes."""
    for _ in range(rng.randint(1, 4)):
        at, size = rng.randrange(len(content)), rng.choice((0, 1, 3, 20, 200))
        where = rng.randrange(len(content))
        piece = rng.choice((rng.choice(PIECES), content[where : where + rng.randint(1, 60)]))
        content = content[:at] + piece + content[at + size :]
        if len(content) < 2:
            break
    return content


def _problem(content: bytes) -> str:
    """Return what comes out of a file where that is neither a lesson nor one line."""
    try:
        lesson_from(parse_bytes(content, "damaged.toml"))
    except LessonError as error:
        text = str(error)
        begins = text.startswith(f"damaged.toml:{error.line}: ")
        there = 1 <= error.line <= content.count(b"\n") + 2
        return "" if begins and there and text.isprintable() and len(text) < 1000 else text
    return ""


def _mutations(count: int, seed: int) -> None:
    rng = random.Random(seed)
    files = [each.path.read_bytes() for each in library()[:3]]
    for _ in range(count):
        assert _problem(_damaged(rng.choice(files), rng)) == ""


def test_a_damaged_file_gives_one_line() -> None:
    _mutations(40, seed=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_damaged_files_give_one_line(seed: int) -> None:
    _mutations(1000, seed)
