"""The command ``rnn-tui lesson check``: plays lessons without a screen; every claim must hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any

import click

from rnn_tui import PROGRAM
from rnn_tui.command_line.effects import check_effects
from rnn_tui.command_line.exit import BAD_USAGE, DONE, CommandError
from rnn_tui.command_line.options import GroupedCommand, SettingOption, parse
from rnn_tui.lessons.checking import LessonCheck, check_lesson
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.lessons.library import LibraryLesson, find_lesson, library
from rnn_tui.lessons.reading import read_lesson
from rnn_tui.lessons.run import lesson_settings
from rnn_tui.settings import Declaration, quote
from rnn_tui.train.seeds import SeedsError, parse_seeds

FAILS = 1
"""The exit code where a claim does not hold."""
_SEEDS = Declaration(
    name="seeds", kind=str, default="", help="Check with each of these seeds, such as 0-4 or "
    "0,3,7; left out, with one. A lesson that names its seeds is checked with those of them alone.",
    group="check", effect="live",
)  # fmt: skip
_HELP = """\
Play lessons without a screen, and check every claim and every prediction: of choices exactly one
must be right, a number must be finite, and all that is filled into a text must have a value.

LESSON is a file, or the number or name of one of the program's own; left out: all of those.
docs/lessons.md says how they are written.

\b
Examples:
  rnn-tui lesson check                     all of the program's own
  rnn-tui lesson check mine.toml           one of yours
  rnn-tui lesson check mine.toml --seeds 0-4

\b
Exit codes:
  0    all holds
  1    something does not: FILE:LINE, the claim, and both sides' numbers
  2    a file cannot be read as a lesson: FILE:LINE, and what is wrong
"""


def check_command() -> click.Command:
    """Return the command."""
    return GroupedCommand(
        "check",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        params=[
            click.Argument(["lessons"], nargs=-1, metavar="[LESSON]..."),
            SettingOption(_SEEDS),
        ],
        help=_HELP,
    )


def check(arguments: list[str]) -> int:
    """Check lessons, print what does not hold, and return the exit code.

    Raises:
        OptionError, CommandError: the command line cannot be read.
    """
    options = parse(check_command(), f"{PROGRAM} lesson check", [*arguments])
    if options is None:
        return DONE
    seeds = _seeds(options)
    named: Sequence[str] = options.get("lessons", ())
    found = [find_lesson(text) for text in named] if named else library()
    paths = [shown_path(each.path if isinstance(each, LibraryLesson) else each) for each in found]
    code = DONE
    jobs: list[tuple[str, int | None]] = []
    for path in paths:
        try:
            lesson = checked_lesson(path)
        except LessonError as error:
            print(error, flush=True)
            code = BAD_USAGE
        else:
            jobs += [(path, seed) for seed in seeds_for(lesson, seeds)]
            if left_out := [each for each in seeds if lesson.seeds and each not in lesson.seeds]:
                which = ", ".join(map(str, left_out))
                print(
                    f"{lesson.name}: not checked with seed {which}: written for others", flush=True
                )
    for check in _checked(jobs):
        for line in check.lines():
            print(line, flush=True)
        if check.mistakes:
            code = max(code, FAILS)
        else:
            print(_fine(check), flush=True)
    return code


def checked_lesson(path: str) -> Lesson:
    """Read a lesson, and refuse settings without effect as the command line does.

    Raises:
        LessonError: something in it is not allowed.
    """
    lesson = read_lesson(path)
    if not lesson.checkpoint:
        try:
            cells = (lesson.versus,) if lesson.versus else ()
            check_effects(lesson.settings, lesson_settings(lesson), cells)
        except CommandError as error:
            raise LessonError(path, lesson.run_line, str(error)) from None
    return lesson


def _fine(check: LessonCheck) -> str:
    """Return the line of a lesson in which all holds."""
    seed = "" if check.seed is None else f" seed {check.seed}:"
    asked = f", {_counted(check.predictions, 'prediction')}" if check.predictions else ""
    name = Path(check.path).name.removesuffix(".toml")
    return f"{name}:{seed} {_counted(check.claims, 'claim')}{asked}: all hold"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _seeds(options: dict[str, Any]) -> tuple[int, ...]:
    """Return the seeds of --seeds; none where it is not given."""
    if "seeds" not in options:
        return ()
    try:
        return parse_seeds(str(options["seeds"]))
    except SeedsError as error:
        raise CommandError(f"--seeds must be {error}, not {quote(options['seeds'])}") from None


def seeds_for(lesson: Lesson, seeds: tuple[int, ...] = ()) -> tuple[int | None, ...]:
    """Return the seeds that a lesson is checked with; None: that of its checkpoint.

    Args:
        lesson: the lesson.
        seeds: those that were asked for; none for one seed.
    """
    if lesson.checkpoint:
        return (None,)
    if lesson.seeds:
        return tuple(seed for seed in seeds if seed in lesson.seeds) or lesson.seeds[:1]
    return seeds or (lesson_settings(lesson).seed,)


def check_file(path: str, seed: int | None) -> LessonCheck:
    """Check one lesson with one seed; in a process of its own."""
    return check_lesson(read_lesson(path), seed)


def _checked(jobs: list[tuple[str, int | None]]) -> Iterator[LessonCheck]:
    """Yield what comes out, in order; several processes work at it."""
    workers = min(len(jobs), os.cpu_count() or 1)
    if workers < 2 or "fork" not in get_all_start_methods():
        yield from (check_file(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        futures: list[Future[LessonCheck]] = [pool.submit(check_file, *job) for job in jobs]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def shown_path(path: Path) -> str:
    """Return a path as short as it can be: from here on, where it lies below."""
    try:
        return os.fspath(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)
