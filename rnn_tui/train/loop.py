"""Updates in short chunks, until enough are done or something ends the run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from rnn_tui.engine.training.breakpoints import Breakpoints, run_until
from rnn_tui.engine.training.history import RECENT
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.metrics_file import metrics_row
from rnn_tui.train.progress import TrainProgress, smoothed_loss
from rnn_tui.train.test_curve import TestCurve

CHUNK_SECONDS = 0.05  # how long Ctrl-C waits at most, unless a single update takes longer
LONG_UPDATE = 0.5  # seconds; an update that may take longer is done in pieces
PIECE_SECONDS = 0.2  # how long Ctrl-C waits within one, unless a single timestep takes longer


class Rows(Protocol):
    """What takes the rows of the metrics."""

    def writelines(self, rows: Iterable[str], /) -> None:
        """Take rows."""


def train(
    trainer: Trainer,
    updates: int,
    *,
    stopped: Callable[[], bool] = lambda: False,
    report: Callable[[TrainProgress], None] = lambda progress: None,
    metrics: Rows | None = None,
    breakpoints: Breakpoints | None = None,
    every: int | None = None,
    at_every: Callable[[], None] = lambda: None,
    tests: TestCurve | None = None,
) -> TrainProgress:
    """Make `updates` more updates, or fewer when `stopped` or a breakpoint ends the run.

    Args:
        trainer: what to train, in place.
        updates: the number of updates wanted.
        stopped: called between chunks of about `CHUNK_SECONDS`, and within updates that take long;
            true ends the run, at a timestep of such an update.
        report: called between chunks with the progress.
        metrics: gets a line ``update,loss,grad_norm`` for each completed update.
        breakpoints: the first that is hit ends the run; divergence always ends it.
        every: a number of updates; None for never.
        at_every: called each time so many updates are done.
        tests: measures the test loss on the way, and at the end; may end the run.

    Returns:
        The progress at the end.
    """
    breakpoints = breakpoints or Breakpoints()
    progress = TrainProgress(0, updates, 0.0, smoothed_loss(trainer))
    chunk, seconds = 1, math.inf  # the first update may take long
    while progress.done < updates and progress.end is None and not stopped():
        # The history remembers RECENT updates one by one: a chunk must not outrun it.
        size = min(chunk, updates - progress.done, RECENT)
        if every is not None:
            size = min(size, every - progress.done % every)
        if tests is not None:
            size = min(size, tests.due_in(trainer.updates))
        before, started = trainer.updates, time.perf_counter()
        with np.errstate(all="ignore"):  # the trainer checks for values that are not finite
            # Breakpoints within an update are looked for by `run_until` alone.
            in_pieces = size == 1 and seconds > LONG_UPDATE and not breakpoints.has_positions
            if in_pieces and not _do_all_but_the_last_step(trainer, stopped):
                break
            stop = run_until(trainer, breakpoints, size)
        seconds, done = time.perf_counter() - started, trainer.updates - before
        total, early = progress.done + done, None
        if tests is not None and done:
            early = tests.after_updates(last=total == updates or stop is not None)
            stop = stop or (breakpoints.check_update(trainer) if tests.is_new else None)
        if metrics is not None:
            _write_metrics(metrics, trainer, done, tests)
        progress = TrainProgress(
            total,
            updates,
            progress.seconds + seconds,
            smoothed_loss(trainer),
            stop,
            early,
            math.nan if tests is None else tests.newest,
        )
        report(progress)
        if every is not None and done and progress.done % every == 0:
            at_every()
        # At most double: the first updates are slower than those to come, or faster.
        chunk = max(1, min(2 * size, int(size * CHUNK_SECONDS / max(seconds, 1e-9))))
    return progress


def _do_all_but_the_last_step(trainer: Trainer, stopped: Callable[[], bool]) -> bool:
    """Do the next update up to its last schedule step, in pieces; the bits are the same.

    Args:
        trainer: what to train, in place.
        stopped: called between pieces of about `PIECE_SECONDS` once the update takes long; true
            ends the work.

    Returns:
        False if `stopped` ended it.
    """
    last = trainer.index_of(trainer.schedule.end) - 1
    piece, began = 1, time.perf_counter()
    while trainer.index < last and trainer.divergence is None:
        started = time.perf_counter()
        trainer.advance_to(min(trainer.index + piece, last))
        seconds = time.perf_counter() - started
        piece = max(1, min(2 * piece, int(piece * PIECE_SECONDS / max(seconds, 1e-9))))
        if time.perf_counter() - began >= LONG_UPDATE and stopped():
            return False
    return True


def _write_metrics(metrics: Rows, trainer: Trainer, count: int, tests: TestCurve | None) -> None:
    """Write one line for each of the newest `count` updates, with all digits.

    With `tests`, the last of them has the test loss, if it has been measured.
    """
    losses, norms = trainer.history.recent(count)
    first = trainer.updates - count + 1
    rows = enumerate(zip(losses.tolist(), norms.tolist(), strict=True), start=first)
    if tests is None:
        metrics.writelines(metrics_row(update, loss, norm) for update, (loss, norm) in rows)
        return
    metrics.writelines(
        metrics_row(update, loss, norm, tests.loss_at(update)) for update, (loss, norm) in rows
    )


def newest_row(trainer: Trainer) -> str:
    """Return the line that the newest update has in the metrics; empty before the first."""
    if not trainer.history.count:
        return ""
    losses, norms = trainer.history.recent(1)
    return metrics_row(trainer.updates, float(losses[0]), float(norms[0]))
