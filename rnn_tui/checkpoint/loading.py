"""Loading: read a run from a file; everything is checked before use."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.checkpoint.arithmetic import ARITHMETIC, Arithmetic, arithmetic_here
from rnn_tui.checkpoint.case import case_in, check_case, is_of_case
from rnn_tui.checkpoint.checksum import check_tensors
from rnn_tui.checkpoint.data_change import changed_text, grown_text, growth_of
from rnn_tui.checkpoint.data_file import with_data_file
from rnn_tui.checkpoint.format import LARGEST_COUNT, VIEW, CheckpointError
from rnn_tui.checkpoint.held import held_from_json
from rnn_tui.checkpoint.run_view import RunView
from rnn_tui.checkpoint.shown_window import show_window
from rnn_tui.checkpoint.source import TAIL_TENSOR, check_source, source_of
from rnn_tui.checkpoint.validation import (
    TESTED,
    TESTED_SINCE,
    check_custom_task,
    check_dtypes,
    check_run_names,
    check_run_shapes,
    check_run_sizes,
    check_vocabulary,
    checked_settings,
    sizes_of,
)
from rnn_tui.checkpoint.versions import KNOWS_DATA, file_version, upgraded, without_weight
from rnn_tui.engine.network.architecture import architecture_of
from rnn_tui.engine.training.history import HistoryPosition
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.torch_layout import (
    TORCH_CELLS,
    in_our_order,
    parameters_of,
)
from rnn_tui.settings import Settings, quote
from rnn_tui.tasks import DataState, Task, make_task
from rnn_tui.tasks.source import DataChangedError, Growth
from rnn_tui.tensor_files.content import NUMBERS, Array, ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import open_content, tensors_under, whole_number

NOT_SHOWN = (
    "the window of update {:,} is not shown: computed again here, it is not the one that was saved"
)


@dataclass(frozen=True, slots=True, eq=False)
class SavedRun:
    """The content of a checkpoint.

    Attributes:
        trainer: the run, at the place where it was saved.
        view: how it was looked at; None if the file does not say.
        remark: one line for the user, if not everything is as it was; else empty.
    """

    trainer: Trainer
    view: RunView | None
    remark: str = ""


def load(
    path: str | os.PathLike[str],
    task: Task | None = None,
    *,
    data: str | None = None,
    trusted: bool = False,
) -> Trainer:
    """Read a run, as `load_run` does, without the view of it."""
    return load_run(path, task, data=data, trusted=trusted).trainer


def load_run(
    path: str | os.PathLike[str],
    task: Task | None = None,
    *,
    data: str | None = None,
    trusted: bool = False,
    allow: Callable[[Settings], object] = lambda settings: None,
    agree: Callable[[str], bool] = lambda change: False,
) -> SavedRun:
    """Read a run; continuing it gives the same bits as if it had never stopped.

    Names, types and sizes of all tensors are compared with the settings before the task is made,
    and with the task before one of them is read.

    Args:
        path: the file.
        task: for a run on a custom task object (`Trainer.custom_task`): a new object of the same
            kind. Its state is restored from the file, and its name is checked.
        data: the data file that the run learns from; None for the one of its settings, if that
            lies beside the checkpoint.
        trusted: whether the data file of its settings may lie anywhere; see `with_data_file`.
        allow: raises an error of its own for settings that are not to be made a run of; called
            before a data file is read.
        agree: whether to go on with data that are not those that the run was trained on any more;
            it is told what has changed. Where rows were added, nobody is asked.

    Raises:
        CheckpointError: the file is not a complete and valid checkpoint, or its run is on another
            task; `UnaskedDataError` if it is the data file that is in question.
        DataError: the data that the run learns from cannot be read; `DataChangedError` if they have
            changed and nobody agreed to it.
        SettingError: the run takes more memory than there is.
    """
    with _naming(path), open_content(path, NUMBERS) as file:
        header = upgraded(file.header)
        elsewhere = _elsewhere(header)
        settings = checked_settings(header)
        check_custom_task(header, settings, task)
        check_run_names(header, settings)
        check_dtypes(header.tensors, settings)
        check_run_sizes(header.tensors, settings)
        if task is None:
            settings = with_data_file(path, settings, data, trusted=trusted)
        allow(settings)
        check_memory(settings)
        kept = source_of(header, file.read([TAIL_TENSOR] if TAIL_TENSOR in header.tensors else []))
        check_source(kept, settings, *sizes_of(header.tensors, settings))
        if task is None and settings.task == "series" and file_version(header) < KNOWS_DATA:
            from rnn_tui.checkpoint.earlier_table import with_earlier_column  # seldom needed

            settings = with_earlier_column(settings)
        case = None if task is not None else case_in(file, header, settings)
        check_case(case, *sizes_of(header.tensors, settings))
        its_task = make_task(settings, case or kept) if task is None else task
        check_vocabulary(header, its_task)
        growth = Growth.SAME if kept is None else growth_of(kept, its_task)
        if kept is not None and growth is Growth.CHANGED:
            _ask_about(changed_text(kept, its_task), settings, agree)
        architecture = architecture_of(settings, its_task)
        check_run_shapes(header.tensors, architecture, settings)
        check_memory(settings, architecture)
        view = RunView.from_json(header.mapping(VIEW)) if VIEW in header.texts else None
        tensors = file.read(name for name in header.tensors if not is_of_case(name))
        check_tensors(header, tensors)
        check_tensors(header, file.read(filter(is_of_case, header.tensors), finite=False))
        parameters = parameters_of(architecture, tensors, np.dtype(settings.dtype))
        trainer = Trainer(settings, parameters, its_task, custom=task is not None)
        same_windows = kept is None or _trained(its_task) == kept.trained
        before = _resume(trainer, header, tensors, same_windows=same_windows)
        shown = growth is not Growth.CHANGED and show_window(trainer, header, tensors, before)
    remarks = [] if shown else [NOT_SHOWN.format(trainer.updates)]
    if kept is not None and growth is Growth.GROWN:
        remarks = [grown_text(kept, its_task)]
    elif kept is not None and growth is Growth.CHANGED:
        remarks = [f"the data have changed: {changed_text(kept, its_task)}"]
    return SavedRun(trainer, view, " · ".join(filter(None, (elsewhere, *remarks))))


def _elsewhere(header: Header) -> str:
    """Return how what computes here differs from what computed the run, in one line.

    Raises:
        ContentError: what the file says of it is no such thing.
    """
    if ARITHMETIC not in header.texts:
        return ""
    return Arithmetic.from_json(header.mapping(ARITHMETIC)).difference(arithmetic_here())


def _ask_about(change: str, settings: Settings, agree: Callable[[str], bool]) -> None:
    """Ask whether to go on with data that have changed.

    Raises:
        DataChangedError: not so.
    """
    if not agree(change):
        how = "--data-changed continue goes on with it, scale and vocabulary kept"
        raise DataChangedError("--data", settings.data, f"{change}; {how}")


def _trained(task: Task) -> int:
    """Return how many rows or tokens are trained on; 0 where the task does not say."""
    source = task.source()
    return 0 if source is None else source.trained


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn a ContentError raised within the block into a CheckpointError that names the file."""
    try:
        yield
    except ContentError as error:
        raise CheckpointError(path, str(error)) from error.__cause__


def _resume(
    trainer: Trainer, header: Header, tensors: Mapping[str, Array], *, same_windows: bool
) -> HistoryPosition | None:
    """Bring a new trainer to the state of the file's run.

    Args:
        trainer: a new one.
        header: the file's header.
        tensors: its tensors.
        same_windows: whether the training part is as long as it was; otherwise a sweep begins
            again.

    Returns:
        The history's counters before the last update, where the file's are of another definition.
    """
    before = None
    keyframe = _keyframe(trainer, header, tensors)
    if not same_windows:
        keyframe = replace(keyframe, data=replace(keyframe.data, position=0))
    history = trainer.history
    try:
        numbers, arrays = header.mapping("history"), tensors_under("history", tensors)
        if file_version(header) < TESTED_SINCE:
            history.restore(without_weight(numbers), {TESTED: np.empty((0, 2)), **arrays})
            before = history.smooth_again()
        else:
            history.restore(numbers, arrays)
        keyframe = replace(keyframe, history=history.position)
        if history.count:  # the newest ones, until the current window's are computed
            loss, grad_norm = (float(column[0]) for column in history.recent(1))
            keyframe = replace(keyframe, loss=loss, grad_norm=grad_norm)
        with np.errstate(all="ignore"):  # a run may have been saved shortly before it diverges
            trainer.restore(keyframe)
    except ValueError as error:
        raise ContentError(str(error)) from error
    if keyframe.position and not 1 <= keyframe.revealed <= trainer.cursor.operations:
        raise ContentError(f"place: {keyframe.revealed} operations cannot be revealed there")
    return before


def _keyframe(trainer: Trainer, header: Header, tensors: Mapping[str, Array]) -> Keyframe:
    """Return the file's keyframe, after checking the range of every number.

    The caller fills in the loss, the gradient norm and the history's position.
    """
    place = header.mapping("place")
    optimizer = header.mapping("optimizer")
    if optimizer.get("name") != trainer.settings.optimizer:
        stored, expected = quote(optimizer.get("name")), trainer.settings.optimizer
        raise ContentError(f"its optimizer is {stored}, but its settings say {expected!r}")
    position = whole_number(place, "position", trainer.schedule.end - 1)
    try:
        data = DataState.from_json(header.mapping("data"))
    except ValueError as error:
        raise ContentError(str(error)) from error
    return Keyframe(
        updates=whole_number(place, "updates", LARGEST_COUNT),
        position=position,
        revealed=whole_number(place, "revealed", LARGEST_COUNT if position else 0),
        parameters=trainer.parameters.copy(),
        memory=_memory(trainer, header, tensors),
        updates_made=whole_number(optimizer, "steps", LARGEST_COUNT),
        states=tensors_under("state", tensors),
        data=data,
        settings=trainer.settings,
        loss=math.nan,
        grad_norm=math.nan,
        history=trainer.history.position,
        pins=held_from_json(header.parsed("held"), trainer.network.declaration),
    )


def _memory(trainer: Trainer, header: Header, tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return the optimizer's vectors [P] by name, in today's order."""
    memory = tensors_under("optimizer", tensors)
    if file_version(header) > 1 or trainer.settings.cell not in TORCH_CELLS.values():
        return memory
    return {name: in_our_order(trainer.architecture, array) for name, array in memory.items()}
