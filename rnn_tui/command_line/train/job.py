"""What the command ``rnn-tui train`` does: train, show the progress, save, print the figures."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.command_line.exit import (
    BAD_USAGE,
    DIVERGED,
    DONE,
    CommandError,
    discard_output,
    print_error,
)
from rnn_tui.command_line.train.out_file import OutFile, reason_of
from rnn_tui.command_line.train.progress_line import ProgressLine
from rnn_tui.command_line.train.stop_signal import HANG_UP, StopSignal
from rnn_tui.files.ownership import InputFile, RunFiles

if TYPE_CHECKING:
    from rnn_tui.autosave.train_run import TrainAutosave
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.checkpoint.run_view import RunView
    from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.files.metrics_file import MetricsTable
    from rnn_tui.tasks.data_report import DataReport
    from rnn_tui.train import Summary, TrainProgress
    from rnn_tui.train.test_curve import TestCurve

TESTS_OF_A_RUN = 100  # where nothing is said
PATIENCE = 2.0  # seconds for the figures of a run that a signal has ended; it is saved by then


@dataclass(frozen=True, slots=True)
class TrainJob:
    """The options of one call of ``rnn-tui train``.

    Attributes:
        updates: how many updates to run.
        out: where to save a checkpoint at the end; None for nowhere.
        metrics: the CSV file for loss and gradient norm of every update; None for none.
        json: print the figures as JSON.
        quiet: show no progress and, without `json`, print no figures.
        breakpoints: end at the first that is hit.
        files: the files that the run owns: the checkpoint it comes from.
        inputs: the files that it reads.
        force: replace files that the run does not own.
        view: how the run was looked at when it was saved, which goes on into --out. Its breakpoints
            do not end this training: those are given with --break.
        save_every: save to `out` each time so many updates are done; None for the end only.
        test_every: measure the test loss each time so many updates are done; None for never.
        patience: end after so many tests without an improvement; None for never.
        keep_best: `out` is to have the network of the best test loss, not the last one.
        title: what the progress begins with; of several runs, which one it is.
        again: it is not the first of several runs: what was read has been said.
        autosaves: writes autosaves; None for none.
        report: what was read of the data file; None where there is none.
    """

    updates: int
    out: str | None
    metrics: str | None
    json: bool
    quiet: bool
    breakpoints: tuple[Breakpoint, ...] = ()
    files: RunFiles = field(default_factory=RunFiles)
    inputs: tuple[InputFile, ...] = ()
    force: bool = False
    view: RunView | None = None
    save_every: int | None = None
    autosaves: AutosaveWriter | None = None
    report: DataReport | None = None
    test_every: int | None = None
    patience: int | None = None
    keep_best: bool = False
    title: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a training has ended.

    Attributes:
        code: the exit code.
        saved: words for what was saved.
        signal: the signal that ended it; None if none did.
        progress: how far it has come.
        summary: its figures; None where nobody asked for them.
    """

    code: int
    saved: str
    signal: int | None
    progress: TrainProgress
    summary: Summary | None


def test_every(
    options: Mapping[str, Any], breakpoints: tuple[Breakpoint, ...], updates: int
) -> int | None:
    """Return after how many updates the test loss is measured each time; None for never.

    Where something needs it and nothing is said, that is each hundredth of the run.

    Raises:
        CommandError: the run ends before the first of them.
    """
    if 0 < updates < options.get("test_every", 0):
        reason = f"has no effect in a run of {updates:,} updates"
        raise CommandError(f"--test-every {options['test_every']} {reason}")
    if "test_every" in options:
        return int(options["test_every"])
    compared = any(each.kind == "test" for each in breakpoints)
    if not compared and "patience" not in options and options.get("keep") != "best":
        return None
    return max(-(-updates // TESTS_OF_A_RUN), 1)


def check_files(out: str | None, metrics: str | None) -> None:
    """Refuse files that could not be written, before any time is spent on training."""
    if out is not None:
        from rnn_tui.checkpoint.saving import check_writable

        check_writable("--out", out)
        if metrics is not None and _is_one_file(out, metrics):
            raise CommandError(f"--out and --metrics both name {out!r}")


def _is_one_file(path: str, other: str) -> bool:
    """Return whether two paths are one file, or would be."""
    with contextlib.suppress(OSError):
        if os.path.samefile(path, other):
            return True
    return os.path.realpath(path) == os.path.realpath(other)


def run_job(trainer: Trainer, job: TrainJob) -> int:
    """Train as `job` says, print the figures and return the exit code."""
    end = train_job(trainer, job)
    if end.summary is not None:
        summary = end.summary
        text = summary.to_json() if job.json else _full_text(summary, end.progress, end.saved)
        print_text(text, hung_up=end.signal == HANG_UP)
    return end.code


def train_job(trainer: Trainer, job: TrainJob) -> JobEnd:
    """Train as `job` says; whatever ends the run, it is saved."""
    from rnn_tui.engine.training.breakpoints import Breakpoints
    from rnn_tui.train import summarise, train

    breakpoints = Breakpoints(*job.breakpoints)
    line = ProgressLine(sys.stderr, visible=not job.quiet, title=job.title)
    out = None if job.out is None else OutFile(job.out, job.files, job.view, force=job.force)
    _say_what_is_kept(trainer, job)
    tests = _test_curve(trainer, job, out)
    autosave = _autosave(trainer, job, line)
    progress: TrainProgress | None = None

    def report(progress: TrainProgress) -> None:
        line.show(progress)
        if autosave is not None:
            autosave.look()

    with StopSignal() as stop, contextlib.ExitStack() as closing:
        metrics = _open_metrics(trainer, job, line)
        if metrics is not None:
            closing.enter_context(contextlib.closing(metrics))
        _say_what_is_read(job)  # when no file is refused any more
        try:
            progress = train(
                trainer,
                job.updates,
                stopped=stop.received,
                report=report,
                metrics=metrics,
                breakpoints=breakpoints,
                every=job.save_every,
                at_every=_saver(trainer, out, line) if job.save_every else lambda: None,
                tests=tests,
            )
        finally:
            line.clear()
            # Also after an error.
            ended = _Ended(stop.signal, broken=progress is None)
            saved = _save(trainer, out, autosave, ended)
    code = _report_end(trainer, saved, stop, best=out is not None and out.best is not None)
    code = code or (BAD_USAGE if metrics and metrics.failed else DONE)
    if stop.signal is not None:
        _end_in_time(code)
    wanted = job.json or not job.quiet
    summary = summarise(trainer, progress, tests) if wanted else None
    if summary is not None and job.report is not None:
        summary = replace(summary, data=job.report.to_json())
    return JobEnd(code, saved, stop.signal, progress, summary)


def _test_curve(trainer: Trainer, job: TrainJob, out: OutFile | None) -> TestCurve | None:
    """Return what measures the test loss on the way, if it is to be measured."""
    if job.test_every is None:
        return None
    from rnn_tui.train.test_curve import TestCurve

    def keep() -> None:
        if out is not None:
            out.keep(trainer)

    kept = keep if job.keep_best else None
    return TestCurve(trainer, job.test_every, patience=job.patience, keep=kept)


def _end_in_time(code: int) -> None:
    """End the process with `code` after a moment, should its last figures take longer."""

    def end() -> None:
        print_error("its figures take longer than a signal leaves time for")
        os._exit(code)

    timer = threading.Timer(PATIENCE, end)
    timer.daemon = True
    timer.start()


def _say_what_is_read(job: TrainJob) -> None:
    """Say in two lines what was read of the data file, and what is learned of it."""
    if job.report is not None and not job.quiet and not job.again:
        print_error(job.report.first_line)
        print_error(job.report.second_line)


def _say_what_is_kept(trainer: Trainer, job: TrainJob) -> None:
    """Say what of a checkpoint is in force in this training, and what is not."""
    if held := ", ".join(map(str, trainer.network.pins)):
        print_error(f"it trains with {held} held, as it was saved")
    given = {str(each) for each in job.breakpoints}
    saved = () if job.view is None or job.quiet else job.view.breakpoints
    if others := ", ".join(each.text for each in saved if each.enabled and each.text not in given):
        print_error(f"its breakpoints do not end this training, only --break does: {others}")


# ---------------------------------------------------------------- the end of a run


def print_text(text: str, *, hung_up: bool) -> None:
    """Print to stdout; after a hang-up it is no error that the terminal is gone."""
    try:
        print(text, flush=True)
    except OSError:
        if not hung_up:
            raise
        discard_output(sys.stdout)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the training ended.

    Attributes:
        signal: the signal that ended it; None if none did.
        broken: whether an error ended it.
    """

    signal: int | None
    broken: bool

    @property
    def cut_off(self) -> bool:
        """Whether it would have gone on; a run that has diverged would not."""
        return self.broken or self.signal is not None

    @property
    def expected(self) -> bool:
        """Whether the user knows that it has ended: it was not cut off by a lost connection."""
        return not self.broken and self.signal in (None, signal.SIGINT)


def _save(
    trainer: Trainer, out: OutFile | None, autosave: TrainAutosave | None, ended: _Ended
) -> str:
    """Save the run at its end, and return the words for what was saved.

    To --out if there is one. Without one, what would be lost is autosaved: a run that was cut off,
    or one so long that it was autosaved before.

    Raises:
        CommandError: --out cannot be written; the run is autosaved then.
    """
    words = "nothing was saved, as there is no --out"
    failure: Exception | None = None
    if out is not None:
        try:
            out.save(trainer)
            words = out.words
        except (CommandError, CheckpointError, OSError) as error:
            failure = error
    if autosave is not None:
        wanted = out is None and (ended.cut_off or autosave.folder is not None)
        folder = autosave.save_now() if wanted or failure is not None else None
        if folder is not None:
            words = f"autosaved in {str(folder)!r}: {PROGRAM} --resume opens it"
        autosave.release(left=ended.expected and failure is None)
        if failure is not None and folder is not None:
            raise CommandError(f"{failure}; {words}") from failure
    if failure is not None:
        raise failure
    return words


def _autosave(trainer: Trainer, job: TrainJob, line: ProgressLine) -> TrainAutosave | None:
    """Return what autosaves the run, if it is to be autosaved; failures are said on stderr."""
    writer = job.autosaves
    if writer is None:
        return None
    from rnn_tui.autosave.train_run import TrainAutosave

    def report(text: str, error: bool) -> None:
        line.interrupt(text)

    writer.report = report
    return TrainAutosave(trainer, writer, job.view)


def _saver(trainer: Trainer, out: OutFile | None, line: ProgressLine) -> Callable[[], None]:
    """Return what saves to --out on the way; a failure is said once, and the next time tried again.

    Args:
        trainer: the run.
        out: the file.
        line: the progress, which a message interrupts.
    """
    said = ""

    def save() -> None:
        nonlocal said
        try:
            if out is not None:
                out.save(trainer)
        except (CommandError, CheckpointError, OSError) as error:
            reason = str(error)
            if reason != said:
                line.interrupt(f"{reason}; not saved at update {trainer.updates:,}, going on")
            said = reason
        else:
            said = ""

    return save


def _full_text(summary: Summary, progress: TrainProgress, saved: str) -> str:
    """Return the figures, then what stopped the run and where it was saved."""
    lines = [summary.to_text()]
    if progress.end is not None:
        lines += [f"stopped by {progress.end.reason}", progress.end.advice]
    return "\n".join([*lines, saved] if saved.startswith(("saved", "autosaved")) else lines)


def _report_end(trainer: Trainer, saved: str, stop: StopSignal, *, best: bool) -> int:
    """Write to stderr what ended the run early, and return the exit code.

    Args:
        trainer: at the end of the run.
        saved: the words for what was saved.
        stop: the signal that ended the run, if one did.
        best: whether that is the network of the best test loss, not the last one.
    """
    if trainer.divergence is not None:
        place = f"in update {trainer.updates + 1:,}: {trainer.divergence}"
        last = saved.startswith("saved ") and not best
        kept = f"the last finite state is in {saved.removeprefix('saved ')}" if last else saved
        print_error(f"training diverged {place}; {kept}")
        return DIVERGED
    if stop.signal is not None:
        print_error(f"{stop.how} after update {trainer.updates:,}; {saved}")
        return 128 + stop.signal
    return DONE


def _open_metrics(trainer: Trainer, job: TrainJob, line: ProgressLine) -> MetricsTable | None:
    """Open the CSV file, with its header or where this run ended it; None if there is none.

    Raises:
        CommandError: it cannot be opened or written.
    """
    path = job.metrics
    if path is None:
        return None
    from rnn_tui.files.metrics_file import MetricsTable, open_metrics
    from rnn_tui.train import newest_row

    def report(error: OSError) -> None:
        line.interrupt(f"--metrics {path!r}: {reason_of(error)}; rows are missing, going on")

    try:
        file = open_metrics(
            path,
            RunFiles(job.inputs),
            newest_row(trainer),
            force=job.force,
            tests=job.test_every is not None,
        )
    except OSError as error:
        raise CommandError(f"--metrics {path!r}: {reason_of(error)}") from None
    job.files.protect(InputFile("the --metrics file", path))
    return MetricsTable(file, report)
