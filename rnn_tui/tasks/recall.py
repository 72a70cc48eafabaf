"""Recall: where somebody was born is told once, and asked for many words later."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

from rnn_tui.settings import RECALL_WORDS, Settings
from rnn_tui.tasks.base import Baseline, Topology, WindowArray
from rnn_tui.tasks.random_windows import RandomWindowTask, at_the_end

LANGUAGES = {
    "India": "Hindi",
    "France": "French",
    "Japan": "Japanese",
    "Brazil": "Portuguese",
    "Egypt": "Arabic",
    "Greece": "Greek",
    "Poland": "Polish",
    "Kenya": "Swahili",
}
"""The facts: who was born in the one speaks the other."""
_FACT = ("I", "was", "born", "in", "COUNTRY")
_QUESTION = ("so", "today", "I", "speak")
_WORDS = {
    "COUNTRY": tuple(LANGUAGES),
    "AND": ("and", "but", "while", "because", "since"),
    "HER": ("my", "her", "our", "their"),
    "PERSON": ("sister", "uncle", "teacher", "neighbour", "daughter", "friend"),
    "DOES": ("paints", "sells", "repairs", "collects", "counts", "carries"),
    "OLD": ("old", "red", "wooden", "tiny", "heavy", "quiet"),
    "THINGS": ("boats", "clocks", "kites", "maps", "stones", "bells"),
    "THE": ("the", "this", "that"),
    "PLACE": ("river", "market", "garden", "harbour", "valley", "road"),
    "SLEEPS": ("sleeps", "shines", "waits", "changes", "floods", "freezes"),
    "BIRDS": ("birds", "children", "dogs", "guests", "clouds", "trains"),
    "COME": ("come", "leave", "sing", "return", "rest", "wander"),
    "YEARS": ("years", "winters", "summers", "weeks"),
    "LATER": ("later", "ago", "afterwards"),
    "WELL": ("well", "anyway", "meanwhile"),
}
"""The words of each kind; what is no kind stands for itself."""
_CLAUSES = {
    1: ("WELL",),
    2: ("YEARS", "LATER"),
    3: ("AND", "BIRDS", "COME"),
    4: ("AND", "THE", "PLACE", "SLEEPS"),
    5: ("AND", "HER", "PERSON", "DOES", "THINGS"),
    6: ("AND", "HER", "PERSON", "DOES", "OLD", "THINGS"),
}
"""What fills the gap, by its number of words."""
_LAYOUTS = 64  # ways to cut a gap into clauses, from which each window takes one
_LAYOUT_STREAM = 3  # of the seed


def _words(kind: str) -> tuple[str, ...]:
    return _WORDS.get(kind, (kind,))


assert len(_FACT) + len(_QUESTION) == RECALL_WORDS

_KINDS = tuple(dict.fromkeys((*_FACT, *_QUESTION, *chain.from_iterable(_CLAUSES.values()))))
_SYMBOLS = tuple(dict.fromkeys(chain.from_iterable(_words(kind) for kind in _KINDS)))
_FIRST_COUNTRY = _SYMBOLS.index(_WORDS["COUNTRY"][0])  # the others follow it, as LANGUAGES has them

IntArray = npt.NDArray[np.int64]


class RecallTask(RandomWindowTask):
    """Answer from memory, many→one: "I was born in India … so today I speak" → "Hindi".

    A window of T words ends in the question and holds the fact, `gap` words before it. The gap, and
    what may be left of the window before the fact, is filled with clauses in which no country
    occurs: "while my uncle sells old maps", each word drawn from the words of its kind. The answer
    is asked for at t = T only: one of 8 languages, all equally likely.
    """

    name = "recall"
    title = "recall"
    features = len(_SYMBOLS)
    outputs = len(LANGUAGES)
    loss = "cross-entropy"
    symbols = _SYMBOLS
    labels = tuple(LANGUAGES.values())
    baseline = Baseline(math.log(len(LANGUAGES)), f"guessing among {len(LANGUAGES)}")

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; the settings have made sure that the gap fits."""
        super().__init__(settings)
        self.topology = Topology.many_to_one(settings.steps)
        self._country = settings.steps - len(_QUESTION) - settings.gap - 1  # its place, from 0
        self._layouts = _layouts(settings)
        self._first, self._count, self._codes = _lexicon()

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask`."""
        kinds = self._layouts[:, random.integers(0, _LAYOUTS, x.shape[1])]  # [T, B]
        places = (random.random(kinds.shape) * self._count[kinds]).astype(np.int64)
        places += self._first[kinds]
        np.take(self._codes, places, out=x, mode="clip")
        at_the_end(target, x[self._country] - _FIRST_COUNTRY)


def _lexicon() -> tuple[IntArray, IntArray, IntArray]:
    """The words of all kinds in one row: where each kind begins, how many it has, their codes."""
    counts = [len(_words(kind)) for kind in _KINDS]
    codes = [_SYMBOLS.index(word) for kind in _KINDS for word in _words(kind)]
    firsts = np.cumsum([0, *counts[:-1]])
    return firsts, np.array(counts), np.array(codes)


def _layouts(settings: Settings) -> IntArray:
    """The kinds of words in a window, by timestep and layout: [T, layouts]."""
    seeds = np.random.SeedSequence([settings.seed, _LAYOUT_STREAM])
    random = np.random.Generator(np.random.PCG64(seeds))
    before = settings.steps - RECALL_WORDS - settings.gap
    layouts = [
        [*_filler(before, random), *_FACT, *_filler(settings.gap, random), *_QUESTION]
        for _ in range(_LAYOUTS)
    ]
    return np.array([[_KINDS.index(kind) for kind in layout] for layout in layouts]).T


def _filler(words: int, random: np.random.Generator) -> Iterator[str]:
    """The kinds of exactly so many words, in clauses; those of 1 or 2 only where none else fits."""
    while words:
        lengths = [n for n in (3, 4, 5, 6) if words - n == 0 or words - n >= 3] or [words]
        length = lengths[int(random.integers(len(lengths)))]
        yield from _CLAUSES[length]
        words -= length
