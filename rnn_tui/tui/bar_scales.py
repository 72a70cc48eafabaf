"""What bars are measured by: one scale for what is compared.

- A state or a gate by its bound, 1; what has no bound, such as c_t, by its largest magnitude in the
  window.
- The gradients of all states, gates and outputs, at all timesteps, by the largest of them in the
  window: `gradient_scale`. They are of one kind, ∂L/∂ of an entry, so that rows can be compared
  with each other and timesteps with each other.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial

import numpy as np

from rnn_tui.engine.analysis.magnitudes import Magnitudes, largest, magnitudes
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.core.operations import Row
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bars import LEAST, BarScale

PROOF = "magnitudes"  # what a panel with bars requests, see `PanelSpec.proofs`
FEWEST_DECADES, MOST_DECADES = 3, 9  # that a logarithmic scale has
AT_ONCE = 50  # timesteps of a window up to which all are looked at while drawing


def magnitudes_of(snapshot: Snapshot) -> Magnitudes:
    """Return the magnitudes of the window; while the proof is not done, of what is shown of it.

    The proof knows the whole window from the first timestep on, so that no scale changes while one
    steps through it.
    """
    found = snapshot.proofs.get(PROOF)
    return found if isinstance(found, Magnitudes) else _of_what_is_shown(snapshot)


@lru_cache(2)  # several panels need them for one frame
def _of_what_is_shown(snapshot: Snapshot) -> Magnitudes:
    """Return the magnitudes of what may be shown of the window; of a long one, of a timestep."""
    timesteps = range(1, snapshot.steps + 1) if snapshot.steps <= AT_ONCE else (snapshot.t,)
    return complete(magnitudes(snapshot.window, timesteps, partial(_known_symbols, snapshot)))


def _known_symbols(snapshot: Snapshot, t: int) -> set[str]:
    """Return the symbols of timestep `t` that may be shown."""
    operations = (*snapshot.forward_revealed(t), *snapshot.backward_revealed(t))
    known = {operation.symbol for operation in operations}
    if snapshot.cursor.has_batch:
        known.add("x_t")
        if t == 1 or snapshot.forward_complete(t - 1):
            known |= {row.symbol for row in snapshot.rows if row.symbol.endswith("<t-1>")}
    return known


def value_scale(row: Row, magnitudes: Magnitudes) -> BarScale:
    """Return the scale of a row's values: its bound, else the largest magnitude in the window."""
    if row.span is None:
        return BarScale(magnitudes.of_value(row.symbol))
    low, high = row.span
    return BarScale(max(abs(low), abs(high)), signed=low < 0)


def gradient_scale(magnitudes: Magnitudes) -> BarScale:
    """Return the one scale of the gradients of all states, gates, outputs and timesteps.

    It is linear up to the largest of them, unless that hides them: at more than half of the
    timesteps (of all layers) more than half of the entries would have no bar. Then it is
    logarithmic, with as many decades as the weakest timestep needs, from 3 to 9. So it is a
    function of the window alone, and stays while one steps through it.
    """
    typical = magnitudes.typical_gradients
    typical = typical[np.isfinite(typical)]
    top = max(largest(magnitudes.gradients), magnitudes.output_gradient)
    if 2 * np.count_nonzero(typical < LEAST * top) <= typical.size:
        return BarScale(top)
    weakest = float(np.min(typical, initial=top, where=typical > 0))
    decades = math.ceil(math.log10(top) - math.log10(weakest))
    return BarScale(top, min(max(decades, FEWEST_DECADES), MOST_DECADES))


def scale_words(scale: BarScale, snapshot: Snapshot, exponent: int) -> str:
    """Return the scale of the gradients in words, for a title; their unit is 10^exponent."""
    complete_on_tape = snapshot.steps <= AT_ONCE and snapshot.backward_complete(1)
    if isinstance(snapshot.proofs.get(PROOF), Magnitudes) or complete_on_tape:
        return scale.words(exponent)
    return f"{scale.words(exponent)} so far"
