"""Networks as students write them: loops, lists, [h, x] side by side, and a mistake if named.

They share no line with the package. Arrays are NumPy's, time is a Python list, gates of the LSTM
are rows of one matrix over the concatenation z = [h, x].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = Any


@dataclass
class StudentsRun:
    """What a student was given: one layer's weights as PyTorch has them, and a batch."""

    cell: str
    loss: str
    reduction: str
    w_ih: Array
    w_hh: Array
    b_ih: Array
    b_hh: Array
    w_y: Array
    b_y: Array
    x: Array  # [T, B, D]
    target: Array  # [T, B, O], or classes [T, B]
    h0: Array  # [B, H]
    c0: Array
    activation: str = "tanh"
    k: int = 1  # where a mistake is that is somewhere in time, from 0
    bound: float = 0.01
    numbers: dict[str, Array] = field(default_factory=dict)


def sig(a: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-a))


def loss_and_dy(s: StudentsRun, ys: list[Array], m: str) -> tuple[float, list[Array]]:
    T, B = s.x.shape[0], s.x.shape[1]
    outputs = s.b_y.shape[0]
    n = T * B * outputs if s.loss == "mse" else T * B
    if s.reduction == "sum":
        n = 1
    if m == "sum for mean":
        n = 1
    if m == "mean over the batch":
        n = B
    if m == "mean over time":
        n = T
    if m == "mean over T·B":
        n = T * B
    total, dys = 0.0, []
    targets = list(s.target)
    if m == "off by one target":
        targets = [*targets[1:], targets[0]]
    if m == "target reversed":
        targets = targets[::-1]
    for t in range(T):
        dy = np.zeros((B, outputs))
        for b in range(B):
            if s.loss == "mse":
                for o in range(outputs):
                    e = ys[t][b, o] - targets[t][b, o]
                    total += e * e / n
                    dy[b, o] = (1 if m == "factor 2 forgotten" else 2) * e / n
            else:
                e = np.exp(ys[t][b] - ys[t][b].max())
                p = e / e.sum()
                total -= np.log(p[targets[t][b]]) / n
                dy[b] = ys[t][b] / n if m == "softmax forgotten" else p / n
                dy[b, targets[t][b]] -= 1.0 / n
        if m == "sign":
            dy = -dy
        if m == "last loss only" and t < T - 1:
            dy = dy * 0
        dys.append(dy)
    return total, dys


def run(s: StudentsRun, mistake: str = "") -> dict[str, Array]:
    """Return all numbers of a student's network, [T, B, …], gradients as PyTorch has them."""
    return lstm(s, mistake) if s.cell == "lstm" else rnn(s, mistake)


def finish(s: StudentsRun, m: str, grads: dict[str, Array]) -> None:
    B = s.x.shape[1]
    if m == "clipped by value":
        grads = {n: np.clip(g, -s.bound, s.bound) for n, g in grads.items()}
    if m == "each clipped by norm":
        norms = {n: np.sqrt((g**2).sum()) for n, g in grads.items()}
        grads = {n: g * min(1.0, s.bound / norms[n]) for n, g in grads.items()}
    if m == "one clipped by value":
        grads["rnn.weight_hh_l0"] = np.clip(grads["rnn.weight_hh_l0"], -s.bound, s.bound)
    if m == "clipped by norm":
        norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
        grads = {n: g * min(1.0, s.bound / norm) for n, g in grads.items()}
    if m == "mean over samples":
        grads = {n: g / B for n, g in grads.items()}
    if m == "gradient transposed":
        rows = np.split(grads["rnn.weight_hh_l0"], 4 if s.cell == "lstm" else 1)
        grads["rnn.weight_hh_l0"] = np.concatenate([r.T for r in rows])
    if m == "bias doubled":
        both = grads["rnn.bias_ih_l0"] + grads["rnn.bias_hh_l0"]
        grads["rnn.bias_ih_l0"] = grads["rnn.bias_hh_l0"] = both
    if m == "bias halved":
        grads["rnn.bias_ih_l0"] = grads["rnn.bias_hh_l0"] = grads["rnn.bias_ih_l0"] / 2
    if m == "gradient gates in another place":
        for n in ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0"):
            i, f, g, o = np.split(grads[n], 4)
            grads[n] = np.concatenate([i, f, o, g])
    if m == "one entry":
        grads["rnn.weight_hh_l0"] = grads["rnn.weight_hh_l0"].copy()
        grads["rnn.weight_hh_l0"][0, 1] += 0.1
    if m == "weights twice":
        grads = {n: 2 * g for n, g in grads.items()}
    s.numbers |= {f"grad.{name}": array for name, array in grads.items()}


def rnn(s: StudentsRun, m: str) -> dict[str, Array]:
    T = s.x.shape[0]
    Wxh, Whh, Why = s.w_ih, s.w_hh, s.w_y
    if m in ("weight transposed", "weight and gradient transposed"):
        Whh = Whh.T
    xs = list(s.x[::-1]) if m == "time reversed" else list(s.x)
    f = (lambda a: np.maximum(a, 0)) if s.activation == "relu" else np.tanh
    if m == "relu for tanh":
        f = lambda a: np.maximum(a, 0)  # noqa: E731
    h = s.h0 * 0 if m == "h0 ignored" else s.h0
    hs, ys = [h], []
    read: list[Array] = []
    for t in range(T):
        h_in = hs[-1] * 0 if m == "state reset at k" and t == s.k else hs[-1]
        read.append(h_in)
        a = xs[t].dot(Wxh.T) + s.b_ih
        a = a + h_in.dot(Whh.T)
        if m != "bias forgotten":
            a = a + s.b_hh
        h = a / (1 + abs(a)) if m == "softsign" else f(a)
        if m == "leaky":
            h = 0.9 * h + 0.1 * hs[-1]
        if m == "no recurrence at k" and t == s.k:
            h = f(xs[t].dot(Wxh.T) + s.b_ih + s.b_hh)
        hs.append(h)
        ys.append(hs[-2 if m == "output from h before" else -1].dot(Why.T) + s.b_y)
    loss, dys = loss_and_dy(s, ys, m)
    dWxh, dWhh, db, dWhy, dby = Wxh * 0, Whh * 0, s.b_ih * 0, Why * 0, s.b_y * 0
    dhnext = np.zeros_like(h)
    dhs: list[Array] = []
    for t in range(T - 1, -1, -1):
        dWhy = dWhy + dys[t].T.dot(hs[t + 1])
        dby = dby + dys[t].sum(axis=0)
        dh = dys[t].dot(Why)
        if m != "dh_next dropped" and not (m == "truncated" and t == s.k):
            dh = dh + dhnext
        if m == "stops at k" and t < s.k:
            dh = dh * 0
        dhs.insert(0, dh)
        if m == "derivative missing":
            da = dh
        elif m == "square forgotten":
            da = dh * (1 - hs[t + 1])
        elif m == "derivative of a" and s.activation == "tanh":
            da = dh * (1 - np.tanh(hs[t + 1]) ** 2)
        elif f is np.tanh:
            da = dh * (1 - hs[t + 1] * hs[t + 1])
        else:
            da = dh * (hs[t + 1] > 0)
        one = slice(0, 1) if m == "one sample" else slice(None)
        h_in = hs[t + 1] if m == "stale h" else read[t]
        if m == "h0 ignored in the gradient" and t == 0:
            h_in = h_in * 0
        if m == "overwritten":
            dWxh, dWhh, db = dWxh * 0, dWhh * 0, db * 0
        x_in = xs[max(t - 1, 0)] if m == "x before" else xs[t]
        dWxh = dWxh + da[one].T.dot(x_in[one])
        dWhh = dWhh + da[one].T.dot(h_in[one])
        db = db + da[one].sum(axis=0)
        dhnext = da.dot(Whh.T) if m == "not transposed back" else da.dot(Whh)
        if m == "dh damped":
            dhnext = 0.9 * dhnext
        if m == "dh clipped":
            dhnext = np.clip(dhnext, -s.bound, s.bound)
    s.numbers = {"loss": np.array(loss), "output": np.array(ys), "h": np.array(hs[1:])}
    s.numbers |= {"grad.output": np.array(dys), "grad.h": np.array(dhs)}
    grads = {"rnn.weight_ih_l0": dWxh, "rnn.weight_hh_l0": dWhh}
    if m == "weight transposed":
        grads["rnn.weight_hh_l0"] = dWhh.T
    if m == "weight and gradient transposed":
        grads["rnn.weight_hh_l0"] = dWhh
    grads |= {"rnn.bias_ih_l0": db, "rnn.bias_hh_l0": db}
    finish(s, m, grads | {"readout.weight": dWhy, "readout.bias": dby})
    return s.numbers


def lstm(s: StudentsRun, m: str) -> dict[str, Array]:
    T, B = s.x.shape[0], s.x.shape[1]
    H = s.h0.shape[1]
    w_hh = s.w_hh
    if m == "weight transposed":
        w_hh = np.concatenate([block.T for block in np.split(w_hh, 4)])
    W = np.concatenate([w_hh, s.w_ih], axis=1)  # [4H, H + D]
    bias = s.b_ih if m == "bias forgotten" else s.b_ih + s.b_hh
    order = {"Keras order": (0, 1, 3, 2), "i and f swapped": (1, 0, 2, 3)}.get(m, (0, 1, 2, 3))
    place = {name: order[k] for k, name in enumerate(("i", "f", "g", "o"))}
    xs = list(s.x[::-1]) if m == "time reversed" else list(s.x)

    def rows(name: str) -> slice:
        return slice(place[name] * H, (place[name] + 1) * H)

    h = s.h0 * 0 if m == "h0 ignored" else s.h0
    c = s.c0 * 0 if m == "c0 ignored" else s.c0
    hs, cs, zs, gates, ys = [h], [c], [], [], []
    c_in: list[Array] = []
    for t in range(T):
        if m == "memory reset at k" and t == s.k:
            c = c * 0
        if m == "memory reset at the end" and t == T - 1:
            c = c * 0
        c_in.append(c)
        z = np.hstack([h, xs[t]])
        a = z.dot(W.T) + bias
        i, o = sig(a[:, rows("i")]), sig(a[:, rows("o")])
        f = sig(a[:, rows("f")] + (1.0 if m == "forget bias twice" else 0.0))
        g = np.tanh(a[:, rows("g")])
        if m == "relu for tanh":
            g = np.maximum(a[:, rows("g")], 0)
        c = f * c + i * g
        if m == "softsign":
            c = f * cs[-1] + i * a[:, rows("g")] / (1 + abs(a[:, rows("g")]))
        if m == "leaky":
            c = 0.9 * c + 0.1 * cs[-1]
        h = o * (c if m == "tanh(c) missing" else np.tanh(c))
        if m == "no memory at k" and t == s.k:
            c = i * g
            h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        zs.append(z)
        gates.append((i, f, g, o))
        ys.append(hs[-2 if m == "output from h before" else -1].dot(s.w_y.T) + s.b_y)
    loss, dys = loss_and_dy(s, ys, m)
    dW, db, dWy, dby = W * 0, bias * 0, s.w_y * 0, s.b_y * 0
    dhn, dcn = np.zeros_like(h), np.zeros_like(c)
    dhs: list[Array] = [None] * T
    dcs: list[Array] = [None] * T
    for t in reversed(range(T)):
        i, f, g, o = gates[t]
        dWy += dys[t].T.dot(hs[t + 1])
        dby += dys[t].sum(0)
        if (m == "truncated" and t == s.k) or m == "both dropped":
            dhn, dcn = dhn * 0, dcn * 0
        dh = dys[t].dot(s.w_y) + (0 if m == "dh_next dropped" else dhn)
        tc = np.tanh(cs[t + 1])
        if m == "tanh(c) missing":
            dc = dh * o
            do = dh * cs[t + 1]
        else:
            dc = dh * o * (1 - tc**2)
            do = dh * tc
        if m == "derivative of tanh(c) missing":
            dc = dh * o
        if m == "o missing":
            dc = dh * (1 - tc**2)
        if m == "slope of c itself":
            dc = dh * o * (1 - cs[t + 1] ** 2)
        if m != "dc_next dropped":
            dc = dc + dcn
        if m == "stops at k" and t < s.k:
            dh, dc, do = dh * 0, dc * 0, do * 0
        dhs[t], dcs[t] = dh, dc
        di, dg = dc * g, dc * i
        df = dc * (cs[t + 1] if m == "c for c_prev" else c_in[t])
        if m == "df is 0 at the end" and t == T - 1:
            df = df * 0
        if m == "c_prev for g":
            di = dc * cs[t]
        if m == "dc_next lacking in df":
            df = (dc - dcn) * cs[t]
        dai, daf, dao = di * i * (1 - i), df * f * (1 - f), do * o * (1 - o)
        dag = dg * (1 - g**2)
        if m == "derivative missing":
            dag = dg
        if m == "gate f's derivative missing":
            daf = df
        if m == "gate i's derivative missing":
            dai = di
        if m == "gate o's derivative missing":
            dao = do
        if m == "sigmoid derivatives missing":
            dai, daf, dao = di, df, do
        if m == "square forgotten":
            dag = dg * (1 - g)
        if m == "relu for tanh":
            dag = dg * (g > 0)
        da = np.zeros((B, 4 * H))
        for name, part in (("i", dai), ("f", daf), ("g", dag), ("o", dao)):
            da[:, rows(name)] = part
        z = zs[t]
        if m == "stale h":
            z = np.hstack([hs[t + 1], xs[t]])
        if m == "h0 ignored in the gradient" and t == 0:
            z = np.hstack([hs[0] * 0, xs[0]])
        if m == "x before":
            z = np.hstack([hs[t], xs[max(t - 1, 0)]])
        one = slice(0, 1) if m == "one sample" else slice(None)
        if m == "overwritten":
            dW, db = dW * 0, db * 0
        dW = dW + da[one].T.dot(z[one])
        db = db + da[one].sum(0)
        dz = da.dot(W)
        dhn = dz[:, :H]
        if m == "not transposed back":
            dhn = sum(da[:, rows(n)].dot(w_hh[rows(n)].T) for n in "ifgo")
        if m == "gate o left out of dh":
            dhn = sum(da[:, rows(n)].dot(w_hh[rows(n)]) for n in "ifg")
        if m == "dh damped":
            dhn = 0.9 * dhn
        if m == "dh clipped":
            dhn = np.clip(dhn, -s.bound, s.bound)
        if m == "f of the next":
            f = gates[min(t + 1, T - 1)][1]
        if m == "f of the one before":
            f = gates[t - 1][1]
        dcn = dc if m == "f missing in dc" else (dc - dcn if m == "dc_next lacking" else dc) * f
    s.numbers = {"loss": np.array(loss), "output": np.array(ys), "h": np.array(hs[1:])}
    s.numbers |= {"c": np.array(cs[1:]), "grad.output": np.array(dys)}
    s.numbers |= {"grad.h": np.array(dhs), "grad.c": np.array(dcs)}
    w_grad = dW[:, :H]
    if m == "weight transposed":
        w_grad = np.concatenate([block.T for block in np.split(w_grad, 4)])
    grads = {"rnn.weight_ih_l0": dW[:, H:], "rnn.weight_hh_l0": w_grad}
    grads |= {"rnn.bias_ih_l0": db, "rnn.bias_hh_l0": db}
    finish(s, m, grads | {"readout.weight": dWy, "readout.bias": dby})
    return s.numbers
