"""Text that the network writes: what it has read, and what it goes on with."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rnn_tui.predictions.results import TextSample, WindowsPredictions
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, merge, text_width
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panels.predictions.common_lines import chance, head

NEWLINE, SPACE = "↵", "␣"
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
_READ = 40  # characters of what was read that are shown


def draw(context: DrawContext, found: WindowsPredictions, width: int, height: int) -> Lines:
    """Test loss, what is likeliest to come next, and a text."""
    loss = found.evaluation.loss
    parts: list[Run] = [
        (f"test loss {number(loss, 3)} nats", "strong"),
        (f"{number(loss / math.log(2), 3)} bits a character", ""),
    ]
    above: list[Line] = [head(parts, found.history, False, width)]
    written = context.snapshot.text_sample
    if written is None:
        return (*above, ((" a text comes with the next look", "dim"),))
    above.append(candidates(written, width))
    room = max(height - len(above), 0)
    return (*above, *flowing(text_of(written), width, room))[: max(height, 1)]


def temperature_words(temperature: float) -> str:
    """What a temperature means."""
    return "always the likeliest" if temperature == 0 else f"temperature {number(temperature, 2)}"


def warmer(temperature: float, steps: int) -> float:
    """The temperature so many steps up, or down if negative, among `TEMPERATURES`."""
    here = min(range(len(TEMPERATURES)), key=lambda k: abs(TEMPERATURES[k] - temperature))
    return TEMPERATURES[min(max(here + steps, 0), len(TEMPERATURES) - 1)]


def candidates(written: TextSample, width: int) -> Line:
    """The likeliest next characters with their probabilities, as many as fit; how it is drawn."""
    if not written.next:
        return ((" the outputs are not finite: nothing comes next", "error"),)
    words: Line = ((f"· {temperature_words(written.temperature)}", "dim"),)
    width -= cell_width(words)
    line: Line = ((" next", "dim"),)
    for symbol in written.next:
        piece: Line = (
            (f" {written.symbols[symbol.code]}", "key"),
            (f" {chance(symbol.probability)} ", ""),
        )
        if cell_width(line) + cell_width(piece) > width:
            break
        line = (*line, *piece)
    return (*line, *words)


def text_of(written: TextSample) -> list[Run]:
    """The end of what was read, a sign, and what was written, a run a character."""
    read = written.read[-_READ:]
    before: Run = ("…" if len(read) < len(written.read) else "", "dim")
    return [
        before,
        *((written.symbols[code], "dim") for code in read),
        ("▸", "accent"),
        *((written.symbols[symbol.code], "") for symbol in written.text),
    ]


def flowing(text: Iterable[Run], width: int, height: int) -> Lines:
    """`text`, a run a character, in lines of `width`; a line ends after ↵, spaces are spaces."""
    lines: list[list[Run]] = [[(" ", "")]]
    taken = 1
    for character, role in text:
        shown = " " if character == SPACE else character
        size = text_width(shown)
        if taken + size > width:
            lines.append([(" ", "")])
            taken = 1
        lines[-1].append((shown, "dim" if character == NEWLINE else role))
        taken += size
        if character == NEWLINE:
            lines.append([(" ", "")])
            taken = 1
        if len(lines) > height:
            break
    return tuple(merge(line) for line in lines[:height])
