"""Mistakes in reading weights, inputs and first states: other blocks, transposed, reversed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations

import numpy as np

from rnn_tui.checks.mistakes import Mistake, Numbers, Stage
from rnn_tui.checks.reference import (
    KINDS,
    Block,
    ReferenceProblem,
    Source,
    blocks_of_tensor,
    gradient_names,
    run_forward,
    tensors_of_blocks,
)
from rnn_tui.tensor_files.content import Array

SETS = (
    (("W_x", "W_h", "b_x", "b_h"), "weights and biases"),
    (("W_x", "W_h"), "the weights"),
    (("W_x",), "weight_ih"),
    (("W_h",), "weight_hh"),
    (("b_x", "b_h"), "the biases"),
    (("b_x",), "bias_ih"),
    (("b_h",), "bias_hh"),
)


def orders(gates: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every other order of `gates`, those that swap two first."""
    others = [order for order in permutations(gates) if order != gates]
    yield from sorted(
        others, key=lambda order: sum(a != b for a, b in zip(order, gates, strict=True))
    )


def order_text(order: tuple[str, ...], gates: tuple[str, ...]) -> str:
    """Say the order of gates."""
    moved = [gate for gate, right in zip(order, gates, strict=True) if gate != right]
    said = f"{', '.join(order)} where the file has {', '.join(gates)}"
    if len(moved) == 2:
        return f"the blocks of the gates {moved[1]} and {moved[0]} are swapped: {said}"
    return f"the gates' blocks are in another place: {said}"


def _where(layers: tuple[int, ...], count: int) -> str:
    return "" if len(layers) == count else f" of layer {layers[0] + 1}"


def _layer_sets(count: int) -> list[tuple[int, ...]]:
    """Return all layers together, then each alone."""
    return [tuple(range(count)), *([(k,) for k in range(count)] if count > 1 else [])]


def _reading(what: str, sources: Mapping[Block, Source]) -> Mistake:
    def read(problem: ReferenceProblem) -> ReferenceProblem:
        return replace(problem, reading={**problem.reading, **sources})

    return Mistake(Stage.FORWARD, what, "read so,", read=read)


def weights_read(problem: ReferenceProblem, alone: bool = False) -> Iterator[Mistake]:
    """Yield weights whose blocks were read from another place, or transposed.

    `alone`: in one of several layers, not in all.
    """
    gates = problem.program.gates
    together, *single = _layer_sets(problem.layers)
    for layers in single if alone else [together]:
        where = _where(layers, problem.layers)
        for kinds, name in SETS:
            for order in orders(gates):
                sources = {
                    (k, kind + gate): Source((k, kind + right))
                    for k in layers
                    for kind in kinds
                    for gate, right in zip(order, gates, strict=True)
                }
                yield _reading(f"in {name}{where}, {order_text(order, gates)}", sources)
        for kind in ("W_h", "W_x"):
            blocks = [(k, kind + gate) for k in layers for gate in gates]
            if all(_square(problem, block) for block in blocks):
                what = f"{KINDS[kind]}{where} is read transposed"
                read = _reading(what, {b: Source(b, transposed=True) for b in blocks})
                yield read
                if len(gates) == 1:  # the whole tensor is square
                    yield _with_gradients_transposed(read, KINDS[kind], layers)
                for gate in gates if len(gates) > 1 else ():
                    one = {(k, kind + gate): Source((k, kind + gate), True) for k in layers}
                    yield _reading(f"{what}, of the gate {gate} alone", one)
    if alone:
        yield from _other_layers(problem)
        return
    readout = (problem.layers, "W_y")
    if _square(problem, readout):
        what = "readout.weight is read transposed"
        yield _reading(what, {readout: Source(readout, transposed=True)})
    yield from _as_memory_lies(problem)
    yield from _ignored_biases(problem)


def _with_gradients_transposed(read: Mistake, kind: str, layers: tuple[int, ...]) -> Mistake:
    """Return `read`, weights that are read transposed, with their gradients transposed as well."""
    names = [f"grad.rnn.{kind}_l{k}" for k in layers]

    def written(numbers: Numbers) -> Numbers:
        return {**numbers, **{name: numbers[name].T for name in names if name in numbers}}

    side = "h_<t-1>" if kind == "weight_hh" else "x"
    what = f"{read.what} ({side}·W for {side}·Wᵀ), and its gradient is too"
    return replace(read, what=what, written=written)


def _square(problem: ReferenceProblem, block: Block) -> bool:
    rows, columns = problem.blocks[block].shape
    return bool(rows == columns)


def _as_memory_lies(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield weights that were transposed, but written to the file as their memory lay."""
    names = [n for n in gradient_names(problem) if "weight" in n]
    for some, said in (
        (names, "all weights"),
        ([n for n in names if "readout" not in n], "weight_ih and weight_hh"),
        ([n for n in names if "weight_ih" in n], "weight_ih"),
        ([n for n in names if "weight_hh" in n], "weight_hh"),
        ([n for n in names if "readout" in n], "readout.weight"),
    ):

        def read(p: ReferenceProblem, some: Sequence[str] = some) -> ReferenceProblem:
            tensors = tensors_of_blocks(p, p.blocks)
            blocks = dict(p.blocks)
            for name in some:
                array = tensors[name]
                lay = array.reshape(array.shape[::-1]).T  # what the memory was of
                found = blocks_of_tensor(p, name)
                parts = np.split(lay, len(found))
                blocks |= {block: part.T for block, part in zip(found, parts, strict=True)}
            return replace(p, blocks=blocks)

        def written(numbers: Numbers, some: Sequence[str] = some) -> Numbers:
            others = {n: numbers[n].T.reshape(numbers[n].shape) for n in some}
            return {**numbers, **others}

        what = (
            f"{said} are transposed, but written as their memory lies "
            "(np.ascontiguousarray is forgotten)"
        )
        yield Mistake(Stage.FORWARD, what, "read so,", read=read)
        yield Mistake(
            Stage.FORWARD,
            f"{what}, and so are their gradients",
            "read so,",
            read=read,
            written=written,
        )


def _ignored_biases(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield biases that take no part, with their gradients and with none."""
    names = [name for name in gradient_names(problem) if "bias" in name]
    for part in ("bias_hh", "bias_ih", "rnn.bias", "readout.bias"):
        some = [name for name in names if part in name]

        def read(p: ReferenceProblem, some: Sequence[str] = some) -> ReferenceProblem:
            found = {block for name in some for block in blocks_of_tensor(p, name)}
            blocks = {b: array * 0 if b in found else array for b, array in p.blocks.items()}
            return replace(p, blocks=blocks)

        def written(numbers: Numbers, some: Sequence[str] = some) -> Numbers:
            return {**numbers, **{name: numbers[name] * 0 for name in some}}

        said = "bias_ih and bias_hh are" if part == "rnn.bias" else f"{part} is"
        mistake = Mistake(Stage.FORWARD, f"{said} ignored", "read so,", read=read)
        yield mistake
        yield replace(mistake, what=f"{said} ignored, and the gradient is 0", written=written)


def _carried_over(problem: ReferenceProblem) -> ReferenceProblem:
    """Return `problem` with each sample beginning where the one before ended."""
    start = {name: array.copy() for name, array in problem.start.items()}
    for b in range(problem.batch):
        here = slice(b, b + 1)
        one = replace(
            problem,
            x=problem.x[:, here],
            start={name: array[:, here] for name, array in start.items()},
        )
        if b + 1 < problem.batch:
            run = run_forward(one)
            for name, array in start.items():
                ends = [steps[-1][name] for steps in run.forward]
                array[:, b + 1 : b + 2] = np.asarray(ends)
    return replace(problem, start=start)


def _other_layers(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield a layer with the weights of another, or the two exchanged."""
    gates = problem.program.gates
    for k in range(problem.layers):
        for other in range(problem.layers):
            if k == other:
                continue
            for kinds, name in (*SETS, (("W_h", "b_x", "b_h"), "weight_hh and the biases")):
                pairs = [
                    ((k, kind + gate), (other, kind + gate)) for kind in kinds for gate in gates
                ]
                if any(problem.blocks[a].shape != problem.blocks[b].shape for a, b in pairs):
                    continue
                what = f"layer {k + 1} uses {name} of layer {other + 1}"
                yield _reading(what, {a: Source(b) for a, b in pairs})
                if k < other:
                    both = {a: Source(b) for a, b in pairs} | {b: Source(a) for a, b in pairs}
                    what = f"{name} of layers {k + 1} and {other + 1} are exchanged"
                    yield _reading(what, both)


def _inputs(what: str, change: Callable[[ReferenceProblem], ReferenceProblem]) -> Mistake:
    return Mistake(Stage.FORWARD, what, "read so,", read=change, each_sample=False)


def folded(array: Array) -> Array:
    """Return [T, B, n] with the numbers of [B, T, n] in memory: reshaped, not transposed."""
    return np.ascontiguousarray(array.swapaxes(0, 1)).reshape(array.shape)


def unfolded(array: Array) -> Array:
    """Return [T, B, n] whose own numbers in memory were taken for [B, T, n]."""
    steps, batch = array.shape[:2]
    return np.ascontiguousarray(array).reshape(batch, steps, -1).swapaxes(0, 1)


def inputs_read(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield inputs and first states that were read otherwise."""
    reshaped = "x is reshaped between batch and time where it should be transposed"
    yield _inputs("time is reversed in x", lambda p: replace(p, x=p.x[::-1]))
    yield _inputs(
        "time is reversed in x and in the target",
        lambda p: replace(p, x=p.x[::-1], target=p.target[::-1], mask=p.mask[::-1]),
    )
    for change in (folded, unfolded):
        yield _inputs(reshaped, with_inputs(change))
        yield _inputs(f"{reshaped}, and the target likewise", with_inputs(change, target=True))
    if problem.steps == problem.batch:
        yield _inputs(
            "batch and time are exchanged in x", lambda p: replace(p, x=p.x.swapaxes(0, 1))
        )
    for shift, name in ((1, "x_<t-1>"), (-1, "x_<t+1>")):
        for around, ends in ((False, ""), (True, ", the window's ends joined")):
            change = partial(moved, shift=shift, around=around)
            yield _inputs(f"off by one: their x_t is {name}{ends}", with_inputs(change))
    yield from _first_states(problem)
    if problem.batch > 1:
        what = "the state is not reset: each sample begins where the one before it ended"
        yield _inputs(what, _carried_over)


def with_inputs(
    change: Callable[[Array], Array], target: bool = False
) -> Callable[[ReferenceProblem], ReferenceProblem]:
    """Return a reading of x, and of the target if `target`, changed by `change`."""

    def read(problem: ReferenceProblem) -> ReferenceProblem:
        other = change(problem.target) if target else problem.target
        return replace(problem, x=change(problem.x), target=other)

    return read


def with_target(
    change: Callable[[Array], Array],
) -> Callable[[ReferenceProblem], ReferenceProblem]:
    """Return a reading of the target changed by `change`."""
    return lambda problem: replace(problem, target=change(problem.target))


def moved(array: Array, shift: int, around: bool) -> Array:
    """Return `array` [T, …] later by `shift` timesteps; zeros come in, or what fell out."""
    result = np.roll(array, shift, axis=0)
    if not around:
        result[slice(None, shift) if shift > 0 else slice(shift, None)] = 0
    return result


def _first_states(problem: ReferenceProblem) -> Iterator[Mistake]:
    states = [name for name in problem.program.states if np.any(problem.start[name])]
    sets = [*([tuple(states)] if len(states) > 1 else []), *((name,) for name in states)]
    for names in sets:
        said = " and ".join(f"{name}0" for name in names)

        def ignored(p: ReferenceProblem, names: tuple[str, ...] = names) -> ReferenceProblem:
            zeros = {name: np.zeros_like(p.start[name]) for name in names}
            return replace(p, start={**p.start, **zeros})

        yield _inputs(f"{said} ignored: the window begins with zeros", ignored)
    if not states:
        return
    if len(problem.program.states) == 2:
        yield _inputs(
            "h0 and c0 are exchanged",
            lambda p: replace(p, start={"h": p.start["c"], "c": p.start["h"]}),
        )
    if problem.layers > 1:
        yield _inputs(
            "the first states of the layers are in reverse order",
            lambda p: replace(p, start={n: a[::-1] for n, a in p.start.items()}),
        )
        yield _inputs(
            "every layer begins with the first state of layer 1",
            lambda p: replace(
                p, start={n: np.broadcast_to(a[:1], a.shape) for n, a in p.start.items()}
            ),
        )
    if problem.batch > 1:
        yield _inputs(
            "every sample begins with the first state of sample 1",
            lambda p: replace(
                p, start={n: np.broadcast_to(a[:, :1], a.shape) for n, a in p.start.items()}
            ),
        )
