"""Words that say what numbers are of: the layer, the sample or the whole batch, the what-ifs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnn_tui.engine.analysis.held_values import HeldValues
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import text_width

if TYPE_CHECKING:
    from rnn_tui.second_network import SecondNetworkView

WHOLE_BATCH = "whole batch"


def layer_words(snapshot: Snapshot, layer: int | None) -> str:
    """Return "layer 2 of 3", "all layers" for None, or "" for a network of one layer."""
    layers = snapshot.settings.layers
    if layers == 1:
        return ""
    return "all layers" if layer is None else f"layer {layer} of {layers}"


def sample_words(snapshot: Snapshot, sample: int | None = None) -> str:
    """Return "sample 2 of 4", or "" where a batch is one sample.

    Args:
        snapshot: says how many samples there are.
        sample: which it is, from 0; None for the one that is looked at.
    """
    batch = snapshot.settings.batch
    place = snapshot.request.sample if sample is None else sample
    return f"sample {place + 1} of {batch}" if batch > 1 else ""


def batch_words(snapshot: Snapshot) -> str:
    """Return "whole batch" for numbers over all samples, or "" where a batch is one sample."""
    return WHOLE_BATCH if snapshot.settings.batch > 1 else ""


def what_if_words(preposition: str, what_ifs: Sequence[str]) -> str:
    """Return "with o = 0", for several "with 2 held values"; "" where there are none.

    What-ifs are not what is counted: an edit holds nothing, and a newer one may have replaced an
    older one, so their number is another one.

    Args:
        preposition: "with" or "without".
        what_ifs: the texts of pins and cuts.
    """
    if len(what_ifs) < 2:
        return f"{preposition} {what_ifs[0]}" if what_ifs else ""
    cuts = sum(" = " not in text for text in what_ifs)
    values = len(what_ifs) - cuts
    parts = (
        f"{values} held value{'s' * (values > 1)}" if values else "",
        f"{cuts} cut{'s' * (cuts > 1)}" if cuts else "",
    )
    return f"{preposition} {', '.join(part for part in parts if part)}"


def held_words(held: HeldValues) -> str:
    """Return the what-ifs that predictions are made with, and without: "with o = 0"."""
    used, left_out = (tuple(map(str, pins)) for pins in (held.used, held.left_out))
    return joined(what_if_words("with", used), what_if_words("without", left_out))


def held_line(held: HeldValues, width: int) -> str:
    """Return the what-ifs that predictions are made with, and without, by name if there is room.

    Why some are left out is said as far as that leaves room for it.
    """
    used, left_out = (", ".join(map(str, pins)) for pins in (held.used, held.left_out))
    with_all = joined(f"with {used}" if used else "", f"without {left_out}" if left_out else "")
    reason = ": test data have no such timestep" if left_out else ""
    lines = (with_all + reason, with_all, held_words(held) + reason, held_words(held))
    return next((line for line in lines if text_width(line) <= width), lines[-1])


def second_network_words(snapshot: Snapshot, second: SecondNetworkView) -> str:
    """Return what the second network's curves are called, with the what-ifs that only one has."""
    words = f"{second.settings.cell} beside"
    only_first = [text for text in snapshot.pins if text not in second.pins]
    only_second = [text for text in second.pins if text not in snapshot.pins]
    parts = (words, what_if_words("with", only_second), what_if_words("without", only_first))
    return " ".join(part for part in parts if part)


def joined(*parts: str) -> str:
    """Return the parts of a title that are not empty, separated as `title_rule` expects them."""
    return " · ".join(part for part in parts if part)
