"""Runs the lines of `rnn_tui.checks.programs` on a case, with a mistake put in or without one.

A run has four stages: forward, loss, backward, gradients of the weights. A mistake that begins in
one of them leaves the earlier ones as they are, so they are not computed again. A run whose numbers
are no longer theirs ends at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.checks.autodiff import FUNCTIONS, clip
from rnn_tui.checks.programs import (
    READOUT_BACKWARD,
    READOUT_FORWARD,
    CellProgram,
    Lines,
    program_of,
)
from rnn_tui.checks.theirs import Theirs
from rnn_tui.tensor_files.content import Array

Block = tuple[int, str]
"""One gate's block of a weight: the layer from 0 (the readout is layer L), and its name."""
Values = dict[str, Any]
KINDS = {"W_x": "weight_ih", "W_h": "weight_hh", "b_x": "bias_ih", "b_h": "bias_hh"}
READOUT_BLOCKS = {"grad.readout.weight": "W_y", "grad.readout.bias": "b_y"}


class NotTheirsError(Exception):
    """A run's numbers are not theirs: there is no need to go on."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Other lines in the place of some of a program.

    Attributes:
        lines: right sides by what is assigned; of the readout, too.
        first: lines before those of a cell's forward pass: what it begins a timestep with. The
            backward pass reads what they assign.
        layers: where, from 0; None everywhere.
        times: at which timesteps, from 0; None at all.
    """

    lines: Lines = field(default_factory=dict)
    first: Lines = field(default_factory=dict)
    layers: frozenset[int] | None = None
    times: frozenset[int] | None = None

    def holds(self, layer: int, t: int) -> bool:
        """Return whether these lines stand at this place."""
        return (self.layers is None or layer in self.layers) and (
            self.times is None or t in self.times
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Which block of the file a block is read from, and whether it is read transposed."""

    block: Block
    transposed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceProblem:
    """What is computed: a case as the reference reads it, float64.

    Attributes:
        program: the cell's lines.
        layers, hidden: L and H.
        x, target: [T, B, D] and [T, B, O]; codes are one-hot here.
        mask: [T, B, 1], 1 where the loss counts.
        terms: N, how many numbers the loss is the mean of; 1 for a sum.
        loss: "mse" or "cross-entropy".
        start: the first states by name, [L, B, H].
        blocks: the file's weights, [n, H] and [H] each.
        reading: where blocks are read from, if elsewhere than from their own place.
    """

    program: CellProgram
    layers: int
    hidden: int
    x: Array
    target: Array
    mask: Array
    terms: float
    loss: str
    start: Mapping[str, Array]
    blocks: Mapping[Block, Array]
    reading: Mapping[Block, Source] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """T."""
        return len(self.x)

    @property
    def batch(self) -> int:
        """B."""
        return int(self.x.shape[1])

    def weights(self, layer: int) -> Values:
        """Return the blocks of `layer` by name, as they are read."""
        return {name: self.read((k, name)) for k, name in self.blocks if k == layer}

    def read(self, block: Block) -> Array:
        """Return a block as it is read."""
        source = self.reading.get(block, Source(block))
        array = self.blocks[source.block]
        return array.T if source.transposed else array


def problem_of(case: Case) -> ReferenceProblem | None:
    """Return `case` as the reference reads it; None for a cell that has no lines here."""
    program = program_of(case.cell, case.activation)
    if program is None or not case.weights:
        return None
    sizes = (case.layers, case.batch, case.hidden)
    start = {
        name: np.asarray(case.start.get(name, np.zeros(sizes)), np.float64)
        for name in program.states
    }
    codes = case.loss == "cross-entropy"
    return ReferenceProblem(
        program=program,
        layers=case.layers,
        hidden=case.hidden,
        x=_one_hot(case.x, case.features) if case.symbols else np.asarray(case.x, np.float64),
        target=(
            _one_hot(case.target, case.outputs)
            if codes
            else np.nan_to_num(np.asarray(case.target, np.float64), posinf=0.0, neginf=0.0)
        ),
        mask=case.mask[..., np.newaxis].astype(np.float64),
        terms=float(case.term_count if case.reduction == "mean" else 1),
        loss=case.loss,
        start=start,
        blocks=_blocks(case, program),
    )


def _one_hot(codes: Array, classes: int) -> Array:
    return np.eye(classes)[np.where((codes >= 0) & (codes < classes), codes, 0)]


def _blocks(case: Case, program: CellProgram) -> dict[Block, Array]:
    """Return the weights of a case gate by gate, ready for ``x @ W``."""
    blocks: dict[Block, Array] = {}
    for layer in range(case.layers):
        for kind, file_name in KINDS.items():
            rows = np.asarray(case.weights[f"rnn.{file_name}_l{layer}"], np.float64)
            for gate, part in zip(program.gates, np.split(rows, len(program.gates)), strict=True):
                blocks[layer, kind + gate] = part.T
    blocks[case.layers, "W_y"] = np.asarray(case.weights["readout.weight"], np.float64).T
    blocks[case.layers, "b_y"] = np.asarray(case.weights["readout.bias"], np.float64)
    return blocks


@dataclass(slots=True, eq=False)
class Run:
    """What was computed so far.

    Attributes:
        problem: what it was computed of.
        forward: values by name, of each layer and timestep.
        y, dy: outputs and their gradient, [T, B, O].
        loss: the loss.
        backward: values by name, those of the forward pass as well, of each layer and timestep.
        gradients: of the blocks of the file.
        stacked: what gradients were computed of, kept for others of this run.
    """

    problem: ReferenceProblem
    forward: list[list[Values]]
    y: Array
    loss: float = np.nan
    dy: Array = field(default_factory=lambda: np.empty(0))
    backward: list[list[Values]] = field(default_factory=list)
    gradients: dict[Block, Array] = field(default_factory=dict)
    stacked: dict[tuple[int, tuple[int, ...], int | None], Mapping[str, Any]] = field(
        default_factory=dict
    )

    def numbers(self) -> dict[str, Array]:
        """Return what was computed under the names of a case."""
        return self.numbers_by_time() | tensors_of_blocks(self.problem, self.gradients)

    def numbers_by_time(self) -> dict[str, Array]:
        """Return the loss and what has timesteps."""
        tensors = {"loss": np.asarray(self.loss), "output": self.y, "grad.output": self.dy}
        for state in self.problem.program.states:
            tensors[state] = _stacked(self.forward, state)
            tensors[f"grad.{state}"] = _stacked(self.backward, f"d{state}")
        return tensors


def few_samples(run: Run, count: int) -> Run:
    """Return the first `count` samples of `run`, which has a loss; the problem is theirs alone."""

    def few(values: Values) -> Values:
        return {n: array[:count] if np.ndim(array) else array for n, array in values.items()}

    problem = run.problem
    part = replace(
        problem,
        x=problem.x[:, :count],
        target=problem.target[:, :count],
        mask=problem.mask[:, :count],
        start={name: array[:, :count] for name, array in problem.start.items()},
    )
    forward = [[few(values) for values in steps] for steps in run.forward]
    return Run(part, forward, run.y[:, :count], run.loss, run.dy[:, :count])


def _stacked(layers: Sequence[Sequence[Values]], name: str) -> Array:
    return np.asarray([[values[name] for values in layer] for layer in layers])


def gradient_names(problem: ReferenceProblem) -> list[str]:
    """Return the names of the gradients of all weights of the file."""
    cells = [f"grad.rnn.{kind}_l{k}" for k in range(problem.layers) for kind in KINDS.values()]
    return [*cells, *READOUT_BLOCKS]


def blocks_of_tensor(problem: ReferenceProblem, name: str) -> list[Block]:
    """Return the blocks that the gradient `name` consists of, in the file's order."""
    if name in READOUT_BLOCKS:
        return [(problem.layers, READOUT_BLOCKS[name])]
    kind, layer = name.removeprefix("grad.rnn.").rsplit("_l", 1)
    short = next(short for short, file_name in KINDS.items() if file_name == kind)
    return [(int(layer), short + gate) for gate in problem.program.gates]


def tensor_of(blocks: Mapping[Block, Array]) -> Array:
    """Return a tensor of the file of its blocks."""
    return np.concatenate([array.T for array in blocks.values()])


def tensors_of_blocks(problem: ReferenceProblem, blocks: Mapping[Block, Array]) -> dict[str, Array]:
    """Return gradients under the file's names, from those of `blocks`."""
    return {
        name: tensor_of({block: blocks[block] for block in blocks_of_tensor(problem, name)})
        for name in gradient_names(problem)
    }


@lru_cache(maxsize=4096)
def _compiled(lines: tuple[tuple[str, str], ...]) -> CodeType:
    """Return code that assigns each of `lines`; they are constants of this package."""
    text = "\n".join(f"{name} = {expression}" for name, expression in lines)
    return compile(text, "<reference>", "exec")


def _edited(lines: Lines, edit: LineEdit) -> CodeType:
    return _compiled(tuple((name, edit.lines.get(name, text)) for name, text in lines.items()))


def codes_of(lines: Lines, edit: LineEdit, layer: int, steps: int) -> list[CodeType]:
    """Return the code of `lines` at each timestep."""
    plain, other = _edited(lines, LineEdit()), _edited(lines, edit)
    if edit.first and "h" in lines:
        edited = {name: edit.lines.get(name, text) for name, text in lines.items()}
        other = _compiled((*edit.first.items(), *edited.items()))
    return [other if edit.holds(layer, t) else plain for t in range(steps)]


NO_EDIT = LineEdit()


def run_forward(
    problem: ReferenceProblem, theirs: Theirs | None = None, edit: LineEdit = NO_EDIT
) -> Run:
    """Compute the forward pass.

    Raises:
        NotTheirsError: `theirs` is given and has other numbers.
    """
    layers: list[list[Values]] = []
    inputs: list[Array] = list(problem.x)
    for layer in range(problem.layers):
        codes = codes_of(problem.program.forward, edit, layer, problem.steps)
        scope = {**FUNCTIONS, **problem.weights(layer)}
        first = {f"{name}_0": problem.start[name][layer] for name in problem.program.states}
        state = {f"{name}_prev": problem.start[name][layer] for name in problem.program.states}
        steps: list[Values] = []
        for t, x in enumerate(inputs):
            around = neighbours(inputs, steps, t, np.zeros_like(x), first["h_0"])
            values: Values = {"x": x, **state, **first, **around}
            exec(codes[t], scope, values)
            for name in problem.program.states:
                if theirs and not theirs.same_at(name, layer, t, values[name]):
                    raise NotTheirsError
            state = {f"{name}_prev": values[name] for name in problem.program.states}
            steps.append(values)
        layers.append(steps)
        inputs = [values["h"] for values in steps]
    codes = codes_of(READOUT_FORWARD, edit, problem.layers, problem.steps)
    scope = {**FUNCTIONS, **problem.weights(problem.layers)}
    for t, values in enumerate(layers[-1]):
        values["h_below"] = layers[0][t]["h"]
        exec(codes[t], scope, values)
    y = np.asarray([values["y"] for values in layers[-1]])
    if theirs and not theirs.same("output", y):
        raise NotTheirsError
    return Run(problem, layers, y)


def neighbours(
    inputs: Sequence[Any], steps: Sequence[Values], t: int, nothing: Any, first: Any
) -> Values:
    """Return what no right line reads: the inputs around timestep `t`, and older states.

    `nothing`: zeros in the shape of an input; `first`: h_0.
    """
    return {
        "x_before": inputs[t - 1] if t else nothing,
        "x_late": inputs[max(t - 1, 0)],
        "x_after": inputs[t + 1] if t + 1 < len(inputs) else nothing,
        "h_before": steps[-2]["h"] if len(steps) > 1 else first,
    }


def with_loss(run: Run, loss: float, dy: Array, theirs: Theirs | None = None) -> Run:
    """Return `run` with this loss and its gradient.

    Raises:
        NotTheirsError: `theirs` is given and has other numbers.
    """
    if theirs and not (theirs.same("loss", np.asarray(loss)) and theirs.same("grad.output", dy)):
        raise NotTheirsError
    return replace(run, loss=loss, dy=dy, backward=[], gradients={}, stacked={})


def with_backward(run: Run, theirs: Theirs | None = None, edit: LineEdit = NO_EDIT) -> Run:
    """Return `run`, which has a loss, with the backward pass.

    Raises:
        NotTheirsError: `theirs` is given and has other numbers.
    """
    problem = run.problem
    states, zeros = problem.program.states, np.zeros((problem.batch, problem.hidden))
    codes = codes_of(READOUT_BACKWARD, edit, problem.layers, problem.steps)
    scope = {**FUNCTIONS, **problem.weights(problem.layers)}
    from_above: list[Array] = []
    for code, dy in zip(codes, run.dy, strict=True):
        values: Values = {"dy": dy}
        exec(code, scope, values)
        from_above.append(values["dh_y"])
    layers: list[list[Values]] = []
    for layer in reversed(range(problem.layers)):
        codes = codes_of(problem.program.backward, edit, layer, problem.steps)
        scope = {**FUNCTIONS, "clip": clip, **problem.weights(layer)}
        state = {f"d{name}_next": zeros for name in states}
        steps: list[Values] = []
        for t in reversed(range(problem.steps)):
            values = {**run.forward[layer][t], "dh_y": from_above[t], "dy": run.dy[t], **state}
            after = run.forward[layer][t + 1] if t + 1 < problem.steps else {}
            before = run.forward[layer][t - 1]  # of the last timestep at the first: [-1]
            for gate in problem.program.gates:
                values[f"{gate}_next"] = after.get(gate, 0.0)
                values[f"{gate}_after"] = after.get(gate, values.get(gate, 0.0))
                values[f"{gate}_before"] = before.get(gate, 0.0)
            exec(codes[t], scope, values)
            for name in states:
                if theirs and not theirs.same_at(f"grad.{name}", layer, t, values[f"d{name}"]):
                    raise NotTheirsError
            state = {f"d{name}_next": values[f"d{name}_prev"] for name in states}
            steps.append(values)
        layers.append(steps[::-1])
        from_above = [values["dx"] for values in layers[-1]]
    return replace(run, backward=layers[::-1], gradients={}, stacked={})
