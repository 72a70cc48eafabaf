"""What is in the data file that the form names: read aside, so that the form never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rnn_tui.registry import TASKS
from rnn_tui.settings import DECLARATIONS, Settings, Value
from rnn_tui.tasks.data_report import DataReport
from rnn_tui.tui.lines import cut, fold

READ_BY = tuple(name for name in TASKS.names if "data" in TASKS[name].settings)
"""The tasks that learn a file."""
_SHAPING = ("task", "steps", "batch", "windows", "dtype")
"""Settings that say whether there are enough rows, besides those of the data."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found in a file.

    Attributes:
        key: what it was read for, see `key_of`.
        report: what is in it; None if only its kind was looked at.
        task: the task that it is for, if that was asked; otherwise "".
    """

    key: tuple[Value, ...]
    report: DataReport | None
    task: str = ""


def key_of(settings: Settings) -> tuple[Value, ...]:
    """Return the values that what is read, and learned of it, depends on."""
    return tuple(
        getattr(settings, name)
        for name, declaration in DECLARATIONS.items()
        if name in _SHAPING or (declaration.group == "data" and declaration.used_by(settings))
    )


def read_aside(settings: Settings, deliver: Callable[[Preview], object]) -> None:
    """Read the file of `settings` in a thread, and hand over what was found, in that thread.

    Args:
        settings: those of the form.
        deliver: takes the preview.
    """

    def read() -> None:
        from rnn_tui.engine.training.memory_use import check_task_memory
        from rnn_tui.tasks.inspection import inspect_data

        report = inspect_data(settings, partial(check_task_memory, settings, screen=True))
        deliver(Preview(key_of(settings), report.shortened()))

    threading.Thread(target=_quietly(read), name="data", daemon=True).start()


def look_aside(path: str, encoding: str, deliver: Callable[[Preview], object]) -> None:
    """Find out in a thread which task a file is for; of a file that cannot be read nothing comes.

    Args:
        path: the file, as it is typed.
        encoding: as the form says.
        deliver: takes the preview, whose key is the path.
    """

    def look() -> None:
        from rnn_tui.files.data_file import DataError
        from rnn_tui.tables.recognition import task_for

        try:
            deliver(Preview((path,), None, task_for(path, encoding)))
        except DataError:
            return

    threading.Thread(target=_quietly(look), name="kind of data", daemon=True).start()


def _quietly(work: Callable[[], None]) -> Callable[[], None]:
    """Return `work`; an error in it is logged, and the form has no preview then."""

    def run() -> None:
        try:
            work()
        except Exception as error:
            from rnn_tui.files.error_log import log_error

            log_error(error, "reading a data file for the form")

    return run


def said_of(report: DataReport, name: str, width: int, height: int) -> list[str]:
    """Return at most `height` lines on a file, for the form's field `name`: the worst first."""
    sentences = [f"! {each}" for each in report.problems]
    if name in ("target", "inputs", "time") and report.columns:
        sentences.append(f"space lists {_columns(report)}")
    else:
        sentences.append(report.first_line)
        if not report.problems:
            sentences.append(report.learned)
    sentences += [f"· {each}" for each in report.notes]
    lines = [line for each in sentences for line in fold(each, width)]
    if len(lines) > height > 0:
        lines = [*lines[: height - 1], f"… {len(lines) - height + 1} more lines: space in target"]
    return [cut(line, width) for line in lines]


def _columns(report: DataReport) -> str:
    """Return the columns of a table in a line."""
    from rnn_tui.tui.column_table import role

    said = []
    for each in report.columns:
        used = role(each.name, report) or each.kind
        said.append(f"{each.name} ({used})")
    return f"the columns: {', '.join(said)}"
