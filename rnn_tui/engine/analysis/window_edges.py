"""What the edges of several windows cut off: the same measures as of one, with their spread.

One window's share says little: where its own gradient happens to be small, a longer window seems to
add much. So they are measured over windows that follow each other, all with the same parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.truncation import added_gradient_work, both_passes
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.scratch_network import NextWindow, WindowData, scratch_network


@dataclass(frozen=True, slots=True, eq=False)
class WindowEdges:
    """The beginnings of M windows; norms over batch and units, by state (``h``, ``c``).

    Attributes:
        cut: ‖∂L/∂s_0‖, which is cut off: [M].
        sent: Σ_t ‖dy_t·W_yᵀ‖, what the losses of all timesteps send into the way back: [M].
        gradient: ‖∇L‖ of the windows that continue another, [C].
        added: the norm of what the timesteps of the window before would add to it, [C].
    """

    cut: Mapping[str, Array]
    sent: Array
    gradient: Array
    added: Array

    @property
    def count(self) -> int:
        """M."""
        return len(next(iter(self.cut.values())))

    def left(self, state: str) -> float | None:
        """Return how much of what the losses send in arrives at the edge, and is cut off.

        Both are root mean squares over the windows. With one loss at T it is what is left of its
        gradient; of T losses, only those near the edge reach it. None where nothing is sent.
        """
        sent = _root_mean_square(self.sent)
        return _root_mean_square(self.cut[state]) / sent if sent else None

    @property
    def added_share(self) -> float | None:
        """What longer windows would add to the gradient: root mean squares over the windows.

        None where no window continues another, or there is no gradient.
        """
        whole = _root_mean_square(self.gradient) if len(self.gradient) else 0.0
        return _root_mean_square(self.added) / whole if whole else None

    @property
    def added_range(self) -> tuple[float, float]:
        """Return between which shares half of the single windows are."""
        with np.errstate(all="ignore"):
            shares = self.added / self.gradient
        low, high = np.percentile(shares[np.isfinite(shares)], (25, 75))
        return float(low), float(high)


def _root_mean_square(values: Array) -> float:
    """Return √(mean of squares)."""
    return float(np.sqrt(np.mean(np.square(values))))


def window_edges(
    architecture: Architecture,
    parameters: Array,
    windows: Sequence[NextWindow],
    states: Mapping[str, Array],
    pins: Pins = (),
) -> WindowEdges:
    """Return the result of `window_edges_work`, computed without a break."""
    return complete(window_edges_work(architecture, parameters, windows, states, pins))


def window_edges_work(
    architecture: Architecture,
    parameters: Array,
    windows: Sequence[NextWindow],
    states: Mapping[str, Array],
    pins: Pins = (),
) -> Work[WindowEdges]:
    """Compute both passes of each window, and of the one before from its edge on.

    A part of the work is a timestep. Nothing is trained: the parameters are the same throughout.

    Args:
        architecture: of the network.
        parameters: [P].
        windows: in their order, at least one.
        states: those that the first one begins with if it continues another, [B, H] by name.
        pins: in force in all windows.
    """
    cut: dict[str, list[float]] = {}
    sent, gradient, added = [], [], []
    now, before = (_network_for(architecture, parameters, windows[0], states, pins) for _ in "ab")
    for number, window in enumerate(windows):
        now, before = before, now
        np.copyto(now.inputs, window.x)
        np.copyto(now.targets, window.target)
        now.set_state(states if window.continues else window.start)
        now.encode()
        for _ in both_passes(now):
            yield Progress(number, len(windows))
        for name in now.states:
            edge = norm(now.tape[f"d{name}_next"][0].reshape(-1))
            cut.setdefault(name, []).append(edge)
        entering = now.tape["dh_y"].astype(np.float64)
        sent.append(float(np.sqrt(np.einsum("tbh,tbh->t", entering, entering)).sum()))
        states = now.state(now.tape.steps)
        if number and window.continues:
            gradient.append(norm(now.gradient))
            work = added_gradient_work(before, now)
            more = yield from _at(Progress(number, len(windows)), work)
            added.append(norm(more))
    return WindowEdges(
        {name: np.array(each) for name, each in cut.items()},
        np.array(sent),
        np.array(gradient),
        np.array(added),
    )


def _network_for(
    architecture: Architecture,
    parameters: Array,
    window: NextWindow,
    states: Mapping[str, Array],
    pins: Pins,
) -> Network:
    """Return a network for windows of this size."""
    data = WindowData(window.x, window.target, states)
    return scratch_network(architecture, parameters, data, pins=pins)


def _at(progress: Progress, work: Work[Array]) -> Work[Array]:
    """Do `work` as a part of other work that has come to `progress`."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Array = end.value
            return result
        yield progress
