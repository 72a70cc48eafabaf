"""A trainer before its first window: one place that says which weights it begins with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture, architecture_of
from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.torch_layout import parameters_of
from rnn_tui.settings import Settings
from rnn_tui.tasks import Kept, Task, make_task
from rnn_tui.tasks.case import CaseTask


def new_trainer(
    settings: Settings,
    kept: Kept | None = None,
    given: tuple[Architecture, Array] | None = None,
) -> Trainer:
    """Return a trainer on the task that the settings name.

    It begins with the weights of its case or with given ones, where these are of such a network;
    otherwise they are drawn at random.

    Args:
        settings: the settings of the run.
        kept: see `rnn_tui.tasks.make_task`.
        given: weights of a file, and the network that they are of; see `Trainer.given`.

    Raises:
        SettingError, DataError: see `Trainer`.
    """
    check_memory(settings)  # before the task allocates anything for its windows
    task = make_task(settings, kept)
    parameters = case_parameters(settings, task)
    if parameters is None and given is not None and _fits(given, architecture_of(settings, task)):
        parameters = given[1]
    trainer = Trainer(settings, parameters, task, custom=False)
    trainer.given = given
    return trainer


def begins_as_given(trainer: Trainer) -> bool:
    """Return whether a restart of this run begins with the weights of a file."""
    return trainer.given is not None and _fits(trainer.given, trainer.architecture)


def _fits(given: tuple[Architecture, Array], architecture: Architecture) -> bool:
    """Return whether given weights are of such a network; its activation may be another one."""
    activation, problem = architecture.activation, architecture.problem
    return replace(given[0], activation=activation, problem=problem) == architecture


def case_parameters(settings: Settings, task: Task) -> Array | None:
    """Return the parameters [P] that a case has for the network of the settings; None if none."""
    if not isinstance(task, CaseTask) or not task.brings_weights(settings):
        return None
    dtype = np.dtype(settings.dtype)
    with np.errstate(over="ignore"):
        return parameters_of(architecture_of(settings, task), task.case.weights, dtype)
