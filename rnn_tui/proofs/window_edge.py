"""The window's edge: what truncation cuts off, and what a window twice as long would add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rnn_tui.engine.analysis.truncation import (
    Truncation,
    WindowEdge,
    truncation_work,
    window_edge,
)
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.network.network import Network
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """The gradient that the window's edge cuts off, and what a longer window would add.

    Attributes:
        edge: what comes in, and what would leave.
        truncation: what a window twice as long would add to the gradient; None if unknown.
        why: why that is unknown; empty if it is known.
    """

    edge: WindowEdge
    truncation: Truncation | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class WindowEdgeProof(Proof):
    """The gradient cut at the edge, compared with that of a window twice as long."""

    words: ClassVar[str] = "computing a longer window"

    @classmethod
    def at(cls, selected: Selected) -> WindowEdgeProof:
        return cls()

    def work(self, window: WindowUnderTest) -> Work[EdgeReport]:
        network = yield from window.network()
        why = _why_unknown(window, network)
        if why or window.previous is None:
            return EdgeReport(window_edge(network), None, why)
        result = yield from truncation_work(network, window.previous.window)
        return EdgeReport(result.edge, result)


def _why_unknown(window: WindowUnderTest, network: Network) -> str:
    """Return why it is not known what a longer window would add; empty if it is known."""
    start = window.start
    if start is not None and all(
        np.array_equal(state, start[name]) for name, state in network.state(0).items()
    ):
        return "This window begins with the states that the task gives: none leads up to it."
    if window.settings.windows != "sweep":
        return "The windows are drawn at random: none of them leads up to this one."
    if not window.settings.carry:
        return "Every window starts from zeros: nothing comes in across the edge."
    if not any(state.any() for state in network.state(0).values()):
        return "This window starts from zeros: nothing comes in across the edge."
    if window.previous is None or not window.previous.leads_to(network):
        return "The window before was not kept while running: u or n goes on and keeps it."
    return ""
