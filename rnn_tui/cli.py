"""The entry point: it makes a trainer from the options and opens the app, or only trains.

Start-up time counts, so NumPy, the engine, the screen, the command ``train`` and the module that
reads options are imported only where they are used. Every error is one line.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM, THEME
from rnn_tui.autosave import LIST
from rnn_tui.cli_exit import (
    BAD_USAGE,
    BROKEN,
    DONE,
    CommandError,
    discard_output,
    flush,
    ignore_variables,
    prepare_streams,
    print_error,
)
from rnn_tui.settings import DECLARATIONS, Settings, Value, compose, train_updates

if TYPE_CHECKING:
    from rnn_tui.autosave.resume import ResumedRun
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.checkpoint.loading import SavedRun
    from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.files.ownership import InputFile, RunFiles
    from rnn_tui.second_network import Versus
    from rnn_tui.tui.character_set import CharacterSet
    from rnn_tui.tui.link import Link
    from rnn_tui.tui.signal_watch import SignalWatch

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""The environment variables that limit the threads of NumPy's matrix products."""
SSH = f"ssh -t HOST {PROGRAM}"
SHOW_TRACEBACK = "RNN_TUI_TRACEBACK"  # for developers: set it to see where an error came from

Options = Mapping[str, Any]
"""The options that were written on the command line, by name; see `rnn_tui.cli_options.read`."""


# ---------------------------------------------------------------- start and end


def main() -> None:
    """Run the program and end the process."""
    prepare_streams()
    ignore_variables()
    sys.exit(run(sys.argv[1:]))


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
        discard_output(sys.stdout)
        return 128 + getattr(signal, "SIGPIPE", 13)  # Windows has none
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        message, code = _explain(error)
        print_error(message)
        flush(sys.stdout)
        return code


def _dispatch(arguments: list[str]) -> int:
    """Run the command ``train``, or open the app; a checkpoint called "train" is ./train."""
    if not arguments:
        return _open_app({})  # there are no options, so the module that reads them is not imported
    from rnn_tui.cli_options import LIMITS, read

    options = read(arguments)
    if options is None:
        return DONE
    for name in LIMITS.keys() & options.keys():
        os.environ[LIMITS[name]] = str(options[name])
    if options.get("resume") == LIST:
        from rnn_tui.autosave.resume import list_text
        from rnn_tui.files.autosave_folder import tidy

        tidy()
        print(list_text())
        return DONE
    return _train(options) if arguments[0] == "train" else _open_app(options)


def _explain(error: Exception) -> tuple[str, int]:
    """Return one line that says what went wrong, and the exit code."""
    from rnn_tui.files.error_log import LoggedError, details_in, log_error

    match error:
        case LoggedError():
            return str(error), BROKEN
        case CommandError() | ValueError() if _is_ours(error):
            return str(error), BAD_USAGE
        case MemoryError():
            return "there is not enough memory for a network and windows of this size", BAD_USAGE
        case FileNotFoundError(filename=None):
            return "the directory in which this was started has been deleted", BAD_USAGE
        case OSError() if error.strerror:
            where = f"{error.filename!r}: " if error.filename else ""
            return f"{where}{error.strerror.lower()}", BAD_USAGE
    path = log_error(error, "the command line")
    return f"an unexpected error ended the program; {details_in(path)}", BROKEN


def _is_ours(error: Exception) -> bool:
    """Return whether this program made the error, so that its message is written for users."""
    return type(error).__module__.partition(".")[0] == __name__.partition(".")[0]


# ---------------------------------------------------------------- from options to a trainer


def _setting_options(options: Options) -> dict[str, Value]:
    """Return those options that are settings."""
    return {name: value for name, value in options.items() if name in DECLARATIONS}


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a run begins with.

    Attributes:
        trainer: a new one, or one from a file.
        saved: the run that the file holds; None for a new one.
        resumed: the autosave that it comes from; None if it comes from none.
    """

    trainer: Trainer
    saved: SavedRun | None = None
    resumed: ResumedRun | None = None


def _start(options: Options, *, ask: bool = False) -> Start:
    """Return what the options describe: a new run, one from a checkpoint, or an autosaved one.

    With `ask`, the user can be asked on the terminal.
    """
    if "resume" in options:
        return _resume(options["resume"], options)
    if "checkpoint" in options:
        saved = _load_run(options["checkpoint"], options, ask=ask)
        return Start(saved.trainer, saved)
    from rnn_tui.engine.training.trainer import Trainer

    settings = compose(_setting_options(options), options.get("preset", ""))
    if "init_from" not in options:
        return Start(Trainer(settings))
    from rnn_tui.checkpoint.loading import load_weights

    return Start(Trainer(settings, load_weights(options["init_from"], settings)))


def _resume(choice: str, options: Options) -> Start:
    """Return an autosaved run, with those settings changed that may change in a run.

    Raises:
        CommandError: there is an option for something that cannot change.
        ResumeError: there is no such autosave.
    """
    if "checkpoint" in options:
        raise CommandError("--resume opens an autosave; leave it out, or leave out the file")
    _refuse_new_run(options)
    from rnn_tui.autosave.resume import resume
    from rnn_tui.files.autosave_folder import tidy

    tidy()
    resumed = resume(choice, options.get("data"))
    _change_settings(resumed.saved.trainer, options, "the autosave")
    if (second := resumed.second) is not None:
        own, common = second.settings, resumed.saved.trainer.settings
        second.configure(common.with_(cell=own.cell, hidden=own.hidden))
    return Start(resumed.saved.trainer, resumed.saved, resumed)


def _refuse_new_run(options: Options) -> None:
    """Refuse options that begin a new run, where one goes on.

    Raises:
        CommandError: there is one.
    """
    for name in ("preset", "init_from"):
        if name in options:
            option = f"--{name.replace('_', '-')}"
            which = "the file" if "checkpoint" in options else "--resume"
            raise CommandError(f"{option} starts a new run; leave it out, or leave out {which}")


def _run_files(options: Options) -> RunFiles:
    """Return the files that the run owns: the checkpoint, if it is to be loaded from one."""
    from rnn_tui.files.ownership import RunFiles

    checkpoint = options.get("checkpoint")
    return RunFiles() if checkpoint is None else RunFiles.of_checkpoint(checkpoint)


def _inputs(options: Options, trainer: Trainer) -> tuple[InputFile, ...]:
    """Return the files that the run reads."""
    from rnn_tui.files.ownership import InputFile, data_file

    files = {
        "the checkpoint that this run goes on from": options.get("checkpoint"),
        "the --init-from file": options.get("init_from"),
    }
    named = (InputFile(role, path) for role, path in files.items() if path)
    return (*data_file(trainer.settings.data), *named)


def _load_run(checkpoint: str, options: Options, *, ask: bool) -> SavedRun:
    """Return the run in a file, with those settings changed that may change in a run.

    Args:
        checkpoint: the file.
        options: the options of the command line.
        ask: whether the user can be asked on the terminal.

    Raises:
        CommandError: there is an option for something that cannot change.
    """
    _refuse_new_run(options)
    if checkpoint == "train" and not Path(checkpoint).exists():
        raise CommandError(f"'train' comes first: {PROGRAM} train [OPTIONS]")
    from rnn_tui.cli_checkpoint import open_run
    from rnn_tui.files.atomic_file import remove_leftovers

    remove_leftovers(os.path.dirname(os.path.realpath(checkpoint)))
    data = options.get("data")
    saved = open_run(checkpoint, None if data is None else str(data), ask=ask)
    _change_settings(saved.trainer, options, repr(checkpoint))
    return saved


def _change_settings(trainer: Trainer, options: Options, where: str) -> None:
    """Change those settings of a run that may change; --data is not looked at.

    Raises:
        CommandError: there is an option for another one; `where`: what the run comes from.
    """
    chosen = _setting_options(options)
    chosen.pop("data", None)
    changed = trainer.settings.with_(**chosen)
    if fixed := changed.needs_restart(trainer.settings):
        wanted = ", ".join(_as_option(name, changed) for name in fixed)
        kept = ", ".join(_as_option(name, trainer.settings) for name in fixed)
        raise CommandError(f"{wanted} cannot change in a run: {where} has {kept}")
    trainer.configure(changed)


def _as_option(name: str, settings: Settings) -> str:
    """Return a setting as it is written on the command line: "--hidden 32", "--no-carry"."""
    declaration, value = DECLARATIONS[name], getattr(settings, name)
    if declaration.kind is bool:
        return declaration.switch.split("/")[0 if value else 1]
    return f"{declaration.option} {declaration.show(value)}"


def _parse_breakpoints(options: Options) -> tuple[Breakpoint, ...]:
    """Return the breakpoints of --break; `_check_fit` compares them with the network later."""
    texts: tuple[str, ...] = options.get("break", ())
    if not texts:
        return ()
    from rnn_tui.engine.training.breakpoint_conditions import BreakpointError
    from rnn_tui.engine.training.breakpoint_parser import parse

    try:
        return tuple(parse(text) for text in texts)
    except BreakpointError as error:
        raise CommandError(f"--break {error}") from None


def _check_keyframes(trainer: Trainer) -> None:
    """Refuse --timeline if there is not so much memory; all else is checked by the trainer."""
    from rnn_tui.engine.training.memory_use import check_memory

    check_memory(trainer.settings, trainer.architecture, screen=True)


def _check_fit(breakpoints: tuple[Breakpoint, ...], trainer: Trainer) -> None:
    """Refuse breakpoints at gates and timesteps that this network does not have."""
    for each in breakpoints:
        try:
            each.fits(trainer.network.declaration)
        except ValueError as error:
            raise CommandError(f"--break {error}") from None


# ---------------------------------------------------------------- the two commands


def _open_app(options: Options) -> int:
    """Open the screen; every error comes before it opens."""
    from rnn_tui.tui.character_set import choose_characters, users_environment
    from rnn_tui.tui.signal_watch import SignalWatch, signal_name

    # Before signals are blocked: what it asks would have them blocked as well.
    encoding = sys.stdout.encoding
    characters = choose_characters(options.get("ascii"), users_environment(), encoding)
    with SignalWatch() as watch:
        code = _open_watched(options, characters, watch)
    if watch.ended_by is not None:
        print_error(f"ended by {signal_name(watch.ended_by)}")
    return watch.exit_code(code)


def _open_watched(options: Options, characters: CharacterSet, watch: SignalWatch) -> int:
    """Open the screen while signals are watched, and return the exit code."""
    gc.disable()  # imported modules stay; the app enables it again after its first screen
    breakpoints = _parse_breakpoints(options)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    files = _run_files(options)
    start = _start(options, ask=in_terminal)
    trainer, saved, resumed = start.trainer, start.saved, start.resumed
    _check_keyframes(trainer)
    _check_fit(breakpoints, trainer)
    versus, second = _parse_versus(options, trainer), None
    if resumed is not None:
        files.path = resumed.note.path or None
        files.own_again(resumed.note.own)
        if versus is None:
            versus, second = resumed.versus, resumed.second
    if not in_terminal:
        raise CommandError(_terminal_needed())
    if sys.platform != "win32":
        from rnn_tui.tui.terminal_kind import why_unusable

        if reason := why_unusable(os.environ.get("TERM")):
            # ssh passes on what TERM is where ssh is started.
            over = f"; if it can: TERM=xterm {SSH}" if os.environ.get("SSH_CONNECTION") else ""
            raise CommandError(f"{reason}{over}; without a screen, use: {PROGRAM} train")
    notices = ("" if resumed is None else resumed.message, "" if saved is None else saved.remark)
    from rnn_tui.tui.app import RnnTui, run_app
    from rnn_tui.tui.colour_depth import depth_of, truecolor_query

    theme = options.get("theme", THEME)
    app = RnnTui(
        trainer,
        link=_link(options),
        theme=theme,
        depth=depth_of(os.environ),
        colour_query=truecolor_query(os.environ),
        files=files,
        breakpoints=breakpoints,
        versus=versus,
        second=second,
        view=None if saved is None else saved.view,
        watch=watch,
        characters=characters,
        autosaves=None if options.get("no_autosave") else partial(_autosaves, options, start),
        notice=" · ".join(filter(None, notices)),
    )
    return run_app(app)


def _terminal_needed() -> str:
    """Return what to do without a terminal: OpenSSH gives a command none unless it is asked to."""
    if os.environ.get("SSH_CONNECTION") and not os.environ.get("SSH_TTY"):
        return f"this needs a terminal, and ssh gave none; use: {SSH}, or {PROGRAM} train"
    return f"this needs a terminal (over ssh: {SSH}); without one, use: {PROGRAM} train"


def _link(options: Options) -> Link:
    """Return the link to the terminal: measured, or what the user says it is."""
    from rnn_tui.tui.link import Link

    remote: bool | None = options.get("remote")
    return Link(
        "measured" if remote is None else "remote" if remote else "local",
        over_ssh=bool(os.environ.get("SSH_CONNECTION")),
        multiplexed=bool(os.environ.get("TMUX") or os.environ.get("STY")),
    )


def _autosaves(options: Options, start: Start) -> AutosaveWriter:
    """Return the writer of autosaves."""
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.files.autosave_folder import RunNote

    directory = ""
    with contextlib.suppress(OSError):  # it has been deleted
        directory = os.getcwd()
    if start.resumed is not None:
        note = start.resumed.note
        return AutosaveWriter(replace(note, directory=directory), start.resumed.folder)
    path = options.get("checkpoint")
    return AutosaveWriter(RunNote(directory, os.path.abspath(path) if path else ""))


def _parse_versus(options: Options, trainer: Trainer) -> Versus | None:
    """Return the second network of --versus, if there is one."""
    match_parameters = options.get("match_parameters", False)
    if "versus" not in options:
        if match_parameters:
            raise CommandError("--match-parameters needs a second network: --versus CELL")
        return None
    from rnn_tui.second_network import Versus, second_network_settings

    versus = Versus(options["versus"], match_parameters)
    second_network_settings(trainer.settings, trainer.architecture, versus)  # for its errors
    return versus


def _train(options: Options) -> int:
    """Train without a screen."""
    from rnn_tui import cli_train
    from rnn_tui.files.ownership import data_file

    breakpoints = _parse_breakpoints(options)
    out, metrics = options.get("out"), options.get("metrics")
    if "save_every" in options and out is None:
        raise CommandError("--save-every needs a file to save to: --out FILE.safetensors")
    cli_train.check_files(out, metrics)
    files = _run_files(options)
    start = _start(options)
    trainer = start.trainer
    _check_fit(breakpoints, trainer)
    files.protect(*data_file(trainer.settings.data))
    default_updates = train_updates(trainer.settings.task, options.get("preset", ""))
    job = cli_train.TrainJob(
        updates=options.get("updates", default_updates),
        out=out,
        metrics=metrics,
        json=bool(options.get("json")),
        quiet=bool(options.get("quiet")),
        breakpoints=breakpoints,
        files=files,
        inputs=_inputs(options, trainer),
        force=bool(options.get("force")),
        save_every=options.get("save_every"),
        autosaves=None if options.get("no_autosave") else _autosaves(options, start),
        view=None if start.saved is None else start.saved.view,
    )
    return cli_train.run_job(trainer, job)
