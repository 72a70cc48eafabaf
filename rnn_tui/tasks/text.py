"""The next character of a text: the user's own, or a short built-in one."""

from __future__ import annotations

import codecs
import copy
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.files.data_file import CHUNK, DataError, data_chunks, file_digest, shown_name
from rnn_tui.settings import Settings, Value
from rnn_tui.tables.option_checks import check_encoding
from rnn_tui.tasks.base import (
    DataState,
    Task,
    TestWindows,
    Topology,
    WindowArray,
)
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.source import DataSource, text_digest
from rnn_tui.tasks.window_sweep import WindowSweep, streams

BUILT_IN = Path(__file__).with_name("river.txt")
"""The text to learn without --data; written for this project."""
LONGEST_TEST = 100_000
"""Upper limit of the characters that are tested: more would take seconds."""

_CHUNK = CHUNK  # bytes read at once
_BYTE_ORDER_MARK = "\ufeff"
_GLYPHS = {"\n": "↵", "\t": "⇥", " ": "␣"}

Codes = npt.NDArray[np.unsignedinteger[Any]]


class TextTask(Task):
    """Predict the next character of a text (the task of Karpathy's min-char-rnn, 2015).

    The vocabulary is every different character of the text, sorted by its number in Unicode; line
    ends are ordinary characters and stay as they are. The last tenth of the text, at least one
    window of T + 1 characters, is for testing; the rest is for training, see `WindowSweep`. The
    baseline is the entropy of single characters, −Σ p_k · ln p_k, over the training part.
    """

    name = "text"
    loss = "cross-entropy"
    defaults: ClassVar[Mapping[str, Value]] = {
        "cell": "lstm",
        "hidden": 64,
        "steps": 25,
        "batch": 8,
        "optimizer": "adam",
        "lr": 0.003,
        "clip_by": "norm",
        "clip": 1.0,
    }
    updates = 2_000

    def __init__(self, settings: Settings, kept: DataSource | None = None) -> None:
        """Read the text.

        Args:
            settings: the settings of the run.
            kept: what the run was trained on: its vocabulary and training part are kept.

        Raises:
            DataError: the file cannot be read, is not UTF-8, is empty, has only one different
                character or one that is not in the vocabulary that is kept, or is too short for
                the windows and a test.
        """
        vocabulary, self._codes = read_text(settings.data or str(BUILT_IN))
        if kept is not None:
            known = kept.vocabulary
            self._codes = _coded_anew(self._codes, vocabulary, known, settings)
            vocabulary = "".join(known)
        self._codes.flags.writeable = False
        self.symbols = self.labels = tuple(map(shown_character, vocabulary))
        self.features = self.outputs = len(vocabulary)
        self.title = f"text: {shown_name(settings.data) if settings.data else 'built in'}"
        self.topology = Topology.many_to_many(settings.steps)
        self._steps = settings.steps
        self._training_length = _training_characters(len(self._codes), settings)
        if kept is not None and len(self._codes) >= kept.rows:
            self._training_length = kept.trained
        self._source = DataSource(
            rows=len(self._codes),
            trained=self._training_length,
            digest=file_digest(settings.data) if settings.data else "",
            content=text_digest(self._codes),
            tokens=settings.tokens,
            vocabulary=tuple(vocabulary),
        )
        loss = _entropy(self._codes[: self._training_length], len(vocabulary))
        self.baseline = Baseline(loss, "letters by their frequency")
        self._sweep = WindowSweep(settings, self._training_length)
        shape = (settings.steps + 1, settings.batch)
        self._offsets = np.arange(settings.steps + 1)[:, None]  # [T+1, 1]
        self._starts = np.empty(settings.batch, dtype=np.intp)
        self._indices = np.empty(shape, dtype=np.intp)
        self._window = np.empty(shape, dtype=self._codes.dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> TextTask:
        """Return a copy that shares the text, which never changes and may be long."""
        memo[id(self._codes)] = self._codes
        copied = memo[id(self)] = object.__new__(type(self))
        for name, value in vars(self).items():
            setattr(copied, name, copy.deepcopy(value, memo))
        return copied

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse an encoding that is not known."""
        check_encoding(settings)

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill the next window, x and target int64 [T, B] each; see `Task.next_window`."""
        restarts = self._sweep.advance()
        np.copyto(self._starts, self._sweep.starts, casting="unsafe")  # keeps the integer part
        np.add(self._offsets, self._starts, out=self._indices)
        # mode="clip": the indices are in range, and with mode="raise" NumPy would copy the result
        np.take(self._codes, self._indices, out=self._window, mode="clip")
        x[...] = self._window[:-1]
        target[...] = self._window[1:]
        return restarts

    def state(self) -> DataState:
        """Return the position of the next window and the generator's state."""
        return self._sweep.state()

    def source(self) -> DataSource:
        """Return what a checkpoint keeps of the text; see `Task.source`."""
        return self._source

    def begins_like(self, source: DataSource) -> bool:
        """Return whether the text begins with the one that `source` tells of."""
        return text_digest(self._codes[: source.rows]) == source.content

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task.restore`."""
        self._sweep.restore(state)

    def test(self) -> TestWindows:
        """Return the test part, at most `LONGEST_TEST` characters, as consecutive windows."""
        tested = self._codes[self._training_length :]
        count = min(len(tested) - 1, max(LONGEST_TEST, self._steps)) // self._steps
        used = tested[: count * self._steps + 1].astype(np.int64)
        x, target = (part.reshape(count, self._steps).T.copy() for part in (used[:-1], used[1:]))
        return TestWindows(x, target, np.ones(x.shape, dtype=np.bool_), carried=True)


def read_text(path: str) -> tuple[str, Codes]:
    """Read a UTF-8 text; a byte order mark at its start is not part of it.

    Returns:
        The vocabulary: every different character, in order of Unicode; and the code of each
        character of the text, which is its index in the vocabulary, [N], in the smallest unsigned
        type.

    Raises:
        DataError: the file cannot be read, is not UTF-8, or has fewer than two different
            characters.
    """
    chunks = list(_characters(data_chunks(path, _CHUNK), path))
    used = np.unique(np.concatenate([np.zeros(0, np.uint32), *map(np.unique, chunks)]))
    total = sum(map(len, chunks))
    if not total:
        raise DataError("--data", path, "the file is empty; it must be a text")
    if len(used) == 1:
        content = f"{total} times {chr(used[0])!r}" if total > 1 else f"a single {chr(used[0])!r}"
        reason = f"the text is {content}; it must have at least two different characters"
        raise DataError("--data", path, reason)
    codes = np.empty(total, dtype=np.min_scalar_type(len(used) - 1))
    code_of = np.zeros(int(used[-1]) + 1, dtype=codes.dtype)
    code_of[used] = np.arange(len(used))
    end = 0
    for k, chunk in enumerate(chunks):
        start, end = end, end + len(chunk)
        codes[start:end] = code_of[chunk]
        chunks[k] = chunk[:0]  # frees the characters that are translated
    return "".join(map(chr, used)), codes


def _coded_anew(codes: Codes, vocabulary: str, known: tuple[str, ...], settings: Settings) -> Codes:
    """Return the codes of a text in a vocabulary that is kept.

    Args:
        codes: of the text, [N], in its own vocabulary.
        vocabulary: its own.
        known: the vocabulary that is kept.
        settings: the settings, for the message.

    Raises:
        DataError: the text has a character that is not in it.
    """
    place = {character: code for code, character in enumerate(known)}
    if unknown := [each for each in vocabulary if each not in place]:
        listed = ", ".join(f"{each!r} (U+{ord(each):04X})" for each in unknown[:3])
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        reason = f"the network was trained on a text without {listed}{more}, and has no code for it"
        raise DataError("--data", settings.data, reason)
    table = np.array([place[each] for each in vocabulary], np.min_scalar_type(len(known) - 1))
    coded: Codes = table[codes]
    return coded


def _characters(content: Iterator[bytes], path: str) -> Iterator[Codes]:
    """Yield the Unicode numbers of the characters, in chunks of the smallest type that fits."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0  # of the first byte that is not decoded yet
    begun = False
    for read in chain(content, [b""]):  # the empty one ends the text
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(read, final=not read)
        except UnicodeDecodeError as error:
            byte, at = error.object[error.start], offset + error.start
            reason = f"byte 0x{byte:02x} at offset {at} is not UTF-8; save the text as UTF-8"
            raise DataError("--data", path, reason) from None
        offset += pending + len(read) - len(decoder.getstate()[0])
        if text and not begun:
            begun, text = True, text.removeprefix(_BYTE_ORDER_MARK)
        numbers = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
        if len(numbers):
            yield numbers.astype(np.min_scalar_type(int(numbers.max())))


def shown_character(character: str) -> str:
    """Return the text that shows a character: one cell wide, or its number (U+0007).

    Different characters have different texts.
    """
    if character in _GLYPHS:
        return _GLYPHS[character]
    # A combining character, or one of the glyphs above, would be mistaken for another character.
    stands_alone = character.isprintable() and not unicodedata.combining(character)
    if stands_alone and character not in _GLYPHS.values():
        return character
    return f"U+{ord(character):04X}"


def _training_characters(total: int, settings: Settings) -> int:
    """Return the number of characters to train on.

    Raises:
        DataError: the text is too short.
    """
    parts, window = streams(settings), settings.steps + 1
    tested = max(-(-total // 10), window)
    if (total - tested) // parts >= window:
        return total - tested
    needed = max(-(-10 * parts * window // 9), (parts + 1) * window)
    whose = "it" if settings.data else "the built-in text"
    batch = f" with --batch {parts}" if parts > 1 else ""
    reason = f"{whose} has {total} characters, but --steps {settings.steps}{batch} needs at least"
    raise DataError("--data", settings.data, f"{reason} {needed} (the last tenth is for testing)")


def _entropy(codes: Codes, symbols: int) -> float:
    """Return the entropy of single characters in nats."""
    counts = np.zeros(symbols, dtype=np.int64)
    for start in range(0, len(codes), _CHUNK):  # in chunks, as bincount makes an int64 copy
        counts += np.bincount(codes[start : start + _CHUNK], minlength=symbols)
    shares = counts[counts > 0] / len(codes)
    return float(-(shares * np.log(shares)).sum())
