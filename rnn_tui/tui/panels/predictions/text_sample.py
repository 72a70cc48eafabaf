"""Predictions of task text: what the network has read, and the text it writes after that."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rnn_tui.predictions.results import TextSample, WindowsPredictions
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, merge, text_width
from rnn_tui.tui.number_format import number, probability
from rnn_tui.tui.panels.predictions.common_lines import summary_line
from rnn_tui.tui.visible_names import on_letter

NEWLINE = "↵"
NEWLINES, SPACES = (NEWLINE, r"\n"), ("␣", "SP")  # in Unicode, in ASCII
_READ = 40  # characters at most of what was read


def draw(context: DrawContext, predictions: WindowsPredictions, width: int, height: int) -> Lines:
    """Draw the test loss, the most probable next characters, and the text.

    Args:
        context: the snapshot with the text sample.
        predictions: the evaluation on test windows.
        width: cells of a line.
        height: lines at most.
    """
    loss = predictions.evaluation.loss
    parts: list[Run] = [
        (f"test loss {number(loss, 3)} nats", "strong"),
        (f"{number(loss / math.log(2), 3)} bits a character", ""),
    ]
    above: list[Line] = [summary_line(parts, predictions.history, False, width)]
    sample = context.snapshot.text_sample
    if sample is None:
        return (*above, ((" a text comes with the next look", "dim"),))
    above.append(candidates(sample, width))
    available = max(height - len(above), 0)
    return (*above, *wrap_characters(text_of(sample), width, available))[: max(height, 1)]


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
    return [
        before,
        *((sample.symbols[code], "dim") for code in read),
        ("▸", "strong"),
        *((sample.symbols[symbol.code], "") for symbol in sample.text),
    ]


def wrap_characters(text: Iterable[Run], width: int, height: int) -> Lines:
    """Wrap `text`, one run a character, into lines of `width`; ↵ ends a line, ␣ becomes a space.

    A mark stands on the letter before it.
    """
    lines: list[list[Run]] = [[(" ", "")]]
    taken = 1
    for character, role in text:
        letter, letter_role = lines[-1][-1]
        marked = on_letter(letter, character) if len(lines[-1]) > 1 else None
        if marked is not None:
            size = text_width(marked) - text_width(letter)
            if taken + size <= width:
                lines[-1][-1] = (marked, letter_role)
                taken += size
                continue
        shown = " " if character in SPACES else character
        size = text_width(shown)
        if taken + size > width:
            lines.append([(" ", "")])
            taken = 1
        lines[-1].append((shown, "dim" if character in NEWLINES else role))
        taken += size
        if character in NEWLINES:
            lines.append([(" ", "")])
            taken = 1
        if len(lines) > height:
            break
    return tuple(merge(line) for line in lines[:height])
