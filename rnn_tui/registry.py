"""The names of all cells, tasks, optimizers, proofs and panels, one line each.

A line gives the name and the place of the code as text:
``"rnn_tui.engine.cells.lstm:LstmCell"`` is the attribute ``LstmCell`` of that module. Nothing is
imported before `Registry.load` is called, so the settings, the command line and the help know every
name at no cost.

To add a cell, a task, an optimizer, a proof or a panel, write its file and add its line here; see
CONTRIBUTING.md. This module imports the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered cell, task, optimizer, proof or panel.

    Attributes:
        name: its name for users: the value of a setting, the name of a panel.
        target: its place in the code, "package.module:attribute", or the object itself.
        settings: names of the settings that matter only where it is chosen; several entries may
            share a setting.
        group: for a panel, where the screen shows it; see `PANELS`.
    """

    name: str
    target: object
    settings: tuple[str, ...] = ()
    group: str = ""

    @property
    def module(self) -> str:
        """The module that `load` imports; empty if `target` is the object itself."""
        return self.target.partition(":")[0] if isinstance(self.target, str) else ""

    def load(self) -> Any:
        """Return the object, importing its module if need be."""
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        return getattr(import_module(module), attribute)


class Registry:
    """An ordered collection of entries of one kind ("cell", "task", …)."""

    def __init__(self, kind: str, *entries: Entry) -> None:
        """Register `entries` in order; `kind` is also the name of the setting that chooses one."""
        self.kind = kind
        self._entries = {entry.name: entry for entry in entries}
        self._users: dict[str, tuple[str, ...]] = {}  # by setting, see `using`
        self._index()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order of registration."""
        return tuple(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> Entry:
        """Return the entry called `name`.

        Raises:
            KeyError: there is none.
        """
        return self._entries[name]

    def load(self, name: str) -> Any:
        """Return the object registered as `name`, importing its module if need be.

        Raises:
            KeyError: there is no such name.
        """
        return self._entries[name].load()

    def using(self, setting: str) -> tuple[str, ...]:
        """Return the names of the entries that list `setting` among their settings."""
        return self._users.get(setting, ())

    def in_group(self, group: str) -> tuple[str, ...]:
        """Return the names of the entries that belong to `group`."""
        return tuple(name for name, entry in self._entries.items() if entry.group == group)

    def register(self, entry: Entry) -> None:
        """Add `entry` at the end.

        Raises:
            ValueError: its name is taken.
        """
        if entry.name in self._entries:
            raise ValueError(f"there is a {self.kind} {entry.name!r} already")
        self._entries[entry.name] = entry
        self._index()

    def _index(self) -> None:
        """Update the table behind `using`, which panels ask for every setting."""
        self._users = {}
        for name, entry in self._entries.items():
            for setting in entry.settings:
                self._users[setting] = (*self._users.get(setting, ()), name)

    @contextmanager
    def registered(self, entry: Entry) -> Iterator[None]:
        """Register `entry` for the duration of a ``with`` block; tests use it."""
        self.register(entry)
        try:
            yield
        finally:
            del self._entries[entry.name]
            self._index()


CELLS = Registry(
    "cell",
    Entry("rnn", "rnn_tui.engine.cells.rnn:RnnCell", ("activation",)),
    Entry("lstm", "rnn_tui.engine.cells.lstm:LstmCell", ("forget_bias",)),
    Entry("gru", "rnn_tui.engine.cells.gru:GruCell"),
    Entry("lstm-coupled", "rnn_tui.engine.cells.lstm_coupled:LstmCoupledCell", ("forget_bias",)),
    Entry("lstm-peephole", "rnn_tui.engine.cells.lstm_peephole:LstmPeepholeCell", ("forget_bias",)),
    Entry("gru-reset-before", "rnn_tui.engine.cells.gru_reset_before:GruResetBeforeCell"),
    Entry("neuron", "rnn_tui.engine.cells.neuron:NeuronCell", ("activation",)),
)

# Settings of tasks that cut windows out of the user's own sequence.
_SEQUENCE = ("data", "encoding", "windows")
_TABLE = (
    "target", "inputs", "time", "missing", "delimiter", "decimal", "thousands", "skip_rows",
    "test_share", "scale", "difference", "season",
)  # fmt: skip
_TEXT = ("tokens", "vocabulary", "line_ends")
TASKS = Registry(
    "task",
    Entry(
        "cos",
        "rnn_tui.tasks.cosine:CosineTask",
        ("noise", "num_points", "x_min", "x_max", "windows", "season"),
    ),
    Entry("series", "rnn_tui.tasks.series:SeriesTask", (*_SEQUENCE, *_TABLE)),
    Entry("text", "rnn_tui.tasks.text:TextTask", (*_SEQUENCE, *_TEXT)),
    Entry("recall", "rnn_tui.tasks.recall:RecallTask", ("gap",)),
    Entry("adding", "rnn_tui.tasks.adding:AddingTask"),
    Entry("copy", "rnn_tui.tasks.copy:CopyTask", ("blanks", "copy_length")),
    Entry("parity", "rnn_tui.tasks.parity:ParityTask", ("parity",)),
    Entry("reber", "rnn_tui.tasks.reber:ReberTask"),
    Entry("waveform", "rnn_tui.tasks.waveform:WaveformTask", ("noise",)),
    Entry("oscillator", "rnn_tui.tasks.oscillator:OscillatorTask"),
    Entry("neuron", "rnn_tui.tasks.neuron:NeuronTask"),
    Entry("case", "rnn_tui.tasks.case:CaseTask"),
)

_OPTIMIZERS = "rnn_tui.engine.training.optimizers"
OPTIMIZERS = Registry(
    "optimizer",
    Entry("sgd", f"{_OPTIMIZERS}.sgd:Sgd", ("momentum",)),
    Entry("adagrad", f"{_OPTIMIZERS}.adagrad:Adagrad", ("eps", "eps_place")),
    Entry("rmsprop", f"{_OPTIMIZERS}.rmsprop:RmsProp", ("eps", "alpha")),
    Entry("adam", f"{_OPTIMIZERS}.adam:Adam", ("eps", "beta1", "beta2")),
)

_PROOFS = "rnn_tui.proofs"
PROOFS = Registry(
    "proof",
    Entry("weights", f"{_PROOFS}.weights:WeightsProof"),
    Entry("magnitudes", f"{_PROOFS}.magnitudes:MagnitudesProof"),
    Entry("contributions", f"{_PROOFS}.contributions:ContributionsProof"),
    Entry("loss-gradient", f"{_PROOFS}.loss_gradient:LossGradientProof"),
    Entry("ledger", f"{_PROOFS}.ledger:LedgerProof"),
    Entry("edge", f"{_PROOFS}.window_edge:WindowEdgeProof"),
    Entry("edges", f"{_PROOFS}.window_edges:WindowEdgesProof"),
    Entry("map", f"{_PROOFS}.gradient_map:GradientMapProof"),
    Entry("carpet", f"{_PROOFS}.carpet:CarpetProof"),
    Entry("gates", f"{_PROOFS}.gates:GatesProof"),
    Entry("proof", f"{_PROOFS}.gradient_check:GradientCheckProof"),
    Entry("jacobians", f"{_PROOFS}.jacobians:JacobiansProof"),
    Entry("theirs", f"{_PROOFS}.theirs:TheirsProof"),
    Entry("guess", f"{_PROOFS}.theirs:GuessProof"),
)
"""The proofs, in the order in which they are worked on: what is soon done comes first.

A proof is computed while a panel that needs it is visible; see ``PanelSpec.proofs``.
"""

_PANELS = "rnn_tui.tui.panels"
PANELS = Registry(
    "panel",
    Entry("timestep", f"{_PANELS}.current_pass.panel:PANEL", group="fixed"),
    Entry("loss", f"{_PANELS}.loss_chart:PANEL", group="chart"),
    Entry("predictions", f"{_PANELS}.predictions.panel:PANEL", group="chart"),
    Entry("gradients", f"{_PANELS}.gradient_chart:PANEL", group="chart"),
    Entry("ledger", f"{_PANELS}.proofs.ledger:PANEL", group="proof"),
    Entry("map", f"{_PANELS}.proofs.gradient_map:PANEL", group="proof"),
    Entry("edge", f"{_PANELS}.proofs.window_edge:PANEL", group="proof"),
    Entry("proof", f"{_PANELS}.proofs.gradient_check:PANEL", group="proof"),
    Entry("weights", f"{_PANELS}.weights:PANEL", group="heat"),
    Entry("carpet", f"{_PANELS}.carpet:PANEL", group="heat"),
    Entry("code", f"{_PANELS}.code.panel:PANEL", group="proof"),
    Entry("hyperparameters", f"{_PANELS}.hyperparameters:PANEL", group="fixed"),
    Entry("network", f"{_PANELS}.network:PANEL", group="fixed"),
    Entry("theirs", f"{_PANELS}.proofs.theirs:PANEL", group="proof"),
    Entry("lesson", f"{_PANELS}.lesson:PANEL", group="lesson"),
)
"""The panels, in the order in which tab moves the focus.

The group says where rnn_tui/tui/layout.py shows a panel: "fixed" at a place of its own, "chart" in
the right column, "heat" (many numbers in one picture) below the timestep and in the middle column.
Where such a panel has no place, and always with the group "proof", it takes that of the charts
while it has the focus. "lesson" stands beside the timestep where one is played. The module of a
proof, a heat map or a lesson is imported when that is first shown.
"""
