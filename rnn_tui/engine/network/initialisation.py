"""Starting weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import block_views
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.layers import name_without_layer


def initialise(
    architecture: Architecture, init: str, forget_bias: float, seed: int, dtype: npt.DTypeLike
) -> Array:
    """Return fresh parameters as one flat vector, [P].

    ``uniform``: U(±1/√H) for every weight and bias (PyTorch's); ``orthogonal``: recurrent weights
    orthogonal by gate (QR of a Gaussian, times the sign of R's diagonal), ``identity``: recurrent
    weights the identity by gate, biases of both 0 and all other weights U(±1/√H); ``small``:
    N(0, 0.01²) weights, biases 0 (min-char-rnn's). `forget_bias` is added to an LSTM's b_f
    (Jozefowicz et al. 2015). Drawn in float64, so both precisions start from the same numbers.
    """
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 0])))
    bound = architecture.hidden**-0.5
    flat = np.empty(architecture.parameter_count())
    specs = architecture.parameters()
    for spec, array in zip(specs, views(specs, flat).values(), strict=True):
        if init == "small":
            array[...] = random.normal(0.0, 0.01, array.shape)
        else:
            array[...] = random.uniform(-bound, bound, array.shape)
        if init != "uniform" and spec.left is None:
            array[...] = 0.0
        name = name_without_layer(spec.name)  # alike in every layer
        if name.startswith("W_h") and init in ("orthogonal", "identity"):
            for block in block_views({name: array}, name, spec.blocks).values():
                block[...] = _recurrent_start(init, architecture.hidden, random)
        if name == "b" and "f" in spec.blocks:
            block_views({"b": array}, "b", spec.blocks)["b_f"][...] += forget_bias
    return flat.astype(dtype)


def _recurrent_start(init: str, hidden: int, random: np.random.Generator) -> Array:
    """Return the identity, or an orthogonal matrix drawn uniformly (Haar): [H, H]."""
    if init == "identity":
        return np.eye(hidden)
    orthogonal, triangular = np.linalg.qr(random.normal(size=(hidden, hidden)))
    result: Array = orthogonal * np.sign(np.diag(triangular))
    return result
