"""Random lessons for the students, and what a guess must say of each of their mistakes."""

from __future__ import annotations

import numpy as np
from checks.students import Lesson, run

from rnn_tui.cases.case import Case

# By the mistake: words that the guess must have, and tensors that may be the first to differ.
BOTH = {
    "sum for mean": (("not the mean",), "loss"),
    "mean over the batch": (("mean over", "B"), "loss"),
    "mean over time": (("mean over", "T"), "loss"),
    "mean over T·B": (("mean over T·B",), "loss"),
    "off by one target": (("off by one",), "loss"),
    "target reversed": (("reversed in the target",), "loss"),
    "sign": (("wrong sign",), "grad.output"),
    "factor 2 forgotten": (("factor 2",), "grad.output"),
    "softmax forgotten": (("softmax is forgotten",), "grad.output"),
    "last loss only": (("only the last timestep",), "grad.output"),
    "weight transposed": (("transposed",), "h"),
    "time reversed": (("time is reversed in x",), "h"),
    "bias forgotten": (("lacks b_h",), "h"),
    "relu for tanh": (("relu",), "h"),
    "h0 ignored": (("h0 ignored",), "h"),
    "output from h before": (("h_prev",), "output"),
    "dh_next dropped": (("dh_next is dropped",), "grad.h"),
    "truncated": (("truncated at t = {k}",), "grad.h"),
    "stops at k": (("truncated at t",), "grad.h"),
    "derivative missing": (("derivative", "missing"), "grad.h"),
    "square forgotten": (("square",), "grad.h"),
    "not transposed back": (("not transposed", "forgotten"), "grad.h"),
    "stale h": (("stale h",), "grad.rnn.weight_hh_l0"),
    "h0 ignored in the gradient": (("leave out t = 1",), "grad.rnn.weight_hh_l0"),
    "overwritten": (("t = 1 alone",), "grad.rnn.weight_ih_l0"),
    "one sample": (("batch is not summed", "sample 1"), "grad.rnn.weight_ih_l0"),
    "mean over samples": (("divided by B",), "grad.rnn.weight_ih_l0"),
    "clipped by value": (("clipped by value",), "grad.rnn"),
    "clipped by norm": (("clipped by their norm",), "grad.rnn"),
    "gradient transposed": (("transposed",), "grad.rnn.weight_hh_l0"),
    "bias doubled": (("both biases",), "grad.rnn.bias_ih_l0"),
    "bias halved": (("one bias is shared by two",), "grad.rnn.bias_ih_l0"),
    "weights twice": (("doubled",), "grad.rnn.weight_ih_l0"),
}
RNN = {
    "derivative of a": (("tanh(h)",), "grad.h"),
    "no recurrence at k": (("lacks", "at t = {k} only"), "h"),
}
LSTM = {
    "Keras order": (("g", "o", "swapped"), "h"),
    "i and f swapped": (("i and f", "swapped"), "h"),
    "forget bias twice": (("forget gate's bias",), "h"),
    "c0 ignored": (("c0 ignored",), "h"),
    "tanh(c) missing": (("c for tanh(c)",), "h"),
    "no memory at k": (("lacks f * c_prev", "at t = {k} only"), "h"),
    "dc_next dropped": (("dc_next is dropped",), "grad"),
    "both dropped": (("dh_next and dc_next are dropped",), "grad.h"),
    "derivative of tanh(c) missing": (("derivative (1 − tanh²(c))", "missing"), "grad"),
    "o missing": (("their dc lacks o",), "grad.c"),
    "slope of c itself": (("their dc has c where tanh_c",), "grad.c"),
    "c for c_prev": (("their df has c where c_prev",), "grad.h"),
    "gate f's derivative missing": (("derivative f(1 − f)", "gate f", "missing"), "grad.h"),
    "gate i's derivative missing": (("derivative i(1 − i)", "gate i", "missing"), "grad.h"),
    "gate o's derivative missing": (("derivative o(1 − o)", "gate o", "missing"), "grad.h"),
    "sigmoid derivatives missing": (("derivative", "likewise in da_f, da_o"), "grad.h"),
    "gate o left out of dh": (("their dh_prev lacks da_o @ W_ho.T",), "grad.h"),
    "f missing in dc": (("their dc_prev lacks f",), "grad.c"),
    "gradient gates in another place": (("g and o", "swapped"), "grad.rnn.weight_ih_l0"),
}
MISTAKES = {"rnn": BOTH | RNN, "lstm": BOTH | LSTM}
ONLY_WITH = {
    "softmax forgotten": "cross-entropy",
    "factor 2 forgotten": "mse",
    "mean over T·B": "mse",
}


def lesson(cell: str, mistake: str, seed: int, loss: str = "", dtype: type = np.float64) -> Lesson:
    """Return a random lesson in which `mistake` shows."""
    r = np.random.default_rng(seed)
    loss = loss or ONLY_WITH.get(mistake) or str(r.choice(["mse", "cross-entropy"]))
    T, B, D, H, outputs = (
        int(r.integers(low, high)) for low, high in ((4, 9), (2, 6), (1, 5), (2, 8), (2, 5))
    )
    sizes = {T, B, outputs}
    while (
        len(sizes) < 3 or B * outputs in (T, B, outputs) or outputs * T == B
    ):  # counts that can be told apart
        T, B = int(r.integers(4, 12)), int(r.integers(2, 7))
        sizes = {T, B, outputs}
    G = 4 if cell == "lstm" else 1

    def draw(*shape: int, scale: float = 0.6) -> np.ndarray:
        return (r.normal(size=shape) * scale).astype(dtype)

    target = draw(T, B, outputs) if loss == "mse" else r.integers(0, outputs, (T, B))
    made = Lesson(
        cell,
        loss,
        "sum" if mistake == "mean over the batch" and seed % 2 else "mean",
        *(draw(G * H, D), draw(G * H, H), draw(G * H), draw(G * H)),
        *(
            draw(outputs, H),
            draw(outputs),
            draw(T, B, D, scale=1.0),
            target,
            draw(B, H),
            draw(B, H),
        ),
        k=int(r.integers(0, T - 1)),
    )
    if mistake in ("no recurrence at k", "stops at k"):
        made.k = max(made.k, 1)
    if mistake.startswith("clipped"):
        grads = [g for n, g in run(made).items() if n.startswith(("grad.rnn", "grad.read"))]
        largest = max(np.abs(g).max() for g in grads)
        made.bound = float(f"{0.3 * largest:.0e}")
    return made


def case_of(
    made: Lesson, theirs: dict[str, np.ndarray], tolerance_dtype: type = np.float64
) -> Case:
    """Return the case file's content for a lesson and somebody's numbers."""
    T, B = made.x.shape[:2]
    weights = {
        "rnn.weight_ih_l0": made.w_ih,
        "rnn.weight_hh_l0": made.w_hh,
        "rnn.bias_ih_l0": made.b_ih,
        "rnn.bias_hh_l0": made.b_hh,
        "readout.weight": made.w_y,
        "readout.bias": made.b_y,
    }
    start = {"h": made.h0[None]} | ({"c": made.c0[None]} if made.cell == "lstm" else {})
    return Case(
        cell=made.cell,
        activation=made.activation,
        loss=made.loss,
        reduction=made.reduction,
        layers=1,
        hidden=made.h0.shape[1],
        dtype=np.dtype(tolerance_dtype),
        weights=weights,
        given_weights=tuple(weights),
        x=made.x,
        target=made.target,
        mask=np.ones((T, B), bool),
        features=made.x.shape[-1],
        outputs=len(made.b_y),
        start=start,
        theirs={n: np.asarray(a, tolerance_dtype) for n, a in theirs.items()},
    )
