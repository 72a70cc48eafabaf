"""Versions of the format: a file of any earlier one is brought into the form of the present one.

What each version lacked:

1   An LSTM's optimizer memory has the gates in PyTorch's order, i, f, g, o. There is no
    ``vocabulary``, as every task had numbers.
2   There is nothing held, no view, no window after an update and no checksum. Files of its first
    days lack the vocabulary too.
3   There are no test losses. The smoothed loss is a plain moving average, in the history as
    ``average`` and ``weight``, and lags: it is computed again from the losses. A held value is of
    one unit or of all, never of a range.
4   ``target`` is called ``column``; nothing is known of the data, and of a table the first column
    with a number in its first row is learned, see `earlier_table`. Line ends of a text are kept.
    No run is on a case.

Settings that a version lacked have the value in `Declaration.before`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace

from rnn_tui.checkpoint.checksum import check_texts
from rnn_tui.checkpoint.format import CHECKSUM, FORMAT, TEXTS, VERSION
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import ContentError
from rnn_tui.tensor_files.header import Header

KNOWS_DATA = 5
"""The first version whose files know the data that a run was trained on."""
_LACKED = {
    1: {"vocabulary": {"symbols": None, "labels": None}, "held": []},
    2: {"vocabulary": {"symbols": None, "labels": None}, "held": []},
}
"""By version: the texts that its files may lack, and what they would say."""


def file_version(header: Header) -> int:
    """Return the version of the format in which a file was written.

    Raises:
        ContentError: it is no checkpoint, or of a version that this program does not know.
    """
    if header.texts.get("format") != FORMAT:
        raise ContentError(
            "it was not saved by rnn-tui; if it holds weights, start from them with --init-from"
        )
    text = header.texts.get("version", "")
    number = int(text) if re.fullmatch("[1-9][0-9]{0,3}", text) else 0
    if number > int(VERSION):
        raise ContentError(
            f"it was written by a newer rnn-tui (format {number}; this one reads up to {VERSION})"
        )
    if number < 1:
        raise ContentError(
            f"its format has version {quote(text)}; this rnn-tui reads 1 to {VERSION}"
        )
    return number


def upgraded(header: Header) -> Header:
    """Return a checkpoint's header with all texts of the present version.

    Raises:
        ContentError: it is no checkpoint of a known version, it is damaged, or texts are missing.
    """
    version = file_version(header)
    check_texts(header)
    lacked = {name: json.dumps(value) for name, value in _LACKED.get(version, {}).items()}
    texts = {**lacked, **header.texts}
    expected = TEXTS if version >= 3 else tuple(name for name in TEXTS if name != CHECKSUM)
    if missing := [name for name in expected if name not in texts]:
        raise ContentError(f"its metadata lack {', '.join(missing)}")
    return replace(header, texts=texts)


def without_weight(numbers: Mapping[str, object]) -> dict[str, object]:
    """Return the numbers of a history, or of a place in it, from before version 4 in today's form.

    The average had a weight, 0.99^k, that its start still had in it.

    Raises:
        ContentError: they are no such numbers; the message is one line.
    """
    average, weight = numbers.get("average"), numbers.get("weight")
    if type(average) is not float or type(weight) is not float:
        raise ContentError("history: average and weight must be numbers")
    if not (math.isfinite(average) and 0 <= weight <= 1):
        raise ContentError("history: average and weight must be finite, weight from 0 to 1")
    mean = average / (1.0 - weight) if weight < 1 else average
    rest = {name: value for name, value in numbers.items() if name != "weight"}
    return {**rest, "average": mean, "twice": mean}
