"""Runs that differ in their seed alone: a table of their figures, median and range."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rnn_tui.train.figures import Summary, figure

MOST = 1000  # seeds
_LARGEST = 2**63 - 1
_ALLOWED = f"seeds such as 0-4 or 0,3,7, at most {MOST:,}"


class SeedsError(ValueError):
    """A text that names no seeds; the message is a phrase that can follow "--seeds must be"."""


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that a text names, such as "0-4" or "0,3,7", in its order.

    Raises:
        SeedsError: it names none, one of them twice, or too many.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,19})\s*(?:-\s*(\d{1,19})\s*)?", part, re.ASCII)
        if match is None:
            raise SeedsError(_ALLOWED)
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last > _LARGEST:
            raise SeedsError(f"{_ALLOWED}, each from 0 to {_LARGEST} and ranges rising")
        if last - first >= MOST - len(seeds):
            raise SeedsError(_ALLOWED)
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise SeedsError("different seeds")
    return tuple(seeds)


@dataclass(frozen=True, slots=True)
class SeedRun:
    """One of the runs.

    Attributes:
        summary: its figures.
        ended: how it ended before all of its updates were done, in a word or two; "" if it did not
            or was stopped as it was to be.
        counted: whether its figures count in median and range: it did not diverge, and was not
            stopped by a signal.
    """

    summary: Summary
    ended: str = ""
    counted: bool = True


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table."""

    name: str
    head: str
    value: Callable[[Summary], float | None]
    show: Callable[[float | None], str] = figure


def _columns(summary: Summary) -> tuple[_Column, ...]:
    """Return the columns that runs of this kind have."""
    test, columns = summary.test, [_Column("smoothed_loss", "loss", lambda s: s.smoothed_loss)]
    if test.targets:
        columns.append(_Column("test_one_step_mse", "test MSE", lambda s: s.test.one_step_mse))
        if len(test.targets) == 1:
            columns.append(_Column("test_rmse", "test RMSE", lambda s: s.test.targets[0].rmse))
    else:
        columns.append(_Column("test_loss", "test loss", lambda s: s.test.loss))
        if test.accuracy is not None:
            columns.append(_Column("test_accuracy", "accuracy", lambda s: s.test.accuracy))
    if test.baselines:
        columns.append(_Column("skill", "skill", lambda s: s.test.skill))
    if summary.best is not None:
        columns.append(_Column("best_test_loss", "best test", _best_loss))
    return (*columns, _Column("seconds", "seconds", lambda s: s.seconds))


def _best_loss(summary: Summary) -> float | None:
    return None if summary.best is None else summary.best.loss


_WIDTHS = (12, 9)  # of the first columns, seed and updates
_WIDTH = 11  # of the others


def head(summary: Summary) -> str:
    """Return the first line of the table."""
    return _row(["seed", "updates", *(each.head for each in _columns(summary))])


def row(run: SeedRun) -> str:
    """Return the line of one run."""
    summary = run.summary
    shown = [each.show(each.value(summary)) for each in _columns(summary)]
    cells = [str(summary.names.seed), f"{summary.updates:,}", *shown]
    return f"{_row(cells)}  {run.ended}".rstrip()


def statistics_rows(runs: Sequence[SeedRun]) -> list[str]:
    """Return the last lines of the table: median, lowest and highest of the runs that count."""
    counted = [each for each in runs if each.counted]
    if not counted:
        return ["no run was finished"]
    columns, found = _columns(counted[0].summary), statistics(runs)
    lines = []
    for label, key in (("median", "median"), ("lowest", "low"), ("highest", "high")):
        cells = [each.show(found[each.name][key]) for each in columns if each.name in found]
        lines.append(_row([label, "", *cells]))
    if len(counted) < len(runs):
        lines.append(f"median and range are those of {len(counted)} of {len(runs)} runs")
    return lines


def statistics(runs: Sequence[SeedRun]) -> dict[str, dict[str, float | None]]:
    """Return median and range of each figure over the runs that count.

    A figure that some of them lack, as it is not finite, has none.
    """
    counted = [each.summary for each in runs if each.counted]
    found: dict[str, dict[str, float | None]] = {}
    for column in _columns(counted[0]) if counted else ():
        values = [each for s in counted if (each := column.value(s)) is not None]
        known = len(values) == len(counted)
        found[column.name] = {
            "median": median(values) if known else None,
            "low": min(values) if known else None,
            "high": max(values) if known else None,
        }
    return found


def to_json(runs: Sequence[SeedRun]) -> str:
    """Return all runs and their statistics as one line of JSON."""
    listed = [{**run.summary.to_mapping(), "ended": run.ended or None} for run in runs]
    return json.dumps({"runs": listed, "summary": statistics(runs)}, allow_nan=False)


def _row(cells: Sequence[str]) -> str:
    """Return cells in columns; the first is on the left."""
    first, second, *rest = cells
    line = f"{first:<{_WIDTHS[0]}}{second:>{_WIDTHS[1]}}"
    return line + "".join(f"{each:>{_WIDTH}}" for each in rest)
