"""The forward and the backward pass of a network as functions, from its declared operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rnn_tui.engine.cells.base import sent_back
from rnn_tui.engine.core.expressions import (
    Binary,
    Dot,
    Expression,
    Function,
    Negative,
    Square,
    Value,
    Zeros,
)
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.parameters import ParameterSpec, block_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.layers import Layer, delta_name, name_in_layer
from rnn_tui.engine.network.pins import Cut, Pin, Pins
from rnn_tui.source_code.code_lines import CodeLines
from rnn_tui.source_code.dialects import NUMPY, Dialect
from rnn_tui.source_code.expressions import code_text, statement
from rnn_tui.source_code.names import called, code_name


def tuple_text(names: Sequence[str]) -> str:
    """Return names as a tuple, without parentheses if it needs none: ``h, c``, but ``(h,)``."""
    return in_parentheses(names) if len(names) == 1 else ", ".join(names)


def in_parentheses(names: Sequence[str]) -> str:
    """Return names as a tuple in parentheses: ``(h, c)``, ``(h,)``."""
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


@dataclass(frozen=True, slots=True, eq=False)
class NetworkCode:
    """Writes the passes of one network.

    Attributes:
        declaration: of the network.
        pins: the values held and the paths cut.
        counts: "" where the loss counts everywhere; "steps": at some timesteps; "samples": at some
            timesteps of each sample.
        dialect: of the code.
    """

    declaration: NetworkDeclaration
    pins: Pins
    counts: str
    dialect: Dialect

    # ---------------------------------------------------------------- forward

    def forward(self, lines: CodeLines) -> None:
        """Write the function ``forward``."""
        numpy, declaration = self.dialect is NUMPY, self.declaration
        returned = "the loss of a window, what the backward pass needs, and the last states"
        returned = returned if numpy else "the loss of a window, and the states that it ends with"
        with lines.function("def forward(inputs, targets, states):", f"Return {returned}."):
            self._weight_blocks(lines, declaration.forward_operations)
            states = [code_name(f"{state}_t") for state in declaration.states]
            lines.put(f"{tuple_text(states)} = states")
            lines.put("loss, tape = 0.0, []" if numpy else "loss = 0.0")
            with lines.block("for t in range(1, T + 1):"):
                lines.put(f"x = {self._window_row('inputs')}")
                lines.put(f"target = {self._window_row('targets')}")
                self._pin(lines, "x_t")
                for layer in declaration.layers:
                    self._forward_layer(lines, layer)
                if len(declaration.layers) > 1:
                    lines.note("readout")
                for operation in declaration.readout_operations:
                    if numpy or operation.symbol == "y_t":  # the loss is computed from y_t
                        self._put(lines, operation)
                self._loss(lines)
                if numpy:
                    self._record(lines)
            ends = in_parentheses(states)
            lines.put(f"return loss, tape, {ends}" if numpy else f"return loss, {ends}")

    def _window_row(self, name: str) -> str:
        """Return the code of timestep t of ``inputs`` or ``targets``."""
        row = f"{name}[t - 1]"
        if name == "inputs" and self.declaration.problem.symbols:
            return f"one_hot({row}, D)"
        if name == "targets" and self.declaration.loss_function.classes:
            return f"one_hot({row}, len(b_y))"
        return row

    def _forward_layer(self, lines: CodeLines, layer: Layer) -> None:
        if len(self.declaration.layers) > 1:
            lines.note(f"layer {layer.number}")
        read = {name for each in layer.forward_operations for name in each.expression.symbols()}
        carried = [state for state in layer.states if f"{state}_<t-1>" in read]
        before = [code_name(f"{state}_<t-1>") for state in carried]
        if before:
            lines.put(f"{', '.join(before)} = {', '.join(carried)}")
        if before and self.dialect is not NUMPY:
            for cut in self._cuts():
                with lines.block(f"if t == {cut.t}:"):
                    detached = ", ".join(f"{name}.detach()" for name in before)
                    lines.put(f"{', '.join(before)} = {detached}", "the gradient is cut here")
        for operation in layer.forward_operations:
            self._put(lines, operation)
            self._pin(lines, operation.symbol)

    def _put(self, lines: CodeLines, operation: Operation) -> None:
        """Write an operation with its title."""
        code = statement(operation, self.dialect)
        held = any(isinstance(pin, Pin) and pin.symbol == operation.symbol for pin in self.pins)
        if held and self.dialect is NUMPY and isinstance(operation.expression, Value):
            code += ".copy()"  # what is held is overwritten
        lines.put(code, plain(operation.title))

    def _pin(self, lines: CodeLines, symbol: str) -> None:
        """Write what holds a value that has just been computed."""
        name = code_name(symbol)
        for pin in self.pins:
            if isinstance(pin, Pin) and pin.symbol == symbol:
                units = _index(pin)
                held = f"{name}[:, {units}] = {pin.value!r}"
                if self.dialect is NUMPY:
                    self._at(lines, pin, held, f"held: {pin}")
                else:
                    units = _slice(pin)
                    held = f"{name} = hold({name}, {units}, {pin.value!r})"
                    self._at(lines, pin, held, f"held: {pin}")

    def _at(self, lines: CodeLines, pin: Pin, code: str, comment: str) -> None:
        """Write what is done at the timestep of a pin, or at all."""
        if pin.t is None:
            lines.put(code, comment)
            return
        with lines.block(f"if t == {pin.t}:"):
            lines.put(code, comment)

    def _loss(self, lines: CodeLines) -> None:
        """Write what a timestep adds to the loss."""
        if self.declaration.problem.loss == "mse":
            errors = "(y - target) ** 2"
        else:
            errors = "cross_entropy(y, target)"
        divisor = " / N" if self.declaration.loss_function.reduction == "mean" else ""
        if self.counts == "samples":
            errors = f"({errors})" if errors.endswith("2") else errors
            errors += "[counts[t - 1]]"
        total = f"loss += {self.dialect.module}.sum({errors}){divisor}"
        if self.counts == "steps":
            with lines.block("if counts[t - 1]:"):
                lines.put(total)
        else:
            lines.put(total)

    # ---------------------------------------------------------------- the tape

    def _tape_names(self) -> list[tuple[str, list[str]]]:
        """Return the values that the backward pass reads, by their names in code: by layer.

        The last are those of the readout.
        """
        declaration = self.declaration
        read = {name for each in declaration.backward_operations for name in _read(each)}
        read |= {self._left(spec) for spec in declaration.specs if spec.left is not None}
        if self.counts == "steps":
            nothing, *_ = declaration.loss_function.backward_operations(False)
            read |= _read(nothing)
        groups: list[tuple[str, list[str]]] = []
        known: set[str] = set()
        for layer in declaration.layers:
            states = [f"{state}_<t-1>" for state in layer.states]
            own = ["x_t"] if layer.number == 1 else []
            own += [*states, *(operation.symbol for operation in layer.forward_operations)]
            groups.append((f"layer{layer.number}", own))
        readout = [operation.symbol for operation in declaration.readout_operations]
        groups.append(("output", [*readout, "target_t"]))
        result = []
        for name, symbols in groups:
            names = [code_name(each) for each in symbols]
            wanted = {code_name(each) for each in read} - known
            result.append((name, [each for each in names if each in wanted]))
            known |= set(names)
        return result

    def _record(self, lines: CodeLines) -> None:
        """Write what keeps a timestep's values."""
        groups = self._tape_names()
        if len(groups) == 2:
            lines.put(f"tape.append(({', '.join(name for _, each in groups for name in each)}))")
            return
        for name, values in groups:
            lines.put(f"{name} = {tuple_text(values)}")
        lines.put(f"tape.append(({', '.join(name for name, _ in groups)}))")

    def _recall(self, lines: CodeLines) -> None:
        """Write what reads them again."""
        groups = self._tape_names()
        if len(groups) == 2:
            lines.put(f"{', '.join(name for _, each in groups for name in each)} = tape[t - 1]")
            return
        lines.put(f"{', '.join(name for name, _ in groups)} = tape[t - 1]")
        for name, values in groups:
            lines.put(f"{tuple_text(values)} = {name}")

    # ---------------------------------------------------------------- backward

    def backward(self, lines: CodeLines) -> None:
        """Write the function ``backward``, of NumPy."""
        declaration = self.declaration
        title = "Return the gradient of the loss, by weight: from the last timestep to the first."
        with lines.function("def backward(tape):", title):
            lines.put("gradient = {name: np.zeros_like(array) for name, array in weights.items()}")
            self._weight_blocks(lines, declaration.backward_operations)
            lines.note("Nothing arrives from beyond the window.")
            for state in declaration.states:
                lines.put(f"d{state}_next = np.zeros((B, H), dtype)")
            with lines.block("for t in range(T, 0, -1):"):
                self._recall(lines)
                self._loss_gradient(lines)
                for layer in reversed(declaration.layers):
                    if len(declaration.layers) > 1:
                        lines.note(f"layer {layer.number}")
                    self._backward_layer(lines, layer)
                self._weight_gradients(lines)
                for layer in declaration.layers:
                    next_ones = [f"d{state}_next" for state in layer.states]
                    sent = [code_name(f"d{state}_<t-1>") for state in layer.states]
                    lines.put(f"{', '.join(next_ones)} = {', '.join(sent)}")
            lines.put("return gradient")

    def _loss_gradient(self, lines: CodeLines) -> None:
        """Write the operations from the loss to the top layer."""
        loss = self.declaration.loss_function
        first, *others = loss.backward_operations(None if self.counts == "samples" else True)
        code = statement(first, self.dialect)
        if self.counts == "samples":
            lines.put("mask = counts[t - 1][:, np.newaxis]")
        elif self.counts == "steps":
            nothing, *_ = loss.backward_operations(False)
            code += f" if counts[t - 1] else {code_text(nothing.expression, self.dialect)}"
        lines.put(code, plain(first.title))
        for operation in others:
            self._put(lines, operation)

    def _backward_layer(self, lines: CodeLines, layer: Layer) -> None:
        operations = layer.backward_operations
        computed = {operation.title for operation in layer.forward_operations}
        gradients = {each.row: each.symbol for each in operations if each.column == "gradient"}
        blocked: dict[str, list[Pin]] = {}
        for pin in self.pins:
            if isinstance(pin, Pin) and pin.symbol in gradients:
                blocked.setdefault(gradients[pin.symbol], []).append(pin)
        for operation in operations:
            code = statement(operation, self.dialect)
            if operation.symbol in blocked and isinstance(operation.expression, Value):
                code += ".copy()"
            title = plain(operation.title)
            if operation.title in computed:
                title = (
                    f"gradient of {title if operation.title.startswith('h_') else f'the {title}'}"
                )
            lines.put(code, title)
            for pin in blocked.get(operation.symbol, ()):
                name = code_name(operation.symbol)
                self._at(lines, pin, f"{name}[:, {_index(pin)}] = 0", f"{pin.name} is held")
        sent = [each.symbol for each in layer.backward_operations if sent_back(each.symbol)]
        for cut in self._cuts():
            with lines.block(f"if t == {cut.t}:"):
                for symbol in sent:
                    lines.put(
                        f"{code_name(symbol)} = np.zeros((B, H), dtype)", "the gradient is cut here"
                    )

    def _weight_gradients(self, lines: CodeLines) -> None:
        """Write what a timestep adds to the gradient of each weight."""
        lines.note("What this timestep adds to the gradients of the weights.")
        joined: dict[str, str] = {}
        for layer, spec in self._specs():
            right = code_name(spec.right)
            symbols = {code_name(each.symbol) for each in self.declaration.backward_operations}
            if right not in symbols:
                parts = [self._gradient_of_block(layer, spec, block) for block in spec.blocks]
                code = f"np.hstack(({', '.join(map(code_name, parts))}))"
                if joined.get(right) != code:
                    lines.put(f"{right} = {code}")
                    joined[right] = code
            if spec.left is None:
                added = f"{right}.sum(axis=0)"
            else:
                left = code_name(self._left(spec))
                added = f"{left}.T @ {right}"
                if spec.elementwise:
                    added = f"({left} * {right}).sum(axis=0)"
            lines.put(f'gradient["{spec.name}"] += {added}')

    def _specs(self) -> Iterable[tuple[Layer | None, ParameterSpec]]:
        """Yield all parameters with their layers; those of the readout have none."""
        own: Mapping[str, Layer] = {
            name_in_layer(spec.name, layer.number): layer
            for layer in self.declaration.layers
            for spec in layer.specs
        }
        for spec in self.declaration.specs:
            yield own.get(spec.name), spec

    def _gradient_of_block(self, layer: Layer | None, spec: ParameterSpec, block: str) -> str:
        """Return the symbol of the gradient that arrives at the product with a gate's weights.

        That of ``h_<t-1>·W_hf`` is what the gradient of h_<t-1> multiplies with W_hfᵀ; that of all
        other weights of a gate is its pre-activation's.
        """
        assert layer is not None
        name = block_name(spec.name, block)
        for operation in layer.backward_operations:
            for node in _nodes(operation.expression):
                if isinstance(node, Dot) and node.transposed and node.matrix == name:
                    return node.vector
        return layer.name(delta_name(block))

    def _left(self, spec: ParameterSpec) -> str:
        """Return the symbol of what a weight is multiplied with."""
        assert spec.left is not None
        for layer in self.declaration.layers[1:]:
            if spec.left == name_in_layer("x", layer.number):
                return layer.name("x_t")
        if spec.left.endswith("_prev"):
            return f"{spec.left.removesuffix('_prev')}_<t-1>"
        return f"{spec.left}_t"

    # ---------------------------------------------------------------- both

    def _cuts(self) -> list[Cut]:
        return [pin for pin in self.pins if isinstance(pin, Cut)]

    def _weight_blocks(self, lines: CodeLines, operations: Sequence[Operation]) -> None:
        """Write local names of the weights that operations read: of each gate its columns."""
        read = {name for operation in operations for name in operation.expression.symbols()}
        whole = []
        for spec in self.declaration.specs:
            blocks = [block_name(spec.name, block) for block in spec.blocks]
            if not read & set(blocks):
                continue
            if len(blocks) == 1:
                whole.append(spec.name)
                continue
            if self.dialect is NUMPY:
                axis = ", axis=1" if len(spec.shape) == 2 else ""
                code = f'np.split(weights["{spec.name}"], {len(blocks)}{axis})'
            else:
                axis = f", dim={len(spec.shape) - 1}" if len(spec.shape) == 2 else ""
                code = f'weights["{spec.name}"].chunk({len(blocks)}{axis})'
            lines.put(f"{', '.join(blocks)} = {code}")
        for first in range(0, len(whole), 4):
            some = whole[first : first + 4]
            values = ", ".join(f'weights["{name}"]' for name in some)
            lines.put(f"{', '.join(some)} = {values}")


def plain(title: str) -> str:
    """Return a title as a comment: with the names of the code."""
    return title.replace("t−1", "t - 1").replace("h_<t-1>", "h_prev").replace("y_t", "y")


def _index(pin: Pin) -> str:
    """Return a pin's units as an index, from 0."""
    units = pin.units
    if units == slice(None):
        return ":"
    if units.stop is not None and units.stop - (units.start or 0) == 1:
        return str(units.start)
    return f"{units.start or 0}:{'' if units.stop is None else units.stop}"


def _slice(pin: Pin) -> str:
    """Return a pin's units as the code of a slice."""
    units = pin.units
    return "slice(None)" if units == slice(None) else f"slice({units.start}, {units.stop})"


def _nodes(node: Expression) -> Iterable[Expression]:
    """Yield an expression and all within it."""
    yield node
    match node:
        case Binary(_, left, right):
            yield from _nodes(left)
            yield from _nodes(right)
        case Function(_, argument) | Negative(argument):
            yield from _nodes(argument)
        case Square(value):
            yield value


def _read(operation: Operation) -> set[str]:
    """Return the symbols that an operation's code reads, what it is declared to be 0 like too."""
    names = {call[1] if (call := called(name)) else name for name in operation.expression.symbols()}
    zeros = (node for node in _nodes(operation.expression) if isinstance(node, Zeros))
    return names | {node.like for node in zeros}
