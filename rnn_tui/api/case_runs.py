"""Runs on a case: one batch, learned over and over."""

from __future__ import annotations

from collections.abc import Mapping

from rnn_tui.cases.case import Case
from rnn_tui.cases.reading import case_of, is_case
from rnn_tui.engine.network.architecture import architecture_of
from rnn_tui.engine.training.trainer import Trainer as Engine
from rnn_tui.layouts.torch_layout import parameters_of
from rnn_tui.registry import TASKS
from rnn_tui.settings import Value, compose
from rnn_tui.tensor_files.content import NUMBERS, ContentError
from rnn_tui.tensor_files.reading import open_content


def engine_of_case(case: Case, chosen: Mapping[str, Value]) -> Engine:
    """Return a run on a case, at its beginning, with the case's weights if it has any.

    Args:
        case: the case.
        chosen: settings besides those that follow from the case.

    Raises:
        SettingError: a value is not allowed, or there is not so much memory.
    """
    sizes: dict[str, Value] = {
        "task": "case",
        "steps": case.steps,
        "batch": case.batch,
        "cell": case.cell,
        "activation": case.activation,
        "hidden": case.hidden,
        "layers": case.layers,
        "dtype": case.dtype.name,
    }
    settings = compose({**chosen, **sizes})
    task = TASKS.load("case").of(case)
    weights = None
    if case.weights:
        weights = parameters_of(architecture_of(settings, task), case.weights, case.dtype)
    return Engine(settings, weights, task, custom=False)


def engine_of_file(path: str) -> Engine | None:
    """Return a run on the case in a file; None if the file is no case.

    Raises:
        CaseError: it is a case file that cannot be used.
    """
    from rnn_tui.cases.reading import CaseError

    try:
        with open_content(path, NUMBERS) as file:
            if not is_case(file.header):
                return None
            case = case_of(file)
    except ContentError as error:
        raise CaseError(path, str(error)) from error.__cause__
    return engine_of_case(case, {})
