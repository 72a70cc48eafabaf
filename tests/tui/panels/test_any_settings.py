"""Every panel, the header and the footer draw any run, at any place, at any size."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from cases.case_support import random_case
from tui.screen_support import PROVED, context, text_of

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.predictions.results import TextRequest
from rnn_tui.registry import CELLS, OPTIMIZERS, PANELS, TASKS
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    Back,
    CheckGradient,
    Command,
    Intervene,
    SetSecondNetwork,
    Step,
    Swap,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import SettingError, Settings, compose
from rnn_tui.tasks.case import case_settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.what_if import selected_assignment

CHOSEN = {
    "steps": (1, 2, 3, 4, 5, 7, 9, 12, 17, 20, 31),
    "batch": (1, 2, 3, 5, 8),
    "hidden": (1, 2, 3, 5, 8, 16, 33),
    "layers": (1, 1, 1, 2, 3),
    "gap": (0, 1, 2, 5),
    "blanks": (1, 2, 6),
    "copy_length": (1, 2, 3, 8),
    "parity": ("per-step", "last-step"),
    "carry": (True, False),
    "windows": ("sweep", "random"),
    "init": ("uniform", "orthogonal", "identity", "small"),
    "activation": ("tanh", "relu"),
    "dtype": ("float32", "float64"),
    "cell": CELLS.names,
    "optimizer": OPTIMIZERS.names,
    "clip_by": ("value", "norm", "none"),
    "num_points": (10, 50, 400),
    "noise": (0.0, 0.05, 10.0),
    "lr": (1e-6, 0.01, 1.0, 100.0),
    "seed": tuple(range(30)),
    "timeline": (1, 64),
}
HELD = ("h_1[1] = 1", "x_1 = 0", "detach @1", "x_1 = 1e30", "f = 1", "b_h = 1e38", "W_y = 0")


def random_settings(pick: random.Random) -> Settings:
    """Return settings that go together, of any task that needs no file."""
    tasks = [name for name in TASKS.names if name not in ("series", "case")]
    while True:
        names = pick.sample(sorted(CHOSEN), pick.randrange(2, 9))
        chosen = {name: pick.choice(CHOSEN[name]) for name in names}
        try:
            return compose({"hidden": 4, **chosen, "task": pick.choice(tasks)})
        except SettingError:
            continue


def random_trainer(pick: random.Random) -> Trainer:
    """Return a run with any settings, or on any case."""
    if pick.random() < 0.85:
        return Trainer(random_settings(pick))
    case = random_case(np.random.default_rng(pick.randrange(10**6)))
    return new_trainer(case_settings(case), case)


def random_places(pick: random.Random) -> Iterator[Snapshot]:
    """Yield snapshots of a run at some places, with all that can be asked for."""
    session = Session(random_trainer(pick))
    for _ in range(pick.randrange(1, 4)):
        snapshot = session.perform(*random_commands(pick, session.latest))
        yield snapshot


def random_commands(pick: random.Random, snapshot: Snapshot) -> Iterator[Command]:
    """Yield some moves, changes and requests."""
    for _ in range(pick.randrange(4)):
        stride, count = pick.choice(list(Stride)), pick.randrange(1, 7)
        yield pick.choice((Step, Step, Back))(stride, count)
    if pick.random() < 0.3:
        from rnn_tui.engine.network.interventions import InterventionError, parse

        try:
            yield Intervene(parse(pick.choice(HELD), snapshot.window.declaration))
        except InterventionError:
            pass
        else:
            yield Step(pick.choice(list(Stride)), 2)
    if pick.random() < 0.2:
        yield SetSecondNetwork(Versus(pick.choice(CELLS.names), pick.random() < 0.5))
        yield pick.choice((Swap(), Step(Stride.UPDATE, 2)))
    parameters = snapshot.optimizer.parameters.size
    if pick.random() < 0.2:
        yield CheckGradient(pick.randrange(parameters), pick.random() < 0.2)
    yield ViewRequest(
        sample=pick.randrange(snapshot.settings.batch),
        t=pick.choice((None, 1, snapshot.steps, pick.randrange(1, snapshot.steps + 1))),
        layer=pick.choice((None, 1, 2)),
        proofs=PROVED if pick.random() < 0.3 else frozenset(),
        parameter=pick.randrange(parameters),
        text=TextRequest(characters=pick.choice((0, 1, 300))),
    )


def random_selection(pick: random.Random, snapshot: Snapshot) -> Selection:
    """Return a selection that the screen may have with `snapshot`."""
    selection = Selection(
        unit=pick.randrange(40),
        operation=pick.randrange(12),
        parameter=pick.randrange(snapshot.optimizer.parameters.size),
        prefix=pick.choice(("", "7", "999999999")),
        panel=pick.choice(PANELS.names),
    )
    return selection_moves.valid_selection(snapshot, selection)


def draw_everything(seed: int) -> int:
    """Draw all panels at some sizes and places of a random run; return how many were drawn."""
    pick, drawn = random.Random(seed), 0
    for snapshot in random_places(pick):
        selection = random_selection(pick, snapshot)

        shown = DrawContext(snapshot, selection, pick.choice(("", "a notice")))
        selected_assignment(snapshot, selection)
        sizes = [(pick.randrange(301), pick.randrange(101)) for _ in range(2)]
        for size in (*sizes, pick.choice(((0, 0), (1, 1), (2, 1), (80, 1))), (78, 9), (45, 9)):
            for name in PANELS.names:
                spec = panel_spec(name)
                spec.title(shown)
                lines = spec.draw(shown, *size)
                assert all(isinstance(text, str) for text in text_of(lines))
                if spec.timestep_at is not None:
                    spec.timestep_at(snapshot, size[0], pick.randrange(300))
                drawn += 1
            header.draw(shown, size[0], 2)
            footer.draw(shown, size[0], 1)
    return drawn


def test_parity_with_windows_of_one_symbol_beside_others() -> None:
    """A window whose inputs are all 0 has the same rows as the mixed one beside it."""
    for seed in range(8):
        settings = compose({"task": "parity", "steps": 4, "seed": seed, "hidden": 4})
        shown = context(Session(Trainer(settings)).perform(ViewRequest()))
        for size in ((46, 12), (120, 30), (300, 100)):
            assert panel_spec("predictions").draw(shown, *size)


@pytest.mark.parametrize("seed", range(4))  # many more by -m long
def test_any_run_is_drawn_at_any_size(seed: int) -> None:
    assert draw_everything(seed) > 0


@pytest.mark.long
def test_many_runs_are_drawn_at_any_size() -> None:
    drawn = sum(draw_everything(seed) for seed in range(100, 2100))
    print(f"{drawn} panels drawn")
