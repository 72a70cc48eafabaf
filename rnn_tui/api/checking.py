"""`check`: the numbers that somebody computed, in a case file, beside ours."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from rnn_tui.api.blas_threads import one_thread
from rnn_tui.api.messages import said_in_python
from rnn_tui.api.replacing import path_text
from rnn_tui.cases.reading import CaseError, read_case
from rnn_tui.checks.checked_case import check_case
from rnn_tui.checks.comparison import Comparison, name_in_file
from rnn_tui.checks.compute import CheckError
from rnn_tui.command_line.check import HIGHEST_TOLERANCE, report_lines

WIDTH = 100  # of the report


@dataclass(frozen=True, slots=True)
class CheckedCase(Comparison):
    """What `check` found. It is true if all numbers agree; as text it is a report.

    Names and entries are those of the file, entries from 0 and timesteps from 1.

    Attributes:
        tolerance: the least error of those up to which the numbers of a tensor agree.
        loss: theirs and ours; theirs None if they gave none.
        tensors: every tensor that they gave, in the order of the computation: each has ``name``,
            ``max_relative_error``, ``entry``, ``agrees`` and ``tolerance``.
        first: the first entry that differs: it has ``name``, ``t``, ``entry``, ``theirs`` and
            ``ours``; None if all agree.
        differing: which entries differ, of each tensor that does not agree, as booleans
            [layers, T, B, units]; a tensor of fewer axes begins with axes of 1.
        guess: what kind of mistake gives just these numbers, in words; None if none is known.
        report: what ``rnn-tui check`` prints.
    """

    guess: str | None = None
    report: str = ""

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        return self.report


def check(path: str | os.PathLike[str], tolerance: float | None = None) -> CheckedCase:
    """Compare the numbers in a case file with ours, as ``rnn-tui check`` does.

    All that is in the file is compared, in float64, with what the network of the file computes for
    its batch: loss, outputs, states, and gradients of all of them and of the weights. The error of
    an entry is |a − b| / max(|a|, |b|, 1e-3·max|tensor|).

    Args:
        path: the file; `dump` writes one of a PyTorch model.
        tolerance: the largest error of numbers that agree, up to 0.25; None: 1e-7 for arrays in
            float64, 1e-3 for those in float32.

    Returns:
        The comparison; ``assert check(path)`` is a test.

    Raises:
        TypeError: `path` is no path.
        ValueError: the file is no case file, or has nothing to check; or `tolerance` is not from 0
            to 0.25.
    """
    path = path_text("check(path)", path)
    if tolerance is not None and not 0 <= tolerance <= HIGHEST_TOLERANCE:
        bounds = f"from 0 to {HIGHEST_TOLERANCE:g}"
        raise ValueError(f"tolerance must be a number {bounds}, not {tolerance!r}")
    with said_in_python(), one_thread():
        case = read_case(path)
        try:
            found, guessed = check_case(case, tolerance)
        except CheckError as error:
            raise CaseError(path, str(error)) from None
        report = "\n".join(report_lines(path, case, found, guessed, WIDTH))
    first = found.first
    return CheckedCase(
        found.tolerance,
        found.loss,
        tuple(replace(each, name=name_in_file(case, each.name)) for each in found.tensors),
        None if first is None else replace(first, name=name_in_file(case, first.name)),
        {name_in_file(case, name): each for name, each in found.differing.items()},
        guessed,
        report,
    )
