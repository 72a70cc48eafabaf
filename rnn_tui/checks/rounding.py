"""How far rounding alone may lead: what two right programs may differ by.

Where numbers nearly cancel, as the loss of a network that has learned its targets, the rounding of
what they are made of is larger than a small part of them. It is measured: the case is computed once
more in float32, and how far that is from float64 scales with the precision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from rnn_tui.cases.case import LOSS, OUTPUT, Case
from rnn_tui.checks.compute import GRADIENT, compute
from rnn_tui.tensor_files.content import Array

OTHER_ORDERS = 8.0
"""How many times as far as ours the rounding of somebody else's order of operations may be."""

ALWAYS = (OUTPUT, f"{GRADIENT}{OUTPUT}")
"""What the rounding of the loss is found from, besides what is compared."""


def rounding_of(
    case: Case, ours: Mapping[str, Array], names: Collection[str], precision: str
) -> dict[str, float]:
    """Return for each tensor how far rounding may change an entry of it.

    Args:
        case: the case.
        ours: our numbers in float64, of `names` and of `ALWAYS`.
        names: of the tensors.
        precision: "float32" or "float64", in which their numbers were computed.
    """
    wanted = {*names, *ALWAYS}
    narrow = compute(case, wanted.__contains__, np.float32)
    eps = float(np.finfo(precision).eps)
    scale = OTHER_ORDERS * eps / float(np.finfo(np.float32).eps)
    found = {name: scale * _largest_distance(narrow[name], ours[name]) for name in wanted}
    return {**found, LOSS: max(found.get(LOSS, 0.0), _of_loss(case, ours, found[OUTPUT], eps))}


def _largest_distance(narrow: Array, wide: Array) -> float:
    """Return the largest distance of two entries that are finite."""
    with np.errstate(all="ignore"):
        distance = np.abs(narrow - wide)
    return float(distance[np.isfinite(distance)].max(initial=0.0))


def _of_loss(case: Case, ours: Mapping[str, Array], of_output: float, eps: float) -> float:
    """Return the rounding of the loss, which is one number and may be exact by chance.

    Args:
        case: the case.
        ours: our numbers.
        of_output: the rounding of an output.
        eps: of the precision.
    """
    y, dy = ours[OUTPUT], ours[f"{GRADIENT}{OUTPUT}"]
    rounding = float(np.abs(dy).sum()) * of_output
    if case.loss == "cross-entropy":  # log Σ exp y − y of the class: they may cancel
        largest = np.abs(y).max(axis=-1)[case.mask]  # [counted]
        terms = 2 * largest + np.log(case.outputs)
        rounding += (
            OTHER_ORDERS * eps * float(terms.mean() if case.reduction == "mean" else terms.sum())
        )
    return rounding if np.isfinite(rounding) else 0.0
