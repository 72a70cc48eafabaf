"""The next character, word or byte of a text: the user's own, or a short built-in one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rnn_tui.files.data_file import CHUNK, DataError, file_digest, shown_name
from rnn_tui.files.text_file import TextFile
from rnn_tui.settings import SettingError, Settings, Value
from rnn_tui.tables.option_checks import check_encoding
from rnn_tui.tasks.base import (
    DataState,
    Task,
    TestWindows,
    Topology,
    WindowArray,
)
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.data_report import DataReport
from rnn_tui.tasks.source import DataSource, text_digest
from rnn_tui.tasks.text_baselines import entropy, text_baselines
from rnn_tui.tasks.tokens import (
    UNKNOWN,
    TokenisedText,
    UnknownTokensError,
    Vocabulary,
    shown_token,
    tokenise,
)
from rnn_tui.tasks.window_sweep import WindowSweep, streams

BUILT_IN = Path(__file__).with_name("river.txt")
"""The text to learn without --data; written for this project."""
LONGEST_TEST: Mapping[str, int] = {"chars": 100_000, "words": 25_000, "bytes": 100_000}
"""Upper limit of the tokens that are tested: more would take seconds; a word takes longer."""
NAMES: Mapping[str, str] = {"chars": "characters", "words": "words", "bytes": "bytes"}
"""What the tokens of each kind are called."""

_CHUNK = CHUNK  # bytes read at once


class TextTask(Task):
    """Predict the next character of a text (the task of Karpathy's min-char-rnn, 2015), or word.

    What a token is, and which ones are kept: see `rnn_tui.tasks.tokens`. The last tenth of the
    text, at least one window of T + 1 tokens, is for testing; the rest is for training, see
    `WindowSweep`. The baseline is the entropy of single tokens, −Σ p_k · ln p_k, over the training
    part.

    Attributes:
        vocabulary: the tokens.
        notes: what was assumed and changed while the text was read, a sentence each.
    """

    name = "text"
    baseline: Baseline
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
            DataError: the file cannot be read, is in another encoding, is empty, has only one
                different token or one that is not in the vocabulary that is kept, or is too short
                for the windows and a test.
        """
        known = None if kept is None else Vocabulary.kept(kept.tokens, kept.vocabulary)
        text, file = read_text(settings, known)
        self._codes = text.codes
        self._codes.flags.writeable = False
        self.vocabulary = text.vocabulary
        self.symbols = self.labels = self.vocabulary.names
        self.features = self.outputs = len(self.symbols)
        kind = "" if settings.tokens == "chars" else f", {settings.tokens}"
        name = shown_name(settings.data) if settings.data else "built in"
        self.title = f"text{kind}: {name}"
        self.topology = Topology.many_to_many(settings.steps)
        self._steps, self._kind = settings.steps, settings.tokens
        self._training_length = _training_tokens(len(self._codes), settings)
        if kept is not None and len(self._codes) >= kept.rows:
            self._training_length = kept.trained
        self._source = DataSource(
            rows=len(self._codes),
            trained=self._training_length,
            digest=file_digest(settings.data) if settings.data else "",
            content=text_digest(self._codes),
            tokens=settings.tokens,
            vocabulary=self.vocabulary.texts,
        )
        self.notes = tuple(_notes(text, file))
        self._report: DataReport | None = None
        if settings.data:
            total = len(self._codes)
            self._report = DataReport(
                path=settings.data,
                task=self.name,
                rows=self._lines(),
                values=total,
                notes=self.notes,
                encoding=file.encoding,
                trained=self._training_length,
                tested=total - self._training_length,
                tokens=self._kind,
                vocabulary=self.outputs,
                different=text.different,
            )
        loss = entropy(self._codes[: self._training_length], self.outputs)
        what = {"chars": "letters", "words": "words", "bytes": "bytes"}[self._kind]
        self.baseline = Baseline(loss, f"{what} by their frequency")
        self._sweep = WindowSweep(settings, self._training_length)
        shape = (settings.steps + 1, settings.batch)
        self._offsets = np.arange(settings.steps + 1)[:, None]  # [T+1, 1]
        self._starts = np.empty(settings.batch, dtype=np.intp)
        self._indices = np.empty(shape, dtype=np.intp)
        self._window = np.empty(shape, dtype=self._codes.dtype)

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse what does not go together: bytes have no encoding, and are 256 always."""
        if settings.tokens == "bytes" and settings.encoding:
            message = "--encoding has no effect with --tokens bytes, which reads no characters"
            raise SettingError("encoding", settings.encoding, "left out", message=message)
        if settings.tokens == "bytes" and settings.vocabulary:
            message = "--vocabulary has no effect with --tokens bytes, of which there are 256"
            raise SettingError("vocabulary", settings.vocabulary, "0", message=message)
        check_encoding(settings)

    def __deepcopy__(self, memo: dict[int, Any]) -> TextTask:
        """Return a copy that shares the text, which never changes and may be long."""
        memo[id(self._codes)] = self._codes
        copied = memo[id(self)] = object.__new__(type(self))
        for name, value in vars(self).items():
            setattr(copied, name, copy.deepcopy(value, memo))
        return copied

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

    def data_report(self) -> DataReport | None:
        """Return what was read of the user's text; see `Task.data_report`."""
        return self._report

    def test(self) -> TestWindows:
        """Return the test part, at most `LONGEST_TEST` of its tokens, as consecutive windows."""
        x, target = self._tested()
        return TestWindows(x, target, np.ones(x.shape, dtype=np.bool_), carried=True)

    @cached_property
    def test_baselines(self) -> Mapping[str, float]:
        """The loss on the test part of what remembers one token at most, in nats, by name."""
        x, target = self._tested()
        training = self._codes[: self._training_length]
        return text_baselines(training, x.T.ravel(), target.T.ravel(), self.outputs)

    def baselines(self) -> tuple[Baseline, ...]:
        """Return what the test loss is compared with, the lowest first."""
        one = NAMES[self._kind][:-1]
        words = {"unigram": f"{one}s by their frequency", "bigram": f"each {one} by the one before"}
        known = (Baseline(loss, words[name], name) for name, loss in self.test_baselines.items())
        return tuple(sorted(known, key=lambda each: each.loss))

    def _lines(self) -> int:
        """Return the number of lines of the text; of words that is one more than line ends."""
        texts = self.vocabulary.texts
        return 1 + int(np.count_nonzero(self._codes == texts.index("\n"))) if "\n" in texts else 1

    def _tested(self) -> tuple[WindowArray, WindowArray]:
        """Return the inputs and targets of the test, [T, N] each."""
        tested = self._codes[self._training_length :]
        most = max(LONGEST_TEST[self._kind], self._steps)
        count = min(len(tested) - 1, most) // self._steps
        used = tested[: count * self._steps + 1].astype(np.int64)
        x, target = (part.reshape(count, self._steps).T.copy() for part in (used[:-1], used[1:]))
        return x, target


def read_text(
    settings: Settings, known: Vocabulary | None = None
) -> tuple[TokenisedText, TextFile]:
    """Read the text that `settings` name, as tokens.

    Args:
        settings: the settings of the run.
        known: the vocabulary that is kept; None for that of the text.

    Raises:
        DataError: the file cannot be read, is in another encoding, has fewer than two different
            tokens, or one that is not `known`.
    """
    path = settings.data or str(BUILT_IN)
    file = TextFile(path, settings.encoding, keep_line_ends=settings.line_ends == "keep")
    as_bytes = settings.tokens == "bytes"
    pieces = file.bytes_as_text(_CHUNK) if as_bytes else file.texts(_CHUNK)
    try:
        text = tokenise(pieces, settings.tokens, settings.vocabulary, known)
    except UnknownTokensError as error:
        raise DataError("--data", settings.data, _without_code(error.tokens)) from None
    total, what = len(text.codes), NAMES[settings.tokens]
    if not total:
        raise DataError("--data", path, "the file is empty; it must be a text")
    if known is None and text.codes.min() == text.codes.max():
        only = text.vocabulary.texts[int(text.codes[0])]
        content = f"{total} times {only!r}" if total > 1 else f"a single {only!r}"
        reason = f"the text is {content}; it must have at least two different {what}"
        raise DataError("--data", path, reason)
    return text, file


def _without_code(tokens: Sequence[str]) -> str:
    """Return why a text with tokens that the network has never seen cannot be read."""
    listed = ", ".join(
        f"{each!r} (U+{ord(each):04X})" if len(each) == 1 else shown_token(each)
        for each in tokens[:3]
    )
    more = f" and {len(tokens) - 3} more" if len(tokens) > 3 else ""
    return f"the network was trained on a text without {listed}{more}, and has no code for it"


def _notes(text: TokenisedText, file: TextFile) -> Iterator[str]:
    """Yield what was assumed and changed, and what there is, a sentence each."""
    if file.found:
        yield f"encoding {file.encoding}, {file.found}"
    if file.line_ends:
        yield f"{file.line_ends:,} line ends were CR or CRLF and are newlines (--line-ends keep)"
    total = len(text.codes)
    if text.unknown:
        kept, share = len(text.vocabulary.texts) - 1, text.unknown / total
        yield (
            f"the {kept:,} most frequent ones are kept; {UNKNOWN} stands for {text.unknown:,} of "
            f"{total:,} ({100 * share:.1f} %)"
        )


def _training_tokens(total: int, settings: Settings) -> int:
    """Return the number of tokens to train on.

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
    what = NAMES[settings.tokens]
    reason = f"{whose} has {total} {what}, but --steps {settings.steps}{batch} needs at least"
    raise DataError("--data", settings.data, f"{reason} {needed} (the last tenth is for testing)")
