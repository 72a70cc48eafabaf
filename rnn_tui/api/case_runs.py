"""Runs on a case: one batch, learned over and over."""

from __future__ import annotations

from collections.abc import Mapping

from rnn_tui.cases.case import Case
from rnn_tui.cases.reading import is_case, read_case
from rnn_tui.engine.training.trainer import Trainer as Engine
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.settings import Value
from rnn_tui.tasks.case import case_settings
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
    return new_trainer(case_settings(case, chosen), case)


def case_in(path: str) -> Case | None:
    """Return the case in a file; None if that is no case file.

    Raises:
        CaseError: it is one, but cannot be used.
    """
    try:
        with open_content(path, NUMBERS) as file:
            if not is_case(file.header):
                return None
    except ContentError:  # whoever reads it as something else says what is wrong
        return None
    return read_case(path)
