"""The listing in PyTorch makes the same update, with the gradient that autograd computes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from engine.given_task import GivenTask
from source_code.test_listing import (
    EDITS,
    PINS,
    SMALL,
    advance,
    kinds,
    name_of_kind,
    trainer_of,
    update_of,
)

from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.source_code.listing.step import CLASSES, ListedStep
from rnn_tui.source_code.listing.update import listed_lines
from rnn_tui.source_code.names import code_name

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")


class Recorder:
    """The optimizer of PyTorch that the listing names, with the memory of the run's."""

    def __init__(self, trainer: Trainer, params: list[Any]) -> None:
        self.params, self.gradient = params, np.zeros(0)
        step = ListedStep.of(trainer.optimizer, made=False)
        self.steps = trainer.optimizer.updates_made
        arguments: dict[str, Any] = dict(step.numbers)
        if "beta1" in arguments:
            arguments["betas"] = (arguments.pop("beta1"), arguments.pop("beta2"))
        self.made = getattr(torch.optim, CLASSES[step.name])(params, **arguments)

    def zero_grad(self) -> None:
        self.made.zero_grad()

    def step(self) -> None:
        parts = [each.grad.numpy().ravel() for each in self.params]
        self.gradient = np.concatenate(parts)


def compare(trainer: Trainer, edits: tuple[Edit, ...] = ()) -> None:
    """Execute the code of the next update, make it, and compare loss and clipped gradient."""
    network = trainer.network
    states = {code_name(name): network.state(network.tape.steps)[name] for name in network.states}
    code = listed_lines(replace(update_of(trainer), edits=edits), "torch")
    params = [torch.tensor(network.parameters[spec.name]) for spec in network.specs]
    for edit in edits:
        edit.apply(network.declaration, network.flat)
    for each in params:
        each.requires_grad_()
    trainer.step()  # the window
    begun = [torch.tensor(network.state(0)[name]) for name in network.states]
    window = [torch.tensor(network.tape["x"]), torch.tensor(network.tape["target"])]
    if any(map(network.declaration.problem.differs, range(1, trainer.settings.steps + 1))):
        window.append(torch.tensor(network.declaration.counted))
    if trainer.settings.carry:
        carried = (states[code_name(name)] for name in network.states)
        same = all(np.array_equal(a.numpy(), b) for a, b in zip(begun, carried, strict=True))
        window.append(not same)
    optimizer = Recorder(trainer, params)
    known = {name: torch.tensor(state) for name, state in states.items()} | {
        "torch": torch,
        "nn": torch.nn,
        "functional": torch.nn.functional,
        "optimizer": optimizer,
        "views": params,
        "params": params,
        "start_states": begun,
        "next_window": lambda: window,
    }
    exec("\n".join(line.code for line in code), known)  # of our own expressions
    advance(trainer, 1)
    relative = 1e-9 if trainer.parameters.itemsize == 8 else 1e-4
    assert known["loss"].item() == pytest.approx(trainer.loss, rel=1e-5, abs=1e-12)
    assert optimizer.gradient == pytest.approx(
        trainer.clipped, rel=relative, abs=1e-12 + relative**2
    )


@pytest.mark.parametrize("settings", kinds(), ids=name_of_kind)
def test_the_listing_makes_the_update(settings: Settings) -> None:
    if settings.activation == "tanh":
        compare(trainer_of(settings))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("pins", [*((each,) for each in PINS), PINS])
def test_it_does_with_held_values_and_cut_paths(cell: str, pins: tuple[str, ...]) -> None:
    gate = {"rnn": "a[2] = 0.1", "lstm": "f = 1", "gru": "z[2:3] = 0.5"}[cell]
    compare(trainer_of(SMALL.with_(cell=cell), gate, *pins))


@pytest.mark.parametrize("text", EDITS)
def test_it_does_with_parameters_changed(text: str) -> None:
    trainer = trainer_of(SMALL.with_(cell="lstm"))
    edit = parse(text, trainer.network.declaration)
    assert isinstance(edit, Edit)
    compare(trainer, (edit,))


@pytest.mark.parametrize("symbols", [False, True])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_it_does_where_the_loss_counts_by_sample_or_is_summed(
    reduction: Literal["mean", "sum"], loss: str, symbols: bool
) -> None:
    settings = SMALL.with_(cell="lstm", carry=symbols)
    task = GivenTask(settings, loss=loss, symbols=symbols, reduction=reduction, start=("h", "c"))
    trainer = Trainer(settings, task=task)
    advance(trainer, 2)
    compare(trainer)
