"""Beginning a run again from its seed, with the same settings or others."""

from __future__ import annotations

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import begins_as_given, new_trainer
from rnn_tui.registry import TASKS
from rnn_tui.session.lock_step import restarted_second_network
from rnn_tui.session.state import SessionState, TrainingRun, timeline_of
from rnn_tui.settings import Settings
from rnn_tui.tasks.case import CaseTask


def restart(state: SessionState, settings: Settings) -> tuple[bool, str]:
    """Begin again from the seed; if that fails, the present run stays as it is.

    Args:
        state: the session's state.
        settings: the settings of the new run.

    Returns:
        Whether the run before is the old run now, and not one before that; and how it was done,
        in words.

    Raises:
        ValueError: the settings do not go together, or the data cannot be read.
    """
    run, old = state.run, state.old
    timeline = timeline_of(_fresh_trainer(settings, run.trainer))
    begun = TrainingRun(timeline, restarted_second_network(run, timeline))
    if state.kiosk is not None and begun.second_network is not None:
        state.kiosk.check(begun.second_network.trainer.settings)
    changed = settings.differences(run.trainer.settings)
    state.restart(begun)
    how = f"restarted with {', '.join(changed)}" if changed else "restarted"
    how += _weights_said(begun.trainer)
    return state.old is not old, how


def _weights_said(trainer: Trainer) -> str:
    """Return which weights a new run begins with, where there are some of a case or of a file."""
    task = trainer.task
    case = isinstance(task, CaseTask) and bool(task.case.weights)
    if not case and trainer.given is None:
        return ""
    if isinstance(task, CaseTask) and task.brings_weights(trainer.settings):
        return " (weights of the case)"
    return " (weights of the file)" if begins_as_given(trainer) else " (weights at random)"


def _fresh_trainer(settings: Settings, current: Trainer) -> Trainer:
    """Return a trainer before its first window, with the custom task of `current` if it has one.

    Raises:
        ValueError: the settings do not go together, or the data cannot be read, or `settings`
            change what a custom task was made for.
    """
    if current.custom_task is not None:
        of_tasks = {"task", "seed", "steps", "batch"}.union(
            *(TASKS[n].settings for n in TASKS.names)
        )
        changed = [name for name in settings.differences(current.settings) if name in of_tasks]
        if changed:
            names = ", ".join(changed)
            raise ValueError(f"this task was made by a program: a restart cannot change {names}")
        return Trainer(settings, task=current.fresh_custom_task())
    # A case is not read again: a run that was saved has it without its file.
    kept = current.task.kept() if settings.task == CaseTask.name else None
    return new_trainer(settings, kept, current.given)
