"""The command ``rnn-tui export-lesson``: a figure of each step of a lesson, and a recording."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

from rnn_tui import PROGRAM, THEME
from rnn_tui.command_line.exit import DONE, CommandError
from rnn_tui.command_line.options import SettingOption, make_command, parse
from rnn_tui.settings import Declaration

if TYPE_CHECKING:
    from rnn_tui.files.ownership import WriteCheck
    from rnn_tui.lessons.lesson import Lesson
    from rnn_tui.tui.lesson_tour import StepPicture

NAME = "export-lesson"
SIZE = "80x24"
SMALLEST, LARGEST = (80, 23), (400, 200)  # columns and rows

_SVG = Declaration(
    name="svg", kind=str, default="", help="Write a figure of each step to this folder, which is "
    "made if there is none; of a step that asks, one with the question and one with the answer.",
    group="export", effect="live",
)  # fmt: skip
_CAST = Declaration(
    name="cast", kind=str, default="", help="Write a recording of the whole to this file, an "
    "asciicast v2: asciinema plays it.", group="export", effect="live",
)  # fmt: skip
_SIZE = Declaration(
    name="size", kind=str, default=SIZE, help="Columns and rows of the screen: 80x24, 120x40.",
    group="export", effect="live",
)  # fmt: skip
_THEME = Declaration(
    name="theme", kind=str, default=THEME, help="The theme: light for paper, dark for a wall.",
    group="export", effect="live", fixed_choices=("dark", "light"),
)  # fmt: skip
_SLIDES = Declaration(
    name="slides", kind=bool, default=False, help="As rnn-tui present shows it: what the steps say "
    "is left to who speaks.", group="export", effect="live",
)  # fmt: skip
_FORCE = Declaration(
    name="force", kind=bool, default=False, help="Let files that are there be replaced, unless "
    "they are the lesson.", group="export", effect="live",
)  # fmt: skip
_HELP = """\
Play a lesson or a presentation without a terminal and take its pictures: a figure of each step, and
a recording of the whole. Where a step asks for a prediction, the right answer is typed.

LESSON is the name or the number of one of the program's lessons, or a file. The same lesson makes
the same files each time on one machine.

\b
Examples:
  rnn-tui export-lesson one-step --svg figures
  rnn-tui export-lesson mine.toml --svg figures --cast demo.cast --size 120x40 --theme light
  rnn-tui export-lesson lecture.toml --slides --svg figures
"""


def export_lesson(arguments: list[str]) -> int:
    """Write the pictures of a lesson, and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read, or does not fit.
        LessonError, CheckpointError, DataError: the lesson or its run cannot be read.
    """
    options = parse(export_lesson_command(), f"{PROGRAM} {NAME}", [*arguments])
    if options is None:
        return DONE
    lesson, size = _lesson(options), _size(options.get("size", SIZE))
    if not (options.get("svg") or options.get("cast")):
        raise CommandError(f"nothing to write: {PROGRAM} {NAME} … --svg DIR, --cast FILE.cast")
    _check_places(options)  # before it is played, which takes a while
    theme, slides = options.get("theme", THEME), bool(options.get("slides"))
    pictures = _pictures(lesson, size, theme, slides)
    contents = _contents(lesson, pictures, options)
    _write(lesson, contents, options)
    print(_summary(pictures, options))
    return DONE


def export_lesson_command() -> click.Command:
    """Return the command."""
    svg, cast, size = SettingOption(_SVG), SettingOption(_CAST), SettingOption(_SIZE)
    svg.metavar, cast.metavar, size.metavar = "DIR", "FILE.cast", "COLUMNSxROWS"
    options: list[click.Parameter] = [svg, cast, size, SettingOption(_THEME)]
    flags = [SettingOption(_SLIDES, "--slides"), SettingOption(_FORCE, "--force")]
    command = make_command(NAME, _HELP, [*options, *flags], settings=())
    command.params[0] = click.Argument(["files"], nargs=-1, metavar="LESSON")
    command.params = [
        each for each in command.params if each.name not in ("max_data", "max_memory")
    ]
    return command


def _lesson(options: dict[str, Any]) -> Lesson:
    """Read the lesson that is named.

    Raises:
        CommandError: none is named, or more than one, or there is none of that name.
        LessonError: it cannot be read.
    """
    from rnn_tui.command_line.lesson_check import checked_lesson, shown_path
    from rnn_tui.lessons.library import LibraryLesson, find_lesson

    names = options.get("files", ())
    if len(names) != 1:
        one = "one lesson at a time" if names else "which lesson?"
        raise CommandError(f"{one}: {PROGRAM} {NAME} LESSON --svg DIR")
    found = find_lesson(names[0])
    return checked_lesson(shown_path(found.path if isinstance(found, LibraryLesson) else found))


def _size(text: str) -> tuple[int, int]:
    """Return columns and rows.

    Raises:
        CommandError: the text is no size, or one that is too small or too large.
    """
    found = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", text, re.ASCII)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    fits = all(low <= each <= high for each, low, high in zip(size, SMALLEST, LARGEST, strict=True))
    if not fits:
        least, most = ("x".join(map(str, each)) for each in (SMALLEST, LARGEST))
        raise CommandError(f"--size must be {least} to {most}, as {SIZE}, not {text!r}")
    return size


def _check_places(options: dict[str, Any]) -> None:
    """Refuse a folder that is none, or cannot be one.

    Raises:
        CommandError: it is one of these.
    """
    folder, cast = options.get("svg", ""), options.get("cast", "")
    if folder and os.path.lexists(folder) and not os.path.isdir(folder):
        raise CommandError(f"--svg must be a folder; {folder!r} is a file")
    if cast and os.path.isdir(cast):
        raise CommandError(f"--cast must be a file; {cast!r} is a folder")
    above = os.path.dirname(os.path.abspath(cast))
    if cast and not os.path.isdir(above) and (not folder or above != os.path.abspath(folder)):
        raise CommandError(f"{cast!r}: its folder does not exist")


def _pictures(lesson: Lesson, size: tuple[int, int], theme: str, slides: bool) -> list[StepPicture]:
    """Play the lesson, or present it.

    Raises:
        CommandError: it cannot be played to its end.
    """
    from rnn_tui.lessons.run import begin_run
    from rnn_tui.tui.app import RnnTui
    from rnn_tui.tui.lesson.plan import LessonPlan
    from rnn_tui.tui.lesson_tour import TourError, step_pictures

    run = begin_run(lesson, {"seed": lesson.seeds[0]} if lesson.seeds else None)
    plan = LessonPlan(lesson, name="lesson")
    if slides:
        from rnn_tui.tui.lesson.presentation import slides_plan

        plan = slides_plan(lesson)
    app = RnnTui(run.trainer, versus=run.versus, view=run.view, theme=theme, lesson=plan)
    try:
        return step_pictures(app, size)
    except TourError as error:
        raise CommandError(str(error)) from None


def _contents(
    lesson: Lesson, pictures: list[StepPicture], options: dict[str, Any]
) -> list[tuple[str, bytes]]:
    """Return the files: paths and contents."""
    from rnn_tui.tui.take_home.cast import cast_text
    from rnn_tui.tui.take_home.svg import svg_text

    files = []
    if folder := options.get("svg"):
        for each in pictures:
            path = os.path.join(folder, f"{each.name}.svg")
            files.append((path, svg_text(each.figure).encode()))
    if cast := options.get("cast"):
        frames = [frame for each in pictures for frame in each.frames]
        files.append((cast, cast_text(lesson.title, frames).encode()))
    return files


def _write(lesson: Lesson, files: list[tuple[str, bytes]], options: dict[str, Any]) -> None:
    """Write all files, or none; those that are there with just this content stay.

    Raises:
        CommandError: one cannot be written, or would replace another.
    """
    from rnn_tui.command_line.train.out_file import reason_of
    from rnn_tui.files.ownership import InputFile, RunFiles
    from rnn_tui.files.together import write_together

    own = RunFiles((InputFile("the lesson", lesson.path),))
    path = options.get("svg", "")
    try:
        if path:
            os.makedirs(path, exist_ok=True)
        new = []
        for path, content in files:
            if not _is_there(path, content):
                check = own.check_forced(path) if options.get("force") else own.check(path)
                new.append((path, content, _allowed(check)))
        write_together(new)
    except OSError as error:
        raise CommandError(f"{path!r}: {reason_of(error)}") from None


def _is_there(path: str, content: bytes) -> bool:
    """Return whether a file has just this content."""
    if not os.path.isfile(path) or os.path.getsize(path) != len(content):
        return False
    with open(path, "rb") as file:
        return file.read() == content


def _allowed(check: WriteCheck) -> WriteCheck:
    """Return a check that allows to write.

    Raises:
        CommandError: it does not.
    """
    from rnn_tui.files.ownership import Standing

    if not check.allowed:
        forced = "; --force replaces it" if check.standing is Standing.FOREIGN else ""
        reason = check.reason.replace("this run", "this command")
        raise CommandError(f"{check.path!r}: {reason}{forced}")
    return check


def _summary(pictures: list[StepPicture], options: dict[str, Any]) -> str:
    """Return what was written, in a line."""
    parts = []
    if options.get("svg"):
        parts.append(f"{options['svg']}: {len(pictures)} figures")
    if options.get("cast"):
        seconds = sum(frame.seconds for each in pictures for frame in each.frames)
        minutes, rest = divmod(round(seconds), 60)
        parts.append(f"{options['cast']}: a recording of {minutes}:{rest:02} min")
    return "; ".join(parts)
