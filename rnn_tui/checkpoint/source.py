"""What a checkpoint knows of its data: the text ``source`` and the tensor ``source.tail``.

The text is a JSON object with the fields of `rnn_tui.tasks.source.DataSource`, of which ``tail`` is
the tensor, float64. Characters of a vocabulary are their code points, longer tokens texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnn_tui.settings import Settings, quote
from rnn_tui.tasks.source import FEWEST_TESTED, LAST_TIMES, DataSource, Times, tail_rows
from rnn_tui.tasks.tokens import UNKNOWN
from rnn_tui.tasks.window_sweep import streams
from rnn_tui.tensor_files.content import Array, ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import whole_number

SOURCE = "source"  # the text of a run whose task tells of its data
TAIL_TENSOR = "source.tail"  # the tensor, of a table
_NAMES = {
    "rows", "trained", "digest", "content", "targets", "inputs", "time", "offset", "scale",
    "difference", "times", "tokens", "vocabulary",
}  # fmt: skip
_TOKENS = ("", "chars", "words", "bytes")
_MOST_ROWS = 10**12
_LARGEST_POINT = 0x10FFFF


def source_to_json(source: DataSource) -> dict[str, Any]:
    """Return the text's JSON object."""
    values: dict[str, Any] = {name: getattr(source, name) for name in _NAMES}
    values["times"] = None if source.times is None else _times_to_json(source.times)
    values["vocabulary"] = [ord(token) if len(token) == 1 else token for token in source.vocabulary]
    return values


def source_tensors(source: DataSource | None) -> dict[str, Array]:
    """Return the tensors that belong to the text."""
    if source is None or source.tail is None:
        return {}
    return {TAIL_TENSOR: source.tail}


def source_of(header: Header, tensors: Mapping[str, Array]) -> DataSource | None:
    """Return what a file says of its data; None where it says nothing.

    Args:
        header: the file's header; its version is known.
        tensors: its tensors, among them the tail.

    Raises:
        ContentError: what it says is not valid.
    """
    if SOURCE not in header.texts:
        if TAIL_TENSOR in tensors:
            raise ContentError(f"tensor {TAIL_TENSOR} is unknown, as there is no text {SOURCE!r}")
        return None
    values = header.mapping(SOURCE)
    if set(values) != _NAMES:
        raise ContentError(f"source: expected an object of {', '.join(sorted(_NAMES))}")
    rows = whole_number(values, "rows", _MOST_ROWS)
    targets, inputs = _texts(values, "targets"), _texts(values, "inputs")
    source = DataSource(
        rows=rows,
        trained=whole_number(values, "trained", rows),
        digest=_digest(values, "digest", empty=True),
        content=_digest(values, "content"),
        targets=targets,
        inputs=inputs,
        time=_text(values, "time"),
        offset=_numbers(values, "offset"),
        scale=_numbers(values, "scale"),
        difference=values["difference"] is True,
        tail=tensors.get(TAIL_TENSOR),
        times=_times(values["times"]),
        tokens=_text(values, "tokens"),
        vocabulary=_vocabulary(values["vocabulary"]),
    )
    _check(source, values)
    return source


def check_source(
    source: DataSource | None, settings: Settings, features: int, outputs: int
) -> None:
    """Check that what is said of the data fits the run.

    Args:
        source: what is said; None if there is nothing.
        settings: the run's settings.
        features: the size of the network's input.
        outputs: the size of its output.

    Raises:
        ContentError: it does not.
    """
    if source is None:
        return
    if settings.task != ("series" if source.targets else "text"):
        raise ContentError(f"source: the task {settings.task} has no such data")
    sizes = (len(source.inputs), len(source.targets))
    if not source.targets:
        sizes = (len(source.vocabulary), len(source.vocabulary))
        if source.tokens != settings.tokens:
            raise ContentError(f"source: its tokens are {source.tokens}, not {settings.tokens}")
    elif source.difference != settings.difference:
        raise ContentError("source: whether it has changes is not what the settings say")
    if sizes != (features, outputs):
        raise ContentError(
            f"source: it tells of {sizes[0]} inputs and {sizes[1]} outputs, the network has "
            f"{features} and {outputs}"
        )
    if source.tail is not None and len(source.tail) != tail_rows(source.rows, settings.steps):
        raise ContentError(f"tensor {TAIL_TENSOR} has {len(source.tail)} rows")
    least = streams(settings) * (settings.steps + 1) + int(source.difference)
    if not least <= source.trained <= source.rows - FEWEST_TESTED:
        raise ContentError(f"source: {source.trained} rows cannot have been trained on")


def _check(source: DataSource, values: Mapping[str, Any]) -> None:
    """Check what is said against each other."""
    columns = len(source.columns)
    if type(values["difference"]) is not bool or source.tokens not in _TOKENS:
        raise ContentError("source: difference and tokens are not valid")
    if bool(source.targets) != bool(source.inputs) or bool(source.targets) == bool(source.tokens):
        raise ContentError("source: it must be either of columns or of tokens")
    if len(source.offset) != columns or len(source.scale) != columns:
        raise ContentError(f"source: offset and scale must have {columns} numbers each")
    if not all(scale > 0 for scale in source.scale):
        raise ContentError("source: a scale must be above 0")
    if (source.tail is None) != (not columns):
        raise ContentError(f"source: tensor {TAIL_TENSOR} belongs to columns, and to nothing else")
    if source.tail is not None:
        shape = source.tail.shape
        if len(shape) != 2 or shape[1] != columns or not 1 <= shape[0] <= source.rows:
            raise ContentError(f"tensor {TAIL_TENSOR} has shape {shape}; expected (K, {columns})")
    if bool(source.vocabulary) != bool(source.tokens):
        raise ContentError("source: a vocabulary belongs to tokens, and to nothing else")
    _check_vocabulary(source)


def _check_vocabulary(source: DataSource) -> None:
    """Check that the tokens are of their kind, and that no two are alike."""
    tokens = source.vocabulary
    if len(set(tokens)) != len(tokens):
        raise ContentError("source: a token is there twice")
    long = [token for token in tokens if len(token) != 1]
    if "" in tokens or (source.tokens == "chars" and long not in ([], [UNKNOWN])):
        raise ContentError("source: the vocabulary is not one of characters")
    if source.tokens == "bytes" and tokens != tuple(map(chr, range(256))):
        raise ContentError("source: the vocabulary is not that of bytes")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise ContentError(f"source: {name} must be a text, not {quote(value)}")
    return value


def _texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values[name]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ContentError(f"source: {name} must be a list of texts")
    return tuple(value)


def _digest(values: Mapping[str, Any], name: str, *, empty: bool = False) -> str:
    text = _text(values, name)
    if not re.fullmatch("[0-9a-f]{64}", text) and not (empty and not text):
        raise ContentError(f"source: {name} is no SHA-256")
    return text


def _numbers(values: Mapping[str, Any], name: str) -> tuple[float, ...]:
    value = values[name]
    if not isinstance(value, list) or not all(type(each) in (int, float) for each in value):
        raise ContentError(f"source: {name} must be a list of numbers")
    numbers = tuple(map(float, value))
    if not np.isfinite(numbers).all():
        raise ContentError(f"source: every {name} must be finite")
    return numbers


def _times_to_json(times: Times) -> list[str] | list[float]:
    """Return times as texts, or what is no date as numbers."""
    if times.dtype.kind == "M":
        return [str(each) for each in np.datetime_as_string(times)]
    return [float(each) for each in times]


def _times(value: object) -> Times | None:
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= LAST_TIMES:
        raise ContentError(f"source: times must be a list of up to {LAST_TIMES}")
    try:
        if all(isinstance(each, str) and len(each) < 40 for each in value):
            times: Times = np.array(value, dtype="datetime64")
        elif all(type(each) in (int, float) for each in value):
            times = np.array(value, dtype=np.float64)
        else:
            raise ValueError
    except (ValueError, OverflowError):
        raise ContentError("source: times must be texts or numbers") from None
    if times.dtype.kind == "M" and (times.dtype == np.dtype("M8") or np.isnat(times).any()):
        raise ContentError("source: a time is none")
    return times


def _vocabulary(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ContentError("source: vocabulary must be a list")
    return tuple(map(_token, value))


def _token(entry: object) -> str:
    """Return the token of one entry of the vocabulary: a code point, or a text of several."""
    if isinstance(entry, str):
        return entry
    if type(entry) is not int or not 0 <= entry <= _LARGEST_POINT:
        raise ContentError(f"source: {quote(entry)} is no code point")
    return chr(entry)
