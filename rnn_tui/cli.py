"""The entry point: it makes a trainer from the options and opens the app, or only trains.

Start-up time counts, so NumPy, the engine, the screen, the command ``train`` and the module that
reads options are imported only where they are used. Every error is one line.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from rnn_tui.autosave import LIST
from rnn_tui.command_line.app import open_app, open_guest
from rnn_tui.command_line.case_file import with_case_file
from rnn_tui.command_line.exit import (
    DONE,
    CommandError,
    discard_output,
    explain,
    flush,
    ignore_variables,
    prepare_streams,
    print_error,
)
from rnn_tui.command_line.kiosk import attach_streams, begin_again, limit_threads, wants_kiosk
from rnn_tui.command_line.start import (
    Options,
    autosave_writer,
    check_fit,
    input_files,
    parse_breakpoints,
    run_files,
    start_run,
)
from rnn_tui.settings import train_updates

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnn_tui.command_line.train.job import TrainJob
    from rnn_tui.engine.training.trainer import Trainer

COMMANDS = {
    "serve": ("rnn_tui.serve.command", "serve"),
    "inspect": ("rnn_tui.command_line.inspect", "inspect"),
    "check": ("rnn_tui.command_line.check", "check"),
    "predict": ("rnn_tui.command_line.predict", "predict"),
    "sample": ("rnn_tui.command_line.sample", "sample"),
    "export": ("rnn_tui.command_line.export", "export"),
    "drill": ("rnn_tui.command_line.drill", "drill"),
    "exercise": ("rnn_tui.command_line.exercise", "exercise"),
    "present": ("rnn_tui.command_line.present", "present"),
    "lesson": ("rnn_tui.command_line.lesson", "lesson"),
    "export-lesson": ("rnn_tui.command_line.export_lesson", "export_lesson"),
}
"""The commands with options of their own: the module and the function; each is imported alone."""
SHOW_TRACEBACK = "RNN_TUI_TRACEBACK"  # for developers: set it to see where an error came from


def main() -> None:
    """Run the program and end the process."""
    if wants_kiosk(sys.argv[1:]) and sys.argv[1] != "serve":  # whose guests have it anyway
        begin_again()
        attach_streams()
    prepare_streams()
    ignore_variables()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code; errors go to stderr as one line."""
    limit_threads(os.environ)
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
        message, code = explain(error)
        print_error(message)
        flush(sys.stdout)
        return code


def _dispatch(arguments: list[str]) -> int:
    """Run a command, or open the app; a checkpoint called like a command is ./train."""
    if not arguments:
        return open_app({})  # there are no options, so the module that reads them is not imported
    if arguments[0] in COMMANDS:
        from importlib import import_module

        module, name = COMMANDS[arguments[0]]
        command: Callable[[list[str]], int] = getattr(import_module(module), name)
        return command(arguments[1:])
    from rnn_tui.files.limits import OPTIONS as LIMITS

    options = _read(arguments)
    if options is None:
        return DONE
    for name in LIMITS.keys() & options.keys():
        os.environ[LIMITS[name]] = str(options[name])
    if options.get("resume") == LIST and not options.get("kiosk"):
        from rnn_tui.autosave.resume import list_text
        from rnn_tui.command_line.effects import check_list
        from rnn_tui.files.autosave_folder import tidy

        check_list(options)
        tidy()
        print(list_text())
        return DONE
    if options.get("kiosk"):
        return open_guest(options, environment=os.environ)
    if str(options.get("checkpoint", "")).endswith(".toml"):
        _refuse_lesson(options["checkpoint"])
    options = with_case_file(options)
    return _train(options) if arguments[0] == "train" else open_app(options)


def _read(arguments: list[str]) -> Options | None:
    """Read the options; what is refused in a kiosk is told with its caps."""
    from rnn_tui.command_line.options import read

    if not wants_kiosk(arguments):
        return read(arguments)
    from rnn_tui.kiosk import capped
    from rnn_tui.settings import SettingError

    try:
        return read(arguments)
    except SettingError as error:
        raise capped(error) from error


def _refuse_lesson(path: str) -> None:
    """Say which command opens a file of TOML.

    Raises:
        CommandError: always.
    """
    from rnn_tui import PROGRAM
    from rnn_tui.exercises.exercise_file import is_exercise

    command = "exercise" if is_exercise(path) else "lesson"
    raise CommandError(f"{path!r} is opened by: {PROGRAM} {command} {path}")


def _train(options: Options) -> int:
    """Train without a screen, once or with each of several seeds."""
    from rnn_tui.command_line.effects import check_run_options
    from rnn_tui.command_line.train import job as cli_train
    from rnn_tui.command_line.train.seeds import check_paths, run_seeds, seed_path, seeds_of

    parse_breakpoints(options)
    if "save_every" in options and options.get("out") is None:
        raise CommandError("--save-every needs a file to save to: --out FILE.safetensors")
    check_run_options(options)
    if not (seeds := seeds_of(options)):
        return cli_train.run_job(*_training(options))
    quiet, json = bool(options.get("quiet")), bool(options.get("json"))

    def train(seed: int, title: str) -> cli_train.JobEnd:
        """Train with one of the seeds."""
        files = {name: options.get(name) for name in ("out", "metrics")}
        named = {name: seed_path(path, seed) for name, path in files.items() if path}
        again = seed != seeds[0]
        return cli_train.train_job(*_training({**options, **named, "seed": seed}, title, again))

    check_paths(options, seeds)
    return run_seeds(seeds, train, json=json, quiet=quiet)


def _training(options: Options, title: str = "", again: bool = False) -> tuple[Trainer, TrainJob]:
    """Return what is to be trained, and how.

    Args:
        options: of the command line.
        title: which of several runs it is.
        again: it is not the first of them.
    """
    from rnn_tui.command_line.effects import check_without_tests
    from rnn_tui.command_line.train import job as cli_train
    from rnn_tui.files.ownership import data_file

    breakpoints = parse_breakpoints(options)
    out, metrics = options.get("out"), options.get("metrics")
    cli_train.check_files(out, metrics)
    files = run_files(options)
    start = start_run(options)
    trainer = start.trainer
    if start.saved is not None and start.saved.remark:
        print_error(start.saved.remark)
    if start.taken and not again and not options.get("quiet"):
        print_error(start.taken)
    check_fit(breakpoints, trainer)
    if not trainer.task.tested:
        check_without_tests(options)
    files.protect(*data_file(trainer.settings.data))
    default_updates = train_updates(trainer.settings.task, options.get("preset", ""))
    updates = options.get("updates", default_updates)
    job = cli_train.TrainJob(
        updates=updates,
        out=out,
        metrics=metrics,
        json=bool(options.get("json")),
        quiet=bool(options.get("quiet")),
        breakpoints=breakpoints,
        files=files,
        inputs=input_files(options, trainer),
        force=bool(options.get("force")),
        save_every=options.get("save_every"),
        autosaves=None if options.get("no_autosave") else autosave_writer(options, start),
        view=None if start.saved is None else start.saved.view,
        report=start.report,
        test_every=cli_train.test_every(options, breakpoints, updates),
        patience=options.get("patience"),
        keep_best=options.get("keep") == "best",
        title=title,
        again=again,
    )
    return trainer, job
