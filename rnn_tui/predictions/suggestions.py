"""What to type next, as on a phone: the likeliest words, and the units that decided.

Where symbols are words, they are suggested themselves; where they are characters, words are found
by following the likeliest characters to the end of a word. Parameters are only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.analysis.sampling import (
    Probabilities,
    SamplerPlace,
    SymbolSampler,
    probabilities,
)
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.layers import Layer
from rnn_tui.predictions.results import Decision, Suggestion, UnitShare
from rnn_tui.tasks.tokens import JOINERS, Vocabulary, begins_word, ends_word

SUGGESTED = 3
"""How many words are suggested."""
UNITS = 3
"""How many units are named that decided."""
_BEAM = 6  # beginnings of words that are followed
_LONGEST = 16  # characters of a word that is looked for


def restricted(outputs: Array, fits: npt.NDArray[np.bool_], temperature: float) -> Probabilities:
    """Return the probabilities of the symbols that fit, given that one of them comes: [V].

    All are 0 where none fits, and NaN where an output is not finite.

    Args:
        outputs: y of all symbols, [V].
        fits: which ones fit, [V].
        temperature: see `probabilities`.
    """
    p = np.zeros(len(outputs))
    if fits.any():
        p[fits] = probabilities(outputs[fits], temperature)
    return p


def word_suggestions(
    usual: Probabilities, p: Probabilities, vocabulary: Vocabulary
) -> tuple[Suggestion, ...]:
    """Return the likeliest words; the token for all others cannot be typed, nor a line end.

    Args:
        usual: the probabilities of all tokens at temperature 1, [V], which say the order.
        p: those at the temperature asked for, [V].
        vocabulary: the tokens.
    """
    if np.isnan(usual).any():
        return ()
    found: list[Suggestion] = []
    for code in np.argsort(-usual, kind="stable")[: 4 * SUGGESTED].tolist():
        text = vocabulary.texts[code]
        if code != vocabulary.unknown and text.strip() and usual[code] > 0:
            found.append(Suggestion((code,), text, text, float(p[code])))
    return tuple(found[:SUGGESTED])


@dataclass(frozen=True, slots=True, eq=False)
class _Spelling:
    """Characters that a word may go on with, and what follows them.

    Attributes:
        likelihood: of these characters.
        codes: theirs.
        place: of the sampler after them.
        following: the probabilities of the next character, [V].
    """

    likelihood: float
    codes: tuple[int, ...]
    place: SamplerPlace
    following: Probabilities


def spelled_suggestions(
    sampler: SymbolSampler, vocabulary: Vocabulary, read: Sequence[int], temperature: float
) -> Work[tuple[Suggestion, ...]]:
    """Find the likeliest words that the characters after what was read may spell, in slices.

    They go on with the word that was begun, or come after a blank. The probability of a word is the
    product of those of its characters, and of that a character follows that is no letter. The
    sampler stands elsewhere in the text afterwards.

    Args:
        sampler: it has read the text.
        vocabulary: the characters.
        read: the codes of the text.
        temperature: of the probabilities.
    """
    ends = np.array([ends_word(text) for text in vocabulary.texts])
    alone = np.array([begins_word(text) for text in vocabulary.texts])  # others need a letter
    joins = np.array([text in JOINERS for text in vocabulary.texts])
    begun = _begun_word(vocabulary, read)
    allowed = ~ends | np.array([text == " " for text in vocabulary.texts])  # of the first one
    if not begun:
        allowed &= alone
    if vocabulary.unknown is not None:
        allowed[vocabulary.unknown] = False
    p = probabilities(sampler.outputs(), temperature)
    spellings = [_Spelling(1.0, (), sampler.place(), p)]
    found: dict[tuple[int, ...], float] = {}

    def _needs_letter(spelling: _Spelling) -> bool:
        """Return whether only a letter can follow: after the blank, or after what joins two."""
        last = spelling.codes[-1:]
        return any(ends[code] or joins[code] for code in last)

    for length in range(_LONGEST):
        for each in spellings:
            if each.codes and not (ends | joins)[each.codes[-1]]:
                found[each.codes] = each.likelihood * float(each.following[ends].sum())
        least = sorted(found.values(), reverse=True)[SUGGESTED - 1 : SUGGESTED] or [0.0]
        longer = sorted(
            (
                (each.likelihood * float(each.following[code]), code, each)
                for each in spellings
                for fits in (allowed & alone if _needs_letter(each) else allowed,)
                for code in np.argsort(-np.where(fits, each.following, 0.0))[:_BEAM].tolist()
                if fits[code]
            ),
            key=lambda entry: -entry[0],
        )
        spellings = []
        for likelihood, code, before in longer[:_BEAM]:
            if not likelihood > least[0]:  # NaN too
                break
            yield Progress(length, _LONGEST)
            sampler.go_back(before.place)
            sampler.read((code,))
            p = probabilities(sampler.outputs(), temperature)
            spellings.append(_Spelling(likelihood, (*before.codes, code), sampler.place(), p))
        if not spellings:
            break
        allowed = ~ends if vocabulary.unknown is None else ~ends & allowed
    likeliest = sorted(found.items(), key=lambda entry: -entry[1])[:SUGGESTED]
    texts = (
        ("".join(vocabulary.texts[code] for code in codes), codes, p) for codes, p in likeliest
    )
    return tuple(
        Suggestion(codes, text, text if text[0] == " " else begun + text, p)
        for text, codes, p in texts
        if p > 0
    )


def _begun_word(vocabulary: Vocabulary, read: Sequence[int]) -> str:
    """Return the letters at the end of a text."""
    word = ""
    for code in reversed(read):
        if ends_word(vocabulary.texts[code]):
            break
        word = vocabulary.texts[code] + word
    return word if word and begins_word(word[0]) else ""


def decide(sampler: SymbolSampler, chosen: int, other: int) -> Decision | None:
    """Return why the output of one symbol is larger than that of another, after what was read.

    With y = h·W_y + b_y the difference of two outputs is Σ h[u]·(W_y[u, one] − W_y[u, other]), and
    the difference of their biases.
    """
    values, layer = sampler.values(), sampler.layers[-1]
    h = values[layer.name("h_t")][0].astype(np.float64)
    W_y = values["W_y"].astype(np.float64)
    shares = h * (W_y[:, chosen] - W_y[:, other])
    bias = float(values["b_y"][chosen]) - float(values["b_y"][other])
    difference = float(shares.sum()) + bias
    if not np.isfinite(difference):
        return None
    units = np.argsort(-np.abs(shares), kind="stable")[:UNITS].tolist()
    named = tuple(UnitShare(u, float(shares[u]), _gates(values, layer, u)) for u in units)
    rest = difference - sum(each.share for each in named)
    state = value_name(layer.name("h_t"))
    return Decision(state, chosen, other, difference, named, rest)


def _gates(values: dict[str, Array], layer: Layer, unit: int) -> tuple[tuple[str, float], ...]:
    """Return the gates of a unit by name, in the cell's order; not what they admit."""
    return tuple(
        (gate, float(values[layer.name(f"{gate}_t")][0, unit]))
        for gate in layer.cell.gates
        if gate and gate not in _CANDIDATES
    )


_CANDIDATES = ("g", "n")
"""What goes through gates and is none: the candidates of LSTM and GRU."""
