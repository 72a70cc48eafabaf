"""Recall: a sentence names a country once, and its language is asked for many words later."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.settings import SettingError, Settings, Value
from rnn_tui.tasks.base import Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask, write_at_end

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
"""The language of each country: the country has to be remembered, the language is the answer."""
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
"""The words of each kind; a word in lower case stands for itself."""
_CLAUSES = {
    1: ("WELL",),
    2: ("YEARS", "LATER"),
    3: ("AND", "BIRDS", "COME"),
    4: ("AND", "THE", "PLACE", "SLEEPS"),
    5: ("AND", "HER", "PERSON", "DOES", "THINGS"),
    6: ("AND", "HER", "PERSON", "DOES", "OLD", "THINGS"),
}
"""Clauses that fill the gap, as kinds of words, by their number of words."""
_FACT_AND_QUESTION = len(_FACT) + len(_QUESTION)  # 9 words, before and after the gap
_LAYOUTS = 64  # ways to fill a window with clauses; each window takes one of them
_LAYOUT_STREAM = 3  # of the seed


def _words(kind: str) -> tuple[str, ...]:
    """Return the words of a kind."""
    return _WORDS.get(kind, (kind,))


_KINDS = tuple(dict.fromkeys((*_FACT, *_QUESTION, *chain.from_iterable(_CLAUSES.values()))))
_SYMBOLS = tuple(dict.fromkeys(chain.from_iterable(_words(kind) for kind in _KINDS)))
_FIRST_COUNTRY = _SYMBOLS.index(_WORDS["COUNTRY"][0])  # the others follow in order

IntArray = npt.NDArray[np.int64]


class RecallTask(RandomWindowTask):
    """Answer from memory, many→one: "I was born in India … so today I speak" → "Hindi".

    A window of T words ends in the question "so today I speak"; the fact "I was born in COUNTRY"
    ends `gap` words before it. The gap, and the rest of the window before the fact, are filled
    with clauses that name no country, such as "while my uncle sells old maps", each word drawn from
    the words of its kind. The loss counts at t = T only: the answer is one of 8 languages, all
    equally likely.
    """

    name = "recall"
    title = "recall"
    features = len(_SYMBOLS)
    outputs = len(LANGUAGES)
    loss = "cross-entropy"
    symbols = _SYMBOLS
    labels = tuple(LANGUAGES.values())
    baseline = Baseline(math.log(len(LANGUAGES)), f"guessing among {len(LANGUAGES)}")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 32,
        "forget_bias": 5.0,
        "batch": 32,
        "lr": 0.003,
    }
    updates = 1_500

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; `check_settings` has checked that the gap fits."""
        super().__init__(settings)
        self.topology = Topology.many_to_one(settings.steps)
        self._country = settings.steps - len(_QUESTION) - settings.gap - 1  # its index
        self._layouts = _layouts(settings)
        self._first, self._count, self._codes = _codes_by_kind()

    @classmethod
    def default_steps(cls, value_of: Callable[[str], Any]) -> int:
        """Return the length of a window that begins with the fact: gap + 9 words."""
        return int(value_of("gap")) + _FACT_AND_QUESTION

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse windows that are too short for fact, gap and question."""
        longest = settings.steps - _FACT_AND_QUESTION
        if longest < 0:
            shortest = _FACT_AND_QUESTION + settings.gap
            allowed = f"at least {shortest}, --gap {settings.gap} and {_FACT_AND_QUESTION}"
            raise SettingError("steps", settings.steps, f"{allowed} words more")
        if settings.gap > longest:
            allowed = f"at most {longest} with --steps {settings.steps}, {_FACT_AND_QUESTION} fewer"
            raise SettingError("gap", settings.gap, allowed)

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask.draw`."""
        kinds = self._layouts[:, random.integers(0, _LAYOUTS, x.shape[1])]  # [T, B]
        places = (random.random(kinds.shape) * self._count[kinds]).astype(np.int64)
        places += self._first[kinds]
        np.take(self._codes, places, out=x, mode="clip")
        write_at_end(target, x[self._country] - _FIRST_COUNTRY)


def _codes_by_kind() -> tuple[IntArray, IntArray, IntArray]:
    """Return the codes of all words, kind after kind.

    Returns:
        The index at which each kind begins [kinds], its number of words [kinds], and the codes
        [words].
    """
    counts = [len(_words(kind)) for kind in _KINDS]
    codes = [_SYMBOLS.index(word) for kind in _KINDS for word in _words(kind)]
    firsts = np.cumsum([0, *counts[:-1]])
    return firsts, np.array(counts), np.array(codes)


def _layouts(settings: Settings) -> IntArray:
    """Return `_LAYOUTS` random layouts of a window: the kind of each word, [T, layouts]."""
    seeds = np.random.SeedSequence([settings.seed, _LAYOUT_STREAM])
    random = np.random.Generator(np.random.PCG64(seeds))
    before = settings.steps - _FACT_AND_QUESTION - settings.gap
    layouts = [
        [*_filler(before, random), *_FACT, *_filler(settings.gap, random), *_QUESTION]
        for _ in range(_LAYOUTS)
    ]
    return np.array([[_KINDS.index(kind) for kind in layout] for layout in layouts]).T


def _filler(words: int, random: np.random.Generator) -> Iterator[str]:
    """Yield the kinds of exactly `words` words, in random clauses.

    Clauses of one or two words are used only if no longer one fits.
    """
    while words:
        lengths = [n for n in (3, 4, 5, 6) if words - n == 0 or words - n >= 3] or [words]
        length = lengths[int(random.integers(len(lengths)))]
        yield from _CLAUSES[length]
        words -= length
