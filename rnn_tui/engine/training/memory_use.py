"""How much memory a run takes, computed from its settings before anything of it is allocated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.engine.network.architecture import (
    Architecture,
    architecture_of,
    architecture_with,
)
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.training.optimizers import optimizer_class
from rnn_tui.files.limits import memory_limit, over_limit
from rnn_tui.registry import TASKS
from rnn_tui.settings import DECLARATIONS, SettingError, Settings
from rnn_tui.tasks.base import Task

MIB = 2**20
_VIEWS = 900  # bytes of the views that a kernel keeps for each gate and timestep; measured
# Vectors [P] of a trainer besides the optimizer's memory: the parameters, the gradient, the clipped
# one, and of the optimizer the change, the parameters before it and what it computes with; while
# the run is made, the starting weights and two more that they are drawn with.
_VECTORS = 9
_SMALLEST_VOCABULARY = 30  # to which it is worth to be lowered
_NUMBERS_OF_TASK = 4  # arrays [T+1, B] of 8 bytes that a task prepares a window in


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """The bytes that a run takes.

    Attributes:
        parameters: what has an entry for each parameter: weights, gradients, optimizer.
        window: what has an entry for each timestep and sample.
        keyframes: what is kept for going back; 0 without a screen.
    """

    parameters: int
    window: int
    keyframes: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.parameters + self.window + self.keyframes


def memory_use(settings: Settings, architecture: Architecture, *, screen: bool) -> MemoryUse:
    """Return the memory that a run takes at most.

    Args:
        settings: of the run.
        architecture: its network's; `smallest_architecture` where that is not known yet.
        screen: whether keyframes are kept, as on the screen.
    """
    steps, batch, dtype = settings.steps, settings.batch, np.dtype(settings.dtype)
    declaration = NetworkDeclaration(architecture.unmasked(), steps, batch, dtype)
    memory = 2 * len(optimizer_class(settings.optimizer).memory_names)  # as it is, and before
    vectors = (_VECTORS + memory) * declaration.parameter_count * dtype.itemsize
    numbers = sum(spec.width * (steps + spec.state) for spec in declaration.arrays())
    # Kernels keep as many numbers again for each timestep as a layer has gates.
    numbers += steps * declaration.gate_units * len(declaration.layers)
    window = batch * (numbers * dtype.itemsize + _NUMBERS_OF_TASK * (steps + 1) * 8)
    window += steps * len(declaration.layers) * len(declaration.cell.blocks) * _VIEWS
    return MemoryUse(vectors, window, settings.timeline * MIB if screen else 0)


def smallest_architecture(settings: Settings) -> Architecture:
    """Return the least that the network can be, while inputs and outputs are not known.

    How many there are may depend on a file that is not read yet.
    """
    task = TASKS.load(settings.task)
    sizes = (getattr(task, name, 1) for name in ("features", "outputs"))
    features, outputs = (size if isinstance(size, int) else 1 for size in sizes)
    return architecture_with(settings, features, outputs)


def check_task_memory(settings: Settings, task: Task, *, screen: bool = False) -> MemoryUse:
    """Check the memory of a run whose data have been read; see `check_memory`.

    Raises:
        SettingError: it takes more than it may.
    """
    return check_memory(settings, architecture_of(settings, task), screen=screen)


def check_memory(
    settings: Settings,
    architecture: Architecture | None = None,
    *,
    screen: bool = False,
    beside: MemoryUse | None = None,
) -> MemoryUse:
    """Check that a run takes no more memory than it may, and return how much that is.

    Args:
        settings: of the run.
        architecture: its network's; None if that is not known yet.
        screen: whether keyframes are kept, as on the screen.
        beside: what another network in lock step takes.

    Raises:
        SettingError: it takes more; the message has the size and the limit.
    """
    use = memory_use(settings, architecture or smallest_architecture(settings), screen=screen)
    total, limit = use.total + (beside.total if beside else 0), memory_limit()
    if total > limit:
        if architecture is not None and settings.task == "text":
            _check_vocabulary(settings, architecture, use, total, limit, screen=screen)
        name = _cause(settings, use)
        others = ("cell", "hidden", "layers", "steps", "batch", "timeline")
        with_ = ", ".join(_shown(each, settings) for each in others if each != name)
        second = " for both networks" if beside else ""
        needs = f"need {over_limit(total, limit)}"
        message = f"{_shown(name, settings)} with {with_} would {needs[:4]}{second}{needs[4:]}"
        raise SettingError(
            name, getattr(settings, name), f"less, as these settings {needs}", message=message
        )
    return use


def _check_vocabulary(
    settings: Settings,
    architecture: Architecture,
    use: MemoryUse,
    total: int,
    limit: int,
    *,
    screen: bool,
) -> None:
    """Refuse a vocabulary that is too large, where a smaller one would do.

    Args:
        settings: of the run, of task text.
        architecture: its network's.
        use: what it takes.
        total: all that is taken, in bytes.
        limit: how much may be.
        screen: whether keyframes are kept, as on the screen.

    Raises:
        SettingError: it is too large; the message says which one would do.
    """
    low, high = 0, architecture.outputs  # the largest one that fits is between them
    while high - low > 1:
        middle = (low + high) // 2
        smaller = replace(architecture, features=middle, outputs=middle)
        fits = memory_use(settings, smaller, screen=screen).total <= limit - (total - use.total)
        low, high = (middle, high) if fits else (low, middle)
    most = low - 1  # one is for all others
    if most < _SMALLEST_VOCABULARY:
        return
    unit = 10 ** max(len(str(most)) - 2, 0)
    what = {"words": "words", "bytes": "bytes"}.get(settings.tokens, "characters")
    with_ = ", ".join(_shown(each, settings) for each in ("cell", "hidden", "layers", "batch"))
    message = (
        f"a vocabulary of {architecture.outputs:,} {what} with {with_} would need "
        f"{architecture.parameter_count():,} parameters and {over_limit(total, limit)}; "
        f"--vocabulary {most // unit * unit} would do"
    )
    allowed = f"at most {most // unit * unit}"
    raise SettingError("vocabulary", settings.vocabulary, allowed, message=message)


def _cause(settings: Settings, use: MemoryUse) -> str:
    """Return the setting to lower: the one that is highest in its range, of those that count."""
    if use.keyframes > use.parameters + use.window:
        return "timeline"
    if use.parameters > use.window:
        return "hidden"
    return max(
        ("steps", "batch", "hidden"),
        key=lambda name: getattr(settings, name) / (DECLARATIONS[name].high or 1),
    )


def _shown(name: str, settings: Settings) -> str:
    """Return a setting as it is written on the command line: "--hidden 4096"."""
    return f"{DECLARATIONS[name].option} {DECLARATIONS[name].show(getattr(settings, name))}"
