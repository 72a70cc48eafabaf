"""Lists of what-ifs: the numbers of both passes are those of a plain evaluation with them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from shares import share

from rnn_tui.engine.cells.base import sent_back
from rnn_tui.engine.core.parameters import block_views
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.interventions import parse, pinnable
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS
from rnn_tui.session.commands import Intervene, ReleaseWhatIf, Step, ViewRequest
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

HIDDEN, STEPS, BATCH = 3, 4, 2
Values = dict[str, np.ndarray]
OPERATORS = ("=", "*=", "/=", "+=")
SPANS = {"": slice(None), "[2]": slice(1, 2), "[1:2]": slice(0, 2), "[2:]": slice(1, None)}


@dataclass
class Held:
    """What is held, read from texts in a way of its own."""

    name: str
    units: slice
    t: int | None
    value: float


class Plain:
    """Evaluates the declared operations one after the other, with what is held in place."""

    def __init__(self, trainer: Trainer) -> None:
        """Take the window as it is without any what-if."""
        self.declaration: NetworkDeclaration = trainer.network.declaration
        self.flat = trainer.window_start().parameters
        tape = trainer.network.tape
        self.x, self.target = tape["x"].copy(), tape["target"].copy()
        self.initial = {name: tape.states[name][0].copy() for name in self.declaration.states}
        self.values = set(pinnable(self.declaration))  # their names; others are of parameters
        self.held: list[Held] = []
        self.cuts: set[int] = set()

    @property
    def parameters(self) -> Values:
        """Views of the parameters, whole and by gate."""
        whole = views(self.declaration.specs, self.flat)
        result: Values = {}
        for spec in self.declaration.specs:
            result[spec.name] = whole[spec.name]
            result |= block_views({spec.name: whole[spec.name]}, spec.name, spec.blocks)
        return result

    def change(self, text: str) -> None:
        """Make one what-if."""
        if text == "release":
            self.held, self.cuts = [], set()
        elif match := re.fullmatch(r"release (\w+)", text):
            self.held = [each for each in self.held if each.name != match[1]]
        elif match := re.fullmatch(r"detach @(\d+)", text):
            self.cuts.add(int(match[1]))
        elif (match := re.fullmatch(r"([a-z]+\d?)(?:_(\d))?(\[.*\])? = (.*)", text)) and (
            match[1] in self.values
        ):
            t = int(match[2]) if match[2] else None
            self.held.append(Held(match[1], SPANS[match[3] or ""], t, float(match[4])))
        else:
            self.edit(text)

    def edit(self, text: str) -> None:
        """Change a parameter."""
        match = re.fullmatch(r"(\w+?)(\[.*\])? (.?=) (.*)", text)
        assert match is not None, text
        array = self.parameters[match[1]]
        if match[4].endswith("I"):
            array[...] = np.eye(len(array)) * float(match[4][:-2])
            return
        part = {"": array, "[2,:]": array[1:2], "[:,1]": array[..., :1], "[1]": array[:1]}
        entries, value = part[match[2] or ""], float(match[4])
        changed = {"=": 0 * entries + value, "*=": entries * value, "/=": entries / value}
        entries[...] = changed.get(match[3], entries + value)

    def hold(self, symbol: str, t: int, array: np.ndarray) -> np.ndarray:
        """Return the value with what is held in place; of two the later one holds."""
        array = array.copy()
        for each in self.held:
            if f"{each.name}_t" == symbol and each.t in (None, t):
                array[..., each.units] = each.value
        return array

    def block(self, symbol: str, t: int, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient as what follows reads it: none flows through what is held."""
        read = gradient.copy()
        for each in self.held:
            if f"d{each.name}_t" == symbol and each.t in (None, t):
                read[..., each.units] = 0
        return 0 * read if t in self.cuts and sent_back(symbol) else read

    def evaluate(self) -> Iterator[tuple[int, str, np.ndarray]]:
        """Yield timestep, symbol and value of all operations, in the order of the two passes."""
        declaration, states, forward = self.declaration, self.initial, []
        for t in range(1, STEPS + 1):
            values = {**self.parameters, "N": np.asarray(float(declaration.term_count))}
            values["x_t"] = self.hold("x_t", t, self.x[t - 1])
            values["target_t"] = self.target[t - 1]
            values |= {f"{name}_<t-1>": array for name, array in states.items()}
            for each in declaration.forward_operations:
                values[each.symbol] = self.hold(each.symbol, t, each.expression.evaluate(values))
                yield t, each.symbol, values[each.symbol]
            states = {name: values[f"{name}_t"] for name in declaration.states}
            values |= {f"tanh({name}_t)": np.tanh(array) for name, array in states.items()}
            forward.append(values)
        arriving = {f"d{name}_next": np.zeros((BATCH, HIDDEN)) for name in declaration.states}
        for t in range(STEPS, 0, -1):
            read = {**forward[t - 1], **arriving}
            for each in declaration.backward_operations_at(t):
                gradient = each.expression.evaluate(read)
                read[each.symbol] = self.block(each.symbol, t, gradient)
                if sent_back(each.symbol):
                    gradient = read[each.symbol]
                yield t, each.symbol, gradient
            arriving = {f"d{name}_next": read[f"d{name}_<t-1>"] for name in declaration.states}


def trainer_of(cell: str, layers: int) -> Trainer:
    return Trainer(
        Settings(
            cell=cell,
            layers=1 if cell == "neuron" else layers,
            hidden=HIDDEN,
            steps=STEPS,
            batch=BATCH,
            num_points=60,
            dtype="float64",
        )
    )


def random_texts(pick: random.Random, declaration: NetworkDeclaration) -> list[str]:
    """Return a list of what-ifs of any kind."""
    values = [name for name in pinnable(declaration) if name != "x"]
    recurrent = [each for each in declaration.specs if each.name.endswith("_h")]
    found: list[str] = []
    for _ in range(pick.randint(1, 5)):
        name, t = pick.choice(values), pick.randint(1, STEPS)
        when = f"_{t}" if name in declaration.states or pick.random() < 0.5 else ""
        pin = f"{name}{when}{pick.choice(sorted(SPANS))} = {pick.choice(['0', '1', '-0.4', '0.7'])}"
        spec = pick.choice(declaration.specs)
        entries = pick.choice(["", "[:,1]" if len(spec.shape) > 1 else "[1]"])
        edit = f"{spec.name}{entries} {pick.choice(OPERATORS)} {pick.choice(['2', '0.5'])}"
        kinds = [pin, pin, edit, edit, f"x_{t} = 0.3", f"detach @{t}", "release"]
        kinds += [f"release {name}"] if any(text.startswith(name) for text in found) else []
        for each in recurrent[:1]:
            kinds += [f"{each.name}[2,:] = 0.1", f"{each.name}{each.blocks[-1]} = 0.9·I"]
        found.append(pick.choice(kinds))
    return found


@pytest.mark.parametrize("cell", share(CELLS.names, first=1))
@pytest.mark.parametrize("layers", [1, 2])
def test_all_numbers_are_those_of_a_plain_evaluation(cell: str, layers: int) -> None:
    for seed in range(2):
        check_list(cell, layers, random.Random(f"{cell} {layers} {seed}"))


@pytest.mark.long
@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("layers", [1, 2])
def test_many_lists(cell: str, layers: int) -> None:
    for seed in range(2, 102):
        check_list(cell, layers, random.Random(f"{cell} {layers} {seed}"))


def check_list(cell: str, layers: int, pick: random.Random) -> None:
    """Make a random list of what-ifs, compare all numbers, and release them in any order."""
    session, untouched = Session(trainer_of(cell, layers)), trainer_of(cell, layers)
    steps = pick.randrange(2 * STEPS + 2)
    session.perform(ViewRequest(predictions=False))
    session.perform(Step(Stride.UPDATE, 2), Step(Stride.TIMESTEP, steps + 1))
    plain, declaration = Plain(session.trainer), session.trainer.network.declaration
    made = []
    for text in random_texts(pick, declaration):
        what_if = parse(text, declaration)
        tried = session.perform(Intervene(what_if)).what_if
        if tried is None or tried.intervention is not what_if:
            # Nothing is held, or all is so already.
            assert text.startswith("release") or "it is so already" in str(session.latest.notice)
            continue
        made.append(what_if)
        plain.change(text)
    session.perform(Step(Stride.TIMESTEP, 2 * STEPS + 1 - steps))
    window, network = session.latest.window, session.trainer.network
    found = [network.values(t) for t in range(1, STEPS + 1)]
    shown = [window.values(t) for t in range(1, STEPS + 1)]
    for t, symbol, expected in plain.evaluate():
        value = found[t - 1][symbol]
        what = f"{symbol} at {t} with {[str(each) for each in made]}"
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12, err_msg=what)
        of_sample = shown[t - 1][symbol][0]
        np.testing.assert_allclose(of_sample, value[0], rtol=1e-12, atol=1e-15, err_msg=what)
    for what_if in pick.sample(made, len(made)):
        session.perform(ReleaseWhatIf(what_if))
    untouched.advance_to(session.trainer.index)
    assert session.latest.what_if is None
    for name, array in untouched.network.tape.arrays.items():
        assert array.tobytes() == network.tape[name].tobytes(), name
    assert untouched.parameters.tobytes() == session.trainer.parameters.tobytes()
