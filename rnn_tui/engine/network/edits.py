"""Edits: what-ifs that change parameters, such as ``W_h *= 2`` or ``W_hf[3,:] = 0``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import block_name, block_views
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.pins import short_number
from rnn_tui.engine.network.spans import Span, span_slice, span_text

OPERATORS = ("=", "*=", "/=", "+=", "-=")


@dataclass(frozen=True, slots=True)
class Edit:
    """A parameter, a gate's block of it, or some of its entries are changed.

    Attributes:
        name: of the parameter or block, such as ``W_hf``.
        value: what the entries are set to, or multiplied with and so on.
        place: the entries within it, such as (1, 2), from 1, or ranges; None: all of them.
        operator: one of OPERATORS.
        identity: whether the entries become `value` on the diagonal and 0 elsewhere.
    """

    name: str
    value: float
    place: tuple[Span, ...] | None = None
    operator: str = "="
    identity: bool = False

    def __str__(self) -> str:
        entry = map(span_text, self.place or ())
        value = short_number(self.value) + "·I" * self.identity
        return f"{value_name(self.name, None, *entry)} {self.operator} {value}"

    def indices(self, declaration: NetworkDeclaration) -> Array:
        """Return the indices of the entries in the flat vector."""
        indices = blocks_of(declaration)[self.name]
        if self.place is None:
            return indices.reshape(-1)
        return indices[tuple(span_slice(span) for span in self.place)].reshape(-1)

    def apply(self, declaration: NetworkDeclaration, flat: Array) -> None:
        """Change the parameters `flat` [P] in place."""
        indices = self.indices(declaration)
        with np.errstate(all="ignore"):  # an overflow is found when the window begins
            match self.operator:
                case "*=":
                    flat[indices] *= self.value
                case "/=":
                    flat[indices] /= self.value
                case "+=":
                    flat[indices] += self.value
                case "-=":
                    flat[indices] -= self.value
                case _:
                    flat[indices] = 0.0 if self.identity else self.value
        if self.identity:
            flat[np.diagonal(blocks_of(declaration)[self.name])] = self.value


def block_shapes(declaration: NetworkDeclaration) -> dict[str, tuple[int, ...]]:
    """Return the shape of each parameter and of each gate's block, by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for spec in declaration.specs:
        *rows, columns = spec.shape
        shapes[spec.name] = spec.shape
        for block in spec.blocks:
            shapes[block_name(spec.name, block)] = (*rows, columns // len(spec.blocks))
    return shapes


def blocks_of(declaration: NetworkDeclaration) -> dict[str, Array]:
    """Return for each parameter and each gate's block the indices of its entries, in its shape."""
    blocks: dict[str, Array] = {}
    offset = 0
    for spec in declaration.specs:
        size = int(np.prod(spec.shape))
        whole = np.arange(offset, offset + size).reshape(spec.shape)
        blocks[spec.name] = whole
        blocks |= block_views({spec.name: whole}, spec.name, spec.blocks)
        offset += size
    return blocks
