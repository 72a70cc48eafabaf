"""`save` and `load`: runs in files, the same as the program's own."""

from __future__ import annotations

import os
import warnings
from typing import Literal

from rnn_tui.api.blas_threads import one_thread
from rnn_tui.api.messages import in_python, said_in_python
from rnn_tui.api.replacing import check_replacing, no_such_run, path_text
from rnn_tui.api.trainer import Trainer
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import load_run
from rnn_tui.checkpoint.saving import save as save_run
from rnn_tui.files.ownership import InputFile, RunFiles, data_file
from rnn_tui.tensor_files.content import os_error_text

Path = str | os.PathLike[str]


def save(trainer: Trainer, path: Path, *, force: bool = False) -> None:
    """Write the run at its present place, completely or not at all.

    The program opens the file (``rnn-tui run.safetensors``), and so does `load`; the weights in it
    have PyTorch's names. A checkpoint that is there is replaced if the trainer was loaded from it
    or wrote it, or if it is of a run with the same settings: a script can be run twice. Any other
    file stays, unless `force` is true; what the run reads stays in any case: its data file, or the
    case that it was loaded from.

    Args:
        trainer: the trainer.
        path: the file, ``….safetensors``.
        force: whether to replace a file that is there whatever it is.

    Raises:
        TypeError: `trainer` is none, or `path` is no path: the trainer comes first.
        ValueError: the file cannot be written, is not to be replaced, or is called as one of
            another format is: ``.pt``.
    """
    if not isinstance(trainer, Trainer):
        raise TypeError(f"save(trainer, path): the trainer is a {type(trainer).__name__}")
    path = path_text("save(trainer, path)", path)
    engine = trainer._engine
    files = trainer._files or RunFiles()
    files.protect(*data_file(engine.settings.data))
    with said_in_python():
        try:
            check = check_replacing(path, files, no_such_run(engine.settings), force=force)
        except OSError as error:
            reason = f"cannot be written: {os_error_text(error)}"
            raise CheckpointError(path, reason) from None
        save_run(path, engine, trainer._view, check)
    trainer._files = files


def load(
    path: Path, *, data: Path | None = None, data_changed: Literal["refuse", "continue"] = "refuse"
) -> Trainer:
    """Read a run that `save`, the screen or ``rnn-tui train`` has written; or open a case file.

    Going on from a saved run gives the same bits as if it had never stopped. A case file,
    somebody's network with one batch, becomes a run on that batch, at its beginning; `check`
    compares the numbers in it. Nothing in a file is ever executed.

    What is not as it was when the run was saved, such as rows that were added to its data, is said
    by a UserWarning.

    Args:
        path: the file.
        data: the data file that the run learns from, if it does not lie beside `path` any more.
        data_changed: "continue" goes on where the data are not those that were trained on.

    Raises:
        TypeError: `path` is no path.
        ValueError: the file cannot be read, or is no such file; the message names it.
    """
    path = path_text("load(path)", path)
    if data_changed not in ("refuse", "continue"):
        raise ValueError(f"data_changed must be one of refuse, continue, not {data_changed!r}")
    from rnn_tui.api.case_runs import case_in, engine_of_case

    with said_in_python(), one_thread():
        if (case := case_in(path)) is not None:
            if data is not None:
                raise ValueError(f"{path!r} is a case file, which reads no data; leave data out")
            if case.assumed:
                warnings.warn(case.assumed, UserWarning, stacklevel=2)
            files = RunFiles([InputFile("the case file", path)])
            return Trainer._of(engine_of_case(case, {}), None, files)
        files = RunFiles.of_checkpoint(path)
        saved = load_run(
            path,
            data=None if data is None else path_text("data", data),
            agree=lambda change: data_changed == "continue",
        )
    if saved.remark:
        warnings.warn(in_python(saved.remark), UserWarning, stacklevel=2)
    return Trainer._of(saved.trainer, saved.view, files)
