"""The embedded Reber grammar: the second symbol of a string decides its second-to-last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.settings import SettingError, Settings, Value
from rnn_tui.tasks.base import BoolArray, FloatArray, Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask

SYMBOLS = ("B", "T", "P", "S", "X", "V", "E")
SHORTEST_STRING = 9
"""The number of symbols in the shortest string of the embedded grammar."""

Edges = tuple[tuple[str, int], ...]
"""The edges out of a state, all equally likely: (symbol, next state)."""

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
_BITS = 8  # symbols drawn at once: one random number of 8 bits chooses 8 edges

IntArray = npt.NDArray[np.int64]


def _embedded() -> tuple[Edges, ...]:
    """Return the states of the grammar B · (T · inner · T | P · inner · P) · E, repeated.

    State 0 is the start of a string.
    """
    size = len(_INNER) + 1
    inner = {"T": 2, "P": 2 + size}  # the first state of each copy of the inner grammar
    last = 2 + 2 * size
    states: list[Edges] = [(("B", 1),), tuple(inner.items())]
    for outer, first in inner.items():
        states += [tuple((symbol, first + to) for symbol, to in edges) for edges in _INNER]
        states.append(((outer, last),))
    return (*states, (("E", 0),))


STATES = _embedded()
_REMEMBERED = tuple(2 + copy * (len(_INNER) + 1) + len(_INNER) for copy in (0, 1))
"""The states whose edge is the second-to-last symbol, one for each copy of the inner grammar."""


class ReberTask(RandomWindowTask):
    """Predict the next symbol of strings of the embedded Reber grammar (Cleeremans et al. 1989;
    Hochreiter & Schmidhuber 1997, experiment 1).

    A string is B, then T or P, then a string of Reber's own grammar, then the same T or P again,
    then E; where a state has two edges, both are equally likely. Each window begins with a new
    string and is filled with further strings, the last of which is cut off. So the loss counts at
    every timestep, only the string that is cut off reaches beyond a window, and each window can
    begin with a hidden state of zeros.

    Accuracy is measured at the second-to-last symbol of each string: the only one that needs memory
    of the whole string, and with memory it is certain. Without memory, the best prediction knows
    only the current symbol; the baseline is that conditional entropy, averaged over the window.
    """

    name = "reber"
    title = "embedded Reber grammar"
    features = len(SYMBOLS)
    outputs = len(SYMBOLS)
    loss = "cross-entropy"
    symbols = SYMBOLS
    labels = SYMBOLS
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 16,
        "steps": 50,
        "batch": 16,
        "lr": 0.01,
    }
    updates = 2_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        super().__init__(settings)
        self.topology = Topology.many_to_many(settings.steps)
        self.baseline = Baseline(_entropy(settings.steps), "knowing only the last symbol")
        self._symbols, self._next = _tables()

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse windows that are too short for any string."""
        if settings.steps < SHORTEST_STRING:
            allowed = f"at least {SHORTEST_STRING}, the shortest string of --task reber"
            raise SettingError("steps", settings.steps, allowed)

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask.draw`."""
        steps, batch = x.shape
        chunks = -(-(steps + 1) // _BITS)
        choices = random.integers(0, 2**_BITS, (chunks, batch))
        string = np.empty((chunks, _BITS, batch), dtype=np.int64)
        state = np.zeros(batch, dtype=np.int64)
        for k in range(chunks):
            string[k] = self._symbols[:, state, choices[k]]
            state = self._next[state, choices[k]]
        codes = string.reshape(chunks * _BITS, batch)
        x[...] = codes[:steps]
        target[...] = codes[1 : steps + 1]

    def judged(self, target: WindowArray) -> BoolArray:
        """Return a mask [T, N], true where the target is the second-to-last symbol of a string."""
        mask = np.empty(target.shape, dtype=np.bool_)
        state = np.full(target.shape[1], 1)  # after the first B, which is no target
        table = _transitions()
        for t, codes in enumerate(target):
            mask[t] = np.isin(state, _REMEMBERED)
            state = table[state, codes]
        return mask


def legal_next(string: Iterable[int]) -> list[tuple[str, ...]]:
    """Return, for each symbol of a window, the symbols that may follow it there.

    Args:
        string: codes of symbols, from the first symbol of a string on.

    Raises:
        ValueError: the grammar has no such string.
    """
    state = 0
    followers = []
    for place, code in enumerate(string):
        edges: Mapping[str, int] = dict(STATES[state])
        if not 0 <= code < len(SYMBOLS) or SYMBOLS[code] not in edges:
            raise ValueError(f"no string of the grammar has symbol {code} at place {place}")
        state = edges[SYMBOLS[code]]
        followers.append(tuple(symbol for symbol, _ in STATES[state]))
    return followers


def _transitions() -> IntArray:
    """Return the state after each symbol, [states, symbols]; −1 where the grammar has no edge."""
    table = np.full((len(STATES), len(SYMBOLS)), -1, dtype=np.int64)
    for state, edges in enumerate(STATES):
        for symbol, after in edges:
            table[state, SYMBOLS.index(symbol)] = after
    return table


def _tables() -> tuple[IntArray, IntArray]:
    """Tabulate the results of `_BITS` steps from each state, for every random choice of edges.

    Bit j of a choice picks the edge of step j; where there is only one edge it has no effect.

    Returns:
        The symbols, [bits, states, choices], and the state after them, [states, choices].
    """
    symbol_codes = [[SYMBOLS.index(edge[0]) for edge in (edges[0], edges[-1])] for edges in STATES]
    next_states = [[edge[1] for edge in (edges[0], edges[-1])] for edges in STATES]
    symbols_of, states_of = np.array(symbol_codes), np.array(next_states)  # [states, 2]
    choices = np.arange(2**_BITS)
    state = np.repeat(np.arange(len(STATES))[:, None], len(choices), axis=1)
    string = np.empty((_BITS, *state.shape), dtype=np.int64)
    for j in range(_BITS):
        edge = choices >> j & 1
        string[j] = symbols_of[state, edge]
        state = states_of[state, edge]
    return string, state


def _entropy(steps: int) -> float:
    """Return the mean of H(x_{t+1} | x_t) over a window of T steps, in nats.

    A predictor without memory has one distribution of the next symbol for each symbol, the same at
    every timestep: with n[a, b] = Σ_t P(x_t = a, x_{t+1} = b) it reaches at best
    H = −(1/T) Σ n[a, b] · ln(n[a, b] / Σ_b n[a, b]).
    """
    size = len(SYMBOLS)
    pairs = np.zeros((size, size))
    before = np.zeros((len(STATES), size))  # P(state, last symbol)
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
    """Return −Σ n[a, b] · ln(n[a, b] / Σ_b n[a, b]) over all pairs that occur."""
    rows = np.broadcast_to(pairs.sum(axis=1, keepdims=True), pairs.shape)
    seen = pairs > 0
    return -float((pairs[seen] * np.log(pairs[seen] / rows[seen])).sum())
