"""Helpers of the tests of panels: snapshots of any place of a run, made without a thread."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache

from textual.geometry import Region

from rnn_tui import registry
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Cursor
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS, PROOFS
from rnn_tui.session.commands import CheckGradient, Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings, Value, compose
from rnn_tui.tui.charts.legend import rest_line
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.layout import Focus, arrange
from rnn_tui.tui.lines import Line, plain
from rnn_tui.tui.panel_spec import Needs, PanelSpec, needs_of, panel_spec
from rnn_tui.tui.title_rule import title_and_rest

KINDS = {
    "rnn-tanh": {"cell": "rnn", "activation": "tanh"},
    "rnn-relu": {"cell": "rnn", "activation": "relu"},
    **{name: {"cell": name} for name in registry.CELLS.names if name != "rnn"},
}
"""Settings of every cell; the rnn with both activations."""
SMALL = Settings(hidden=4, steps=5, num_points=100)
LSTM = Settings(cell="lstm")
_TINY: Mapping[str, Value] = {"hidden": 4, "batch": 2}
_SMALL_WINDOWS: Mapping[str, Mapping[str, Value]] = {
    "cos": {"steps": 4, "num_points": 100},
    "text": {"steps": 6},
    "recall": {"gap": 1},
    "adding": {"steps": 5},
    "copy": {"blanks": 2, "copy_length": 2},
    "parity": {"steps": 4},
    "parity last-step": {"steps": 4, "parity": "last-step"},
    "reber": {"steps": 9},
    "waveform": {"steps": 4},
    "oscillator": {"steps": 4},
    "neuron": {"hidden": 1},
}
TASKS: Mapping[str, Settings] = {
    name: compose({**_TINY, **_SMALL_WINDOWS.get(name, {}), "task": name.partition(" ")[0]})
    for name in (*registry.TASKS.names, "parity last-step")
    if name not in ("series", "case")  # needs a file, and looks as cos does
}
"""Every task, small."""

PROVED = frozenset(PROOFS.names) - {"proof"}  # the gradient check is made on demand


class SnapshotMaker:
    """Makes snapshots of a trainer, wherever it stands, with the session's own code."""

    def __init__(
        self, trainer: Trainer, predictions: bool = False, layer: int | None = None
    ) -> None:
        self.trainer = trainer
        self._session = Session(trainer)
        self._request = ViewRequest(predictions=predictions, layer=layer)

    def snapshot(self, t: int | None = None, sample: int = 0) -> Snapshot:
        """Return a snapshot of the current place that shows timestep `t` of `sample`."""
        return self._session.perform(replace(self._request, t=t, sample=sample))


class ProofSnapshotMaker(SnapshotMaker):
    """Makes snapshots in which every proof is complete."""

    def proved(self, parameter: int = 0, check: CheckGradient | None = None) -> Snapshot:
        """Return a snapshot of the current place with all proofs of `parameter`.

        Args:
            parameter: index in the flat vector of parameters.
            check: a gradient check to make as well.
        """
        request = replace(self._request, proofs=PROVED, parameter=parameter)
        return self._session.perform(request, *([check] if check is not None else []))

    def step(self) -> None:
        """Perform one schedule step, as the session does for a key."""
        self._session.perform(Step(Stride.TIMESTEP))


def panels(*groups: str) -> Mapping[str, PanelSpec]:
    """Return the declarations of all registered panels of `groups`, by name."""
    return {name: panel_spec(name) for group in groups for name in PANELS.in_group(group)}


def snapshot_after(settings: Settings = SMALL, steps: int = 0, t: int | None = None) -> Snapshot:
    """Return a snapshot of a new run after `steps` schedule steps."""
    trainer = Trainer(settings)
    for _ in range(steps):
        trainer.step()
    return SnapshotMaker(trainer).snapshot(t)


def places_of_an_update(
    settings: Settings = SMALL, predictions: bool = False
) -> Iterator[Snapshot]:
    """Yield a snapshot after each operation of the first update, and of the next batch."""
    trainer = Trainer(settings)
    maker = SnapshotMaker(trainer, predictions)
    yield maker.snapshot()
    while trainer.updates == 0 or trainer.cursor.update == trainer.position == 1:
        trainer.reveal()
        yield maker.snapshot()
    trainer.reveal()
    yield maker.snapshot()


@cache
def needs_in(settings: Settings) -> Needs:
    """Return the needs of the panels in a run with `settings`."""
    return needs_of(snapshot_after(settings))


def regions(
    size: tuple[int, int],
    panel: str = "timestep",
    other: str = "network",
    *,
    zoomed: bool = False,
    settings: Settings = LSTM,
) -> Mapping[str, Region]:
    """Return where the panels stand, by name."""
    return arrange(*size, Focus(panel, other, zoomed), needs_in(settings))


def context(snapshot: Snapshot, **view: object) -> DrawContext:
    """Return what panels draw from: the snapshot, and a selection with the values in `view`."""
    return DrawContext(snapshot, Selection(**view))  # type: ignore[arg-type]


def title_text(spec: PanelSpec, shown: DrawContext, width: int) -> str:
    """Return the title line of a panel and, in a line of its own, what of its legend it lacks."""
    legend = spec.legend(shown) if spec.legend is not None else ()
    title, rest = title_and_rest(*spec.title(shown), width, False, legend, spec.brief, 9)
    return plain((title, rest_line(rest, width)) if rest else (title,))


def text_of(lines: tuple[Line, ...]) -> list[str]:
    """Return the lines as text without styles."""
    return plain(lines).split("\n") if lines else []


_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = re.compile(r"gradient (?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|×1)")


def power_in(title: str) -> int:
    """Return the exponent of the gradients' power of ten that a title names."""
    found = _POWER.search(title)
    assert found is not None, title
    return int((found[1] or "0").translate(_LOWERED))


def power_of(text: str, name: str) -> int:
    """Return the exponent of the power of ten that a table's heading gives the column `name`.

    It stands beside the name or in the line below it.
    """
    assert name in text, text
    lines = [*text.split("\n"), ""]
    for line, below in itertools.pairwise(lines):
        beside = re.search(rf"{re.escape(name)} ×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", line)
        end = line.find(name) + len(name)
        found = beside or (name in line and re.search(r"×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$", below[:end]))
        if found:
            return int(found[1].translate(_LOWERED))
    return 0


def stands_for(text: str, value: float, exponent: int = 0) -> bool:
    """Return whether a number on the screen is `value`, rounded to the digits it has there.

    It has 3 of them at least.

    Args:
        text: the number.
        value: what it should be.
        exponent: that of the column's power of ten, unless the number has one of its own.
    """
    if "×" in text:
        mantissa, _, power = text.partition("×1")
        text = f"{mantissa}e{power.removeprefix('0').translate(_LOWERED) or '0'}"
    mantissa, own, power = text.lstrip("+").replace("−", "-").partition("e")
    shown, scale = Decimal(mantissa), Decimal(10) ** (int(power) if own else exponent)
    digit = Decimal(1).scaleb(int(shown.as_tuple().exponent)) * scale
    exact = Decimal(float(value))
    enough = not exact or digit <= Decimal("0.0101") * abs(exact)
    return enough and abs(shown * scale - exact) <= digit * Decimal("0.5001")


def place(cursor: Cursor) -> str:
    """Return the cursor's place as text for messages of failed tests."""
    return f"{cursor.stage} t={cursor.t} operation {cursor.operation}/{cursor.operations}"
