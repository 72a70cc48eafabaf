"""The command line: options become settings, settings a trainer, and that the app or a bare run.

Every option that is a setting is made from its declaration. Start-up time counts, so NumPy, the
engine and the screen are imported only by what uses them. Every error is one line.
"""

from __future__ import annotations

import contextlib
import difflib
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

import click

from rnn_tui import __version__
from rnn_tui.settings import (
    DECLARATIONS,
    PRESETS,
    Declaration,
    Settings,
    Value,
    compose,
    train_updates,
)

if TYPE_CHECKING:
    from rnn_tui.engine.breakpoints import Breakpoint
    from rnn_tui.engine.trainer import Trainer
    from rnn_tui.rival import Versus
    from rnn_tui.training import Progress, Summary

PROGRAM = "rnn-tui"
DONE, DIVERGED, BAD_USAGE, BROKEN = 0, 1, 2, 70
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SHOW_TRACEBACK = "RNN_TUI_TRACEBACK"  # for developers: set it to see where an error came from
REDRAW_SECONDS = 0.1
_WIDEST_CHOICES = 50  # columns

_PRESET = Declaration(
    name="preset", kind=str, default="", help="A named set of values to begin with; options given "
    "beside it override it. tutorial: cos, rnn, hidden 100, Adagrad, lr 0.001, random windows. "
    "min-char-rnn: text, rnn, hidden 100, steps 25, Adagrad, lr 0.1.",
    group="start", effect="restart", choices=tuple(PRESETS),
)  # fmt: skip
_THEME = Declaration(
    name="theme", kind=str, default="dark", help="Colours of the screen.",
    group="screen", effect="live", choices=("dark", "light"),
)  # fmt: skip
_REMOTE = Declaration(
    name="remote", kind=bool, default=None, help="Send less to the terminal: fewer frames, no "
    "animation. On by itself over SSH.", group="screen", effect="live",
)  # fmt: skip
_UPDATES = Declaration(
    name="updates", kind=int, default=None, help="How many updates to run (from a checkpoint: "
    "how many more); left out, as many as the preset or the task takes: 20000 for cos.",
    group="run", effect="live",
    low=0, high=10**9,
)  # fmt: skip
_OUT = Declaration(
    name="out", kind=str, default="", help="Save a checkpoint here at the end, on Ctrl-C and "
    "when training diverges.", group="run", effect="live",
)  # fmt: skip
_METRICS = Declaration(
    name="metrics", kind=str, default="", help="Write update,loss,grad_norm for every update to "
    "this CSV file.", group="run", effect="live",
)  # fmt: skip
_INIT_FROM = Declaration(
    name="init_from", kind=str, default="", help="Start from the weights in this .safetensors "
    "file: a checkpoint, or PyTorch's tensors named rnn.weight_ih_l0, …, readout.bias.",
    group="run", effect="live",
)  # fmt: skip
_BREAK = Declaration(
    name="break", kind=str, default="", help="Stop when this becomes true; may be given again: "
    "loss<0.01, smoothed<0.01, grad>10, clipped, saturated f>0.9, update=500, pass=BACKWARD, t=7.",
    group="run", effect="live",
)  # fmt: skip
_VERSUS = Declaration(
    name="versus", kind=str, default="", help="Set a second network beside this one, with this "
    "cell: same seed, same data, in lock step; a changes places.", group="screen", effect="live",
    choices=DECLARATIONS["cell"].choices,
)  # fmt: skip
_MATCH = Declaration(
    name="match_parameters", kind=bool, default=False, help="Give the second network the hidden "
    "size that makes its number of parameters about the same.", group="screen", effect="live",
)  # fmt: skip
_JSON = Declaration(
    name="json", kind=bool, default=False, help="Print the figures at the end as one JSON object.",
    group="run", effect="live",
)  # fmt: skip
_QUIET = Declaration(
    name="quiet", kind=bool, default=False, help="No progress and no figures at the end.",
    group="run", effect="live",
)  # fmt: skip
_METAVARS = {
    "data": "FILE", "out": "FILE.safetensors", "metrics": "FILE.csv",
    "init_from": "FILE.safetensors", "column": "NAME", "task": "TASK",
    "break": "CONDITION",
}  # fmt: skip

_APP_HELP = """\
Watch a recurrent network learn, one operation at a time. Step forward through time, back through
its gradients and through every update, with all numbers on the screen, or let it run and see the
loss fall.

Without options a plain RNN learns to predict the next value of cos(x). Other tasks (--task) bring
defaults of their own. CHECKPOINT is a file saved earlier: it opens where it was left.

\b
Examples:
  rnn-tui                                  start; ? shows the keys, q quits
  rnn-tui --cell lstm --hidden 8           a small LSTM, to look at its gates
  rnn-tui --task series --data prices.csv  learn a series of your own
  rnn-tui --task recall --gap 30           where did the sentence begin?
  rnn-tui run.safetensors                  go on where a file was saved
  rnn-tui train --updates 50000 --out run.safetensors
                                           train without a screen;
                                           see rnn-tui train --help
"""
_TRAIN_HELP = """\
Train without a screen. Progress goes to stderr when that is a terminal, the figures to stdout at
the end.

With a CHECKPOINT, a file saved earlier, training goes on from there.

\b
Examples:
  rnn-tui train --cell gru                 20,000 updates, then figures
  rnn-tui train --preset tutorial --out run.safetensors
  rnn-tui train --preset min-char-rnn --data book.txt
  rnn-tui train run.safetensors --updates 5000 --out run.safetensors
  rnn-tui train --lr 0.1 --json --quiet    one line of JSON for a script
  rnn-tui train --break "loss<0.001" --out run.safetensors
                                           end there; rnn-tui run.safetensors
                                           shows it

\b
Exit codes:
  0    done, or stopped by --break
  1    training diverged; the last finite state is saved
  2    bad usage
  130  stopped by Ctrl-C; what there is, is saved
"""


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
    if arguments[:1] == ["train"]:
        command, name, rest = _train_command(), f"{PROGRAM} train", arguments[1:]
    else:
        command, name, rest = _app_command(), PROGRAM, arguments
    try:
        # Not click's own main: it has ways of its own to end, none of them in one line.
        with command.make_context(name, rest) as ctx:
            code: int = command.invoke(ctx)
            return code
    except click.exceptions.Exit as end:  # --help and --version
        return end.exit_code
    except click.UsageError as error:
        raise CommandError(_usage_message(error, command)) from error


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


def _usage_message(error: click.UsageError, command: click.Command) -> str:
    """click's complaint as one line that names the option, the value and what is allowed."""
    see = f"see {PROGRAM} train --help" if command.name == "train" else f"see {PROGRAM} --help"
    if isinstance(error, click.NoSuchOption):
        known = [name for parameter in command.params for name in _names(parameter)]
        near = difflib.get_close_matches(error.option_name, [*known, "--help", "--version"], 1, 0.7)
        meant = f"did you mean {near[0]}?" if near else see
        return f"there is no option {error.option_name}; {meant}"
    if isinstance(error, click.BadOptionUsage):
        for parameter in command.params:
            if isinstance(parameter, SettingOption) and error.option_name in _names(parameter):
                return _usage_of(parameter, error.option_name)
    return error.format_message().rstrip(".")


def _usage_of(option: SettingOption, name: str) -> str:
    if option.is_flag:
        return f"{name} takes no value"
    text = option.declaration.kind is str and not option.declaration.choices
    return f"{name} needs a value: {option.metavar if text else option.declaration.allowed}"


def _names(parameter: click.Parameter) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts]


# ---------------------------------------------------------------- options


class SettingOption(click.Option):
    """An option made from a declaration."""

    def __init__(self, declaration: Declaration, *names: str, repeated: bool = False) -> None:
        self.declaration = declaration
        flag = declaration.kind is bool
        super().__init__(
            [*(names or (declaration.switch,)), declaration.name],
            help=declaration.help + _shown_choices(declaration) + _shown_default(declaration),
            default=None,  # what is not given comes from the preset, the defaults or the file
            is_flag=flag,
            multiple=repeated,
            type=None if flag else str,
            metavar=None if flag else _metavar(declaration),
            callback=lambda ctx, parameter, value: self._read(value),
        )

    def _read(self, value: Any) -> Any:
        """The value as its declaration reads it; the SettingError already is the line to show."""
        return self.declaration.parse(value) if isinstance(value, str) else value


def _metavar(declaration: Declaration) -> str:
    if declaration.choices and not _shown_choices(declaration):
        return "|".join(declaration.choices)
    if declaration.name in _METAVARS:
        return _METAVARS[declaration.name]
    return {int: "N", float: "NUMBER"}.get(declaration.kind, "TEXT")


def _shown_choices(declaration: Declaration) -> str:
    """The choices, where there are too many to stand beside the option itself."""
    if len("|".join(declaration.choices)) <= _WIDEST_CHOICES:
        return ""
    return f" One of {', '.join(declaration.choices)}."


def _shown_default(declaration: Declaration) -> str:
    # Switched off and left empty go without saying.
    if declaration.default is None or declaration.default is False or declaration.default == "":
        return ""
    return f" [default: {declaration.show(declaration.default)}]"


class GroupedCommand(click.Command):
    """A command whose help lists options under the headings of their declarations."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, SettingOption):
                group = parameter.declaration.group
            elif isinstance(parameter, click.Option):
                group = "help"
            else:
                continue
            if record := parameter.get_help_record(ctx):
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group.capitalize()):
                formatter.write_dl(records, col_max=28)


def _command(name: str, help: str, callback: Any, extra: list[click.Parameter]) -> click.Command:
    return GroupedCommand(
        name,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        params=[
            click.Argument(["checkpoints"], nargs=-1, metavar="[CHECKPOINT]"),
            SettingOption(_PRESET),
            *extra,
            *(SettingOption(declaration) for declaration in DECLARATIONS.values()),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_version,
                help="Show the version and exit.",
            ),
        ],
        help=help,
        callback=lambda **_: callback(click.get_current_context()),
    )


def _show_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"{PROGRAM} {__version__}")
        ctx.exit()


def _given(ctx: click.Context) -> dict[str, Any]:
    """What was written on the command line, by name."""
    written = click.core.ParameterSource.COMMANDLINE
    given = {n: v for n, v in ctx.params.items() if ctx.get_parameter_source(n) is written}
    checkpoint, *more = given.pop("checkpoints", None) or [None]
    if more:
        raise CommandError(f"one CHECKPOINT is enough; {more[0]!r} is one too many")
    return given if checkpoint is None else given | {"checkpoint": checkpoint}


def _settings_given(given: Mapping[str, Any]) -> dict[str, Value]:
    return {name: value for name, value in given.items() if name in DECLARATIONS}


# ---------------------------------------------------------------- from options to a trainer


def _make_trainer(given: Mapping[str, Any]) -> Trainer:
    """The trainer that the command line describes: new, or from a checkpoint."""
    if "checkpoint" in given:
        return _continued(given["checkpoint"], given)
    from rnn_tui.engine.trainer import Trainer

    settings = compose(_settings_given(given), given.get("preset", ""))
    if "init_from" not in given:
        return Trainer(settings)
    from rnn_tui.checkpoint import load_weights

    return Trainer(settings, load_weights(given["init_from"], settings))


def _continued(checkpoint: str, given: Mapping[str, Any]) -> Trainer:
    """The trainer in a file, with the settings that may change while running."""
    for name in ("preset", "init_from"):
        if name in given:
            option = f"--{name.replace('_', '-')}"
            raise CommandError(f"{option} starts a new run; leave it out, or leave out the file")
    if checkpoint == "train" and not Path(checkpoint).exists():
        raise CommandError("'train' comes first: rnn-tui train [OPTIONS]")
    from rnn_tui.checkpoint import load

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
    from rnn_tui.engine.breakpoints import BreakpointError, parse

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


def _app_command() -> click.Command:
    screen: list[click.Parameter] = [
        SettingOption(_THEME),
        SettingOption(_REMOTE, "--remote/--local"),
        SettingOption(_BREAK, repeated=True),
        SettingOption(_VERSUS),
        SettingOption(_MATCH, "--match-parameters"),
    ]
    return _command(PROGRAM, _APP_HELP, _app, screen)


def _app(ctx: click.Context) -> int:
    gc.disable()  # what is imported stays; the screen, once it stands, enables it again
    given = _given(ctx)
    breakpoints = _breakpoints(given)  # every error comes before the screen opens
    trainer = _make_trainer(given)
    _check_fit(breakpoints, trainer)
    versus = _versus(given, trainer)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("this needs a terminal; without one, use: rnn-tui train")
    from rnn_tui.tui.app import run_app

    remote = given.get("remote", bool(os.environ.get("SSH_CONNECTION")))
    theme = given.get("theme", str(_THEME.default))
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
    from rnn_tui.rival import Versus, rival_settings

    versus = Versus(given["versus"], match)
    rival_settings(trainer.settings, trainer.architecture, versus)  # errors come before the screen
    return versus


# ---------------------------------------------------------------- train


def _train_command() -> click.Command:
    declarations = (_UPDATES, _OUT, _METRICS, _INIT_FROM)
    extra: list[click.Parameter] = [SettingOption(declaration) for declaration in declarations]
    extra += [SettingOption(_BREAK, repeated=True)]
    extra += [SettingOption(_JSON, "--json"), SettingOption(_QUIET, "--quiet")]
    return _command("train", _TRAIN_HELP, _train, extra)


@dataclass(frozen=True, slots=True)
class Job:
    """What `rnn-tui train` was asked for, beside the settings."""

    updates: int
    out: str | None
    metrics: str | None
    json: bool
    quiet: bool
    breakpoints: tuple[Breakpoint, ...] = ()


def _train(ctx: click.Context) -> int:
    given = _given(ctx)
    breakpoints = _breakpoints(given)
    out, metrics = given.get("out"), given.get("metrics")
    _check_places(out, metrics)
    trainer = _make_trainer(given)
    _check_fit(breakpoints, trainer)
    updates = train_updates(trainer.settings.task, given.get("preset", ""))
    job = Job(
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
        from rnn_tui.checkpoint import check_writable

        check_writable("--out", out)
        if metrics is not None and os.path.realpath(out) == os.path.realpath(metrics):
            raise CommandError(f"--out and --metrics both name {out!r}")


def _run_job(trainer: Trainer, job: Job) -> int:
    from rnn_tui.engine.breakpoints import Breakpoints
    from rnn_tui.training import summarise, train

    breakpoints = Breakpoints(*job.breakpoints)
    line = ProgressLine(sys.stderr, visible=not job.quiet)
    with _metrics_file(job.metrics) as metrics, _Stop() as stop:
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


def _save(trainer: Trainer, job: Job) -> str:
    """Save to --out, if there is one; how the messages say what is where."""
    if job.out is None:
        return "nothing was saved, as there is no --out"
    from rnn_tui.checkpoint import save

    save(job.out, trainer)
    return f"saved {job.out}"


def _in_full(summary: Summary, progress: Progress, saved: str) -> str:
    """The figures, then what stopped the run and where it was saved."""
    lines = [summary.to_text()]
    if progress.stop is not None:
        lines += [f"stopped by {progress.stop.reason}", progress.stop.advice]
    return "\n".join([*lines, saved] if saved.startswith("saved") else lines)


def _report_end(trainer: Trainer, job: Job, saved: str, stopped: int | None) -> int:
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


class _Stop:
    """Remembers a signal that asks for the end, so that the run ends between two chunks."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def asked(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> _Stop:
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

    def show(self, progress: Progress) -> None:
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


def progress_text(progress: Progress) -> str:
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
