"""The code of one update: the window, both loops over its timesteps, loss, clipping, the update.

It is a program: given `next_window`, `views` of all parameters and the optimizer's memory, NumPy's
lines executed from first to last make the update that is trained. The lines of operations come from
their expressions, so they compute what the equations say; the others hold them together. In
PyTorch, autograd makes the way back: what it computes stands below ``loss.backward()`` as comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from rnn_tui.engine.cells.base import sent_back
from rnn_tui.engine.core.expressions import Binary, Dot, Expression
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.parameters import ParameterSpec, block_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.layers import Layer, delta_name, name_in_layer
from rnn_tui.engine.network.pins import Cut, Pin, Pins
from rnn_tui.engine.network.spans import Span
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.source_code.dialects import DIALECTS, NUMPY, TORCH, Dialect
from rnn_tui.source_code.expressions import statement
from rnn_tui.source_code.listing.lines import ListedLine
from rnn_tui.source_code.listing.shapes import Shape, shape_of, shapes, sizes
from rnn_tui.source_code.listing.step import ListedStep, step_lines
from rnn_tui.source_code.names import called, code_name

BATCH, FORWARD, LOSS = Pass.BATCH, Pass.FORWARD, Pass.LOSS
BACKWARD, CLIP, UPDATE = Pass.BACKWARD, Pass.CLIP, Pass.UPDATE


@dataclass(frozen=True, slots=True)
class ListedUpdate:
    """What is to be known of an update to write its code.

    Attributes:
        declaration: the network and its loss.
        pins: values that are held and paths that are cut.
        carry: whether windows begin with the state that the one before ended with.
        given: whether the task gives states to begin with, where they are not carried.
        clipping: how the gradient is clipped.
        step: the optimizer's step.
        edits: what-ifs that change parameters before this window.
    """

    declaration: NetworkDeclaration
    pins: Pins
    carry: bool
    given: bool
    clipping: Clipping
    step: ListedStep
    edits: tuple[Edit, ...] = ()


@lru_cache(4)
def listed_lines(update: ListedUpdate, dialect: str) -> tuple[ListedLine, ...]:
    """Return the code of an update, line by line, in one of `DIALECTS`."""
    code = UpdateListing(update, DIALECTS[dialect])
    parts = (code.setup(), code.batch(), code.forward(), code.loss(), code.backward(), code.step())
    return tuple(line for part in parts for line in part)


class UpdateListing:
    """Writes the passes of one update."""

    def __init__(self, update: ListedUpdate, dialect: Dialect) -> None:
        self._update, self._dialect = update, dialect
        self._declaration = declaration = update.declaration
        self._numpy, self._module = dialect is NUMPY, dialect.module
        self._shapes = shapes(declaration)
        self._specs = declaration.specs
        self._classes = declaration.loss_function.classes
        self._states = tuple(map(code_name, declaration.states))
        steps = range(1, declaration.steps + 1)
        self._by_sample = any(map(declaration.problem.differs, steps))
        self._all_count = all(declaration.mask) and not self._by_sample
        self._sums = declaration.problem.reduction == "sum"

    # ---------------------------------------------------------------- before the loops

    def setup(self) -> Iterator[ListedLine]:
        """Yield what letters stand for, functions, and the parameters by name."""
        known = sizes(self._declaration)
        letters = list("TBDHO")
        numbers = ", ".join(str(known[letter]) for letter in letters)
        yield ListedLine(f"{', '.join(letters)} = {numbers}", BATCH)
        yield ListedLine(f"dtype = {self._module}.{self._declaration.dtype}", BATCH)
        yield ListedLine(f"{self._names(self._specs)} = views  # of params [P={known['P']}]", BATCH)
        for layer in self._declaration.layers:
            for spec in layer.specs:
                if len(spec.blocks) > 1:
                    yield self._split(spec, layer.number)

        for edit in self._update.edits:
            yield ListedLine(f"{_edited(edit, self._module)}  # what if", BATCH)

    def _names(self, specs: Iterable[ParameterSpec], prefix: str = "") -> str:
        """Return the names of parameters, or of their gradients."""
        return ", ".join(f"{prefix}{spec.name}" for spec in specs)

    def _split(self, spec: ParameterSpec, layer: int) -> ListedLine:
        """Return the line that gives the columns of each gate a name."""
        blocks = ", ".join(
            name_in_layer(block_name(spec.name, each), layer) for each in spec.blocks
        )
        whole, count = name_in_layer(spec.name, layer), len(spec.blocks)
        if self._numpy:
            return ListedLine(f"{blocks} = np.split({whole}, {count}, axis=-1)", BATCH)
        return ListedLine(f"{blocks} = {whole}.chunk({count}, dim=-1)", BATCH)

    def batch(self) -> Iterator[ListedLine]:
        """Yield the window and the states that it begins with."""
        named: list[tuple[str, Shape]] = [("inputs", ("T", "B", "D")), ("targets", ("T", "B", "O"))]
        if self._by_sample:
            named.append(("counts", ("T", "B")))
        carry, drawn = self._update.carry, [name for name, _ in named]
        if carry:
            drawn.append("fresh")
        text = f"{', '.join(drawn)} = next_window()"
        if self._declaration.problem.symbols or self._classes:
            text += "  # a symbol is a row with a single 1"
        yield ListedLine(text, BATCH, here=True, values=tuple(named))
        for pin in self._update.pins:
            if isinstance(pin, Pin) and pin.symbol == "x_t":
                t = ":" if pin.t is None else pin.t - 1
                text = f"inputs[{t}, :, {_units(pin)}] = {pin.value!r}  # held: {pin}"
                yield ListedLine(text, BATCH)
        if not self._all_count and not self._by_sample:
            counted = _runs(self._declaration.mask)
            yield ListedLine(f"counted = {counted}  # t where the loss counts", BATCH)
        zeros = self._zeros(self._states)
        if self._update.given:
            zeros = f"{', '.join(self._states)} = start_states"
        if not carry:
            yield ListedLine(zeros, BATCH)
            return
        yield ListedLine("if fresh:  # else the states go on from the window before", BATCH)
        yield ListedLine(zeros, BATCH, 1)
        if not self._numpy:
            detached = ", ".join(f"{state}.detach()" for state in self._states)
            yield ListedLine(f"{', '.join(self._states)} = {detached}", BATCH)

    def _zeros(self, names: Sequence[str]) -> str:
        """Return the line that makes values of a layer zeros."""
        size = "B, H" if len(names) == 1 else f"{len(names)}, B, H"
        zeros = f"np.zeros(({size}), dtype)" if self._numpy else f"torch.zeros({size}, dtype=dtype)"
        return f"{', '.join(names)} = {zeros}"

    # ---------------------------------------------------------------- the loops

    def forward(self) -> Iterator[ListedLine]:
        """Yield the loop over the timesteps, and what is kept of each."""
        operations = self._declaration.forward_operations
        last = len(operations)
        before = ", ".join(f"{state}_prev" for state in self._states)
        outputs = "outputs, tape = {}, {}" if self._numpy else "outputs = {}"
        yield ListedLine(outputs, FORWARD)
        yield ListedLine("for t in range(1, T + 1):", FORWARD, loops=True)
        yield ListedLine(f"x, {before} = inputs[t - 1], {', '.join(self._states)}", FORWARD, 1)
        if not self._numpy:
            yield from self._detached()
        for done, operation in enumerate(operations, 1):
            yield self._operation(operation, FORWARD, done)
            yield from self._held(operation, done)
        yield ListedLine(f"outputs[t] = {self._measured}", FORWARD, 1, done_with=last)
        if self._numpy:
            kept = ", ".join(self._kept)
            yield ListedLine(f"tape[t] = {kept}", FORWARD, 1, done_with=last)

    @property
    def _measured(self) -> str:
        """What of each timestep the loss is computed of, in NumPy."""
        return "p" if self._classes and self._numpy else "y"

    @property
    def _kept(self) -> tuple[str, ...]:
        """The values of the forward pass that the way back reads, in order of computation."""
        declaration = self._declaration
        operations = declaration.backward_operations
        reads = {name for each in operations for name in each.expression.symbols()}
        wanted = {code_name(_read(name)) for name in reads}
        for layer in declaration.layers:
            wanted |= {self._left(spec, layer) or "" for spec in layer.specs}
        wanted.add(code_name(declaration.layers[-1].name("h_t")))
        computed = (operation.symbol for operation in declaration.forward_operations)
        before = (f"{state}_prev" for state in self._states)
        known = ("x", *before, *map(code_name, computed))
        return tuple(name for name in known if name in wanted)

    def _operation(
        self, operation: Operation, stage: Pass, done: int, level: int = 1
    ) -> ListedLine:
        """Return the line of an operation."""
        named = (operation.symbol, *operation.expression.symbols())
        read = map(_read, named)
        values = tuple((code_name(each), shape_of(each, self._shapes)) for each in read)
        text = statement(operation, self._dialect)
        return ListedLine(text, stage, level, operation, done, values=values)

    def _held(self, operation: Operation, done: int) -> Iterator[ListedLine]:
        """Yield the assignments that hold what an operation computes."""
        name = code_name(operation.symbol)
        for pin in self._update.pins:
            if not isinstance(pin, Pin) or pin.symbol != operation.symbol:
                continue
            at, units = "" if pin.t is None else f"if t == {pin.t}: ", _units(pin)
            number = repr(float(pin.value))
            if self._numpy:
                text = f"{name}[:, {units}] = {number}"
            elif pin.unit is None:
                text = f"{name} = torch.full_like({name}, {number})"
            else:
                text = f"{name} = {name}.index_fill(1, torch.arange(H)[{units}], {number})"
            yield ListedLine(f"{at}{text}  # held: {pin}", FORWARD, 1, done_with=done)

    def _detached(self) -> Iterator[ListedLine]:
        """Yield where PyTorch detaches the state before a timestep."""
        before = [f"{state}_prev" for state in self._states]
        for cut in self._update.pins:
            if isinstance(cut, Cut):
                text = f"{', '.join(before)} = {', '.join(f'{each}.detach()' for each in before)}"
                yield ListedLine(f"if t == {cut.t}: {text}  # {cut}", FORWARD, 1)

    # ---------------------------------------------------------------- the loss

    def loss(self) -> Iterator[ListedLine]:
        """Yield the loss of the window, and N, which it is the mean of."""
        outputs: Shape = ("T", "B", "O")
        named = (("loss", ()), ("outputs", outputs), ("targets", outputs))
        steps = self._all_count or self._by_sample
        where = "range(1, T + 1)" if steps else "counted"
        stack = f"{self._module}.stack([outputs[t] for t in {where}])"
        yield ListedLine(f"outputs = {stack}", LOSS)
        if not steps:
            yield ListedLine("wanted = targets[[t - 1 for t in counted]]", LOSS)
        chosen = "[counts]" if self._by_sample else ""
        y, target = f"outputs{chosen}", f"targets{chosen}" if steps else "wanted"
        if self._numpy and not self._sums:
            count = self._declaration.term_count
            yield ListedLine(f"N = {count}  # how many terms are summed", LOSS)
        if not self._numpy and self._classes:
            yield ListedLine(f"classes = {target}.argmax(dim=-1)", LOSS)
        text = self._loss_of(y, target)
        yield ListedLine(f"loss = {text}", LOSS, here=True, values=named)

    def _loss_of(self, y: str, target: str) -> str:
        """Return the code of the loss of outputs, in NumPy with a division for the mean."""
        if self._numpy:
            total = f"np.sum(({y} - {target})**2)"
            if self._classes:
                total = f"-np.sum(np.log({y}[{target} == 1]))"
            return total if self._sums else f"{total} / N"
        more = ', reduction="sum"' if self._sums else ""
        if not self._classes:
            return f"functional.mse_loss({y}, {target}{more})"
        flat = ("flatten(0, 1)", "flatten()")
        arguments = (y, "classes") if self._by_sample else (f"{y}.{flat[0]}", f"classes.{flat[1]}")
        return f"functional.cross_entropy({', '.join(arguments)}{more})"

    # ---------------------------------------------------------------- the way back

    def backward(self) -> Iterator[ListedLine]:
        """Yield the loop back over the timesteps; in PyTorch as what autograd computes."""
        if self._numpy:
            yield from self._way_back()
            return
        yield ListedLine("optimizer.zero_grad()", BACKWARD)
        yield ListedLine("loss.backward()  # autograd computes of each timestep:", BACKWARD)
        for line in self._way_back():
            yield replace(line, comment=True)

    def _way_back(self) -> Iterator[ListedLine]:
        """Yield the loop from T to 1: gradients of values, and what they add to the weights'."""
        declaration = self._declaration
        last = len(declaration.backward_operations)
        arriving = [f"d{state}_next" for state in self._states]
        yield ListedLine(self._zeros(arriving), BACKWARD)
        if self._numpy:
            names, gradients = self._names(self._specs), self._names(self._specs, "d")
            yield ListedLine(f"{gradients} = map(np.zeros_like, [{names}])", BACKWARD)
        yield ListedLine("for t in range(T, 0, -1):", BACKWARD, loops=True)
        if self._numpy:
            yield ListedLine(f"{', '.join(self._kept)} = tape[t]", BACKWARD, 1)
        target = "target = targets[t - 1]"
        if self._by_sample:
            target = "target, mask = targets[t - 1], counts[t - 1][:, None]"
        yield ListedLine(target, BACKWARD, 1)
        operations = declaration.backward_operations
        for done, operation in enumerate(operations, 1):
            of_loss = operation is declaration.loss_function.gradient
            if of_loss and self._by_sample:
                by_sample = declaration.loss_function.gradient_by_sample
                yield self._operation(by_sample, BACKWARD, done)
            elif of_loss and not self._all_count:
                yield from self._counted(operation, done)
            else:
                yield self._operation(operation, BACKWARD, done)
            yield from self._stopped(operation, done)
        if self._numpy:
            for line in self._added():
                yield ListedLine(line, BACKWARD, 1, done_with=last)
        sent = ", ".join(f"d{state}_prev" for state in self._states)
        yield ListedLine(f"{', '.join(arriving)} = {sent}", BACKWARD, 1, done_with=last)

    def _counted(self, operation: Operation, done: int) -> Iterator[ListedLine]:
        """Yield the gradient of the loss at timesteps where it counts, and where it does not."""
        instead = self._declaration.loss_function.backward_operations(False)[0]
        for head, each in (("if t in counted:", operation), ("else:", instead)):
            yield ListedLine(head, BACKWARD, 1, done_with=done)
            yield self._operation(each, BACKWARD, done, 2)

    def _stopped(self, operation: Operation, done: int) -> Iterator[ListedLine]:
        """Yield where the gradient stops, at held values and cuts."""
        name, row = code_name(operation.symbol), operation.row
        for pin in self._update.pins:
            at = "" if pin.t is None else f"if t == {pin.t}: "
            text = f"{name}[:, {_units(pin) if isinstance(pin, Pin) else ':'}] = 0  # "
            if isinstance(pin, Cut) and sent_back(operation.symbol):
                yield ListedLine(f"{at}{text}{pin}", BACKWARD, 1, done_with=done)
            elif isinstance(pin, Pin) and pin.symbol == row and operation.column == "gradient":
                text += f"{pin} is held: nothing flows back"
                yield ListedLine(f"{at}{text}", BACKWARD, 1, done_with=done)

    def _added(self) -> Iterator[str]:
        """Yield what a timestep adds to the gradients of the parameters."""
        for layer in self._declaration.layers:
            made: set[str] = set()
            for spec in layer.specs:
                right = name_in_layer(spec.right, layer.number)
                parts = _parts(layer, spec)
                if len(parts) > 1 and right not in made:
                    yield f"{right} = np.concatenate([{', '.join(parts)}], axis=1)"
                    made.add(right)
                own = replace(
                    spec,
                    name=name_in_layer(spec.name, layer.number),
                    left=self._left(spec, layer),
                )
                yield _share(own, right if len(parts) > 1 else parts[0])
        for spec in self._specs[-2:]:
            yield _share(spec, spec.right)

    def _left(self, spec: ParameterSpec, layer: Layer) -> str | None:
        """Return the name in code of what a parameter is multiplied by."""
        if spec.left is None:
            return None
        if spec.left == "x" and layer.number > 1:
            return code_name(layer.name("x_t"))
        return name_in_layer(spec.left, layer.number)

    # ---------------------------------------------------------------- clipping and the step

    def step(self) -> Iterator[ListedLine]:
        """Yield the clipping and the optimizer's step."""
        gradients = self._names(self._specs, "d")
        yield from step_lines(self._update.step, self._update.clipping, self._dialect, gradients)


def _runs(mask: Sequence[bool]) -> str:
    """Return the timesteps where the loss counts: ``[39]``, ``range(21, 31)``."""
    parts: list[str] = []
    for counts, group in groupby(enumerate(mask, 1), key=lambda each: each[1]):
        if counts:
            times = [t for t, _ in group]
            whole = f"range({times[0]}, {times[-1] + 1})"
            parts.append(str(times[0]) if len(times) == 1 else whole)
    if len(parts) == 1 and "(" in parts[0]:
        return parts[0]
    return f"[{', '.join(f'*{each}' if '(' in each else each for each in parts)}]"


def _read(symbol: str) -> str:
    """Return the value that code reads for a symbol: of ``tanh(c_t)`` it is ``c_t``."""
    call = called(symbol)
    return symbol if call is None else call[1]


def _edited(edit: Edit, module: str) -> str:
    """Return the line of a what-if that changes a parameter."""
    value, name = repr(float(edit.value)), edit.name
    if module == TORCH.module:
        name += ".data"  # without a gradient
    if edit.identity:
        return f"{name}[:] = {value} * {module}.eye(H, dtype=dtype)"
    entry = ", ".join(map(_index, edit.place)) if edit.place is not None else ":"
    return f"{name}[{entry}] {edit.operator} {value}"


def _units(pin: Pin) -> str:
    """Return the pinned units as an index of Python."""
    return _index(pin.unit)


def _index(span: Span) -> str:
    """Return a span as an index of Python, which counts from 0."""
    if span is None:
        return ":"
    first, last = (span, span) if isinstance(span, int) else span
    return str(first - 1) if first == last else f"{first - 1}:{last}"


def _parts(layer: Layer, spec: ParameterSpec) -> Sequence[str]:
    """Return the gradients that a parameter's columns are multiplied with, gate by gate."""
    if len(spec.blocks) == 1:
        return [name_in_layer(spec.right, layer.number)]
    through = {
        each.matrix: each.vector
        for operation in layer.cell.backward_operations
        for each in _products(operation.expression)
    }
    parts = (through.get(block_name(spec.name, block), delta_name(block)) for block in spec.blocks)
    return [code_name(layer.name(part)) for part in parts]


def _products(expression: Expression) -> Iterator[Dot]:
    """Yield the products with a matrix that are terms of a sum."""
    if isinstance(expression, Dot):
        yield expression
    elif isinstance(expression, Binary):
        yield from _products(expression.left)
        yield from _products(expression.right)


def _share(spec: ParameterSpec, right: str) -> str:
    """Return the line that adds a timestep's share to a parameter's gradient."""
    if spec.left is None:
        return f"d{spec.name} += {right}.sum(axis=0)"
    if spec.elementwise:
        return f"d{spec.name} += ({spec.left} * {right}).sum(axis=0)"
    return f"d{spec.name} += {spec.left}.T @ {right}"
