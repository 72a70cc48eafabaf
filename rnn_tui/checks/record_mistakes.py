"""Mistakes in single tensors when all else is right: scaled, transposed, clipped, in another order.

They are read off the numbers: for each tensor that differs, every explanation is tried, and one
that holds for all of them is the guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from rnn_tui.checks.factors import factor_texts, is_round, nearness
from rnn_tui.checks.loss_mistakes import ratio
from rnn_tui.checks.losses import softmax
from rnn_tui.checks.mistakes import Numbers
from rnn_tui.checks.reading_mistakes import order_text, orders
from rnn_tui.checks.reference import ReferenceProblem, Run, tensors_of_blocks
from rnn_tui.checks.theirs import Theirs
from rnn_tui.tensor_files.content import Array

AS_MEMORY_LIES = "transposed, but written as its memory lies (np.ascontiguousarray is forgotten)"
TORCH_EPSILON = 1e-6  # clip_grad_norm_ divides by the norm and this


def explanations(run: Run, theirs: Theirs, ours: Numbers) -> Iterator[str]:
    """Yield what is wrong with the tensors that differ, if one thing explains them all.

    Args:
        run: the computation, right or with a mistake already found.
        theirs: their numbers.
        ours: the numbers of `run`.
    """
    differing = [name for name in theirs.numbers if not theirs.same(name, ours[name])]
    if not differing:
        return
    weights = set(theirs.parameter_gradients)
    if set(differing) <= weights:
        yield from _clipped(run.problem, theirs, ours)
        yield from _of_weights(run, theirs, ours, differing)
    else:
        yield from _of_steps(run, theirs, ours, differing)


def _said(names: Sequence[str], all_names: Sequence[str]) -> str:
    if len(names) > 1 and len(names) == len(all_names):
        return "the gradients of all weights are"
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more are"
    return f"their {' and '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _of_weights(run: Run, theirs: Theirs, ours: Numbers, differing: Sequence[str]) -> Iterator[str]:
    subject = _said(differing, theirs.parameter_gradients)
    sets = [_of_weight(run, theirs, ours, name) for name in differing]
    common = [text for text in sets[0] if all(text in other for other in sets)]
    if common:
        yield from (f"{subject} {text}" for text in common[:2])
        return
    firsts = [next(iter(each), None) for each in sets]
    groups: dict[str, list[str]] = {}
    for name, text in zip(differing, firsts, strict=True):
        if text is None:
            return
        groups.setdefault(text, []).append(name)
    if len(groups) == 2:
        yield "; ".join(f"{_said(names, ())} {text}" for text, names in groups.items())


def _of_weight(run: Run, theirs: Theirs, ours: Numbers, name: str) -> dict[str, bool]:
    """Return what may have been done to one weight's gradient, in words."""
    problem, array = run.problem, ours[name]
    found: dict[str, bool] = {}

    def holds(text: str, candidate: Array) -> None:
        if theirs.same(name, candidate):
            found[text] = True

    holds("zero", np.zeros_like(array))
    bound = float(np.max(np.abs(theirs.numbers[name]), initial=0.0))
    if bound and (np.sum(np.abs(array) > bound) > 1 or is_round(bound, theirs.tolerance)):
        holds(f"clipped by value, at ±{bound:.6g}", np.clip(array, -bound, bound))
    factor = ratio(theirs, ours, name)
    norm = _norm(theirs.numbers, [name])
    if factor is not None and 0 < factor < 1 and is_round(norm, theirs.tolerance):
        holds(f"clipped by its norm, at {norm:.6g}", array * factor)
    if factor is not None and factor:
        texts = _weight_factor(problem, name, factor, theirs.tolerance)
        for text in texts:
            holds(text, array * factor)
    if array.ndim == 2:
        if array.shape[0] == array.shape[1]:
            holds("transposed", array.T)
        else:
            holds(AS_MEMORY_LIES, array.T.reshape(array.shape))
    if name.startswith("grad.rnn."):
        _of_gates(problem, theirs, name, array, holds)
    for other, gradient in ours.items():
        if other.startswith(("grad.rnn.", "grad.readout.")) and other != name:
            holds(f"that of {other.removeprefix('grad.')}", gradient)
    weight = _weight_named(run, name)
    if weight is not None and weight.shape == array.shape and weight.any():
        decay = _decay(theirs.numbers[name], array, weight)
        if is_round(decay, theirs.tolerance):
            rounded = float(f"{decay:.1e}")
            holds(
                f"right but for {rounded:g}·W that is added (weight decay)",
                array + rounded * weight,
            )
    if not found and factor is not None and 0 < factor < 1 and array.size > 2:
        words = f"{factor:.6g} times the right one, as if clipped by its norm, at {norm:.6g}"
        holds(words, array * factor)
    return found


def _weight_factor(
    problem: ReferenceProblem, name: str, factor: float, tolerance: float
) -> list[str]:
    """Return what a factor of one weight's gradient may be, in words."""
    if abs(factor - 2) <= nearness(tolerance):
        both = ["doubled: the sum of both biases' gradients"] if "rnn.bias" in name else []
        return [*both, "doubled"]
    if abs(factor - 0.5) <= nearness(tolerance):
        both = ["halved: the gradient of one bias is shared by two"] if "rnn.bias" in name else []
        texts = factor_texts(problem, factor, tolerance)
        return [*both, *texts]
    if problem.batch > 1 and abs(factor * problem.batch - 1) <= nearness(tolerance):
        others = [t for t in factor_texts(problem, factor, tolerance) if t != "divided by B"]
        return ["divided by B: the mean over the batch, not summed", *others]
    texts = factor_texts(problem, factor, tolerance)
    if not texts and is_round(factor, tolerance):
        texts = [f"{factor:.3g} times the right ones"]
    return texts


def _of_gates(
    problem: ReferenceProblem,
    theirs: Theirs,
    name: str,
    array: Array,
    holds: Callable[[str, Array], None],
) -> None:
    """Try what may be wrong with the blocks of gates of one weight's gradient."""
    gates = problem.program.gates
    if len(gates) < 2:
        return
    blocks = dict(zip(gates, np.split(array, len(gates)), strict=True))
    for order in orders(gates):
        words = f"in another order than the file's: {order_text(order, gates)}"
        holds(words, np.concatenate([blocks[gate] for gate in order]))
    if array.ndim == 2 and array.shape[1] == problem.hidden:
        holds("transposed gate by gate", np.concatenate([b.T for b in blocks.values()]))
        for gate in gates:
            turned = {k: b.T if k == gate else b for k, b in blocks.items()}
            holds(f"transposed in the gate {gate}", np.concatenate(list(turned.values())))
    for gate in gates:
        for factor, text in ((0.0, "zero"), (-1.0, "of the wrong sign"), (2.0, "doubled")):
            changed = {k: b * factor if k == gate else b for k, b in blocks.items()}
            holds(f"{text} in the gate {gate}", np.concatenate(list(changed.values())))


def _weight_named(run: Run, name: str) -> Array | None:
    tensors = tensors_of_blocks(run.problem, run.problem.blocks)
    return tensors.get(name)


def _decay(theirs: Array, ours: Array, weight: Array) -> float:
    place = np.unravel_index(int(np.argmax(np.abs(weight))), weight.shape)
    return float((theirs[place] - ours[place]) / weight[place])


def _clipped(problem: ReferenceProblem, theirs: Theirs, ours: Numbers) -> Iterator[str]:
    """Yield the clipping that makes of all our gradients theirs."""
    names = theirs.parameter_gradients
    largest = max(float(np.max(np.abs(theirs.numbers[name]))) for name in names)
    clipped = sum(int(np.sum(np.abs(ours[name]) > largest)) for name in names)
    if (clipped > 1 or is_round(largest, theirs.tolerance)) and all(
        theirs.same(name, np.clip(ours[name], -largest, largest)) for name in names
    ):
        yield f"the gradients are clipped by value, at ±{largest:.6g}"
    yield from _clipped_by_norm(problem, theirs, ours, names)


def _clipped_by_norm(
    problem: ReferenceProblem, theirs: Theirs, ours: Numbers, names: Sequence[str]
) -> Iterator[str]:
    factor = ratio(theirs, ours, names[0])
    if factor is not None and 0 < factor < 1:
        every = [name for name in ours if name.startswith("grad.rnn.") or ".readout." in name]
        given_norm, whole_norm = _norm(ours, names), _norm(ours, every)
        one_bias = _norm(ours, [name for name in every if "bias_hh" not in name])
        for norm in dict.fromkeys((given_norm, whole_norm, one_bias)):
            for bound in (factor * norm, factor * (norm + TORCH_EPSILON)):
                if is_round(bound, theirs.tolerance) and all(
                    theirs.same(name, ours[name] * factor) for name in names
                ):
                    yield f"the gradients are clipped by their norm, at {bound:.6g}"
                    return
        if not factor_texts(problem, factor, theirs.tolerance) and all(
            theirs.same(name, ours[name] * factor) for name in names
        ):
            scaled = f"the gradients of all weights are {factor:.6g} times the right ones"
            yield f"{scaled}, as if clipped by their norm, at {factor * given_norm:.6g}"
            return
    factor = factor or 0.0
    norm = factor * _norm(ours, names)
    if (
        factor > 1
        and is_round(norm, theirs.tolerance)
        and all(theirs.same(name, ours[name] * factor) for name in names)
    ):
        yield f"the gradients are scaled to a norm of {norm:.6g}"
        return
    yield from _clipped_each(theirs, ours, names)


def _clipped_each(theirs: Theirs, ours: Numbers, names: Sequence[str]) -> Iterator[str]:
    """Yield the norm that each gradient is clipped by alone: one that is round, or of several."""
    norms = {name: _norm(ours, [name]) for name in names}
    largest = max(names, key=lambda name: _norm(theirs.numbers, [name]))
    for epsilon in (0.0, TORCH_EPSILON):
        if not norms[largest]:
            return
        share = (norms[largest] + epsilon) / norms[largest]
        bound = _norm(theirs.numbers, [largest]) * share
        factors = {n: min(1.0, bound / max(norm + epsilon, 1e-300)) for n, norm in norms.items()}
        several = sum(factor < 1 - 1e-9 for factor in factors.values()) > 1
        if (several or is_round(bound, theirs.tolerance)) and all(
            theirs.same(name, ours[name] * factors[name]) for name in names
        ):
            yield f"each gradient is clipped by its own norm, at {bound:.6g}"
            return


def _norm(numbers: Numbers, names: Sequence[str]) -> float:
    return float(np.sqrt(sum(float(np.sum(numbers[name] ** 2)) for name in names)))


def _of_steps(run: Run, theirs: Theirs, ours: Numbers, differing: Sequence[str]) -> Iterator[str]:
    """Yield what may be wrong with tensors that have timesteps, as they were recorded."""
    sets = [_of_sequence(run, theirs, ours, name) for name in differing]
    common = [text for text in sets[0] if all(text in other for other in sets)]
    for text in common[:2]:
        yield f"{_said(differing, ()).removesuffix(' is').removesuffix(' are')} {text}"


def _of_sequence(run: Run, theirs: Theirs, ours: Numbers, name: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    if ours[name].ndim < 3:
        return found
    array = ours[name] if ours[name].ndim == 4 else ours[name][np.newaxis]  # [L, T, B, n]

    def holds(text: str, candidate: Array) -> None:
        whole = candidate if ours[name].ndim == 4 else candidate[0]
        if theirs.same(name, whole):
            found[text] = True

    for text, candidate in _recorded_otherwise(run, name, array).items():
        holds(text, candidate)
    return found


def _recorded_otherwise(run: Run, name: str, array: Array) -> Mapping[str, Array]:
    """Return other arrays [L, T, B, n] that may stand under `name`, by what they are."""
    others = {"is stored in reverse order of time": array[:, ::-1]}
    if len(array) > 1:
        others["has the layers in reverse order"] = array[::-1]
    if name in run.problem.program.states:
        before = [[values[f"{name}_prev"] for values in steps] for steps in run.forward]
        others[f"is that of the timestep before: {name}_<t-1> stands at t"] = np.asarray(before)
    if name == "output":
        others["is softmax(y), not y"] = softmax(array)
    if name in ("grad.h", "grad.c") and run.backward and "dh_y" in run.backward[0][0]:
        letter = name[-1]
        for part, words in {
            "dh_y": "is only the part that comes from y_t (dh_y), not all of dL/dh_t",
            f"d{letter}_next": f"is only the part from the timestep after (d{letter}_next)",
            f"d{letter}_prev": f"is one timestep late: d{letter}_<t-1> stands at t",
        }.items():
            if name == "grad.c" and part == "dh_y":
                continue
            others[words] = np.asarray(
                [[values[part] for values in steps] for steps in run.backward]
            )
    return others
