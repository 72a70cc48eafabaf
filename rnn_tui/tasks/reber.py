"""The embedded Reber grammar: the second symbol of a string decides its second-to-last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Baseline, BoolArray, FloatArray, Topology, WindowArray
from rnn_tui.tasks.random_windows import RandomWindowTask

SYMBOLS = ("B", "T", "P", "S", "X", "V", "E")

Edges = tuple[tuple[str, int], ...]
"""The ways on from a state: which symbol is said, and which state comes next."""

_INNER: tuple[Edges, ...] = (
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)
"""Reber's grammar (Reber 1967); state 7 is its end."""
_BITS = 8  # how many symbols are drawn at once

IntArray = npt.NDArray[np.int64]


def _embedded() -> tuple[Edges, ...]:
    """The states of B · (T · reber · T | P · reber · P) · E, over and over; 0 begins a string."""
    size = len(_INNER) + 1
    inner = {"T": 2, "P": 2 + size}  # where each copy of the inner grammar begins
    last = 2 + 2 * size
    states: list[Edges] = [(("B", 1),), tuple(inner.items())]
    for outer, first in inner.items():
        states += [tuple((symbol, first + to) for symbol, to in edges) for edges in _INNER]
        states.append(((outer, last),))
    return (*states, (("E", 0),))


STATES = _embedded()
_REMEMBERED = tuple(2 + copy * (len(_INNER) + 1) + len(_INNER) for copy in (0, 1))
"""The states, one a copy of the inner grammar, that say the second-to-last symbol."""


class ReberTask(RandomWindowTask):
    """Predict the next symbol of strings of the embedded Reber grammar (Cleeremans et al. 1989;
    Hochreiter & Schmidhuber 1997, experiment 1).

    A string is B, then T or P, then a string of Reber's own grammar, then the same T or P again,
    then E; where the grammar has two ways on, both are equally likely. Each window begins with a
    new string and is filled with more of them, one after the other; the last is cut off. So every
    timestep of every window counts, no dependency but those of the string that is cut crosses a
    window's edge, and each window can begin with a state of zeros.

    Accuracy is judged at the second-to-last symbol of each string: the only one that needs memory
    of the whole string, and one that is certain. Without memory the best prediction knows only the
    symbol at hand; the baseline is that conditional entropy, averaged over the window.
    """

    name = "reber"
    title = "embedded Reber grammar"
    features = len(SYMBOLS)
    outputs = len(SYMBOLS)
    loss = "cross-entropy"
    symbols = SYMBOLS
    labels = SYMBOLS

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        super().__init__(settings)
        self.topology = Topology.many_to_many(settings.steps)
        self.baseline = Baseline(_entropy(settings.steps), "knowing only the last symbol")
        self._said, self._next = _tables()

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask`."""
        steps, batch = x.shape
        chunks = -(-(steps + 1) // _BITS)
        choices = random.integers(0, 2**_BITS, (chunks, batch))
        string = np.empty((chunks, _BITS, batch), dtype=np.int64)
        state = np.zeros(batch, dtype=np.int64)
        for k in range(chunks):
            string[k] = self._said[:, state, choices[k]]
            state = self._next[state, choices[k]]
        said = string.reshape(chunks * _BITS, batch)
        x[...] = said[:steps]
        target[...] = said[1 : steps + 1]

    def judged(self, target: WindowArray) -> BoolArray:
        """Return where the target is the second-to-last symbol of a string, [T, N]."""
        places = np.empty(target.shape, dtype=np.bool_)
        # After its first B the string goes on as the targets do.
        state = np.full(target.shape[1], 1)
        table = _transitions()
        for t, said in enumerate(target):
            places[t] = np.isin(state, _REMEMBERED)
            state = table[state, said]
        return places


def legal_next(string: Iterable[int]) -> list[tuple[str, ...]]:
    """Return for each symbol of a window which ones may follow it there.

    Args:
        string: codes of symbols, beginning with a string's first.

    Raises:
        ValueError: when the grammar does not say these symbols in this order.
    """
    state, found = 0, []
    for place, code in enumerate(string):
        ways: Mapping[str, int] = dict(STATES[state])
        if not 0 <= code < len(SYMBOLS) or SYMBOLS[code] not in ways:
            raise ValueError(f"no string of the grammar has symbol {code} at place {place}")
        state = ways[SYMBOLS[code]]
        found.append(tuple(symbol for symbol, _ in STATES[state]))
    return found


def _transitions() -> IntArray:
    """The state after each symbol, [states, symbols]; −1 where the grammar does not say it."""
    table = np.full((len(STATES), len(SYMBOLS)), -1, dtype=np.int64)
    for state, edges in enumerate(STATES):
        for symbol, after in edges:
            table[state, SYMBOLS.index(symbol)] = after
    return table


def _tables() -> tuple[IntArray, IntArray]:
    """What `_BITS` steps say, [bits, states, choices], and the state after, [states, choices].

    Bit j of a choice picks the edge of step j; where there is only one it has no effect.
    """
    said = [[SYMBOLS.index(edge[0]) for edge in (edges[0], edges[-1])] for edges in STATES]
    after = [[edge[1] for edge in (edges[0], edges[-1])] for edges in STATES]
    symbols_of, states_of = np.array(said), np.array(after)  # [states, 2]
    choices = np.arange(2**_BITS)
    state = np.repeat(np.arange(len(STATES))[:, None], len(choices), axis=1)
    string = np.empty((_BITS, *state.shape), dtype=np.int64)
    for j in range(_BITS):
        way = choices >> j & 1
        string[j] = symbols_of[state, way]
        state = states_of[state, way]
    return string, state


def _entropy(steps: int) -> float:
    """The mean of H(x_{t+1} | x_t) over a window of T steps, in nats.

    One distribution of the next symbol for each symbol, the same at every timestep, as a
    predictor without memory has to use it: n[a, b] = Σ_t P(x_t = a, x_{t+1} = b) gives
    H = −(1/T) Σ n[a, b] · ln(n[a, b] / Σ_b n[a, b]).
    """
    size = len(SYMBOLS)
    pairs = np.zeros((size, size))
    before = np.zeros((len(STATES), size))  # P(state, symbol just said)
    for t in range(steps + 1):
        now = np.zeros_like(before)
        for state, edges in enumerate(STATES):
            reached = before[state] if t else np.zeros(size)
            weight = (reached.sum() if t else float(state == 0)) / len(edges)
            for symbol, after in edges:
                code = SYMBOLS.index(symbol)
                now[after, code] += weight
                pairs[:, code] += reached / len(edges)
        before = now
    return _conditional_entropy(pairs) / steps


def _conditional_entropy(pairs: FloatArray) -> float:
    """−Σ n[a, b] · ln(n[a, b] / Σ_b n[a, b]) over all pairs that occur."""
    rows = np.broadcast_to(pairs.sum(axis=1, keepdims=True), pairs.shape)
    seen = pairs > 0
    return -float((pairs[seen] * np.log(pairs[seen] / rows[seen])).sum())
