"""Names of symbols and classes in ASCII, so that panels are laid out with them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rnn_tui.predictions.results import (
    Predictions,
    SeriesPredictions,
    TextSample,
    WindowsPredictions,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.tokens import BLANK, RUN, UNKNOWN
from rnn_tui.tui.ascii_text import in_ascii, number_of, numbers_for_characters

_SIGNS = {"␣": "SP", "↵": "\\n", "⇥": "\\t"}
"""The names that task text gives to characters that show nothing."""


@lru_cache(64)
def names_in_ascii(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return names in ASCII; those that differ still do."""
    return None if names is None else tuple(map(name_in_ascii, names))


def name_in_ascii(name: str) -> str:
    """Return one name: ``é`` is U+00E9, ``été`` <U+00E9>t<U+00E9>, ``␣the`` _the, ``␣×3`` SPx3."""
    if name.isascii():
        return name
    if name in _SIGNS:
        return _SIGNS[name]
    if name == UNKNOWN:
        return "<unk>"
    if name.startswith(RUN):
        return f"SPx{name[len(RUN) :]}"
    if name[0] == BLANK:
        return f"_{name_in_ascii(name[1:])}"
    if len(name) == 1:
        return number_of(name)
    return numbers_for_characters(name)


def snapshot_in_ascii(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with all names in ASCII."""
    task = snapshot.task
    names = (
        task.title,
        *(task.symbols or ()),
        *(task.labels or ()),
        *(task.parts or ()),
        *(task.output_names or ()),
        *(_series_names(snapshot.predictions)),
    )
    if "".join(names).isascii():
        return snapshot
    task = replace(
        task,
        title=in_ascii(task.title),
        symbols=names_in_ascii(task.symbols),
        labels=names_in_ascii(task.labels),
        parts=names_in_ascii(task.parts),
        output_names=names_in_ascii(task.output_names),
    )
    predictions = snapshot.predictions
    if isinstance(predictions, SeriesPredictions):
        test = predictions.test
        test = replace(
            test,
            target_names=names_in_ascii(test.target_names) or (),
            input_names=names_in_ascii(test.input_names) or (),
            axis=in_ascii(test.axis),
        )
        predictions = replace(predictions, test=test)
    if isinstance(predictions, WindowsPredictions):
        predictions = replace(
            predictions,
            symbols=names_in_ascii(predictions.symbols),
            labels=names_in_ascii(predictions.labels),
        )
    sample, answer = text_in_ascii(snapshot.text_sample), text_in_ascii(snapshot.answer)
    return replace(snapshot, task=task, predictions=predictions, text_sample=sample, answer=answer)


def _series_names(predictions: Predictions | None) -> tuple[str, ...]:
    """Return the names in the predictions for a series."""
    if not isinstance(predictions, SeriesPredictions):
        return ()
    test = predictions.test
    return (*test.target_names, *test.input_names, test.axis)


def text_in_ascii(sample: TextSample | None) -> TextSample | None:
    """Return a text sample with all names in ASCII."""
    if sample is None:
        return None
    symbols = names_in_ascii(sample.symbols) or ()
    # In running text a number needs an end.
    return replace(sample, symbols=tuple(map(_with_an_end, symbols)))


def _with_an_end(name: str) -> str:
    """Return a name in running text: a number of Unicode stands in brackets."""
    if name[:2] == "U+":
        return f"<{name}>"
    return f"_<{name[1:]}>" if name[:3] == "_U+" else name
