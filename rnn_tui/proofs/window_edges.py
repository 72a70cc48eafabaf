"""The edges of the windows that come next: what they cut off, on average and with the spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.window_edges import WindowEdges, window_edges_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest

WINDOWS = 16  # at most
FEWEST = 4
MOST_PRODUCTS = 2**34  # of numbers, in all windows together, unless they are the fewest


@dataclass(frozen=True, slots=True)
class WindowEdgesProof(Proof):
    """The gradient cut at the edges of several windows, with the present parameters.

    They are those that come next; drawing them changes nothing of what is drawn later.
    """

    words: ClassVar[str] = "measuring the windows that come next"

    @classmethod
    def at(cls, selected: Selected) -> WindowEdgesProof:
        return cls()

    def work(self, window: WindowUnderTest) -> Work[WindowEdges]:
        network = yield from window.network()
        of_one = 6 * network.flat.size * network.tape.batch * network.tape.steps
        count = min(max(MOST_PRODUCTS // max(of_one, 1), FEWEST), WINDOWS)
        windows, states = window.next_windows(count), network.state(network.tape.steps)
        return (
            yield from window_edges_work(
                window.architecture, window.parameters, windows, states, window.pins
            )
        )
