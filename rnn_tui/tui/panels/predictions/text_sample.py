"""Predictions of task text: what the network has read, and the text it writes after that."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from unicodedata import category

from rnn_tui.predictions.results import TextSample, WindowsPredictions
from rnn_tui.tasks.tokens import shown_character
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, cut, merge, text_width
from rnn_tui.tui.number_format import number, probability
from rnn_tui.tui.panels.predictions.common_lines import summary_line
from rnn_tui.tui.symbols import without_blank
from rnn_tui.tui.visible_names import on_letter, visible_name

NEWLINE = "↵"
NEWLINES, SPACES = (NEWLINE, r"\n"), ("␣", "SP")  # in Unicode, in ASCII
_READ = 40  # symbols at most of what was read
_BYTES = 256  # symbols, where they are bytes
_RUN = re.compile("(?:␣×|SPx)([0-9]{1,2})")  # the name of several blanks, in Unicode and ASCII


def draw(context: DrawContext, predictions: WindowsPredictions, width: int, height: int) -> Lines:
    """Draw the test loss, the most probable next characters, and the text.

    Args:
        context: the snapshot with the text sample.
        predictions: the evaluation on test windows.
        width: cells of a line.
        height: lines at most.
    """
    loss = predictions.evaluation.loss
    one = {"words": "word", "bytes": "byte"}.get(context.snapshot.settings.tokens, "character")
    parts: list[Run] = [
        (f"test loss {number(loss, 3)} nats", "strong"),
        (f"{number(loss / math.log(2), 3)} bits a {one}", ""),
        *((perplexity(loss), "") for _ in range(one == "word")),
    ]
    above: list[Line] = [summary_line(parts, predictions.history, False, width)]
    sample = context.snapshot.text_sample
    if sample is None:
        return (*above, ((" a text comes with the next look", "dim"),))
    above.append(candidates(sample, width))
    available = max(height - len(above), 0)
    return (*above, *wrap_characters(text_of(sample), width, available))[: max(height, 1)]


def perplexity(loss: float) -> str:
    """Return e^loss in words: among how many alike words one would have to guess."""
    value = math.exp(min(loss, 700.0)) if math.isfinite(loss) else math.nan
    return f"perplexity {number(value, 3)}"


def temperature_words(temperature: float) -> str:
    """Return a temperature in words."""
    return "always the likeliest" if temperature == 0 else f"temperature {number(temperature, 2)}"


def candidates(sample: TextSample, width: int) -> Line:
    """Return the most probable next characters that fit, with their p, and the temperature."""
    if not sample.next:
        return ((" the outputs are not finite: nothing comes next", "error"),)
    words: Line = ((f"· {temperature_words(sample.temperature)}", "dim"),)
    width -= cell_width(words)
    line: Line = ((" next", "dim"),)
    for symbol in sample.next:
        piece: Line = (
            (f" {sample.symbols[symbol.code]}", "key"),
            (f" {probability(symbol.probability)} ", ""),
        )
        if cell_width(line) + cell_width(piece) > width:
            break
        line = (*line, *piece)
    return (*line, *words)


def text_of(sample: TextSample) -> list[Run]:
    """Return the end of what was read, the sign ▸ and what was written, one run a character."""
    read = sample.read[-_READ:]
    before: Run = ("…" if len(read) < len(sample.read) else "", "dim")
    written = [symbol.code for symbol in sample.text]
    return [
        before,
        *symbol_runs(sample.symbols, read, "dim"),
        ("▸", "strong"),
        *symbol_runs(sample.symbols, written, ""),
    ]


def symbol_runs(symbols: Sequence[str], codes: Sequence[int], role: str) -> list[Run]:
    """Return the names of symbols, one run each; bytes that are a character together are that."""
    if len(symbols) != _BYTES or symbols[-1] != r"\xFF":
        return [(symbols[code], role) for code in codes]
    runs: list[Run] = []
    start = 0
    while start < len(codes):
        lead = codes[start]
        length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        character = bytes(codes[start : start + length]).decode("utf-8", "replace")
        if length == 1 or len(character) != 1 or character == "\ufffd":
            runs.append((symbols[lead], role))
            start += 1
        else:
            runs.append((visible_name(shown_character(character)), role))
            start += length
    return runs


def wrap_characters(text: Iterable[Run], width: int, height: int) -> Lines:
    """Wrap `text`, one run a symbol, into lines of `width`; ↵ ends a line, ␣ becomes a space.

    A mark stands on the letter before it. A word is not divided where a line has room for it; the
    blank before it is left out where a line begins.
    """
    lines: list[list[Run]] = [[(" ", "")]]
    taken = 1
    free = 0
    for character, role in text:
        letter, letter_role = lines[-1][-1]
        marked = on_letter(letter, character) if len(lines[-1]) > 1 else None
        if marked is not None:
            size = text_width(marked) - text_width(letter)
            if taken + size <= width:
                lines[-1][-1] = (marked, letter_role)
                taken += size
                free += category(marked[-1]) == "Mc"
                continue
        shown = running(character)
        if free and not shown[0].isalpha():  # cells that these marks take in some terminals
            free = min(free, max(width - taken, 0))
            lines[-1].append((" " * free, lines[-1][-1][1]))
            taken += free
            free = 0
        if taken > 1 and taken + text_width(shown) > width:
            lines.append([(" ", "")])
            taken = 1
            shown = shown.lstrip(" ") if len(shown) > 1 else shown
        while taken + text_width(shown) > width > 2 and len(shown) > 1:
            part = cut(shown, width - taken + 1)[:-1] or shown[0]
            lines[-1].append((part, role))
            lines.append([(" ", "")])
            shown = shown[len(part) :]
        lines[-1].append((shown, "dim" if character in NEWLINES else role))
        taken += text_width(shown)
        if character in NEWLINES:
            lines.append([(" ", "")])
            taken = 1
        if len(lines) > height:
            break
    return tuple(merge(line) for line in lines[:height])


def running(name: str) -> str:
    """Return the name of a symbol in running text: its blanks are blanks."""
    if name in SPACES:
        return " "
    if blanks := _RUN.fullmatch(name):
        return " " * int(blanks[1])
    return f" {name[1:]}" if without_blank(name) != name else name
