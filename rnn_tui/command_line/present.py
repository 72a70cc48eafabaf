"""The command ``rnn-tui present``: a file of slides, turned with a clicker in the debugger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui import PROGRAM
from rnn_tui.command_line.app import open_app
from rnn_tui.command_line.exit import DONE, CommandError
from rnn_tui.command_line.lesson import run_options
from rnn_tui.command_line.lesson_check import checked_lesson, shown_path
from rnn_tui.command_line.options import SettingOption, make_command, parse, screen_options
from rnn_tui.lessons.library import LibraryLesson, find_lesson
from rnn_tui.settings import Declaration

if TYPE_CHECKING:
    import click

    from rnn_tui.lessons.lesson import Lesson

NAME = "present"
_SLIDE = Declaration(
    name="slide", kind=int, default=1, help="Begin with this slide.", group="present",
    effect="live", low=1, high=1000,
)  # fmt: skip
_NOTES = Declaration(
    name="notes", kind=bool, default=False, help="Show what each slide says, below the panels; "
    "left out, the panel lesson has it when you look there (tab).", group="present", effect="live",
)  # fmt: skip
_HELP = """\
Present: a file of slides in the form of a lesson (docs/presenting.md, docs/lessons.md), on a
network that really trains. PgDn and PgUp turn slides, as a clicker sends them; all other keys do
what they always do. esc leaves the slides, and comes back to where you left them.

FILE is such a file, or the number or name of a lesson of the program's own.

\b
Examples:
  rnn-tui present lecture.toml
  rnn-tui present lecture.toml --slide 12
  rnn-tui lesson check lecture.toml        does all that it claims hold?
"""


def present_command() -> click.Command:
    """Return the command ``present``."""
    extra: list[click.Parameter] = [SettingOption(_SLIDE), SettingOption(_NOTES), *screen_options()]
    return make_command(NAME, _HELP, extra, "[FILE]", ("seed", "timeline"))


def present(arguments: list[str]) -> int:
    """Open a presentation on the screen, and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read.
        UnknownLessonError, LessonError: there is no such file, or something in it is wrong.
    """
    options = parse(present_command(), f"{PROGRAM} {NAME}", [*arguments])
    if options is None:
        return DONE
    if "checkpoint" not in options:
        raise CommandError(f"which slides? {PROGRAM} {NAME} FILE.toml (docs/presenting.md)")
    lesson = read_slides(str(options.pop("checkpoint")))
    slide, notes = options.pop("slide", 1), bool(options.pop("notes", False))
    if slide > len(lesson.steps):
        raise CommandError(f"--slide {slide}: this presentation has {len(lesson.steps)} slides")
    from rnn_tui.tui.lesson.presentation import slides_plan

    return open_app(run_options(lesson, options), plan=slides_plan(lesson, slide, notes=notes))


def read_slides(name: str) -> Lesson:
    """Return the lesson that a file, a number or a name stands for.

    Raises:
        UnknownLessonError, LessonError: there is none, or something in it is wrong.
    """
    found = find_lesson(name)
    path = found.path if isinstance(found, LibraryLesson) else found
    return checked_lesson(shown_path(Path(path)))
