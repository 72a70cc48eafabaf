"""Whether the data are still those that a run was trained on, and what is said if they are not."""

from __future__ import annotations

from rnn_tui.settings import quote
from rnn_tui.tasks import Task
from rnn_tui.tasks.source import DataSource, Growth


def growth_of(kept: DataSource, task: Task) -> Growth:
    """Return how the data of `task` are, compared with those that were kept."""
    now = task.source()
    if now is None or (now.rows, now.content) == (kept.rows, kept.content):
        return Growth.SAME
    if now.rows > kept.rows and task.begins_like(kept):
        return Growth.GROWN
    return Growth.CHANGED


def grown_text(kept: DataSource, task: Task) -> str:
    """Return a sentence about new rows: how many there are, and what becomes of them."""
    now = task.source()
    assert now is not None
    new = now.rows - kept.rows
    what = f"new {_unit(kept, new)}"
    scale = "scale" if kept.targets else "vocabulary"
    return (
        f"the data have {new:,} {what}: they are tested on, like the {kept.rows - kept.trained:,} "
        f"before them; {scale} and training part stay as they were"
    )


def changed_text(kept: DataSource, task: Task) -> str:
    """Return what has changed, as a phrase that follows the name of the file."""
    now = task.source()
    assert now is not None
    if now.columns != kept.columns:
        columns, before = (", ".join(map(quote, each.columns)) for each in (now, kept))
        return f"the columns are {columns}; the run was trained on {before}"
    unit = _unit(kept, kept.rows)
    if now.rows < kept.rows:
        return f"it has {now.rows:,} of the {kept.rows:,} {unit} that the run was trained on"
    return f"its first {kept.rows:,} {unit} are not those that the run was trained on"


def _unit(source: DataSource, count: int) -> str:
    """Return what is counted: rows, or tokens of a text."""
    word = {"": "row", "chars": "character", "words": "word", "bytes": "byte"}[source.tokens]
    return word if count == 1 else f"{word}s"
