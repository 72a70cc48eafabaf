"""How far rounding alone may lead: what two right programs may differ by.

Where numbers nearly cancel, as the loss of a network that has learned its targets, the rounding of
what they are made of is larger than a small part of them. It is measured: the case is computed once
more in float32, and how far that is from float64 scales with the precision.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_tui.cases.case import LOSS, OUTPUT, Case
from rnn_tui.checks.compute import GRADIENT, case_divisor, compute
from rnn_tui.tensor_files.content import Array

OTHER_ORDERS = 8.0
"""How many times as far as ours the rounding of somebody else's order of operations may be."""

ALWAYS = (OUTPUT, f"{GRADIENT}{OUTPUT}")
"""What the rounding of the loss is found from, besides what is compared."""


def rounding_of(
    case: Case, ours: Mapping[str, Array], precisions: Mapping[str, str]
) -> dict[str, Array]:
    """Return for each tensor how far rounding may change its entries.

    Args:
        case: the case.
        ours: our numbers in float64, of the tensors and of `ALWAYS`.
        precisions: by the names of the tensors: "float32" or "float64", in which they were
            computed.

    Returns:
        [layers, T] of what has timesteps (one layer of the outputs), else [1, 1].
    """
    wanted = {*precisions, *ALWAYS}
    narrow = compute(case, wanted.__contains__, np.float32)
    # In proportion to the distance of two numbers, all of it: here that of float32.
    single = float(np.finfo(np.float32).eps)
    eps = OTHER_ORDERS * single
    found = {
        name: OTHER_ORDERS * _distances(narrow[name], ours[name], name.startswith(GRADIENT))
        for name in wanted
    }
    of_output = np.maximum(found[OUTPUT], eps * largest_magnitude(ours[OUTPUT]))
    found[LOSS] = np.maximum(found.get(LOSS, 0.0), _of_loss(case, ours, of_output[0], eps))
    # Where y is close to its target, or p to 1, the rounding of y or p is that of all gradients.
    slope = (2 * of_output.max() if case.loss == "mse" else eps) / case_divisor(case)
    first = f"{GRADIENT}{OUTPUT}"
    with np.errstate(all="ignore"):
        share = np.maximum(found[first].max(), slope) / largest_magnitude(ours[first])
    if np.isfinite(share):
        for name in [name for name in wanted if name.startswith(GRADIENT)]:
            found[name] = np.maximum(found[name], share * largest_magnitude(ours[name]))
    return {
        name: found[name] * (float(np.finfo(precision).eps) / single)
        for name, precision in precisions.items()
    }


def largest_magnitude(array: Array) -> float:
    """Return the largest finite magnitude of an array, 0 if it has none."""
    if not array.size:
        return 0.0
    largest = max(abs(float(array.max())), abs(float(array.min())))
    if np.isfinite(largest):
        return largest
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _distances(narrow: Array, wide: Array, backward: bool) -> Array:
    """Return the largest finite distance of two entries at each timestep, see `rounding_of`.

    Of a timestep and of all that are computed before it: rounding is carried on.
    """
    with np.errstate(all="ignore"):
        distances = np.abs(np.atleast_1d(narrow - wide))
    distances[~np.isfinite(distances)] = 0.0
    if distances.ndim < 3:
        return np.full((1, 1), distances.max(initial=0.0))
    largest: Array = distances.reshape(-1, *distances.shape[-3:]).max(axis=(2, 3), initial=0.0)
    if backward:
        return np.maximum.accumulate(largest[:, ::-1], axis=1)[:, ::-1]
    return np.maximum.accumulate(largest, axis=1)


def _of_loss(case: Case, ours: Mapping[str, Array], of_output: Array, eps: float) -> float:
    """Return the rounding of the loss, which is one number and may be exact by chance.

    Args:
        case: the case.
        ours: our numbers.
        of_output: the rounding of an output at each timestep, [T].
        eps: of a number near 1.
    """
    with np.errstate(all="ignore"):
        slopes = np.abs(ours[f"{GRADIENT}{OUTPUT}"]).sum(axis=(1, 2))  # [T]
        rounding = float((slopes * of_output).sum())
        if case.loss == "cross-entropy":  # log Σ exp y − y of the class: they may cancel
            largest = np.abs(ours[OUTPUT]).max(axis=-1)[case.mask]  # [counted]
            total = float((2 * largest + np.log(case.outputs)).sum())
            rounding += eps * total / case_divisor(case)
    return rounding if np.isfinite(rounding) else 0.0
