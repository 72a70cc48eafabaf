"""A GRU as a student writes it, one layer, and a mistake if named; it shares no line with ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_tui.cases.case import Case

Array = Any
MISTAKES = {  # words that the guess must have
    "reset before": ("the cell gru-reset-before",),
    "reset before, own backward": ("the cell gru-reset-before",),
    "no recurrent products": ("dh_prev lacks the products",),
    "1 - z for z": ("dh * (1 - z) where dh * z",),
    "h_t for h_prev": ("stale h", "h_t where h_<t-1>"),
    "stale h": ("stale h: h_<t-2>",),
    "h reset at 3": ("h_<t-1> is taken as 0 at t = 3",),
}


def sig(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def gru_case(m: str = "", seed: int = 0) -> Case:
    """Return a case with the numbers of a GRU that has the mistake `m`."""
    random = np.random.default_rng(seed)
    T, B, D, H, outputs = 5, 3, 2, 4, 3
    shapes: dict[str, tuple[int, ...]] = {"weight_ih_l0": (3 * H, D), "weight_hh_l0": (3 * H, H)}
    shapes |= {"bias_ih_l0": (3 * H,), "bias_hh_l0": (3 * H,)}
    weights = {f"rnn.{n}": random.normal(size=s) * 0.6 for n, s in shapes.items()}
    weights |= {"readout.weight": random.normal(size=(outputs, H))}
    weights |= {"readout.bias": random.normal(size=outputs)}
    Wi, Wh, bi, bh, Wy, by = weights.values()
    x, target = random.normal(size=(T, B, D)), random.normal(size=(T, B, outputs))
    h0 = random.normal(size=(B, H))
    before = m.startswith("reset before")
    hs, kept = [h0], []
    for t in range(T):
        hp = hs[max(t - 1, 0)] if m == "stale h" else hs[t]
        hp = hp * 0 if m == "h reset at 3" and t == 2 else hp
        ai, ah = x[t] @ Wi.T + bi, hp @ Wh.T + bh
        r, z = sig((ai + ah)[:, :H]), sig((ai + ah)[:, H : 2 * H])
        q = ah[:, 2 * H :]
        inner = (r * hp) @ Wh[2 * H :].T + bh[2 * H :] if before else r * q
        n = np.tanh(ai[:, 2 * H :] + inner)
        hs.append((1 - z) * n + z * hp)
        kept.append((hp, r, z, q, n))
    h = np.array(hs[1:])
    y = h @ Wy.T + by
    dy = 2 * (y - target) / y.size
    grads = {name: np.zeros_like(w) for name, w in weights.items()}
    dh_next, dhs = np.zeros((B, H)), list[Array]()
    for t in reversed(range(T)):
        hp, r, z, q, n = kept[t]
        dh = dy[t] @ Wy + dh_next
        dhs.insert(0, dh)
        da_n = dh * (1 - z) * (1 - n**2)
        own = m == "reset before, own backward"
        drh = da_n @ Wh[2 * H :]
        da_r = (drh * hp if own else da_n * q) * r * (1 - r)
        da_z = dh * (hp - n) * z * (1 - z)
        dai = np.hstack([da_r, da_z, da_n])
        dah = np.hstack([da_r, da_z, da_n if own else da_n * r])
        h_in = hs[t + 1] if m == "h_t for h_prev" else hp
        gh = dah.T @ h_in
        if own:
            gh[2 * H :] = da_n.T @ (r * hp)
            dh_next = drh * r + dah[:, : 2 * H] @ Wh[: 2 * H] + dh * z
        else:
            dh_next = dah @ Wh + dh * (1 - z if m == "1 - z for z" else z)
        if m == "no recurrent products":
            dh_next = dh * z
        for name, part in zip(grads, (dai.T @ x[t], gh, dai.sum(0), dah.sum(0)), strict=False):
            grads[name] += part
        grads["readout.weight"] += dy[t].T @ hs[t + 1]
        grads["readout.bias"] += dy[t].sum(0)
    theirs = {"loss": np.mean((y - target) ** 2), "output": y, "h": h, "grad.output": dy}
    theirs |= {"grad.h": np.array(dhs)} | {f"grad.{name}": g for name, g in grads.items()}
    return Case(
        "gru", "tanh", "mse", "mean", 1, H, np.dtype("f8"), weights, tuple(weights), x, target,
        np.ones((T, B), np.bool_), D, outputs, start={"h": h0[None]},
        theirs={name: np.asarray(array) for name, array in theirs.items()},
    )  # fmt: skip
