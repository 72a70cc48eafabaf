"""What a text costs without a network: its tokens by their frequency, and by the one before.

    unigram   p(b)     = (n(b) + 1) / (N + V)
    bigram    p(b | a) = (n(ab) + s(a)·p(b)) / (n(a) + s(a))

n counts in the training part of N tokens; V is the size of the vocabulary, s(a) how many different
tokens follow a there (Witten & Bell 1991). The losses are those of the test part, in nats a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_PART = 2**20  # tokens counted at once: counting makes a copy of 8 bytes for each
_DENSE = 2**22  # pairs up to which all have a place; of more, only those that occur

Integers = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]


def frequencies(codes: Integers, vocabulary: int) -> npt.NDArray[np.int64]:
    """Return how often each of `vocabulary` codes occurs."""
    counts = np.zeros(vocabulary, dtype=np.int64)
    for start in range(0, len(codes), _PART):
        counts += np.bincount(codes[start : start + _PART], minlength=vocabulary)
    return counts


def entropy(codes: Integers, vocabulary: int) -> float:
    """Return the entropy of single tokens in nats."""
    counts = frequencies(codes, vocabulary)
    shares = counts[counts > 0] / len(codes)
    return float(-(shares * np.log(shares)).sum())


def text_baselines(
    training: Integers, x: Integers, target: Integers, vocabulary: int
) -> Mapping[str, float]:
    """Return the losses "unigram" and "bigram" where `target` follows `x`, [N] each."""
    counts = frequencies(training, vocabulary)
    alone: Floats = (counts + 1) / (len(training) + vocabulary)
    following, kinds = _pairs(training, x, target, vocabulary)
    before = frequencies(training[:-1], vocabulary)[x]
    weight = np.where(before > 0, kinds[x], 1)  # after what never had a successor: the unigram
    p = (following + weight * alone[target]) / (before + weight)
    return {
        "unigram": float(-np.log(alone[target]).mean()),
        "bigram": float(-np.log(p).mean()),
    }


def _pairs(
    training: Integers, x: Integers, target: Integers, vocabulary: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count pairs of neighbours in the training part.

    Returns:
        how often each pair of `x` and `target` occurs there, [N]; and how many different tokens
        follow each of the vocabulary.
    """
    wanted = x * np.int64(vocabulary) + target
    if vocabulary**2 <= _DENSE:
        counts = np.zeros(vocabulary**2, dtype=np.int64)
        for start in range(0, len(training) - 1, _PART):
            part = training[start : start + _PART + 1].astype(np.int64)
            counts += np.bincount(part[:-1] * vocabulary + part[1:], minlength=vocabulary**2)
        return counts[wanted], (counts.reshape(vocabulary, -1) > 0).sum(axis=1)
    first = training[:-1].astype(np.int64)
    first *= vocabulary
    first += training[1:]
    pairs, counts = np.unique(first, return_counts=True)
    places = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    found = np.where(pairs[places] == wanted, counts[places], 0)
    return found, np.bincount(pairs // vocabulary, minlength=vocabulary)
