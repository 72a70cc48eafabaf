"""Gradients of any lines of NumPy by running them on nodes: reverse mode, the plainest that works.

Where somebody's forward pass has a mistake, their gradients may be those of what they compute, as
every framework with automatic differentiation gives them. This finds those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnn_tui.tensor_files.content import Array


class GradientNode:
    """An array and how it was computed.

    Attributes:
        value: the array.
        grad: the gradient of the loss with respect to it, once `run_backward` has run.
    """

    __slots__ = ("back", "grad", "tape", "value")
    __array_ufunc__ = None  # an array on the left leaves the operation to the node

    def __init__(
        self,
        value: Array,
        tape: list[GradientNode],
        back: tuple[tuple[GradientNode, Callable[[Array], Array]], ...] = (),
    ) -> None:
        self.value, self.tape, self.back = value, tape, back
        self.grad: Array | float = 0.0
        tape.append(self)

    def _node(self, other: object) -> GradientNode:
        return (
            other
            if isinstance(other, GradientNode)
            else GradientNode(np.asarray(other, float), self.tape)
        )

    def __add__(self, other: object) -> GradientNode:
        b = self._node(other)
        back = ((self, lambda d: d), (b, lambda d: d))
        return GradientNode(self.value + b.value, self.tape, back)

    __radd__ = __add__

    def __sub__(self, other: object) -> GradientNode:
        b = self._node(other)
        back = ((self, lambda d: d), (b, lambda d: -d))
        return GradientNode(self.value - b.value, self.tape, back)

    def __rsub__(self, other: object) -> GradientNode:
        return self._node(other) - self

    def __neg__(self) -> GradientNode:
        return GradientNode(-self.value, self.tape, ((self, lambda d: -d),))

    def __mul__(self, other: object) -> GradientNode:
        b = self._node(other)
        back = ((self, lambda d: d * b.value), (b, lambda d: d * self.value))
        return GradientNode(self.value * b.value, self.tape, back)

    __rmul__ = __mul__

    def __pow__(self, power: int) -> GradientNode:
        back = ((self, lambda d: d * power * self.value ** (power - 1)),)
        return GradientNode(self.value**power, self.tape, back)

    def __matmul__(self, other: GradientNode) -> GradientNode:
        back = ((self, lambda d: d @ other.value.T), (other, lambda d: self.value.T @ d))
        return GradientNode(self.value @ other.value, self.tape, back)

    @property
    def T(self) -> GradientNode:  # noqa: N802
        """The transposed array."""
        return GradientNode(self.value.T, self.tape, ((self, lambda d: d.T),))

    def through(self, function: str) -> GradientNode:
        """Return `function`, of `FUNCTIONS`, of it."""
        value = FUNCTIONS[function](self.value)
        slope = SLOPES[function](self.value, value)
        return GradientNode(value, self.tape, ((self, lambda d: d * slope),))


def run_backward(tape: list[GradientNode]) -> None:
    """Compute the gradient of every node of `tape`, from those that have one."""
    for node in reversed(tape):
        if isinstance(node.grad, float):
            continue
        for parent, back in node.back:
            parent.grad = parent.grad + _as_shape(back(node.grad), parent.value.shape)


def _as_shape(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum `gradient` over what was repeated of an array of `shape`."""
    if gradient.shape == shape:
        return gradient
    summed = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    repeated = tuple(k for k, size in enumerate(shape) if size == 1 != summed.shape[k])
    return np.asarray(summed.sum(axis=repeated, keepdims=True) if repeated else summed)


def sigmoid(a: Array) -> Array:
    """Return 1/(1 + e⁻ᵃ)."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * a))


def relu(a: Array) -> Array:
    """Return max(a, 0)."""
    return np.asarray(np.maximum(a, 0.0))


def clip(a: Array, bound: float) -> Array:
    """Return `a` between -bound and bound."""
    return np.asarray(np.clip(a, -bound, bound))


def hard_sigmoid(a: Array) -> Array:
    """Return 0.2·a + 0.5 between 0 and 1, as older Keras has it."""
    return np.asarray(np.clip(0.2 * a + 0.5, 0.0, 1.0))


FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "hard_sigmoid": hard_sigmoid,
}
SLOPES: Mapping[str, Callable[[Array, Array], Array]] = {
    "tanh": lambda a, h: 1 - h**2,
    "sigmoid": lambda a, h: h * (1 - h),
    "relu": lambda a, h: (h > 0) * 1.0,
    "hard_sigmoid": lambda a, h: 0.2 * ((h > 0) & (h < 1)),
}


def _on_nodes(name: str) -> Callable[[GradientNode], GradientNode]:
    return lambda node: node.through(name)


NODE_FUNCTIONS: Mapping[str, Any] = {name: _on_nodes(name) for name in FUNCTIONS}
