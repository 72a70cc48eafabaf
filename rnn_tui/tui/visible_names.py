"""Names of symbols as they are seen: no character that changes the one before it stands alone.

Task text names a symbol by its character, or by its number where that cannot stand alone. On the
screen a mark stands on ◌, and in running text on the letter before it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import lru_cache

from rnn_tui.predictions.results import TextSample, WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import text_width

BASE = "◌"  # stands for the letter that a mark would be on
_JOINER = "\u200d"  # of emoji: some terminals draw them one beside the other
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)  # two of them are a flag
_ABBREVIATIONS = {
    0x00AD: "SHY",
    0x034F: "CGJ",
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
    0x200E: "LRM",
    0x200F: "RLM",
    0x2060: "WJ",
    0xFE0E: "VS15",
    0xFE0F: "VS16",
    0xFEFF: "BOM",
}
"""Unicode's short names of characters that show nothing."""


@lru_cache(4096)
def visible_name(name: str) -> str:
    """Return the name of a symbol as it is seen.

    Where terminals do not agree how wide it is, blanks follow, so that what stands behind keeps
    its place in all of them: a skin tone is two cells or none, half a flag two or one.
    """
    number = _number(name)
    if number < 0:
        return name if name.isascii() else name + " " * _wider(name)
    if number in _ABBREVIATIONS:
        return _ABBREVIATIONS[number]
    if number in _SKIN_TONES:
        return f"{BASE}{chr(number)}  "
    if number in _REGIONAL_INDICATORS:
        return f"{chr(number)} "
    character = chr(number) if number >= 0 else ""
    mark = character and unicodedata.category(character)[0] == "M"
    if mark or (character.isprintable() and not text_width(character or " ")):
        return BASE + character
    return name


def _wider(name: str) -> int:
    """Return how many cells more some terminals take for a word than others."""
    cells = 0
    for character in name:
        if ord(character) in _SKIN_TONES or character == _JOINER:
            cells += 2
        elif unicodedata.category(character) == "Mc":
            cells += 1
    return cells


def on_letter(letter: str, name: str) -> str | None:
    """Return `letter` with the mark on it that the visible name of a symbol is.

    Returns:
        None where the name is no mark, or cannot stand there.
    """
    mark = name.removeprefix(BASE)
    if mark == name or not letter.strip() or letter[0] == BASE:
        return None
    if ord(mark[0]) in _SKIN_TONES:
        emoji = text_width(letter) == 2 and unicodedata.category(letter[0]) == "So"
        return letter + mark if emoji and len(letter) == 1 else None
    alike = text_width(letter + mark) == text_width(letter)
    return letter + mark if alike and unicodedata.category(letter[0])[0] in "LNM" else None


@lru_cache(64)
def visible_names(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the names of all symbols as they are seen; the same object where that is alike."""
    if names is None:
        return None
    shown = tuple(map(visible_name, names))
    return names if shown == names else shown


def with_visible_names(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with all names of symbols as they are seen."""
    task = snapshot.task
    symbols, labels = visible_names(task.symbols), visible_names(task.labels)
    if symbols is task.symbols and labels is task.labels:
        return snapshot
    predictions = snapshot.predictions
    if isinstance(predictions, WindowsPredictions):
        predictions = replace(
            predictions,
            symbols=visible_names(predictions.symbols),
            labels=visible_names(predictions.labels),
        )
    return replace(
        snapshot,
        task=replace(task, symbols=symbols, labels=labels),
        predictions=predictions,
        text_sample=visible_text(snapshot.text_sample),
        answer=visible_text(snapshot.answer),
    )


def visible_text(sample: TextSample | None) -> TextSample | None:
    """Return a text sample with all names as they are seen."""
    if sample is None:
        return None
    return replace(sample, symbols=visible_names(sample.symbols) or ())


def _number(name: str) -> int:
    """Return the number of the one character that a name stands for; −1 if it is a word."""
    if len(name) == 1:
        return ord(name)
    if name.startswith("U+"):
        try:
            return int(name[2:], 16)
        except ValueError:
            return -1
    return -1
