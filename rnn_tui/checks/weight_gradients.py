"""The last stage of the reference: gradients of the weights, by lines or by exact derivatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from rnn_tui.checks.autodiff import FUNCTIONS, NODE_FUNCTIONS, GradientNode, run_backward
from rnn_tui.checks.programs import READOUT_FORWARD, READOUT_GRADIENTS
from rnn_tui.checks.reference import (
    NO_EDIT,
    Block,
    LineEdit,
    NotTheirsError,
    Run,
    Source,
    Values,
    blocks_of_tensor,
    codes_of,
    neighbours,
    tensor_of,
)
from rnn_tui.tensor_files.content import Array


class StackedValues(Mapping[str, Any]):
    """Values of a layer at some timesteps, one below the other, stacked when they are asked for."""

    def __init__(self, run: Run, layer: int, times: Sequence[int], samples: slice) -> None:
        steps = run.backward[min(layer, run.problem.layers - 1)]
        self._steps, self._samples = [steps[t] for t in times], samples
        self._known: Values = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            if np.ndim(self._steps[0][name]) != 2:
                raise KeyError(name)
            parts = [np.asarray(values[name])[self._samples] for values in self._steps]
            self._known[name] = np.concatenate(parts)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps[0])

    def __len__(self) -> int:
        return len(self._steps[0])


def _block_gradient(
    run: Run, block: Block, edit: LineEdit, times: Sequence[int] | None, sample: int | None
) -> Array:
    """Return the gradient of a block as it was read; see `tensor_gradient`."""
    problem, (layer, name) = run.problem, block
    lines = problem.program.gradients if layer < problem.layers else READOUT_GRADIENTS
    total: Array = np.zeros_like(problem.read(block))
    every = tuple(range(problem.steps) if times is None else times)
    changed = name in edit.lines and (edit.layers is None or layer in edit.layers)
    there = every if edit.times is None else tuple(t for t in every if t in edit.times)
    groups = [(edit.lines[name], there)] if changed else [(lines[name], every)]
    if changed and edit.times is not None:
        groups.append((lines[name], tuple(t for t in every if t not in edit.times)))
    for text, group in groups:
        if group:
            key = (layer, group, sample)
            if key not in run.stacked:
                samples = slice(None) if sample is None else slice(sample, sample + 1)
                run.stacked = {} if len(run.stacked) > 8 else run.stacked
                run.stacked[key] = StackedValues(run, layer, group, samples)
            part = eval(
                _expression(text), {**FUNCTIONS, **problem.weights(layer)}, run.stacked[key]
            )
            if np.shape(part) != total.shape:
                raise NotTheirsError
            total = total + part
    return total


@lru_cache(maxsize=4096)
def _expression(text: str) -> CodeType:
    return compile(text, "<reference>", "eval")


def tensor_gradient(
    run: Run,
    name: str,
    edit: LineEdit = NO_EDIT,
    times: Sequence[int] | None = None,
    sample: int | None = None,
) -> Array:
    """Return the gradient of one tensor of the file; `run` has a backward pass.

    Args:
        run: the run.
        name: of the gradient.
        edit: other lines.
        times: the timesteps that it is summed over, from 0; None: all.
        sample: the only sample that it is summed over, from 0; None: all.
    """
    blocks = {
        slot: _slot_gradient(run, slot, edit, times, sample)
        for slot in blocks_of_tensor(run.problem, name)
    }
    return tensor_of(blocks)


def _slot_gradient(
    run: Run, slot: Block, edit: LineEdit, times: Sequence[int] | None, sample: int | None
) -> Array:
    """Return the gradient of a block of the file: of all that was read from there."""
    problem = run.problem
    total: Array = np.zeros_like(problem.blocks[slot])
    for block in problem.blocks:
        source = problem.reading.get(block, Source(block))
        if source.block == slot:
            part = _block_gradient(run, block, edit, times, sample)
            total = total + (part.T if source.transposed else part)
    return total


def with_gradients(
    run: Run,
    edit: LineEdit = NO_EDIT,
    times: Sequence[int] | None = None,
    sample: int | None = None,
) -> Run:
    """Return `run`, which has a backward pass, with the gradients of its weights.

    The arguments are those of `tensor_gradient`.
    """
    slots = run.problem.blocks
    gradients = {slot: _slot_gradient(run, slot, edit, times, sample) for slot in slots}
    return replace(run, gradients=gradients)


def with_derivatives(run: Run, edit: LineEdit) -> Run:
    """Return `run`, which has a loss, with the exact gradients of what `edit` makes of the lines.

    It is what automatic differentiation gives.
    """
    problem = run.problem
    tape: list[GradientNode] = []
    program, layers = problem.program, list[list[Values]]()
    inputs = [GradientNode(x, tape) for x in problem.x]
    used: dict[Block, GradientNode] = {}
    for layer in range(problem.layers):
        codes = codes_of(program.forward, edit, layer, problem.steps)
        weights = {
            name: GradientNode(array, tape) for name, array in problem.weights(layer).items()
        }
        used |= {(layer, name): node for name, node in weights.items()}
        scope = {**NODE_FUNCTIONS, **weights}
        state = {
            f"{name}_prev": GradientNode(problem.start[name][layer], tape)
            for name in program.states
        }
        first = {name.replace("_prev", "_0"): node for name, node in state.items()}
        nothing = GradientNode(np.zeros_like(inputs[0].value), tape)
        steps: list[Values] = []
        for t, x in enumerate(inputs):
            around = neighbours(inputs, steps, t, nothing, first["h_0"])
            values: Values = {"x": x, **state, **first, **around}
            exec(codes[t], scope, values)
            state = {f"{name}_prev": values[name] for name in program.states}
            steps.append(values)
        layers.append(steps)
        inputs = [values["h"] for values in steps]
    codes = codes_of(READOUT_FORWARD, edit, problem.layers, problem.steps)
    weights = {n: GradientNode(array, tape) for n, array in problem.weights(problem.layers).items()}
    used |= {(problem.layers, name): node for name, node in weights.items()}
    for t, values in enumerate(layers[-1]):
        values["h_below"] = layers[0][t]["h"]
        exec(codes[t], {**NODE_FUNCTIONS, **weights}, values)
        values["y"].grad = run.dy[t]
    run_backward(tape)
    gradients = {block: np.zeros_like(array) for block, array in problem.blocks.items()}
    for block, node in used.items():
        source = problem.reading.get(block, Source(block))
        part = np.zeros_like(node.value) + node.grad
        gradients[source.block] = gradients[source.block] + (part.T if source.transposed else part)
    backward = [
        [
            {
                f"d{name}": np.zeros_like(values[name].value) + values[name].grad
                for name in program.states
            }
            for values in steps
        ]
        for steps in layers
    ]
    return replace(run, backward=backward, gradients=gradients)
