"""Questions of the drill: hidden values of a small network, each with its equation as a hint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import (
    Array,
    Binary,
    Dot,
    Expression,
    Products,
    UnitReader,
    Value,
    Zeros,
)
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.parameters import ParameterSpec, block_views
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.exercises.networks import SmallNetwork
from rnn_tui.exercises.spelling import Spelling
from rnn_tui.lessons.lesson import LessonStep, Prediction, Show, TakePlace
from rnn_tui.number_text import number
from rnn_tui.places.place_line import PlaceLine

LEVELS = {
    1: "one product",
    2: "a value of the forward pass",
    3: "a gradient at one timestep",
    4: "a gradient sent to the timestep before",
    5: "an entry of dW",
    6: "the optimizer's step",
    7: "a whole step of BPTT",
}
WHOLE_STEP = 7
WITHIN = 0.02
"""The relative error up to which an answer is approximately right: that of a slide rule."""
_TRIVIAL = {"adagrad": (1,)}
"""Updates whose step says nothing of the gradient: Adagrad's first is ±lr."""
_IN_NO_ROW = ("target_t", "N")
"""What gradients are computed from, and what no row shows going back: questions say it."""
_SENT = ("dh_t", "dc_t", "dh_<t-1>", "dc_<t-1>")


@dataclass(frozen=True, slots=True, eq=False)
class DrillQuestion:
    """A hidden value.

    Attributes:
        level: the level that it belongs to, a key of `LEVELS` but the last.
        skill: what one can do who answers it: the cell and the symbol, ``lstm da_f``.
        order: where it stands in the schedule.
        name: the value, as the screen names it.
        answer: its number.
        step: the step of the lesson that asks for it.
    """

    level: int
    skill: str
    order: tuple[int, ...]
    name: str
    answer: float
    step: LessonStep


def questions_of(network: SmallNetwork, optimizer: str) -> list[DrillQuestion]:
    """Return everything that can be asked of a network, in the order in which it is computed."""
    trainer = network.trainer()
    asked = [*_of_passes(network, trainer), *_of_weights(network, trainer, optimizer)]
    return sorted(asked, key=lambda each: each.order)


# ---------------------------------------------------------------- the two passes over time


def _of_passes(network: SmallNetwork, trainer: Trainer) -> Iterator[DrillQuestion]:
    """Yield the questions of both passes over time."""
    declaration, steps = trainer.network.declaration, network.case.steps
    for t in range(1, steps + 1):
        forward = declaration.forward_operations
        backward = declaration.backward_operations_at(t)
        for stage, operations in ((Pass.FORWARD, forward), (Pass.BACKWARD, backward)):
            for index, operation in enumerate(operations):
                level = _level(operation, stage)
                width = network.values[t][operation.symbol].shape[-1]
                time = t if stage is Pass.FORWARD else 2 * steps + 1 - t
                for unit in range(1, width + 1):
                    if _can_be_asked(network, operation, t, unit):
                        place = PlaceLine(0, stage, t, index + 1)
                        order = (time, index, unit)
                        yield _of_operation(network, operation, unit, place, level, order)


def _level(operation: Operation, stage: Pass) -> int:
    """Return the level that an operation belongs to."""
    if operation.symbol in _SENT:
        return 4
    if _is_product(operation.expression):
        return 1
    return 2 if stage is Pass.FORWARD else 3


def _is_product(node: Expression) -> bool:
    """Return whether an equation is one product, perhaps with a bias."""
    match node:
        case Binary("⊙", Value(), Value()) | Dot():
            return True
        case Binary(" + ", Dot(), Value()):
            return True
    return False


def _can_be_asked(network: SmallNetwork, operation: Operation, t: int, unit: int) -> bool:
    """Return whether neither the result nor a number of the equation is 0."""
    if isinstance(operation.expression, Zeros):
        return False
    reader = UnitReader(network.values[t], 0, unit - 1)
    numbers = [network.number(operation.symbol, t, unit)]
    for token in operation.expression.tokens(reader):
        if isinstance(token, Products):
            numbers += token.products().tolist()
        elif not isinstance(token, str):
            numbers.append(token)
    return network.is_good(numbers[0]) and all(numbers)


def _of_operation(
    network: SmallNetwork,
    operation: Operation,
    unit: int,
    place: PlaceLine,
    level: int,
    order: tuple[int, ...],
) -> DrillQuestion:
    """Return the question for one unit's result of an operation."""
    spelling = Spelling.at(network, place.t, unit)
    name = spelling.name(operation.symbol, unit)
    equation = spelling.in_symbols(operation.symbol, operation.expression)
    numbers = spelling.in_numbers(operation.expression)
    screen = spelling.on_screen(operation.symbol, unit)
    given = [
        f"{spelling.on_screen(symbol)} is {spelling.in_numbers(Value(symbol))}"
        for symbol in operation.expression.symbols()
        if symbol in _IN_NO_ROW
    ]
    said = f"What is {screen} at timestep {place.t} ({operation.title})?"
    said += f" {', '.join(given)}." if given else ""
    step = LessonStep(
        title=screen,
        do=(TakePlace(place),),
        lines=(0,),
        show=Show(panel="timestep", mark=name, looking=(("unit", str(unit)),)),
        ask=_prediction(said, screen, name, f"{equation}: {numbers}", numbers),
    )
    skill = f"{network.case.cell} {_plain(operation.symbol)}"
    answer = network.number(operation.symbol, place.t, unit)
    return DrillQuestion(level, skill, (0, *order), name, answer, step)


def _plain(symbol: str) -> str:
    """Return a symbol without its time, but for the timestep before: ``da_f``, ``dh_<t-1>``."""
    return symbol.removesuffix("_t")


def _prediction(
    question: str, name: str, answer: str, hint: str, numbers: str, hides: tuple[str, ...] = ()
) -> Prediction:
    """Return what is asked.

    Args:
        question: in words.
        name: the value, as the screen calls it.
        answer: the expression of the right number.
        hint: the equation, with its numbers.
        numbers: the equation's right-hand side in numbers.
        hides: what is covered besides.
    """
    return Prediction(
        kind="number",
        question=question,
        answer=answer,
        within=WITHIN,
        hides=hides,
        hint=hint,
        reveal=f"{name} = {numbers} = {{{answer}}}",
    )


# ---------------------------------------------------------------- gradients of weights, the step


def _of_weights(network: SmallNetwork, trainer: Trainer, optimizer: str) -> Iterator[DrillQuestion]:
    """Yield the questions for entries of dW, and for the weights after an update."""
    gradients = views(trainer.network.specs, network.gradient)
    indices = views(trainer.network.specs, np.arange(network.gradient.size))
    for spec in trainer.network.specs:
        blocks = block_views(gradients, spec.name, spec.blocks)
        places = block_views(indices, spec.name, spec.blocks)
        for block, gradient in blocks.items():
            factors = _factors(network, gradient)
            for entry in np.ndindex(gradient.shape):
                index = int(places[block][entry])
                one_based = tuple(k + 1 for k in entry)
                if factors and network.is_good(float(gradient[entry])):
                    yield _of_gradient(network, block, spec, one_based, index, factors)
                if network.is_good(float(gradient[entry])):
                    yield from _of_step(network, block, one_based, index, optimizer)


def _factors(network: SmallNetwork, gradient: Array) -> tuple[str, str] | None:
    """Return the symbols of which a gradient is Σ_t leftᵀ·right; "" for the 1 of a bias.

    They are found by their numbers, so that a new cell needs no line here.
    """
    rights = [symbol for symbol in network.values[1] if symbol.startswith("d")]
    lefts = ["", "x_t", "h_<t-1>", "h_t", *network.values[1]]
    for left in lefts if gradient.ndim > 1 else [""]:
        if left.startswith("d"):
            continue
        for right in rights:
            total = _sum_of_products(network, left, right)
            if total is None or total.shape != gradient.shape:
                continue
            if np.allclose(total, gradient, rtol=1e-9, atol=1e-12):
                return left, right
    return None


def _sum_of_products(network: SmallNetwork, left: str, right: str) -> Array | None:
    """Return Σ_t leftᵀ·right; None where these are no vectors of a timestep."""
    terms = []
    for values in network.values.values():
        factor = values[left] if left else None
        if values[right].ndim != 2 or (factor is not None and factor.shape[:1] != (1,)):
            return None
        if factor is not None and factor.ndim != 2:
            return None
        terms.append(values[right][0] if factor is None else factor.T @ values[right])
    total: Array = np.sum(terms, axis=0)
    return total


def _of_gradient(
    network: SmallNetwork,
    block: str,
    spec: ParameterSpec,
    entry: tuple[int, ...],
    index: int,
    factors: tuple[str, str],
) -> DrillQuestion:
    """Return the question for one entry of the gradient of a parameter."""
    left, right = factors
    name = value_name(f"d{block}", None, *entry)
    terms = []
    for t in range(1, network.case.steps + 1):
        spelling = Spelling.at(network, t, entry[-1])
        term = spelling.in_numbers(Value(right))
        if left:
            before = Spelling.at(network, t, entry[0]).in_numbers(Value(left), inside=t > 1)
            negative = network.number(right, t, entry[-1]) < 0
            term = f"{before}·({term})" if negative else f"{before}·{term}"
        elif t > 1 and network.number(right, t, entry[-1]) < 0:
            term = f"({term})"
        terms.append(term)
    numbers = " + ".join(terms)
    product = f"{left}ᵀ·{right}" if left else right
    answer = float(network.gradient[index])
    step = LessonStep(
        title=name,
        do=(TakePlace(PlaceLine(0, Pass.BACKWARD, 1)),),  # where every timestep can be seen
        lines=(0,),
        show=Show(panel="timestep", mark=name, looking=(("weight", name[1:]),)),
        ask=_prediction(
            f"What is {name}, the sum over all timesteps?",
            name,
            name,
            f"d{block} = Σ_t {product}: {numbers}",
            numbers,
        ),
    )
    skill = f"{network.case.cell} d{spec.name}"
    return DrillQuestion(5, skill, (1, index), name, answer, step)


def _of_step(
    network: SmallNetwork, block: str, entry: tuple[int, ...], index: int, optimizer: str
) -> Iterator[DrillQuestion]:
    """Yield the questions for the change of one weight in the first update, or in the second.

    The change is asked for, and not the new weight, of which the old one is a good approximation.
    """
    weight = value_name(block, None, *entry)
    name = f"Δ{weight}"
    for update, numbers in enumerate((each[index] for each in network.steps), 1):
        if not network.is_good(numbers["g"]) or not network.is_good(numbers["Δ"]):
            continue
        if update in _TRIVIAL.get(optimizer, ()):
            continue
        hint, change = _step_in_numbers(optimizer, numbers)
        step = LessonStep(
            title=name,
            do=(TakePlace(PlaceLine(update, Pass.UPDATE)),),
            lines=(0,),
            show=Show(mark=name, looking=(("weight", weight),)),
            ask=_prediction(
                f"What is {name}, the change of {weight} in update {update} by {optimizer}? "
                f"{_given_of_step(optimizer, numbers)}",
                name,
                name,
                hint,
                change,
                hides=(weight,),
            ),
        )
        yield DrillQuestion(6, optimizer, (2, update, index), name, numbers["Δ"], step)


def _given_of_step(optimizer: str, numbers: dict[str, float]) -> str:
    """Return the sentence with the numbers that a step is computed from."""
    gradient = f"The gradient is {number(numbers['g'])}"
    if optimizer == "adagrad":
        return f"{gradient}, and s before it is {number(numbers['s_old'])}."
    return f"{gradient}."


def _step_in_numbers(optimizer: str, numbers: dict[str, float]) -> tuple[str, str]:
    """Return the equations of an optimizer's step in numbers, and the last one's right side."""
    say = {name: number(value) for name, value in numbers.items()}
    inside = {name: _enclosed(value) for name, value in numbers.items()}
    if optimizer == "adagrad":
        change = f"−{say['lr']}/√{say['s']}·{inside['g']}"
        sums = f"s = {say['s_old']} + {inside['g']}² = {say['s']}"
        return f"{sums}, then Δ = −lr/√s·g: {change}", change
    change = f"−{say['lr']}·{inside['g']}"
    return f"Δ = −lr·g: {change}", change


def _enclosed(value: float) -> str:
    """Return a number, a negative one in parentheses."""
    return f"({number(value)})" if value < 0 else number(value)
