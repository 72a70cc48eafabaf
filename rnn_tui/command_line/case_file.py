"""A case file on the command line: it opens as a new run on the batch and the weights it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rnn_tui.command_line.effects import as_option, check_effects
from rnn_tui.command_line.exit import CommandError
from rnn_tui.settings import DECLARATIONS, Settings, Value

if TYPE_CHECKING:
    from rnn_tui.cases.case import Case
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.kiosk import Kiosk

CASE = "case"
"""The name of the option that a case file is, once it is known to be one."""
_NEW_RUN = {
    "preset": "a case file has its own network",
    "init_from": "a case file has its own weights",
    "data": "a case file has its own batch",
    "data_changed": "a case file has no other data",
}
_DRAWN = ("seed", "init", "forget_bias")
"""Settings of what is drawn at random: the starting weights, and here nothing else."""


def with_case_file(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with the file that they name under `CASE`, if it is a case file."""
    path = options.get("checkpoint")
    if path is None or not _is_case_file(str(path)):
        return options
    rest = {name: value for name, value in options.items() if name != "checkpoint"}
    return rest | {CASE: path}


def _is_case_file(path: str) -> bool:
    """Return whether a file is a case file; one that cannot be read is refused elsewhere."""
    from rnn_tui.cases.reading import is_case
    from rnn_tui.tensor_files.content import NUMBERS, ContentError
    from rnn_tui.tensor_files.reading import open_content

    try:
        with open_content(path, NUMBERS) as file:
            return is_case(file.header)
    except ContentError:
        return False


def start_case(options: Mapping[str, Any], kiosk: Kiosk | None = None) -> tuple[Trainer, str]:
    """Return a new run on the case file that the options name, and what is to be said of it.

    Args:
        options: of the command line; see `with_case_file`.
        kiosk: what a guest may do; None for a user.

    Raises:
        CaseError: the file is not usable.
        CommandError: an option contradicts it, or has no effect.
        SettingError: a value is not allowed, or the case is too large.
    """
    from rnn_tui.cases.reading import read_case
    from rnn_tui.layouts.new_trainer import new_trainer

    path = str(options[CASE])
    _refuse(options, path)
    case = read_case(path)
    settings = _settings(case, path, options, kiosk)
    said = f"{case.name}: {case.assumed}" if case.assumed else ""
    return new_trainer(settings, case), said


def _refuse(options: Mapping[str, Any], path: str) -> None:
    """Refuse options that do not go with a case file."""
    if "resume" in options:
        raise CommandError("--resume opens an autosave; leave it out, or leave out the file")
    for name, why in _NEW_RUN.items():
        if name in options:
            option = f"--{name.replace('_', '-')}"
            raise CommandError(f"{option} cannot be with {path!r}: {why}")


def _settings(case: Case, path: str, options: Mapping[str, Any], kiosk: Kiosk | None) -> Settings:
    """Return the settings of the run."""
    from rnn_tui.tasks.case import case_settings, settings_of_case

    chosen: dict[str, Value] = {n: v for n, v in options.items() if n in DECLARATIONS}
    own = settings_of_case(case)
    for name, value in chosen.items():
        if name in own and value != own[name]:
            has = as_option(name, own[name])
            raise CommandError(f"{as_option(name, value)} contradicts {path!r}, which has {has}")
    second = (str(options["versus"]),) if "versus" in options else ()
    for name in _DRAWN:
        if name in chosen and not second:
            what = f"{path!r}, which has the starting weights"
            raise CommandError(f"{as_option(name, chosen[name])} has no effect with {what}")
    if kiosk is not None:
        kiosk.check_chosen(chosen)
        chosen |= kiosk.lowered({**chosen, **own})
    settings = case_settings(case, chosen)
    check_effects(options, settings, second, repr(path))
    if kiosk is not None:
        kiosk.check(settings)
    return settings
