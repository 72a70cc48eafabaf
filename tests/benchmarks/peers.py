"""What the engine is measured against: PyTorch, JAX, a plain NumPy loop, and compiled code.

Each makes whole updates: the next window of a noisy cosine, forward, mean squared error, backward,
clipping by value, Adagrad, the state carried on. All draw their windows from one array, which
costs less than our own task does.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

Updates = Callable[[int], object]
LIMIT, LR, EPS = 5.0, 0.01, 1e-10


@dataclass(frozen=True, slots=True)
class Size:
    """H hidden units, windows of T timesteps, B of them side by side."""

    hidden: int
    steps: int
    batch: int


def installed(module: str) -> bool:
    """Whether `module` can be imported; nothing is imported to find out."""
    return importlib.util.find_spec(module) is not None


def ours(cell: str, size: Size) -> Updates:
    """Return updates by the engine, as the program runs it but without a timeline."""
    points = max(400, 4 * size.steps * size.batch)
    settings = Settings(
        cell=cell,
        hidden=size.hidden,
        steps=size.steps,
        batch=size.batch,
        lr=LR,
        clip=LIMIT,
        num_points=points,
        x_max=0.15 * points,
    )
    return Trainer(settings).run


def torch_updates(cell: str, size: Size, threads: int) -> Updates:
    """torch.nn.{RNN, LSTM, GRU} + Linear, MSELoss, clip_grad_value_, optim.Adagrad, defaults."""
    import torch

    torch.manual_seed(0)
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    network = kind(1, size.hidden)
    readout = torch.nn.Linear(size.hidden, 1)
    parameters = [*network.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adagrad(parameters, lr=LR)
    measure = torch.nn.MSELoss()
    points = torch.from_numpy(windows(size))
    state: Any = None

    def run(updates: int) -> None:
        nonlocal state
        torch.set_num_threads(threads)
        for k in range(updates):
            window = points[k % len(points)]  # [T+1, B, 1]
            optimizer.zero_grad()
            hidden, state = network(window[:-1], state)
            loss = measure(readout(hidden), window[1:])
            loss.backward()
            torch.nn.utils.clip_grad_value_(parameters, LIMIT)
            optimizer.step()
            state = tuple(s.detach() for s in state) if cell == "lstm" else state.detach()
            loss.item()

    return run


def jax_updates(cell: str, size: Size, at_once: int = 1) -> Updates:
    """Return whole updates as one compiled function: jax.jit over jax.lax.scan, on the CPU.

    The cells, the start and the clipping are those of `torch_updates`, the gradient is JAX's own
    (jax.value_and_grad), and every array that an update replaces is donated to it.

    Args:
        cell: "rnn", "lstm" or "gru".
        size: H, T and B.
        at_once: updates that one call makes. With 1 the loss comes back to Python after every
            update, as it must where a run may stop there; with more they are scanned over inside
            the compiled function, which Python sees only at its end.

    Returns:
        A function of how many calls to make: count·`at_once` updates.
    """
    import jax
    import jax.numpy as jnp

    gates = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    points = jnp.asarray(windows(size))  # [count, T+1, B, 1]
    first = _jax_parameters(gates, size.hidden)
    shape = (size.batch, size.hidden)
    states = tuple(jnp.zeros(shape, jnp.float32) for _ in range(2 if cell == "lstm" else 1))
    step = {"rnn": _jax_rnn, "lstm": _jax_lstm, "gru": _jax_gru}[cell]

    def loss_of(parameters: Any, states: Any, window: Any) -> Any:
        ax = window[:-1] @ parameters["W_x"] + parameters["b"]  # [T, B, G·H]
        end, h = jax.lax.scan(lambda s, a: step(parameters, s, a), states, ax)
        y = h @ parameters["W_y"] + parameters["b_y"]  # [T, B, 1]
        return jnp.mean((y - window[1:]) ** 2), end

    def update(carried: Any, k: Any) -> Any:
        parameters, memory, states = carried
        window = points[k % len(points)]
        gradient_of = jax.value_and_grad(loss_of, has_aux=True)
        (loss, end), gradient = gradient_of(parameters, states, window)
        clipped = {name: jnp.clip(g, -LIMIT, LIMIT) for name, g in gradient.items()}
        memory = {name: memory[name] + g * g for name, g in clipped.items()}  # s += g²
        parameters = {  # p −= lr·g/(√s + eps)
            name: p - LR * clipped[name] / (jnp.sqrt(memory[name]) + EPS)
            for name, p in parameters.items()
        }
        return (parameters, memory, end), loss

    def call(carried: Any, start: Any) -> Any:
        if at_once == 1:
            return update(carried, start)
        carried, losses = jax.lax.scan(update, carried, start + jnp.arange(at_once))
        return carried, losses[-1]

    compiled_call = jax.jit(call, donate_argnums=0)
    carried: Any = (first, jax.tree.map(jnp.zeros_like, first), states)
    done = 0

    def run(count: int) -> None:
        nonlocal carried, done
        for _ in range(count):
            carried, loss = compiled_call(carried, done)
            float(loss)
            done += at_once

    run(1)  # compiles
    return run


def _jax_parameters(gates: int, hidden: int) -> Any:
    """Return U(±1/√H) for every array, in the shapes that the compiled update uses."""
    import jax.numpy as jnp

    random, bound, width = np.random.default_rng(0), hidden**-0.5, gates * hidden
    shapes = {"W_x": (1, width), "W_h": (hidden, width), "b": (width,)}
    shapes |= {"W_y": (hidden, 1), "b_y": (1,)}
    if gates == 3:
        shapes["b_hn"] = (hidden,)
    drawn = {name: random.uniform(-bound, bound, shape) for name, shape in shapes.items()}
    return {name: jnp.asarray(array, jnp.float32) for name, array in drawn.items()}


def _jax_rnn(parameters: Any, states: Any, ax: Any) -> Any:
    """Make one timestep of the tanh RNN; ax = x·W_x + b, [B, H]."""
    import jax.numpy as jnp

    h = jnp.tanh(ax + states[0] @ parameters["W_h"])
    return (h,), h


def _jax_lstm(parameters: Any, states: Any, ax: Any) -> Any:
    """Make one timestep of the LSTM; ax [B, 4H], gates i, f, g, o."""
    import jax
    import jax.numpy as jnp

    h, c = states
    i, f, g, o = jnp.split(ax + h @ parameters["W_h"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def _jax_gru(parameters: Any, states: Any, ax: Any) -> Any:
    """Make one timestep of the GRU, reset after the product; ax [B, 3H], gates r, z, n."""
    import jax
    import jax.numpy as jnp

    (h,) = states
    ax_r, ax_z, ax_n = jnp.split(ax, 3, axis=-1)
    ah_r, ah_z, ah_n = jnp.split(h @ parameters["W_h"], 3, axis=-1)
    r, z = jax.nn.sigmoid(ax_r + ah_r), jax.nn.sigmoid(ax_z + ah_z)
    n = jnp.tanh(ax_n + r * (ah_n + parameters["b_hn"]))
    h = (1 - z) * n + z * h
    return (h,), h


def windows(size: Size, count: int = 64) -> Any:
    """Windows of a noisy cosine, [count, T+1, B, 1] float32."""
    random = np.random.default_rng(0)
    x = 0.15 * (np.arange(size.steps + 1)[:, None] + random.uniform(0, 400, (count, 1, size.batch)))
    return (np.cos(x) + random.normal(0, 0.05, x.shape)).astype(np.float32)[..., None]


def plain_loop(size: Size) -> Updates:
    """Return updates of a tanh network in NumPy, timestep by timestep as in textbooks (B = 1)."""
    random = np.random.default_rng(0)
    H, bound = size.hidden, size.hidden**-0.5
    shapes = {"W_x": (H, 1), "W_h": (H, H), "b": (H, 1), "W_y": (1, H), "b_y": (1, 1)}
    P = {n: random.uniform(-bound, bound, s).astype(np.float32) for n, s in shapes.items()}
    memory = {name: np.zeros_like(array) for name, array in P.items()}
    points = windows(size)
    start = np.zeros((H, 1), np.float32)

    def run(updates: int) -> None:
        nonlocal start
        for k in range(updates):
            window = points[k % len(points)][:, 0]  # [T+1, 1]
            gradient, _loss, start = _plain_window(P, window, start)
            for name, array in P.items():
                g = np.clip(gradient[name], -LIMIT, LIMIT)
                memory[name] += g * g
                array -= LR * g / (np.sqrt(memory[name]) + EPS)

    return run


def _plain_window(P: dict[str, Any], window: Any, start: Any) -> tuple[dict[str, Any], float, Any]:
    """Forward and backward through one window; columns are [H, 1]."""
    T = len(window) - 1
    h, errors, loss = [start], [], 0.0
    for t in range(T):
        h.append(np.tanh(P["W_x"] @ window[t][:, None] + P["W_h"] @ h[-1] + P["b"]))
        errors.append(P["W_y"] @ h[-1] + P["b_y"] - window[t + 1])
        loss += (errors[-1] ** 2).item() / T
    gradient = {name: np.zeros_like(array) for name, array in P.items()}
    later = np.zeros_like(start)
    for t in reversed(range(T)):
        dy = 2 * errors[t] / T
        gradient["W_y"] += dy @ h[t + 1].T
        gradient["b_y"] += dy
        da = (P["W_y"].T @ dy + later) * (1 - h[t + 1] ** 2)
        gradient["W_x"] += da @ window[t][:, None].T
        gradient["W_h"] += da @ h[t].T
        gradient["b"] += da
        later = P["W_h"].T @ da
    return gradient, loss, h[-1]


def compiled(size: Size) -> Updates:
    """Return updates of the same network (B = 1) in loops compiled by numba with fastmath."""
    import numba

    random = np.random.default_rng(0)
    H, T, bound = size.hidden, size.steps, size.hidden**-0.5
    P = random.uniform(-bound, bound, H * H + 3 * H + 1).astype(np.float32)
    arrays = (P, np.zeros_like(P), np.zeros_like(P), np.zeros((T + 1, H), np.float32))
    points = np.ascontiguousarray(windows(size)[:, :, 0, 0])  # [count, T+1]
    update = numba.njit(fastmath=True)(_compiled_update)

    def run(updates: int) -> None:
        for k in range(updates):
            update(points[k % len(points)], *arrays)

    return run


def _compiled_update(window: Any, P: Any, memory: Any, g: Any, h: Any) -> np.float32:
    """One whole update; P holds W_h [H, H] (row: from), W_x, b, W_y, b_y."""
    T, H = h.shape[0] - 1, h.shape[1]
    x_, b_, y_ = H * H, H * H + H, H * H + 2 * H
    W_h, dW_h = P[:x_].reshape(H, H), g[:x_].reshape(H, H)
    W_hT = W_h.T.copy()
    errors, a = np.empty(T, np.float32), np.empty(H, np.float32)
    loss = np.float32(0)
    h[0] = h[T]
    for t in range(T):
        for j in range(H):
            total = P[x_ + j] * window[t] + P[b_ + j]
            for k in range(H):
                total += h[t, k] * W_hT[j, k]
            a[j] = total
        y = P[y_ + H]
        for j in range(H):
            h[t + 1, j] = math.tanh(a[j])
            y += h[t + 1, j] * P[y_ + j]
        errors[t] = y - window[t + 1]
        loss += errors[t] * errors[t] / T
    g[:] = 0
    later = np.zeros(H, np.float32)
    for t in range(T - 1, -1, -1):
        dy = np.float32(2) * errors[t] / T
        g[y_ + H] += dy
        for j in range(H):
            value = h[t + 1, j]
            g[y_ + j] += dy * value
            a[j] = (dy * P[y_ + j] + later[j]) * (1 - value * value)
            g[x_ + j] += a[j] * window[t]
            g[b_ + j] += a[j]
        for k in range(H):
            total = np.float32(0)
            previous = h[t, k]
            for j in range(H):
                dW_h[k, j] += previous * a[j]
                total += W_h[k, j] * a[j]
            later[k] = total
    for n in range(P.shape[0]):
        clipped = min(max(g[n], np.float32(-LIMIT)), np.float32(LIMIT))
        memory[n] += clipped * clipped
        P[n] -= np.float32(LR) * clipped / (math.sqrt(memory[n]) + np.float32(EPS))
    return loss
