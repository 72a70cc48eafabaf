"""Random lessons for the students, and what a guess must say of each of their mistakes."""

from __future__ import annotations

import numpy as np
from checks.students import StudentsRun, run

from rnn_tui.cases.case import Case

# By the mistake: words that the guess must have.
BOTH = {
    "sum for mean": ("not the mean",),
    "mean over the batch": ("mean over", "B"),
    "mean over time": ("mean over", "T"),
    "mean over T·B": ("mean over T·B",),
    "off by one target": ("off by one",),
    "target reversed": ("reversed in the target",),
    "sign": ("wrong sign",),
    "factor 2 forgotten": ("factor 2",),
    "softmax forgotten": ("softmax is forgotten",),
    "last loss only": ("only the last timestep",),
    "weight transposed": ("transposed",),
    "time reversed": ("time is reversed in x",),
    "bias forgotten": ("bias_hh is ignored",),
    "relu for tanh": ("relu",),
    "h0 ignored": ("h0 ignored",),
    "output from h before": ("h_prev",),
    "dh_next dropped": ("dh_next is dropped",),
    "truncated": ("truncated at t = {k}",),
    "stops at k": ("truncated at t",),
    "derivative missing": ("derivative", "missing"),
    "square forgotten": ("square",),
    "not transposed back": ("not transposed in their dh_prev",),
    "stale h": ("stale h",),
    "h0 ignored in the gradient": ("leave out t = 1",),
    "overwritten": ("t = 1 alone",),
    "one sample": ("batch is not summed", "sample 1"),
    "mean over samples": ("divided by B",),
    "clipped by value": ("clipped by value",),
    "clipped by norm": ("clipped by their norm",),
    "gradient transposed": ("transposed",),
    "x before": ("has x_<t-1>",),
    "each clipped by norm": ("each gradient is clipped by its own norm",),
    "one clipped by value": ("weight_hh_l0 is clipped by value",),
    "dh clipped": ("dh_prev is clipped",),
    "bias doubled": ("both biases",),
    "bias halved": ("one bias is shared by two",),
    "weights twice": ("doubled",),
}
RNN = {
    "derivative of a": ("tanh(h)",),
    "state reset at k": ("h_<t-1> is taken as 0 at t = {k}",),
    "weight and gradient transposed": ("h_<t-1>·w for h_<t-1>·wᵀ", "so they are if"),
    "no recurrence at k": ("h_<t-1> is taken as 0 at t = {k}",),
}
LSTM = {
    "Keras order": ("g", "o", "swapped"),
    "i and f swapped": ("i and f", "swapped"),
    "forget bias twice": ("forget gate's bias",),
    "c0 ignored": ("c0 ignored",),
    "tanh(c) missing": ("c for np.tanh(c)",),
    "df is 0 at the end": ("their df is 0, at t = ",),
    "no memory at k": ("c_<t-1> is taken as 0 at t = {k}",),
    "dc_next dropped": ("dc_next is dropped",),
    "both dropped": ("dh_next and dc_next are dropped",),
    "derivative of tanh(c) missing": ("derivative (1 − tanh²(c))", "missing"),
    "o missing": ("their dc lacks o",),
    "slope of c itself": ("their dc has c where np.tanh(c)",),
    "memory reset at k": ("c_<t-1> is taken as 0 at t = {k}",),
    "memory reset at the end": ("c_<t-1> is taken as 0 at t = ",),
    "c_prev for g": ("their di has c_prev where g",),
    "dc_next lacking in df": ("their df is computed with dc that lacks dc_next",),
    "dc_next lacking": ("their dc_prev is computed with dc that lacks dc_next",),
    "f of the next": ("their dc_prev has f_<t+1>",),
    "f of the one before": ("their dc_prev has f_<t-1>",),
    "c for c_prev": ("their df has c where c_prev",),
    "gate f's derivative missing": ("derivative f(1 − f)", "gate f", "missing"),
    "gate i's derivative missing": ("derivative i(1 − i)", "gate i", "missing"),
    "gate o's derivative missing": ("derivative o(1 − o)", "gate o", "missing"),
    "sigmoid derivatives missing": ("derivative", "likewise in da_f, da_o"),
    "gate o left out of dh": ("their dh_prev lacks da_o @ W_ho.T",),
    "f missing in dc": ("their dc_prev lacks f",),
    "gradient gates in another place": ("g and o", "swapped"),
}
UNKNOWN = ("softsign", "leaky", "dh damped", "one entry")  # mistakes that no guess knows
MISTAKES = {"rnn": BOTH | RNN, "lstm": BOTH | LSTM}
ONLY_WITH = {
    "softmax forgotten": "cross-entropy",
    "factor 2 forgotten": "mse",
    "mean over T·B": "mse",
}


def lesson(
    cell: str, mistake: str, seed: int, loss: str = "", dtype: type = np.float64
) -> StudentsRun:
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
    made = StudentsRun(
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
    if mistake in ("no recurrence at k", "stops at k") or "reset" in mistake:
        made.k = max(made.k, 1)
    if mistake == "dh clipped":
        handed_on = run(made)["grad.h"] - run(made, "dh_next dropped")["grad.h"]
        made.bound = float(f"{0.2 * np.abs(handed_on).max():.0e}")
    if mistake.startswith("each"):
        grads = [g for n, g in run(made).items() if n.startswith(("grad.rnn", "grad.read"))]
        made.bound = 0.7 * float(sorted(np.sqrt((g**2).sum()) for g in grads)[-2])  # two are
    if mistake.startswith("one clipped"):
        made.bound = 0.4 * float(np.abs(run(made)["grad.rnn.weight_hh_l0"]).max())
    if mistake.startswith("clipped"):
        grads = [g for n, g in run(made).items() if n.startswith(("grad.rnn", "grad.read"))]
        largest = max(np.abs(g).max() for g in grads)
        made.bound = float(f"{0.3 * largest:.0e}")
    return made


def case_of(
    made: StudentsRun, theirs: dict[str, np.ndarray], tolerance_dtype: type = np.float64
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
