"""The metadata of a case file: what the network is and how the arrays are to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rnn_tui.cases.case import FORMAT
from rnn_tui.registry import CELLS
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import ContentError
from rnn_tui.tensor_files.header import Header

LOSSES = ("mse", "cross-entropy")
REDUCTIONS = ("mean", "sum")
ACTIVATIONS = ("tanh", "relu")
_KNOWN = ("format", "cell", "loss", "activation", "reduction", "batch_first", "names")
_CHECKPOINT, _CASE_OF_RUN = "rnn-tui checkpoint", "case"
"""The format of saved runs, and the text that those on a case have; they are read elsewhere."""
_ANY_FORMAT = re.compile(r"rnn-tui case\b")


@dataclass(frozen=True, slots=True)
class CaseTexts:
    """What the metadata of a case file say.

    Attributes:
        cell: a name of the registry.
        loss: "mse" or "cross-entropy".
        activation: "tanh" or "relu", of cells without gates.
        reduction: "mean" or "sum".
        batch_first: whether B comes before T in the arrays of the file.
        names: our names by theirs.
    """

    cell: str
    loss: str
    activation: str = "tanh"
    reduction: str = "mean"
    batch_first: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


def is_case(header: Header) -> bool:
    """Return whether a file says that it is a case file, of this version or of another."""
    return _ANY_FORMAT.match(header.texts.get("format", "")) is not None


def read_texts(header: Header) -> CaseTexts:
    """Return what the metadata say.

    Raises:
        ContentError: one is missing, unknown or not allowed.
    """
    stored = header.texts.get("format")
    if stored is None:
        raise ContentError(f"it is no case file: its metadata lack 'format', {FORMAT!r}")
    if stored == _CHECKPOINT and _CASE_OF_RUN in header.texts:
        raise ContentError(
            "it is a saved run on a case, no case file: rnn-tui opens it, and the panel theirs "
            "compares the numbers of the case that is inside"
        )
    if stored != FORMAT:
        raise ContentError(f"its format is {quote(stored)}; expected {FORMAT!r}")
    if unknown := sorted(set(header.texts) - set(_KNOWN)):
        raise ContentError(
            f"its metadata {quote(unknown[0])} are unknown; expected {', '.join(_KNOWN)}"
        )
    cell = _chosen(header, "cell", CELLS.names)
    activation = _chosen(header, "activation", ACTIVATIONS, "tanh")
    if activation != "tanh" and "activation" not in CELLS[cell].settings:
        raise ContentError(f"its metadata 'activation': the cell {cell} has no other than tanh")
    return CaseTexts(
        cell=cell,
        loss=_chosen(header, "loss", LOSSES),
        activation=activation,
        reduction=_chosen(header, "reduction", REDUCTIONS, "mean"),
        batch_first=_chosen(header, "batch_first", ("false", "true"), "false") == "true",
        names=_names(header),
    )


def _chosen(header: Header, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """Return one of the words that are allowed; true and false may be written as Python does."""
    value = header.texts.get(name, default)
    if value is None:
        raise ContentError(f"its metadata lack {name!r}, one of {', '.join(allowed)}")
    if value not in allowed and value.lower() in ("true", "false"):
        value = value.lower()
    if value not in allowed:
        raise ContentError(
            f"its metadata {name!r} are {quote(value)}; expected one of {', '.join(allowed)}"
        )
    return value


def _names(header: Header) -> dict[str, str]:
    """Return our names by theirs."""
    if "names" not in header.texts:
        return {}
    names = header.mapping("names")
    for theirs, ours in names.items():
        if not theirs or not isinstance(ours, str) or not ours:
            raise ContentError(
                f"its metadata 'names' are not texts by text: {quote(theirs)} is {quote(ours)}"
            )
    return names
