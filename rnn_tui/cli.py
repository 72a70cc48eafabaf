"""The command line: options become settings, settings a trainer, and that the app or a bare run.

Start-up time counts, so NumPy, the engine, the screen and what reads options are imported only by
what uses them. Every error is one line.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from rnn_tui import PROGRAM, THEME
from rnn_tui.settings import DECLARATIONS, Settings, Value, compose, train_updates

if TYPE_CHECKING:
    from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.second_network import Versus
    from rnn_tui.train import Summary, TrainProgress

DONE, DIVERGED, BAD_USAGE, BROKEN = 0, 1, 2, 70
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SHOW_TRACEBACK = "RNN_TUI_TRACEBACK"  # for developers: set it to see where an error came from
REDRAW_SECONDS = 0.1


class CommandError(Exception):
    """Something the user can set right; the message is one line."""


# ---------------------------------------------------------------- start and end


def main() -> None:
    """Entry point of the program; always ends the process."""
    _prepare_streams()
    sys.exit(run(sys.argv[1:]))


def _prepare_streams() -> None:
    """Streams that are closed lead nowhere, and what a terminal cannot write becomes a "?"."""
    for name, flags, mode in (
        ("stdin", os.O_RDONLY, "r"),
        ("stdout", os.O_WRONLY, "w"),
        ("stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def run(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code; errors go to stderr as one line."""
    for name in THREADS:
        os.environ.setdefault(name, "1")  # read once, when NumPy is imported
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _forget(sys.stdout)
        return 128 + signal.SIGPIPE
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        message, code = _explain(error)
        _say(message)
        _flush(sys.stdout)
        return code


def _dispatch(arguments: list[str]) -> int:
    """A checkpoint called "train" is reached as ./train."""
    if not arguments:
        return _app({})  # there is nothing to read, so what reads it is not imported
    from rnn_tui.options import read

    given = read(arguments)
    if given is None:
        return DONE
    return _train(given) if arguments[0] == "train" else _app(given)


def _explain(error: Exception) -> tuple[str, int]:
    """What went wrong, on one line, and the exit code."""
    match error:
        case CommandError() | ValueError() if _is_ours(error):
            return str(error), BAD_USAGE
        case MemoryError():
            return "there is not enough memory for a network and windows of this size", BAD_USAGE
        case OSError() if error.strerror:
            where = f"{error.filename!r}: " if error.filename else ""
            return f"{where}{error.strerror.lower()}", BAD_USAGE
    detail = " ".join(str(error).split())
    hint = f"set {SHOW_TRACEBACK}=1 to see where"
    return f"unexpected {type(error).__name__}: {detail} ({hint})", BROKEN


def _is_ours(error: Exception) -> bool:
    """Whether the message was written for users (a bare ValueError's was not)."""
    return type(error).__module__.partition(".")[0] == __name__.partition(".")[0]


def _say(message: str) -> None:
    """One line on stderr, if anyone is still there to read it."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{PROGRAM}: {' '.join(message.split())}\n")
    _flush(sys.stderr)


def _flush(stream: TextIO) -> None:
    try:
        stream.flush()
    except (OSError, ValueError):
        _forget(stream)


def _forget(stream: TextIO) -> None:
    """No one reads it any more: keep the interpreter from complaining when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _settings_given(given: Mapping[str, Any]) -> dict[str, Value]:
    return {name: value for name, value in given.items() if name in DECLARATIONS}


# ---------------------------------------------------------------- from options to a trainer


def _make_trainer(given: Mapping[str, Any]) -> Trainer:
    """The trainer that the command line describes: new, or from a checkpoint."""
    if "checkpoint" in given:
        return _continued(given["checkpoint"], given)
    from rnn_tui.engine.training.trainer import Trainer

    settings = compose(_settings_given(given), given.get("preset", ""))
    if "init_from" not in given:
        return Trainer(settings)
    from rnn_tui.checkpoint.loading import load_weights

    return Trainer(settings, load_weights(given["init_from"], settings))


def _continued(checkpoint: str, given: Mapping[str, Any]) -> Trainer:
    """The trainer in a file, with the settings that may change while running."""
    for name in ("preset", "init_from"):
        if name in given:
            option = f"--{name.replace('_', '-')}"
            raise CommandError(f"{option} starts a new run; leave it out, or leave out the file")
    if checkpoint == "train" and not Path(checkpoint).exists():
        raise CommandError("'train' comes first: rnn-tui train [OPTIONS]")
    from rnn_tui.checkpoint.loading import load

    trainer = load(checkpoint)
    wanted = trainer.settings.with_(**_settings_given(given))
    if fixed := wanted.needs_restart(trainer.settings):
        options = ", ".join(_written(name, wanted) for name in fixed)
        kept = ", ".join(_written(name, trainer.settings) for name in fixed)
        raise CommandError(f"{options} cannot change in a run: {checkpoint!r} has {kept}")
    trainer.configure(wanted)
    return trainer


def _breakpoints(given: Mapping[str, Any]) -> tuple[Breakpoint, ...]:
    """What --break asks for; whether it fits the network is another question."""
    texts: tuple[str, ...] = given.get("break", ())
    if not texts:
        return ()
    from rnn_tui.engine.training.breakpoint_conditions import BreakpointError, parse

    try:
        return tuple(parse(text) for text in texts)
    except BreakpointError as error:
        raise CommandError(f"--break {error}") from None


def _check_fit(breakpoints: tuple[Breakpoint, ...], trainer: Trainer) -> None:
    """Refuse gates and timesteps that this network does not have."""
    for each in breakpoints:
        try:
            each.fits(trainer.network.cell, trainer.settings.steps)
        except ValueError as error:
            raise CommandError(f"--break {error}") from None


def _written(name: str, settings: Settings) -> str:
    """A setting as it is written on the command line: "--hidden 32", "--no-carry"."""
    declaration, value = DECLARATIONS[name], getattr(settings, name)
    if declaration.kind is bool:
        return declaration.switch.split("/")[0 if value else 1]
    return f"{declaration.option} {declaration.show(value)}"


# ---------------------------------------------------------------- the app


def _app(given: Mapping[str, Any]) -> int:
    gc.disable()  # what is imported stays; the screen, once it stands, enables it again
    breakpoints = _breakpoints(given)  # every error comes before the screen opens
    trainer = _make_trainer(given)
    _check_fit(breakpoints, trainer)
    versus = _versus(given, trainer)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("this needs a terminal; without one, use: rnn-tui train")
    from rnn_tui.tui.app import run_app

    remote = given.get("remote", bool(os.environ.get("SSH_CONNECTION")))
    theme = given.get("theme", THEME)
    path = given.get("checkpoint")
    run_app(trainer, remote=remote, theme=theme, path=path, breakpoints=breakpoints, versus=versus)
    return DONE


def _versus(given: Mapping[str, Any], trainer: Trainer) -> Versus | None:
    """The network to set beside, if one is wanted."""
    match = given.get("match_parameters", False)
    if "versus" not in given:
        if match:
            raise CommandError("--match-parameters needs a second network: --versus CELL")
        return None
    from rnn_tui.second_network import Versus, second_network_settings

    versus = Versus(given["versus"], match)
    second_network_settings(
        trainer.settings, trainer.architecture, versus
    )  # errors come before the screen
    return versus


# ---------------------------------------------------------------- train


@dataclass(frozen=True, slots=True)
class TrainJob:
    """What `rnn-tui train` was asked for, beside the settings."""

    updates: int
    out: str | None
    metrics: str | None
    json: bool
    quiet: bool
    breakpoints: tuple[Breakpoint, ...] = ()


def _train(given: Mapping[str, Any]) -> int:
    breakpoints = _breakpoints(given)
    out, metrics = given.get("out"), given.get("metrics")
    _check_places(out, metrics)
    trainer = _make_trainer(given)
    _check_fit(breakpoints, trainer)
    updates = train_updates(trainer.settings.task, given.get("preset", ""))
    job = TrainJob(
        updates=given.get("updates", updates),
        out=out,
        metrics=metrics,
        json=bool(given.get("json")),
        quiet=bool(given.get("quiet")),
        breakpoints=breakpoints,
    )
    return _run_job(trainer, job)


def _check_places(out: str | None, metrics: str | None) -> None:
    """Refuse files that could not be written, before any time is spent on training."""
    if out is not None:
        from rnn_tui.checkpoint.saving import check_writable

        check_writable("--out", out)
        if metrics is not None and os.path.realpath(out) == os.path.realpath(metrics):
            raise CommandError(f"--out and --metrics both name {out!r}")


def _run_job(trainer: Trainer, job: TrainJob) -> int:
    from rnn_tui.engine.training.breakpoints import Breakpoints
    from rnn_tui.train import summarise, train

    breakpoints = Breakpoints(*job.breakpoints)
    line = ProgressLine(sys.stderr, visible=not job.quiet)
    with _metrics_file(job.metrics) as metrics, _StopSignal() as stop:
        try:
            progress = train(
                trainer,
                job.updates,
                stopped=stop.asked,
                report=line.show,
                metrics=metrics,
                breakpoints=breakpoints,
            )
        finally:
            line.clear()
            # Whatever ended it, a full disk under --metrics too: what was learned is kept.
            saved = _save(trainer, job)
    code = _report_end(trainer, job, saved, stop.signal)
    if job.json or not job.quiet:
        summary = summarise(trainer, progress)
        text = summary.to_json() if job.json else _in_full(summary, progress, saved)
        _print(text, hung_up=stop.signal == signal.SIGHUP)
    return code


def _print(text: str, *, hung_up: bool) -> None:
    """Print to stdout; that there may be no terminal left is no error once it has hung up."""
    try:
        print(text, flush=True)
    except OSError:
        if not hung_up:
            raise
        _forget(sys.stdout)


def _save(trainer: Trainer, job: TrainJob) -> str:
    """Save to --out, if there is one; how the messages say what is where."""
    if job.out is None:
        return "nothing was saved, as there is no --out"
    from rnn_tui.checkpoint.saving import save

    save(job.out, trainer)
    return f"saved {job.out}"


def _in_full(summary: Summary, progress: TrainProgress, saved: str) -> str:
    """The figures, then what stopped the run and where it was saved."""
    lines = [summary.to_text()]
    if progress.stop is not None:
        lines += [f"stopped by {progress.stop.reason}", progress.stop.advice]
    return "\n".join([*lines, saved] if saved.startswith("saved") else lines)


def _report_end(trainer: Trainer, job: TrainJob, saved: str, stopped: int | None) -> int:
    """Say on stderr what ended the run before its time; the exit code."""
    if trainer.divergence is not None:
        place = f"in update {trainer.updates + 1:,}: {trainer.divergence}"
        kept = f"the last finite state is in {job.out}" if job.out else saved
        _say(f"training diverged {place}; {kept}")
        return DIVERGED
    if stopped is not None:
        how = "Ctrl-C" if stopped == signal.SIGINT else signal.Signals(stopped).name
        _say(f"stopped by {how} after update {trainer.updates:,}; {saved}")
        return 128 + stopped
    return DONE


@contextlib.contextmanager
def _metrics_file(path: str | None) -> Iterator[TextIO | None]:
    """The CSV file with its header line, or None where none is wanted."""
    if path is None:
        yield None
        return
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("update,loss,grad_norm\n")
            yield file
    except OSError as error:
        raise CommandError(f"--metrics {path!r}: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    reasons = {errno.ENOENT: "its folder does not exist", errno.EISDIR: "it is a folder"}
    return reasons.get(error.errno or 0, (error.strerror or str(error)).lower())


class _StopSignal:
    """Remembers a signal that asks for the end, so that the run ends between two chunks."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def asked(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> _StopSignal:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Ignored means so on purpose: nohup, or a job in the background.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number


class ProgressLine:
    """One line that is drawn over itself: share, updates, smoothed loss, speed, time left."""

    def __init__(self, stream: TextIO, *, visible: bool) -> None:
        self._stream = stream
        self._visible = visible and stream.isatty()
        self._drawn = 0.0  # when

    def show(self, progress: TrainProgress) -> None:
        """Draw `progress`, unless it was drawn a moment ago."""
        now = time.monotonic()
        if self._visible and now - self._drawn >= REDRAW_SECONDS:
            self._drawn = now
            self._draw(progress_text(progress))

    def clear(self) -> None:
        """Leave an empty line, the cursor at its start."""
        if self._drawn:
            self._draw("")

    def _draw(self, text: str) -> None:
        columns = min(80, shutil.get_terminal_size().columns) - 1  # the last column would wrap
        # Back at its start the cursor waits where the ^C of Ctrl-C does no harm.
        self._write(f"\r{text[:columns]:{columns}}\r")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, UnicodeError):
            self._visible = False


def progress_text(progress: TrainProgress) -> str:
    """Plain characters only, at most 79 of them: it must be right on every terminal."""
    share = progress.done / progress.wanted
    bar = f"{'#' * int(share * 14):-<14}"
    counts = f"{progress.done:,}/{progress.wanted:,}"
    text = f"{share:4.0%} [{bar}] {counts}  loss {progress.smoothed:.3g}"
    speed = progress.per_second
    if not speed > 0:
        return text
    left = round((progress.wanted - progress.done) / speed)
    return f"{text}  {speed:,.0f}/s  {_clock(left)} left"


def _clock(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
