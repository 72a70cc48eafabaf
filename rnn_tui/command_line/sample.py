"""The command ``rnn-tui sample``: text that a saved network writes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import DIVERGED, DONE, CommandError, print_error
from rnn_tui.command_line.saved_options import LENGTH, read_saved, sample_command

if TYPE_CHECKING:
    from rnn_tui.checkpoint.stored_network import StoredNetwork
    from rnn_tui.tasks.tokens import Vocabulary

_WRITTEN_AT_ONCE = 64  # tokens
_MOST_LISTED = 100  # tokens of a vocabulary that a message lists
_MOST_WORDS = 10  # words that it lists


def sample(arguments: list[str]) -> int:
    """Write text to stdout and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read, or does not fit.
        CheckpointError: the run cannot be read.
    """
    options = read_saved(sample_command(), arguments)
    if options is None:
        return DONE
    from rnn_tui.checkpoint.stored_network import load_network
    from rnn_tui.engine.analysis.held_values import HeldValues
    from rnn_tui.engine.analysis.sampling import SymbolSampler
    from rnn_tui.predictions.text_job import random_generator

    stored = load_network(options["checkpoint"])
    vocabulary = _vocabulary(stored)
    prompt = options.get("prompt", "")
    if stored.settings.line_ends == "normalise":
        prompt = prompt.replace("\r\n", "\n").replace("\r", "\n")
    codes = prompt_codes(prompt, vocabulary) if prompt else _line_end(vocabulary)
    held = HeldValues.of(stored.pins, timed=False).used
    if held:
        print_error(f"it writes with {', '.join(map(str, held))} held, as it was saved")
    sampler = SymbolSampler(stored.architecture, stored.parameters)
    sampler.begin(pins=held)
    sampler.read(codes)
    random = random_generator(options.get("seed", stored.settings.seed), 0)
    length, temperature = options.get("length", LENGTH), options.get("temperature", 1.0)
    drawn = islice(sampler.sample(temperature, random), length)
    writer = TextWriter(vocabulary)
    if prompt:
        writer.write(codes)
    written = 0
    while part := [symbol.code for symbol in islice(drawn, _WRITTEN_AT_ONCE)]:
        written += len(part)
        writer.write(part)
    writer.end()
    if written < length:
        print_error("the network's outputs are not finite: there is no more text")
        return DIVERGED
    return DONE


def _vocabulary(stored: StoredNetwork) -> Vocabulary:
    """Return the tokens that a network writes.

    Raises:
        CommandError: it writes none.
    """
    from rnn_tui.tasks.tokens import Vocabulary, character_of

    task = stored.settings.task
    if task != "text":
        instead = f"; {PROGRAM} predict forecasts a series" if task in ("series", "cos") else ""
        raise CommandError(f"sample writes text, and this run's task is {task}{instead}")
    if stored.source is not None:
        return Vocabulary.kept(stored.source.tokens, stored.source.vocabulary)
    return Vocabulary.kept("chars", [character_of(name) for name in stored.symbols])


def prompt_codes(prompt: str, vocabulary: Vocabulary) -> list[int]:
    """Return the codes of a prompt.

    Raises:
        CommandError: it has tokens that the vocabulary lacks, and none stands for all others.
    """
    from rnn_tui.tasks.tokens import read_typed, shown_token

    typed = read_typed(prompt, vocabulary, whole=True)
    if typed.others and vocabulary.unknown is not None:
        names = ", ".join(map(shown_token, typed.others))
        name = vocabulary.names[vocabulary.unknown]
        print_error(f"not in the vocabulary, read as {name}: {names}")
    if not typed.refused:
        return [*typed.codes]
    names = ", ".join(map(shown_token, typed.refused[:_MOST_WORDS]))
    others = len(typed.refused) - _MOST_WORDS
    names += f" and {others:,} more" if others > 0 else ""
    most = _MOST_WORDS if vocabulary.kind == "words" else _MOST_LISTED
    listed, more = " ".join(vocabulary.names[:most]), len(vocabulary.names) - most
    allowed = f"{listed} and {more:,} more" if more > 0 else listed
    unknown = ""
    if vocabulary.kind == "words":
        unknown = "; trained with --vocabulary N, a network reads all others as ⟨unk⟩"
    raise CommandError(f"--prompt: {names} not in the vocabulary; allowed: {allowed}{unknown}")


def _line_end(vocabulary: Vocabulary) -> list[int]:
    """Return the code of a line end, which text without a prompt begins after.

    Raises:
        CommandError: the vocabulary has none.
    """
    code = vocabulary.codes().get("\n")
    if code is None:
        raise CommandError("--prompt TEXT is needed: the vocabulary has no line end to begin after")
    return [code]


class TextWriter:
    """Writes tokens to stdout; nothing in them can do anything to a terminal."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Begin with nothing written."""
        import codecs

        self._vocabulary = vocabulary
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._terminal = sys.stdout.isatty()

    def write(self, codes: Iterable[int]) -> None:
        """Write these tokens."""
        text = "".join(self._vocabulary.texts[code] for code in codes)
        if self._vocabulary.kind == "bytes":
            text = self._decoder.decode(text.encode("latin-1"))
        self._print(text)

    def end(self) -> None:
        """End the text with a newline."""
        self._print(f"{self._decoder.decode(b'', final=True)}\n")

    def _print(self, text: str) -> None:
        """Write text; to a terminal, what it would obey as its number."""
        if self._terminal:
            from rnn_tui.tasks.tokens import shown_character

            plain = (each.isprintable() or each in "\n\t" for each in text)
            pairs = zip(text, plain, strict=True)
            text = "".join(each if is_plain else shown_character(each) for each, is_plain in pairs)
        sys.stdout.write(text)
        sys.stdout.flush()
