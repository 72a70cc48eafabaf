"""One key of the footer, and what it does: `key_hints` says which keys there are."""

from __future__ import annotations

from dataclasses import dataclass

ALWAYS, FIRST, SECOND, THIRD, FOURTH, LAST = range(6)  # ranks


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A key, or several, and what they do here.

    Attributes:
        shown: the keys as the footer names them.
        word: what they do, in a word.
        keys: their names in Textual.
        brief: fewer of the keys, where there is little room; "" for `shown`.
        rank: the smaller, the sooner it has room; of the same rank the first one has it.
    """

    shown: str
    word: str
    keys: tuple[str, ...]
    rank: int = SECOND
    brief: str = ""
