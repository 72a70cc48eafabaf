"""The command ``rnn-tui exercise``: made of a lesson, solved in the debugger, and marked."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.exercise_options import APPROXIMATE, CHECK, MAKE, read_exercise_options
from rnn_tui.command_line.exit import DIFFERS, DONE, CommandError, print_error

if TYPE_CHECKING:
    from rnn_tui.exercises.answer_sheet import AnswerSheet
    from rnn_tui.exercises.drill import Round
    from rnn_tui.exercises.marking import MarkedAnswers
    from rnn_tui.files.ownership import InputFile, WriteCheck
    from rnn_tui.lessons.lesson import Lesson

DRILL_SOURCE = "the drill"
NO_TERMINAL = f"an exercise is solved in a terminal; {PROGRAM} exercise check marks answers without"


def exercise(arguments: list[str]) -> int:
    """Make an exercise, mark answers, or open one to be solved; return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read.
        ExerciseError, LessonError, UnknownLessonError: a file or a lesson is not usable.
    """
    name, options = read_exercise_options(arguments)
    if options is None:
        return DONE
    if name == MAKE:
        return _make(options)
    if name == CHECK:
        return _check(options)
    return _solve(options)


# ---------------------------------------------------------------- make


def _make(options: Mapping[str, Any]) -> int:
    """Write an exercise of a lesson."""
    from rnn_tui.exercises.exercise_file import Exercise
    from rnn_tui.files.atomic_file import write_atomically
    from rnn_tui.files.ownership import InputFile

    seed, path = options["seed"], options["out"]
    name, text, source = _sheet_text(options) or _lesson_text(options["files"][0])
    made = Exercise(source, name, seed, text)
    drawn = made.drill_round()
    lesson = made.lesson() if drawn is None else drawn.lesson
    _check_can_be_handed_out(lesson, seed)
    inputs = (InputFile("the lesson", source),) if source != DRILL_SOURCE else ()
    out = _writable(path, "-o", options, *inputs)
    if drawn is None:
        numbers, advice = _numbers_of(lesson, seed)
    else:
        numbers, advice = f"{len(lesson.steps)} questions, on a network of this seed's own.", ""
    try:
        write_atomically(out.path, made.to_toml().encode(), out)
    except OSError as error:
        raise CommandError(f"-o {path!r}: {_reason(error)}") from None
    print(f"{path}: {lesson.title}, seed {seed}; {numbers}")
    if advice:
        print(advice)
    print(f"to solve it: {PROGRAM} exercise {path}")
    return DONE


def _sheet_text(options: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return name, text and source of the drill's questions that are wanted; None for a lesson."""
    if not options.get("drill"):
        return None
    from rnn_tui.exercises.drill import QUESTIONS
    from rnn_tui.exercises.drill_sheet import DrillSheet

    count = options.get("questions", QUESTIONS)
    sheet = DrillSheet(options.get("cell", "rnn"), options["level"], count)
    return sheet.name, sheet.text, DRILL_SOURCE


def _lesson_text(named: str) -> tuple[str, str, str]:
    """Return the name of a lesson, its text and its path.

    Raises:
        UnknownLessonError, CommandError, ExerciseError: there is none.
    """
    from pathlib import Path

    from rnn_tui.exercises.exercise_file import is_exercise, read_exercise, read_text
    from rnn_tui.lessons.lesson_file import MOST_BYTES
    from rnn_tui.lessons.library import LibraryLesson, find_lesson

    found = find_lesson(named)
    path = str(found.path if isinstance(found, LibraryLesson) else found)
    name = found.name if isinstance(found, LibraryLesson) else Path(path).name
    if not isinstance(found, LibraryLesson) and is_exercise(path):
        made = read_exercise(path)  # another exercise of the same lesson
        return made.lesson_name, made.text, path
    return name.removesuffix(".toml"), read_text(path, MOST_BYTES), path


def _check_can_be_handed_out(lesson: Lesson, seed: int) -> None:
    """Refuse a lesson that asks nothing, or that needs what a student would lack."""
    if not any(step.ask for step in lesson.steps):
        raise CommandError(f"{lesson.name} asks nothing: an exercise needs a step with [step.ask]")
    what = "a data file" if lesson.settings.get("data") else ""
    if what := "a checkpoint" if lesson.checkpoint else what:
        raise CommandError(f"{lesson.name} begins with {what}, which a student would lack")
    if lesson.seeds and seed not in lesson.seeds:
        which = ", ".join(map(str, lesson.seeds))
        raise CommandError(f"--seed {seed}: {lesson.name} is written for the seeds {which}")


def _numbers_of(lesson: Lesson, seed: int) -> tuple[str, str]:
    """Play a lesson with two seeds, and say how many answers differ; then what to do if few do.

    Raises:
        CommandError: it does not work with this seed.
    """
    from rnn_tui.exercises.marking import other_numbers
    from rnn_tui.lessons.checking import check_lesson

    for line in check_lesson(lesson, seed).lines():
        raise CommandError(f"it does not work with this seed, choose another: {line}")
    differ, count = other_numbers(lesson, seed)
    questions = f"{count} question{'s' if count > 1 else ''}"
    if differ == count:
        return f"{questions}, whose answers are others than with another seed.", ""
    advice = f"for each student other numbers: lessons 1 and 2, or {PROGRAM} exercise make --drill"
    if not differ:
        return f"{questions}, whose answers are the same with another seed.", advice
    have = "has another answer" if differ == 1 else "have other answers"
    words = f"{questions}, {differ} of which {have} than with another seed."
    return words, advice if 2 * differ < count else ""


# ---------------------------------------------------------------- check


def _check(options: Mapping[str, Any]) -> int:
    """Mark answers, and return the exit code: 1 if some could not be marked."""
    from rnn_tui.exercises.answers_file import read_answers
    from rnn_tui.exercises.exercise_file import ExerciseError
    from rnn_tui.exercises.marking import RightAnswers, mark
    from rnn_tui.exercises.marks_table import table_lines, to_csv
    from rnn_tui.files.atomic_file import write_atomically
    from rnn_tui.files.ownership import InputFile

    named = options["files"]
    inputs = [InputFile("an answers file", each) for each in named]
    out = _writable(options["csv"], "--csv", options, *inputs) if "csv" in options else None
    right = RightAnswers(_lessons(options.get("lesson", ())))
    approximate = options.get("approximate", APPROXIMATE)
    marked: list[MarkedAnswers] = []
    refused: list[str] = []
    for number, path in enumerate(paths := tuple(dict.fromkeys(named)), 1):
        _say_progress(f"marking {number} of {len(paths)}")
        try:
            answers = read_answers(path)
            marked.append(mark(path, answers, right.of(path, answers), approximate))
        except ExerciseError as error:
            refused.append(str(error))
    _say_progress("")
    if marked:
        print("\n".join(table_lines(marked)))
        sys.stdout.flush()
    for line in refused:
        print_error(line)
    if out is not None:
        try:
            write_atomically(out.path, to_csv(marked).encode(), out)
        except OSError as error:
            raise CommandError(f"--csv {options['csv']!r}: {_reason(error)}") from None
    return DIFFERS if refused else DONE


def _say_progress(text: str) -> None:
    """Show on a terminal what is being done, in place of what was shown before."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<40}\r{text}")
        sys.stderr.flush()


def _lessons(named: Sequence[str]) -> dict[str, Lesson]:
    """Return the lessons that answers may be to, by their digests: the program's and the named.

    Raises:
        ExerciseError, LessonError, UnknownLessonError: a named one is not usable.
    """
    from rnn_tui.exercises.drill_sheet import is_drill
    from rnn_tui.exercises.exercise_file import digest_of, lesson_with_seed
    from rnn_tui.lessons.library import library

    lessons = {}
    for each in named:
        name, text, path = _lesson_text(each)
        if is_drill(text):  # which are known without a file
            continue
        lessons[digest_of(text)] = lesson_with_seed(text, path, name, 0)
    for own in library():
        with contextlib.suppress(OSError, ValueError):  # a damaged one is none of the answers'
            text = own.path.read_text(encoding="utf-8")
            lessons.setdefault(digest_of(text), lesson_with_seed(text, str(own.path), own.name, 0))
    return lessons


# ---------------------------------------------------------------- solve


def _solve(options: dict[str, Any]) -> int:
    """Open an exercise, and return the exit code."""
    from rnn_tui.exercises.exercise_file import ANSWERS_ENDING, ENDING, read_exercise

    path = options.pop("files")[0]
    if path.endswith(ANSWERS_ENDING):
        other = path.removesuffix(ANSWERS_ENDING) + ENDING
        raise CommandError(f"{path!r} has the answers; the exercise is {other!r}")
    made = read_exercise(path)
    drawn = made.drill_round()
    lesson = made.lesson() if drawn is None else drawn.lesson
    name, practice = options.pop("name", ""), options.pop("practice", False)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(NO_TERMINAL)
    if practice:
        if name:
            raise CommandError("--name has no effect with --practice, which saves nothing")
        return _open(lesson, None, options, drawn)
    from rnn_tui.exercises.answer_sheet import open_sheet

    name = _checked(name) if name else ""
    sheet = open_sheet(made, name)
    if not sheet.answers.name:
        sheet.answers = replace(sheet.answers, name=_asked_name())
    return _open(lesson, sheet, options, drawn)


def _checked(name: str) -> str:
    """Return a name without blanks around it.

    Raises:
        CommandError: nobody can be called so.
    """
    from rnn_tui.exercises.answers_file import name_problem

    if problem := name_problem(name):
        raise CommandError(f"--name {name!r}: {problem}")
    return " ".join(name.split())


def _asked_name() -> str:
    """Return the name that the student types.

    Raises:
        CommandError: there is none.
    """
    from rnn_tui.exercises.answers_file import name_problem

    print("The answers are saved under your name, for your teacher.")
    while True:
        try:
            name = " ".join(input("Your name: ").split())
        except (EOFError, UnicodeDecodeError):
            raise CommandError("a name is needed: --name NAME") from None
        if not (problem := name_problem(name)):
            return name
        print(problem)


def _open(
    lesson: Lesson, sheet: AnswerSheet | None, options: Mapping[str, Any], drawn: Round | None
) -> int:
    """Open an exercise on the screen.

    Args:
        lesson: what it asks.
        sheet: takes the answers; None: they are graded at once.
        options: how it is shown.
        drawn: the round of the drill whose network it is about; None for that of the lesson.
    """
    from rnn_tui.command_line.app import open_app
    from rnn_tui.command_line.lesson import run_options
    from rnn_tui.command_line.start import Start
    from rnn_tui.tui.lesson.drill_guide import DrillGuide
    from rnn_tui.tui.lesson.plan import LessonPlan

    run = run_options(lesson, dict(options)) if drawn is None else {**options, "no_autosave": True}
    start = None if drawn is None else Start(drawn.network.trainer())
    if sheet is None:
        guide = None if drawn is None else DrillGuide
        return open_app(
            run, plan=LessonPlan(lesson, name="practice", make_guide=guide), start=start
        )
    from rnn_tui.tui.lesson.hand_in import hand_in_plan

    try:
        plan = hand_in_plan(lesson, sheet, workings=drawn is not None)
        code = open_app(run, plan=plan, start=start)
    finally:
        problem = sheet.close()
    asked = sum(step.ask is not None for step in lesson.steps)
    given = sheet.answers.given
    if problem:
        print_error(problem)
        for step, text in sorted(given.items()):
            print(f"step {step}: {text}")
        return code or 2
    if given:
        print(f"{sheet.path}: {len(given)} of {asked} answers, of {sheet.answers.name}")
    return code


# ---------------------------------------------------------------- files that are written


def _writable(path: str, option: str, options: Mapping[str, Any], *inputs: InputFile) -> WriteCheck:
    """Return the check of a file that is to be written.

    Raises:
        CommandError: it may not be written.
    """
    from rnn_tui.files.ownership import RunFiles, Standing

    files = RunFiles(inputs)
    try:
        check = files.check_forced(path) if options.get("force") else files.check(path)
    except OSError as error:
        raise CommandError(f"{option} {path!r}: {_reason(error)}") from None
    if not check.allowed:
        forced = "; --force replaces it" if check.standing is Standing.FOREIGN else ""
        raise CommandError(f"{option} {path!r}: {check.reason}{forced}")
    return check


def _reason(error: OSError) -> str:
    """Return why a file cannot be written."""
    from rnn_tui.command_line.train.out_file import reason_of

    return reason_of(error)
