"""The command ``rnn-tui lesson``: the list of lessons, and playing one in the debugger."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.app import open_app
from rnn_tui.command_line.exit import DONE, CommandError
from rnn_tui.command_line.inspect import set_limits
from rnn_tui.command_line.lesson_check import checked_lesson, shown_path
from rnn_tui.command_line.lesson_list import can_choose, choose, list_text, listed_lessons
from rnn_tui.command_line.options import SettingOption, make_command, parse, screen_options
from rnn_tui.lessons.library import LibraryLesson, find_lesson, library
from rnn_tui.lessons.progress import GivenAnswer, LessonProgress, read_progress
from rnn_tui.lessons.progress_writer import ProgressWriter
from rnn_tui.settings import Declaration

if TYPE_CHECKING:
    import click

    from rnn_tui.lessons.lesson import Lesson
    from rnn_tui.tui.lesson.plan import LessonPlan, StepResult

NAME = "lesson"
_STEP = Declaration(
    name="step", kind=int, default=None, help="Begin with this step; left out, where you left the "
    "lesson, or with the first.", group="lesson", effect="live", low=1, high=200,
)  # fmt: skip
_HELP = """\
Learn backpropagation through time on networks that really train. Each lesson asks what you expect,
then shows the numbers. Without LESSON: the list of all; the arrows choose, enter opens.

LESSON is a number or a name of the list, or the file of a lesson (docs/lessons.md).

\b
Examples:
  rnn-tui lesson                           the list, and how far you are
  rnn-tui lesson 1                         the first one
  rnn-tui lesson mine.toml                 one that you wrote
  rnn-tui lesson check mine.toml           do all its claims hold?
"""


def lesson_command() -> click.Command:
    """Return the command ``lesson``."""
    extra: list[click.Parameter] = [SettingOption(_STEP), *screen_options()]
    return make_command(NAME, _HELP, extra, "[LESSON]", ("seed", "timeline"))


def lesson(arguments: list[str]) -> int:
    """List lessons, check them, or open one; return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read.
        UnknownLessonError, LessonError: there is no such lesson, or something in it is wrong.
    """
    if arguments[:1] == ["check"]:
        from rnn_tui.command_line.lesson_check import check

        return check(arguments[1:])
    options = parse(lesson_command(), f"{PROGRAM} {NAME}", [*arguments])
    if options is None:
        return DONE
    set_limits(options)
    found = find_lesson(options.pop("checkpoint")) if "checkpoint" in options else _chosen()
    if found is None:
        return DONE
    number, own = "", ""
    if isinstance(found, LibraryLesson):
        number, own, found = f" {found.number}", found.name, found.path
    read = checked_lesson(shown_path(Path(found)))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        command = f"{PROGRAM} {NAME} check {own or found}"
        raise CommandError(f"a lesson needs a terminal; without one it can be checked: {command}")
    return _play(read, f"{NAME}{number}", own, options)


def _chosen() -> LibraryLesson | None:
    """Return the lesson that the user chooses; None where they leave, or cannot choose."""
    lessons = listed_lessons()
    if lessons and can_choose():
        return choose(lessons)
    print(list_text(lessons))
    return None


def _play(lesson: Lesson, title: str, own: str, options: dict[str, Any]) -> int:
    """Open a lesson on the screen.

    Args:
        lesson: the lesson.
        title: what its panel calls it.
        own: its name, where it is one of the program's own: then progress is kept.
        options: those of the command line.
    """
    step = options.pop("step", None)
    if step is not None and step > len(lesson.steps):
        raise CommandError(f"--step {step}: this lesson has {len(lesson.steps)} steps")
    progress = read_progress(own) if own else LessonProgress()
    writer = ProgressWriter(own) if own else None
    plan = _plan(lesson, title, own, progress, step, writer)
    try:
        return open_app(run_options(lesson, options), plan=plan)
    finally:
        if writer is not None:
            writer.close()


def run_options(lesson: Lesson, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that open the run of a lesson.

    Args:
        lesson: the lesson.
        options: those of the command line.

    Raises:
        CommandError: one of them contradicts the lesson.
    """
    seed = options.get("seed")
    if seed is not None and lesson.checkpoint:
        raise CommandError(f"--seed {seed}: {lesson.name} begins with a checkpoint; leave it out")
    run: dict[str, Any] = dict(lesson.settings)
    if lesson.seeds:
        run.setdefault("seed", lesson.seeds[0])
    if lesson.preset:
        run["preset"] = lesson.preset
    if lesson.checkpoint:
        run["checkpoint"] = lesson.checkpoint
    if lesson.versus:
        run |= {"versus": lesson.versus, "match_parameters": lesson.match}
    return {**run, **options, "no_autosave": True}


def _plan(
    lesson: Lesson,
    title: str,
    own: str,
    progress: LessonProgress,
    step: int | None,
    writer: ProgressWriter | None,
) -> LessonPlan:
    """Return how a lesson is played: where it begins, and what is kept."""
    from rnn_tui.tui.lesson.plan import LessonPlan, StepResult

    steps = len(lesson.steps)
    goes_on = step is None and progress.steps == steps and progress.at < steps
    begin = step - 1 if step is not None else progress.at if goes_on else 0
    results = [StepResult(a.step, a.given, a.grades) for a in progress.answers if goes_on]

    def note(at: int, results: Sequence[StepResult]) -> None:
        """Keep how far the user has come."""
        if writer is not None:
            answers = tuple(GivenAnswer(r.step, r.given, r.grades) for r in results)
            reached = max(at, progress.reached if progress.steps == steps else 0)
            writer.note(LessonProgress(at, reached, steps, answers))

    return LessonPlan(
        lesson,
        name=title,
        begin=begin,
        results=tuple(results),
        progress=note,
        sum_up=lambda results: what_comes_next(own),
    )


def what_comes_next(own: str) -> tuple[str, ...]:
    """Return what is said at the end of the program's own lesson of a name: which comes next."""
    lessons = library()
    here = next((k for k, each in enumerate(lessons) if each.name == own), None)
    if here is None:
        return ()
    if here + 1 == len(lessons):
        return (f"It was the last lesson, too; {PROGRAM} drill has as many questions as you like.",)
    after = lessons[here + 1]
    return (f"Next: {after.read().title}. {PROGRAM} {NAME} {after.number}",)
