"""Options that were written on the command line and have no effect: an error says what they need.

An option that does nothing is a mistake that shows nowhere: another task was meant, or another
file. What comes from a preset, from a task's defaults or from a cap was not written by anybody, and
is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rnn_tui.command_line.exit import CommandError
from rnn_tui.registry import CELLS
from rnn_tui.settings import DECLARATIONS, OF_FILES, Declaration, Settings, Value


def as_option(name: str, value: Value) -> str:
    """Return a setting as it is written on the command line: "--hidden 32", "--no-carry"."""
    declaration = DECLARATIONS[name]
    if declaration.kind is bool:
        return declaration.switch.split("/")[0 if value else 1]
    shown = declaration.show(value)
    return f"{declaration.option} {shown if shown and ' ' not in shown else repr(shown)}"


def check_effects(
    options: Mapping[str, Any], settings: Settings, cells: tuple[str, ...] = (), where: str = ""
) -> None:
    """Refuse options without effect.

    Args:
        options: those that were written on the command line, by name.
        settings: of the run that they describe, or change.
        cells: those of the second network, if there is one: what it needs has an effect.
        where: what the run comes from, in words; "" for a new one.

    Raises:
        CommandError: an option has no effect; the message says what it would need.
    """
    for name in filter(options.__contains__, DECLARATIONS):
        reason = _unused(DECLARATIONS[name], settings, cells)
        reason = reason or _without_file(name, settings) or _not_drawn(name, options)
        reason = reason or _not_carried(name, settings, cells)
        if reason:
            of = f" in {where}" if where else ""
            raise CommandError(f"{as_option(name, options[name])} has no effect{of} {reason}")


def _unused(declaration: Declaration, settings: Settings, cells: tuple[str, ...]) -> str:
    """Return why a setting has no effect in a run: another one has a value that it is not for."""
    if declaration.used_by(settings):
        return ""
    name, *wanted = declaration.only_with
    if name == CELLS.kind and set(cells) & set(wanted):
        return ""
    controlling = DECLARATIONS[name].option
    there = as_option(name, getattr(settings, name))
    return f"with {there}; it needs {controlling} {_either(wanted)}"


def _without_file(name: str, settings: Settings) -> str:
    """Return why an option that is about a file has no effect: there is none."""
    if name not in OF_FILES or settings.data:
        return ""
    return "where no file is read; it needs --data FILE"


def _not_drawn(name: str, options: Mapping[str, Any]) -> str:
    """Return why a setting of the starting weights has no effect: they come from a file."""
    if name in ("init", "forget_bias") and "init_from" in options:
        return f"with --init-from {options['init_from']!r}, which has the starting weights"
    return ""


def _not_carried(name: str, settings: Settings, cells: tuple[str, ...]) -> str:
    """Return why carrying the state has no effect: no cell reads it."""
    if name != "carry" or any(CELLS.load(cell).recurrent for cell in (settings.cell, *cells)):
        return ""
    return f"with --cell {settings.cell}, which has no recurrence"


def check_starting_weights(options: Mapping[str, Any]) -> None:
    """Refuse options about drawing starting weights beside a file that has them.

    Raises:
        CommandError: there is one.
    """
    for name in ("init", "forget_bias"):
        if name in options and (reason := _not_drawn(name, options)):
            raise CommandError(f"{as_option(name, options[name])} has no effect {reason}")


def check_run_options(options: Mapping[str, Any]) -> None:
    """Refuse those options of ``train`` that have no effect without another one.

    Raises:
        CommandError: there is one.
    """
    for name, needed in _needs():
        if options.get(name) and not any(options.get(each) for each in needed):
            wanted = _either([f"--{each}" for each in needed])
            raise CommandError(f"--{name.replace('_', '-')} has no effect without {wanted}")


def check_without_tests(options: Mapping[str, Any]) -> None:
    """Refuse those options of ``train`` that have no effect where there are no test data.

    Raises:
        CommandError: there is one.
    """
    best = "best" if options.get("keep") == "best" else None
    for option, value in (
        ("--test-every", options.get("test_every")),
        ("--patience", options.get("patience")),
        ("--keep", best),
    ):
        if value is not None:
            raise CommandError(f"{option} {value} has no effect: a case has no test data")


def check_list(options: Mapping[str, Any]) -> None:
    """Refuse options beside ``--resume list``, which only shows what there is.

    Raises:
        CommandError: there is one.
    """
    for name in options:
        if name != "resume":
            what = repr(options[name]) if name == "checkpoint" else f"--{name.replace('_', '-')}"
            raise CommandError(f"{what} has no effect with --resume list, which opens nothing")


def _needs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield options of ``train``, and of each those one of which it needs."""
    yield "force", ("out", "metrics")
    yield "keep", ("out",)
    yield "max_data", ("data", "checkpoint", "resume")


def _either(words: list[str]) -> str:
    """Return words as a phrase: "adam", "value or norm"."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
