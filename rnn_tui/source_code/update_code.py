"""Clipping and the optimizer's step as functions, the step from its declared operations."""

from __future__ import annotations

from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.source_code.code_lines import CodeLines
from rnn_tui.source_code.dialects import NUMPY, Dialect
from rnn_tui.source_code.excerpt import ExcerptError
from rnn_tui.source_code.expressions import statement
from rnn_tui.source_code.names import code_name

# What a step has besides hyperparameters: its code at the n-th step.
_OF_STEP = {"(1−β₁ⁿ)": "1 - beta1**n", "√(1−β₂ⁿ)": "(1 - beta2**n) ** 0.5"}


def hyperparameters(optimizer: Optimizer) -> dict[str, float]:
    """Return the numbers that the optimizer's operations read, by their names in code."""
    read = _read(optimizer)
    numbers = {"lr": optimizer.hyperparameters.lr, **optimizer.constants(), "eps": optimizer.eps}
    numbers = {name: value for name, value in numbers.items() if name not in _OF_STEP}
    if read & _OF_STEP.keys():
        read |= numbers.keys() - {"eps"}
    return {code_name(name): value for name, value in numbers.items() if name in read}


def _read(optimizer: Optimizer) -> set[str]:
    return {name for each in optimizer.operations() for name in each.expression.symbols()}


def write_clipping(lines: CodeLines, clipping: Clipping, dialect: Dialect) -> None:
    """Write the function ``clip``; none where nothing is clipped."""
    if clipping.by == "none":
        return
    by_norm = clipping.by == "norm"
    done = "scaled so that its norm is" if by_norm else "with each entry clamped so that it is"
    if dialect is not NUMPY:
        docstring = f"Leave the gradient {done} at most the limit."
        with lines.function("def clip():", docstring):
            lines.put(f"torch.nn.utils.clip_grad_{clipping.by}_(weights.values(), limit)")
        return
    with lines.function("def clip(gradient):", f"Return the gradient {done} at most the limit."):
        if by_norm:
            lines.put("norm = sum(float(np.sum(g**2)) for g in gradient.values()) ** 0.5")
            lines.put("factor = min(1.0, limit / (norm + 1e-6))")
            lines.put("return {name: factor * g for name, g in gradient.items()}")
        else:
            lines.put("return {name: np.clip(g, -limit, limit) for name, g in gradient.items()}")


def counts_steps(optimizer: Optimizer) -> bool:
    """Return whether a step depends on how many there were before."""
    return bool(_read(optimizer) & _OF_STEP.keys())


def write_update(lines: CodeLines, optimizer: Optimizer, dialect: Dialect) -> None:
    """Write the function ``update``.

    Raises:
        ExcerptError: an operation reads something that has no code.
    """
    numpy, read, names = dialect is NUMPY, _read(optimizer), optimizer.memory_names
    _check(optimizer)
    step = counts_steps(optimizer)
    parameters = ", ".join(["gradient"] * numpy + ["n"] * step)
    which = "the n-th step (from 1) of" if step else "a step of"
    head = f"def update({parameters}):"
    head = head if numpy else f"@torch.no_grad()\n{head}"
    with lines.function(head, f"Change the weights by {which} {optimizer.name}."):
        for name, code in _OF_STEP.items():
            if name in read:
                lines.put(f"{code_name(name)} = {code}")
        items = "name, g in gradient.items()" if numpy else "name, p in weights.items()"
        with lines.block(f"for {items}:"):
            lines.put("p = weights[name]" if numpy else "g = p.grad")
            for name in names:
                lines.put(f'{code_name(name)}_old = memory["{name}"][name]')
            for operation in optimizer.operations():
                lines.put(statement(operation, dialect), operation.title)
            lines.put(f"weights[name] = p_new{'' if numpy else '.requires_grad_()'}")
            for name in names:
                lines.put(f'memory["{name}"][name] = {code_name(name)}')


def _check(optimizer: Optimizer) -> None:
    """Refuse an optimizer whose operations read something that has no code."""
    known = {"p", "g", "lr", "eps", *_OF_STEP, *optimizer.constants()}
    known |= {f"{name}_old" for name in optimizer.memory_names}
    known |= {operation.symbol for operation in optimizer.operations()}
    if unknown := sorted(_read(optimizer) - known):
        raise ExcerptError(f"there is no code for {unknown[0]} of {optimizer.name}")
