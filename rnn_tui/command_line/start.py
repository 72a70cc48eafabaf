"""From the options of the command line to the run that they describe."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.case_file import CASE, start_case
from rnn_tui.command_line.effects import as_option, check_effects, check_starting_weights
from rnn_tui.command_line.exit import CommandError
from rnn_tui.command_line.reading import said_while_reading
from rnn_tui.registry import TASKS
from rnn_tui.settings import DECLARATIONS, Settings, Value, compose

if TYPE_CHECKING:
    from rnn_tui.autosave.resume import ResumedRun
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.checkpoint.loading import SavedRun
    from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.files.ownership import InputFile, RunFiles
    from rnn_tui.kiosk import Kiosk
    from rnn_tui.places.place_line import PlaceLine
    from rnn_tui.tasks.data_report import DataReport

Options = Mapping[str, Any]
"""The options that were written on the command line, by name: `command_line.options.read`."""


def setting_options(options: Options) -> dict[str, Value]:
    """Return those options that are settings."""
    return {name: value for name, value in options.items() if name in DECLARATIONS}


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a run begins with.

    Attributes:
        trainer: a new one, or one from a file.
        saved: the run that the file holds; None for a new one.
        resumed: the autosave that it comes from; None if it comes from none.
        chosen: what is said of a task that the data file has chosen; "" where the user has.
        taken: what is said of the starting weights: what was taken from their file.
    """

    trainer: Trainer
    saved: SavedRun | None = None
    resumed: ResumedRun | None = None
    chosen: str = ""
    taken: str = ""

    @property
    def report(self) -> DataReport | None:
        """What was read of the data file; None where there is none."""
        report = self.trainer.task.data_report()
        return None if report is None else report.noted(self.chosen)


def start_run(options: Options, kiosk: Kiosk | None = None, *, ask: bool = False) -> Start:
    """Return what the options describe: a new run, one from a checkpoint, or an autosaved one.

    With `ask`, the user can be asked on the terminal.
    """
    with said_while_reading(options):
        return _start(options, kiosk, ask=ask)


def _start(options: Options, kiosk: Kiosk | None, *, ask: bool) -> Start:
    """Return what the options describe; see `start_run`."""
    if CASE in options:
        trainer, assumed = start_case(options, kiosk)
        return Start(trainer, taken=assumed)
    if "data_changed" in options and not {"checkpoint", "resume"} & options.keys():
        raise CommandError("--data-changed has no effect on a new run: it goes with a saved one")
    if "resume" in options:
        return _resume(options["resume"], options, ask=ask)
    if "checkpoint" in options:
        saved = _load_run(options["checkpoint"], options, kiosk, ask=ask)
        return Start(saved.trainer, saved)
    from rnn_tui.engine.training.trainer import Trainer

    if "init_from" not in options:
        settings, said = new_settings(options, kiosk)
        return Start(Trainer(settings), chosen=said)
    from rnn_tui.checkpoint.starting_weights import load_weights, stored_settings

    check_starting_weights(options)
    stored, taken = stored_settings(options["init_from"], setting_options(options))
    settings, said = new_settings(options, kiosk, stored)
    weights = load_weights(options["init_from"], settings)
    trainer = Trainer(settings, weights)
    trainer.given = trainer.architecture, weights
    return Start(trainer, chosen=said, taken=taken)


def new_settings(
    options: Options, kiosk: Kiosk | None = None, stored: Options = MappingProxyType({})
) -> tuple[Settings, str]:
    """Return the settings of a new run, and what is said of a task that the data file has chosen.

    Args:
        options: those of the command line.
        kiosk: what a guest may do; None for a user.
        stored: settings that the file of the starting weights says; those of a preset or of the
            task do not count against them.

    Raises:
        SettingError, CommandError, DataError: a value is not allowed, an option has no effect, or
            the data file cannot be read.
    """
    chosen = {**stored, **setting_options(options)}
    said = ""
    if chosen.get("data") and "task" not in chosen and "preset" not in options:
        chosen["task"], said = _task_of(chosen)
    if kiosk is not None:
        kiosk.check_chosen(chosen)
        chosen |= kiosk.lowered(chosen)
    settings = compose(chosen, options.get("preset", ""))
    check_effects(options, settings, _second_cells(options))
    if kiosk is not None:
        kiosk.check(settings)
    return settings, said


def _task_of(chosen: Mapping[str, Value]) -> tuple[str, str]:
    """Return the task that a data file is for, and what is said of it.

    An option that only one task has says which is meant.

    Raises:
        DataError: the file cannot be read.
    """
    for name in chosen:
        if len(users := TASKS.using(name)) == 1 and DECLARATIONS["data"].only_with.count(users[0]):
            return users[0], ""
    from rnn_tui.tables.recognition import said, task_for

    path = str(chosen["data"])
    task = task_for(path, str(chosen.get("encoding", "")))
    return task, said(path, task)


def _second_cells(options: Options) -> tuple[str, ...]:
    """Return the cell of the second network, if the options say that there is one."""
    return (options["versus"],) if "versus" in options else ()


def _resume(choice: str, options: Options, *, ask: bool) -> Start:
    """Return an autosaved run, with those settings changed that may change in a run.

    Raises:
        CommandError: there is an option for something that cannot change.
        ResumeError: there is no such autosave.
    """
    if "checkpoint" in options:
        raise CommandError("--resume opens an autosave; leave it out, or leave out the file")
    _refuse_new_run(options)
    from rnn_tui.autosave.resume import resume
    from rnn_tui.command_line.checkpoint import agreement
    from rnn_tui.files.autosave_folder import tidy

    tidy()
    agree = agreement("the run", options.get("data_changed", ""), ask=ask)
    resumed = resume(choice, options.get("data"), agree)
    second = resumed.second
    cells = _second_cells(options) if second is None else (second.settings.cell,)
    _change_settings(resumed.saved.trainer, options, "the autosave", cells)
    if second is not None:
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


def run_files(options: Options) -> RunFiles:
    """Return the files that the run owns: the checkpoint, if it is to be loaded from one."""
    from rnn_tui.files.ownership import InputFile, RunFiles

    if CASE in options:
        return RunFiles([InputFile("the case file", options[CASE])])
    checkpoint = options.get("checkpoint")
    return RunFiles() if checkpoint is None else RunFiles.of_checkpoint(checkpoint)


def input_files(options: Options, trainer: Trainer) -> tuple[InputFile, ...]:
    """Return the files that the run reads."""
    from rnn_tui.files.ownership import InputFile, data_file

    files = {
        "the checkpoint that this run goes on from": options.get("checkpoint"),
        "the case file": options.get(CASE),
    }
    named = (InputFile(role, path) for role, path in files.items() if path)
    return (*data_file(trainer.settings.data), *named, *starting_weights(options))


def starting_weights(options: Options) -> tuple[InputFile, ...]:
    """Return the file that the run begins with the weights of, if there is one."""
    if "init_from" not in options:
        return ()
    from rnn_tui.files.ownership import InputFile

    return (InputFile("the --init-from file", options["init_from"]),)


def _load_run(checkpoint: str, options: Options, kiosk: Kiosk | None, *, ask: bool) -> SavedRun:
    """Return the run in a file, with those settings changed that may change in a run.

    Args:
        checkpoint: the file.
        options: the options of the command line.
        kiosk: what a guest may do; None for a user.
        ask: whether the user can be asked on the terminal.

    Raises:
        CommandError: there is an option for something that cannot change.
    """
    _refuse_new_run(options)
    if checkpoint == "train" and not Path(checkpoint).exists():
        raise CommandError(f"'train' comes first: {PROGRAM} train [OPTIONS]")
    from rnn_tui.command_line.checkpoint import agreement, open_run
    from rnn_tui.files.atomic_file import remove_leftovers

    if kiosk is None:
        remove_leftovers(os.path.dirname(os.path.realpath(checkpoint)))
    data = options.get("data")
    allow = (lambda settings: None) if kiosk is None else kiosk.allow
    asks = ask and kiosk is None
    agree = agreement(checkpoint, options.get("data_changed", ""), ask=asks)
    path = None if data is None else str(data)
    saved = open_run(checkpoint, path, ask=asks, allow=allow, agree=agree)
    lowered = {} if kiosk is None else kiosk.lowered(options, saved.trainer.settings)
    cells = _second_cells(options)
    _change_settings(saved.trainer, options, repr(checkpoint), cells, lowered)
    if kiosk is not None:
        kiosk.check(saved.trainer.settings)
    return saved


def _change_settings(
    trainer: Trainer,
    options: Options,
    where: str,
    cells: tuple[str, ...] = (),
    lowered: Options = MappingProxyType({}),
) -> None:
    """Change those settings of a run that may change; --data is not looked at.

    Args:
        trainer: the run.
        options: those of the command line.
        where: what the run comes from, in words.
        cells: that of the second network, if there is one.
        lowered: settings that change besides, though nobody wrote them.

    Raises:
        CommandError: there is an option for a setting that cannot change, or without effect.
    """
    chosen = setting_options(options)
    chosen.pop("data", None)
    changed = trainer.settings.with_(**chosen, **lowered)
    check_effects({n: v for n, v in options.items() if n != "data"}, changed, cells, where)
    if fixed := changed.needs_restart(trainer.settings):
        wanted = ", ".join(as_option(name, getattr(changed, name)) for name in fixed)
        kept = ", ".join(as_option(name, getattr(trainer.settings, name)) for name in fixed)
        raise CommandError(f"{wanted} cannot change in a run: {where} has {kept}")
    trainer.configure(changed)


def parse_breakpoints(options: Options) -> tuple[Breakpoint, ...]:
    """Return the breakpoints of --break; `check_fit` compares them with the network later."""
    texts: tuple[str, ...] = options.get("break", ())
    if not texts:
        return ()
    from rnn_tui.engine.training.breakpoint_conditions import BreakpointError
    from rnn_tui.engine.training.breakpoint_parser import parse

    try:
        return tuple(parse(text) for text in texts)
    except BreakpointError as error:
        raise CommandError(f"--break {error}") from None


def parse_place(options: Options) -> PlaceLine | None:
    """Return the place of --at, which the app compares with the run later; None without it."""
    if not (text := options.get("at")):
        return None
    from rnn_tui.places.reading import PlaceError
    from rnn_tui.places.reading import parse_place as parse

    try:
        return parse(str(text))
    except PlaceError as error:
        raise CommandError(f"--at {error}") from None


def check_keyframes(trainer: Trainer) -> None:
    """Refuse --timeline if there is not so much memory; all else is checked by the trainer."""
    from rnn_tui.engine.training.memory_use import check_memory

    check_memory(trainer.settings, trainer.architecture, screen=True)


def check_fit(breakpoints: tuple[Breakpoint, ...], trainer: Trainer) -> None:
    """Refuse breakpoints at gates and timesteps that this network does not have."""
    for each in breakpoints:
        try:
            each.fits(trainer.network.declaration, tested=trainer.task.tested)
        except ValueError as error:
            raise CommandError(f"--break {error}") from None


def autosave_writer(options: Options, start: Start) -> AutosaveWriter:
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
