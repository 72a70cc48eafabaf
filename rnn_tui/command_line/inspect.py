"""The command ``rnn-tui inspect``: what is in a data file, and what would be learned of it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.case_file import CASE, with_case_file
from rnn_tui.command_line.exit import BAD_USAGE, DONE, CommandError, explain
from rnn_tui.command_line.options import inspect_command, parse
from rnn_tui.command_line.reading import said_while_reading
from rnn_tui.command_line.start import new_settings
from rnn_tui.files.limits import OPTIONS as LIMITS
from rnn_tui.tasks.data_report import DataReport

NAME = "inspect"
WIDTH = 80
MOST_COLUMNS = 60  # that are listed for people; JSON has all


def inspect(arguments: list[str]) -> int:
    """Say what would be learned of a file, and return the exit code: 2 where ``train`` refuses.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read.
    """
    options = parse(inspect_command(), f"{PROGRAM} {NAME}", [*arguments])
    if options is None:
        return DONE
    as_json = bool(options.pop("json", False))
    case = with_case_file(options)
    if CASE in case:
        set_limits(options)
        return _inspect_case({n: v for n, v in case.items() if n not in LIMITS}, as_json)
    path = _path(options)
    set_limits(options)
    with said_while_reading(options | {"data": path}):
        report = _report(options | {"data": path})
    if as_json:
        print(json.dumps(report.to_json(), allow_nan=False))
    else:
        print("\n".join(report_text(report, _width())))
    return BAD_USAGE if report.problems else DONE


def _inspect_case(options: Mapping[str, Any], as_json: bool) -> int:
    """Say what is in a case file, and return the exit code: 2 where ``train`` refuses it."""
    from rnn_tui.command_line.inspect_case import case_report, case_text

    try:
        if as_json:
            print(json.dumps(case_report(options), allow_nan=False))
            return DONE
        print("\n".join(case_text(options, _width())))
        return DONE
    except Exception as error:  # each has a line of its own, as everywhere
        message, code = explain(error)
        if code != BAD_USAGE or not as_json:
            raise
        report = {"file": options[CASE], "format": "case", "problems": [message]}
        print(json.dumps(report, allow_nan=False))
        return BAD_USAGE


def set_limits(options: dict[str, Any]) -> None:
    """Let --max-data and --max-memory have their effect."""
    import os

    for name in LIMITS.keys() & options.keys():
        os.environ[LIMITS[name]] = str(options.pop(name))


def _path(options: dict[str, Any]) -> str:
    """Return the file that the command line names, as its argument or with --data.

    Raises:
        CommandError: it names none, or two.
    """
    named = options.pop("checkpoint", None)
    data = options.pop("data", None)
    if named and data and named != data:
        raise CommandError(f"one FILE is enough: {named!r} or --data {data!r}")
    if not (named or data):
        raise CommandError(f"which file? {PROGRAM} {NAME} FILE (- is standard input)")
    return str(named or data)


def _report(options: dict[str, Any]) -> DataReport:
    """Return what was read, with all reasons for which ``train`` would refuse it."""
    path = options["data"]
    report = DataReport(path, options.get("task", "series"))
    try:
        settings, chosen = new_settings(options)
        report = replace(report, task=settings.task)
        if not settings.data:
            raise CommandError(f"--task {settings.task} reads no file")
        from rnn_tui.engine.training.memory_use import check_task_memory
        from rnn_tui.tasks.inspection import inspect_data

        return inspect_data(settings, partial(check_task_memory, settings)).noted(chosen)
    except Exception as error:  # each has a line of its own, as everywhere
        message, code = explain(error)
        if code != BAD_USAGE:
            raise
        return report.refused(message)


def report_text(report: DataReport, width: int) -> list[str]:
    """Return the report for people, in lines of at most `width` cells."""
    from rnn_tui.tui.column_table import column_lines
    from rnn_tui.tui.lines import fold

    lines = []
    if report.encoding:
        lines += fold(report.first_line.removeprefix("read "), width)
    if report.columns:
        lines += ["", *column_lines(report, width, MOST_COLUMNS)]
    if not report.problems:
        lines += ["", *fold(report.learned, width)]
    for heading, sentences in (("notes", report.notes), ("problems", report.problems)):
        if sentences:
            lines += ["", heading]
        for sentence in sentences:
            first, *rest = fold(sentence, width - 4)
            lines += [f"  · {first}", *(f"    {each}" for each in rest)]
    return lines[1:] if lines and not lines[0] else lines


def _width() -> int:
    """Return the width of the terminal, at most `WIDTH`; that where there is none."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(40, min(WIDTH, shutil.get_terminal_size().columns))
