"""The case that a run is on, whole, in a checkpoint: the text ``case`` and the tensors ``case.…``.

The tensors are those of its case file, by the names that they have there; see
`rnn_tui.cases.reading`. The text is a JSON object: ``texts``, the metadata of that file; ``name``,
what it is called; ``narrow`` and ``assumed``, see `Case`; ``network``, the sizes L, D, H and O of
its network, which may have no weights there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rnn_tui.cases.case import Case
from rnn_tui.cases.reading import case_of
from rnn_tui.cases.sizes import NetworkSizes
from rnn_tui.cases.writing import case_tensors, case_texts
from rnn_tui.settings import Settings
from rnn_tui.tasks import Task
from rnn_tui.tasks.case import CaseTask
from rnn_tui.tensor_files.content import ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import OpenFile, whole_number

CASE = "case"  # the text, and the beginning of the tensors' names
_PREFIX = f"{CASE}."
_KEYS = {"texts", "name", "narrow", "assumed", "network"}
_SIZES = ("layers", "features", "hidden", "outputs")
_LARGEST = 2**31


def is_of_case(name: str) -> bool:
    """Return whether a tensor is one of a case."""
    return name.startswith(_PREFIX)


def case_to_json(case: Case) -> dict[str, Any]:
    """Return the text's JSON object."""
    return {
        "texts": case_texts(case, _names(case)),
        "name": case.name,
        "narrow": sorted(case.narrow),
        "assumed": case.assumed,
        "network": {name: getattr(case, name) for name in _SIZES},
    }


def tensors_of_case(case: Case) -> dict[str, Any]:
    """Return the tensors that belong to the text."""
    tensors = case_tensors(case, _names(case))
    return {f"{_PREFIX}{name}": array for name, array in tensors.items()}


def case_in(file: OpenFile, header: Header, settings: Settings) -> Case | None:
    """Return the case in a checkpoint; None where its task is another.

    Args:
        file: the checkpoint, opened for all kinds of numbers.
        header: its header; its version is known.
        settings: its settings, which the case must fit.

    Raises:
        ContentError: it is not there, or not valid, or does not fit.
    """
    if (CASE in header.texts) != (settings.task == CaseTask.name):
        raise ContentError(f"its text {CASE!r} and its task {settings.task} do not go together")
    if CASE not in header.texts:
        if stray := [name for name in header.tensors if is_of_case(name)]:
            raise ContentError(f"tensor {stray[0]} is unknown, as there is no text {CASE!r}")
        return None
    values = header.mapping(CASE)
    texts, narrow = values.get("texts"), values.get("narrow")
    name, assumed = values.get("name"), values.get("assumed")
    if (
        set(values) != _KEYS
        or not isinstance(texts, dict)
        or not isinstance(narrow, list)
        or not all(isinstance(each, str) for each in (*texts.values(), *narrow, name, assumed))
    ):
        raise ContentError(f"case: expected an object of {', '.join(sorted(_KEYS))}")
    network = values["network"]
    if not isinstance(network, dict):
        raise ContentError("case: its network has no sizes")
    sizes = NetworkSizes(*(whole_number(network, each, _LARGEST) for each in _SIZES))
    tensors = {n.removeprefix(_PREFIX): e for n, e in header.tensors.items() if is_of_case(n)}
    inner = OpenFile(Header(texts, tensors), file.file)
    try:
        case = case_of(inner, str(name), sizes)
    except ContentError as error:
        raise ContentError(f"its case: {error}") from error
    if not set(narrow) <= set(case.theirs):
        raise ContentError("case: narrow has names of what is not there")
    _check(case, sizes)
    return replace(case, narrow=frozenset(narrow), assumed=str(assumed))


def check_case(case: Case | None, features: int, outputs: int) -> None:
    """Check that a case is of the run's network: whatever its cell, it has these sizes.

    Raises:
        ContentError: it is not.
    """
    if case is not None and (case.features, case.outputs) != (features, outputs):
        raise ContentError(
            f"its case has {case.features} inputs and {case.outputs} outputs, the network "
            f"{features} and {outputs}"
        )


def case_of_task(task: Task) -> Case | None:
    """Return the case of a task; None of another task."""
    return task.case if isinstance(task, CaseTask) else None


def _check(case: Case, sizes: NetworkSizes) -> None:
    """Check that the sizes in the text are those of the tensors."""
    if any(getattr(case, name) != getattr(sizes, name) for name in _SIZES):
        raise ContentError("case: the sizes of its network are not those of its tensors")


def _names(case: Case) -> Mapping[str, str]:
    """Return the names of the weights in the file that are not ours, and ours."""
    return {theirs: ours for ours, theirs in case.spelling.items()}
