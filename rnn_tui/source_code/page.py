"""A page of code that repeats some updates of a run, and prints their losses."""

from __future__ import annotations

from dataclasses import dataclass, field

from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.registry import CELLS
from rnn_tui.source_code.code_lines import CodeLines
from rnn_tui.source_code.dialects import NUMPY, Dialect
from rnn_tui.source_code.excerpt import Excerpt
from rnn_tui.source_code.network_code import NetworkCode
from rnn_tui.source_code.update_code import (
    counts_steps,
    hyperparameters,
    write_clipping,
    write_update,
)


def page_text(excerpt: Excerpt, dialect: Dialect, origin: str) -> str:
    """Return the page; it reads the .npz file that has its name, see `Excerpt.content`.

    Args:
        excerpt: the updates.
        dialect: of the code.
        origin: what it was written from, to be quoted.

    Raises:
        ExcerptError: there is no code for something in the run.
    """
    page = Page(excerpt, dialect)
    page.write(origin)
    return page.lines.text()


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Writes a page.

    Attributes:
        excerpt: the updates.
        dialect: of the code.
        lines: those written so far.
        optimizer: the run's.
    """

    excerpt: Excerpt
    dialect: Dialect
    lines: CodeLines = field(default_factory=CodeLines)
    optimizer: Optimizer = field(init=False)

    def __post_init__(self) -> None:
        """Make the optimizer."""
        object.__setattr__(self, "optimizer", self.excerpt.optimizer())

    @property
    def numpy(self) -> bool:
        """Whether it is written in NumPy."""
        return self.dialect is NUMPY

    def write(self, origin: str) -> None:
        """Write all of it; see `page_text`."""
        excerpt, lines = self.excerpt, self.lines
        self._docstring(origin)
        for line in ("", "from pathlib import Path", "", "import numpy as np"):
            lines.put(line)
        if not self.numpy:
            lines.put("import torch")
        lines.put()
        self._run()
        self._settings()
        self._functions()
        network = NetworkCode(excerpt.declaration, excerpt.pins, excerpt.counted, self.dialect)
        network.forward(lines)
        if self.numpy:
            network.backward(lines)
        write_clipping(lines, excerpt.clipping, self.dialect)
        write_update(lines, self.optimizer, self.dialect)
        lines.put()
        lines.put()
        self._updates()

    # ---------------------------------------------------------------- what it is about

    def _docstring(self, origin: str) -> None:
        lines, settings = self.lines, self.excerpt.settings
        architecture = self.excerpt.declaration.architecture
        first = self.excerpt.start.updates + 1
        last = first + self.excerpt.updates - 1
        which = f"Update {first:,}" if first == last else f"Updates {first:,} to {last:,}"
        cell = architecture.cell
        if cell in CELLS.using("activation"):
            cell += f" ({architecture.activation})"
        size = f"{architecture.hidden} units"
        if architecture.layers > 1:
            size = f"{architecture.layers} layers of {size}"
        lines.put(f'"""{which} of a run on the task {settings.task}: {cell}, {size}.')
        for paragraph in self._paragraphs(origin):
            lines.put()
            lines.paragraph(paragraph)
        lines.put('"""')

    def _paragraphs(self, origin: str) -> list[str]:
        """Return what the docstring says below its first line."""
        quoted = "".join(
            each if each.isprintable() and each not in '"\\' else "?" for each in origin
        )
        backward = "" if self.numpy else " The gradient is PyTorch's own."
        written = (
            f"Written by rnn-tui from {quoted}, in {self.dialect.title}. It prints the loss of "
            f"each update, as the run itself computes it.{backward} The .npz file beside it has "
            "the weights, the optimizer's memory and the windows."
        )
        names = (
            "Rows are vectors: x is [B, D], h [B, H], and a weight has a block of columns for each "
            "gate. Within timestep t, h is h_t and h_prev is h_<t-1>"
        )
        if self.numpy:
            names += (
                "; dh is the gradient of the loss with respect to h_t, and dh_next the part of it "
                "that arrives from t + 1"
            )
        paragraphs = [written, f"{names}."]
        if self.excerpt.pins:
            held = ", ".join(map(str, self.excerpt.pins))
            paragraphs.append(f"What-ifs in force: {held}. A unit is written from 1, as t is.")
        return paragraphs

    # ---------------------------------------------------------------- constants

    def _run(self) -> None:
        """Write what reads the arrays."""
        lines = self.lines
        with lines.block('with np.load(Path(__file__).with_suffix(".npz")) as file:'):
            if self.numpy:
                lines.put("run = dict(file)")
            else:
                lines.put("run = {name: torch.from_numpy(array) for name, array in file.items()}")
        specs = self.excerpt.declaration.specs
        lines.sequence("names = (", [f'"{spec.name}"' for spec in specs], ")")
        leaf = "" if self.numpy else ".requires_grad_()"
        lines.put(f"weights = {{name: run[name]{leaf} for name in names}}")
        memory = [
            f'"{name}": {{name: run[f"{name}.{{name}}"] for name in names}}'
            for name in self.optimizer.memory_names
        ]
        if memory:
            lines.sequence("memory = {", memory, "}")
        if self.excerpt.counted:
            which = "timestep" if self.excerpt.counted == "steps" else "timestep and sample"
            lines.put('counts = run["counts"]', f"of each {which}: whether the loss counts there")

    def _settings(self) -> None:
        """Write sizes and hyperparameters."""
        lines, declaration = self.lines, self.excerpt.declaration
        architecture, clipping = declaration.architecture, self.excerpt.clipping
        sizes = declaration.steps, declaration.batch, architecture.features, architecture.hidden
        what = "symbols" if declaration.problem.symbols else "numbers in an input"
        lines.put(
            f"T, B, D, H = {', '.join(map(str, sizes))}", f"timesteps, samples, {what}, units"
        )
        if declaration.loss_function.reduction == "mean":
            lines.put(f"N = {declaration.term_count}", "how many numbers the loss is the mean of")
        lines.put(f"dtype = {self.dialect.module}.{declaration.dtype.name}")
        for name, value in hyperparameters(self.optimizer).items():
            lines.put(f"{name} = {float(value)!r}")
        if clipping.by != "none":
            of = "the gradient's norm" if clipping.by == "norm" else "each entry of the gradient"
            lines.put(f"limit = {float(clipping.limit)!r}", f"of {of}")

    # ---------------------------------------------------------------- functions

    def _functions(self) -> None:
        """Write the functions that the passes use."""
        lines, declaration = self.lines, self.excerpt.declaration
        classes = declaration.loss_function.classes
        if self.numpy and any("σ(" in each.equation() for each in declaration.forward_operations):
            title = "Return 1 / (1 + e^-a), computed so that it cannot overflow."
            with lines.function("def sigmoid(a):", title):
                lines.put("return 0.5 + 0.5 * np.tanh(0.5 * a)")
        if declaration.problem.symbols or classes:
            title = "Return a row for each code, with 1 in its place; of -1 a row of zeros."
            with lines.function("def one_hot(codes, width):", title):
                lines.put(
                    "return (codes[:, np.newaxis] == np.arange(width)).astype(dtype)"
                    if self.numpy
                    else "return (codes[:, None] == torch.arange(width)).to(dtype)"
                )
        if classes:
            self._class_functions()
        if not self.numpy and any(isinstance(pin, Pin) for pin in self.excerpt.pins):
            title = "Return values with some units replaced by a number, which has no gradient."
            with lines.function("def hold(values, units, number):", title):
                for line in ("held = values.clone()", "held[:, units] = number", "return held"):
                    lines.put(line)

    def _class_functions(self) -> None:
        """Write the functions of the cross-entropy."""
        lines, title = self.lines, "Return -log softmax(y) of each sample's class."
        if self.numpy:
            with lines.function("def softmax(y):", "Return the probabilities of the classes."):
                lines.put("powers = np.exp(y - y.max(axis=1, keepdims=True))")
                lines.put("return powers / powers.sum(axis=1, keepdims=True)")
        with lines.function("def cross_entropy(y, target):", title):
            if self.numpy:
                lines.put("largest = y.max(axis=1, keepdims=True)")
                lines.put("log_sum = np.log(np.exp(y - largest).sum(axis=1)) + largest[:, 0]")
                lines.put("return log_sum - (y * target).sum(axis=1)")
            else:
                lines.put("return torch.logsumexp(y, dim=1) - (y * target).sum(dim=1)")

    # ---------------------------------------------------------------- the updates

    def _updates(self) -> None:
        """Write the loop over the updates."""
        lines, excerpt = self.lines, self.excerpt
        with lines.block('if __name__ == "__main__":'):
            self._start()
            with lines.block('for k in range(len(run["inputs"])):'):
                if excerpt.carries:
                    with lines.block('if run["fresh"][k]:'):
                        lines.put("states = start")
                self._update()

    def _start(self) -> None:
        """Write the states that windows begin with."""
        names, given = self.excerpt.declaration.states, self.excerpt.task.start_states or {}
        if given or len(names) == 1:
            states = [f'run["start.{name}"]' if name in given else self._zeros for name in names]
            self.lines.sequence("start = (", states, ")")
        else:
            self.lines.put(f"start = ({self._zeros},) * {len(names)}")
        if self.excerpt.carries:
            carried = [f'run["state.{name}"]' for name in names]
            self.lines.sequence("states = (", carried, ")")

    @property
    def _zeros(self) -> str:
        """The code of a state of zeros."""
        return f"{self.dialect.module}.zeros((B, H), dtype{'' if self.numpy else '=dtype'})"

    def _update(self) -> None:
        """Write one update."""
        lines, excerpt = self.lines, self.excerpt
        begin, end = ("states", "states") if excerpt.carries else ("start", "_")
        window = f'run["inputs"][k], run["targets"][k], {begin}'
        made = excerpt.start.updates_made
        step = f"n={made} + k + 1" if made else "n=k + 1"
        arguments = ["gradient"] * self.numpy + [step] * counts_steps(self.optimizer)
        update = f"update({', '.join(arguments)})"
        if self.numpy:
            gradient = "backward(tape)" if excerpt.clipping.by == "none" else "clip(backward(tape))"
            statements = [
                f"loss, tape, {end} = forward({window})",
                f"gradient = {gradient}",
                update,
                "print(repr(float(loss)))",
            ]
        else:
            statements = [f"loss, {end} = forward({window})"]
            if excerpt.carries:
                statements.append("states = tuple(state.detach() for state in states)")
            statements.append("loss.backward()")
            if excerpt.clipping.by != "none":
                statements.append("clip()")
            statements += [update, "print(repr(loss.item()))"]
        for statement in statements:
            lines.put(statement)
