"""The code of clipping the gradient and of the optimizer's step, which changes the parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.source_code.dialects import NUMPY, TORCH, Dialect
from rnn_tui.source_code.expressions import statement
from rnn_tui.source_code.listing.lines import ListedLine
from rnn_tui.source_code.names import code_name

CLIP, UPDATE = Pass.CLIP, Pass.UPDATE
# Names of the step, which those of cells and losses must not be: p is a probability, g a gate.
NAMES = {"g": "grad", "p": "params", "p_new": "params[:]", "m": "mean", "m_old": "mean"}
CORRECTIONS = {"(1−β₁ⁿ)": "1 - beta1**step", "√(1−β₂ⁿ)": "(1 - beta2**step) ** 0.5"}
_HYPERPARAMETERS = {"μ": "momentum", "α": "alpha", "β₁": "beta1", "β₂": "beta2"}
CLASSES = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam"}
VECTOR = ("P",)


@dataclass(frozen=True, slots=True)
class ListedStep:
    """An optimizer's step, as it is made.

    Attributes:
        name: the optimizer's.
        operations: of the step.
        numbers: the hyperparameters that it reads, by their names in code.
        constants: symbols that its operations read besides.
        eps_place: where Adagrad has its eps, "outside" the root or "inside".
    """

    name: str
    operations: tuple[Operation, ...]
    numbers: tuple[tuple[str, float], ...]
    constants: tuple[str, ...]
    eps_place: str

    @classmethod
    def of(cls, optimizer: Optimizer, *, made: bool) -> ListedStep:
        """Return the step of `optimizer`: the last one if it is `made`, else the next one."""
        chosen = optimizer.last_hyperparameters if made else optimizer.hyperparameters
        eps = optimizer.last_eps if made else optimizer.eps
        operations, constants = optimizer.operations(), tuple(optimizer.constants())
        reads = {name for each in operations for name in each.expression.symbols()}
        numbers = [("lr", chosen.lr)]
        for symbol, name in _HYPERPARAMETERS.items():
            if symbol in constants:
                numbers.append((name, float(getattr(chosen, name))))
        if "eps" in reads:
            numbers.append(("eps", eps))
        return cls(optimizer.name, operations, tuple(numbers), constants, chosen.eps_place)


def step_name(symbol: str) -> str:
    """Return the name in code of a value of the step; memory keeps its name: it is overwritten."""
    return NAMES.get(symbol) or code_name(symbol).removesuffix("_old")


def step_lines(
    step: ListedStep, clipping: Clipping, dialect: Dialect, gradients: str
) -> Iterator[ListedLine]:
    """Yield the code of clipping and of the step.

    Args:
        step: the optimizer's step.
        clipping: how the gradient is clipped.
        dialect: NumPy or PyTorch.
        gradients: the names of the parameters' gradients.
    """
    if dialect is NUMPY:
        yield from _clip(clipping, gradients)
        yield from _numpy_step(step)
        return
    yield from _torch_clip(clipping)
    yield from _torch_step(step)


def _clip(clipping: Clipping, gradients: str) -> Iterator[ListedLine]:
    """Yield the clipping in NumPy, of all gradients in one vector."""
    limit, named = f"{clipping.limit!r}", (("grad", VECTOR),)
    whole = f"grad = np.concatenate([{gradients}], axis=None)"
    yield ListedLine(whole, CLIP, here=clipping.by == "none", values=named)
    match clipping.by:
        case "value":
            text = f"grad = np.clip(grad, -{limit}, {limit})"
        case "norm":
            text = f"grad = grad * min(1, {limit} / (np.linalg.norm(grad) + 1e-6))"
        case _:
            return
    yield ListedLine(text, CLIP, here=True, values=named)


def _torch_clip(clipping: Clipping) -> Iterator[ListedLine]:
    """Yield the clipping in PyTorch."""
    named = (("params", VECTOR),)
    match clipping.by:
        case "value":
            text = f"nn.utils.clip_grad_value_(params, {clipping.limit!r})"
        case "norm":
            text = f"nn.utils.clip_grad_norm_(params, {clipping.limit!r})"
        case _:
            text = "pass  # no clipping"
    yield ListedLine(text, CLIP, here=True, values=named)


def _numpy_step(step: ListedStep) -> Iterator[ListedLine]:
    """Yield the step in NumPy."""
    names, numbers = zip(*step.numbers, strict=True)
    yield ListedLine(f"{', '.join(names)} = {', '.join(map(repr, numbers))}", UPDATE)
    yield from _corrections(step)
    yield from _operations(step, NUMPY)


def _corrections(step: ListedStep) -> Iterator[ListedLine]:
    """Yield what a step computes of its number."""
    corrections = {
        code_name(each): CORRECTIONS[each] for each in step.constants if each in CORRECTIONS
    }
    if corrections:
        yield ListedLine("step += 1", UPDATE)
    for name, text in corrections.items():
        yield ListedLine(f"{name} = {text}", UPDATE)


def _operations(step: ListedStep, dialect: Dialect) -> Iterator[ListedLine]:
    """Yield the operations of the step; the last one changes the parameters."""
    for operation in step.operations:
        named = (operation.symbol, *operation.expression.symbols())
        scalars = {"lr", "eps", *step.constants}
        if operation.expression.symbols() == ("lr",):
            scalars |= {"rate"}
        values = tuple(
            (step_name(each).removesuffix("[:]"), () if each in scalars else VECTOR)
            for each in named
        )
        yield ListedLine(
            statement(operation, dialect, step_name),
            UPDATE,
            operation=operation,
            here=operation.symbol == "p_new",
            values=values,
        )


def _torch_step(step: ListedStep) -> Iterator[ListedLine]:
    """Yield the step in PyTorch: the optimizer's, and what it computes."""
    arguments = dict(step.numbers)
    betas = [f"{arguments.pop(name)!r}" for name in ("beta1", "beta2") if name in arguments]
    texts = [f"{name}={number!r}" for name, number in arguments.items()]
    if betas:
        texts.insert(1, f"betas=({', '.join(betas)})")
    made = "one of your own"
    if step.name in CLASSES and step.eps_place == "outside":
        made = f"torch.optim.{CLASSES[step.name]}(params, {', '.join(texts)})"
    values = (("params", VECTOR),)
    yield ListedLine(f"optimizer.step()  # {made}:", UPDATE, here=True, values=values)
    for line in (*_corrections(step), *_operations(step, TORCH)):
        yield replace(line, here=False, comment=True)
