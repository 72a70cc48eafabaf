"""What would be learned of a data file with given settings, and why it would be refused."""

from __future__ import annotations

from collections.abc import Callable

from rnn_tui.files.data_file import DataError
from rnn_tui.settings import SettingError, Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import Task
from rnn_tui.tasks.data_report import DataReport, report_of_table


def inspect_data(
    settings: Settings, check: Callable[[Task], object] = lambda task: None
) -> DataReport:
    """Return what is read of the data file; its problems say why nothing can be learned.

    Args:
        settings: of the run that would learn it.
        check: raises a `SettingError` where the task does not fit into the memory.
    """
    report = DataReport(settings.data, settings.task)
    try:
        task = make_task(settings)
        report = task.data_report() or report
        check(task)
        return report
    except SettingError as error:
        return report.refused(str(error))
    except DataError as error:
        found = _refused_table(settings) if settings.task == "series" else None
        return (found or report).refused(str(error))


def _refused_table(settings: Settings) -> DataReport | None:
    """Return the report of a table that cannot be learned; None if it cannot be read at all."""
    from rnn_tui.tables.reading import read_table, table_options

    try:
        return report_of_table(read_table(table_options(settings)))
    except DataError:
        return None
