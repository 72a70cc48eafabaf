"""The options of the commands ``drill`` and ``exercise``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import click

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import CommandError
from rnn_tui.command_line.options import SettingOption, make_command, parse, screen_options
from rnn_tui.registry import CELLS
from rnn_tui.settings import Declaration

DRILL, EXERCISE = "drill", "exercise"
MAKE, CHECK = "make", "check"
LEVELS = 7
MOST_QUESTIONS = 50
APPROXIMATE = 0.5

_CELL = Declaration(
    name="cell", kind=str, default="rnn", help="The cell of the networks.", group="drill",
    effect="live", registry=CELLS,
)  # fmt: skip
_LEVEL = Declaration(
    name="level", kind=int, default=None, help="1: one product, 2: a value of the forward pass, "
    "3: a gradient at one timestep, 4: a gradient sent to the timestep before, 5: an entry of dW, "
    "6: the optimizer's step, 7: a whole step of BPTT; left out, the first that is not mastered.",
    group="drill", effect="live", low=1, high=LEVELS,
)  # fmt: skip
_DRILL_SEED = Declaration(
    name="seed", kind=int, default=None, help="Seed of the networks and the questions: the same "
    "seed asks the same; left out, another one each time.", group="drill", effect="live",
    low=0, high=2**63 - 1,
)  # fmt: skip
_QUESTIONS = Declaration(
    name="questions", kind=int, default=None, help="How many questions a round has; left out, 6, "
    "or as many as a whole step takes.", group="drill", effect="live", low=1, high=MOST_QUESTIONS,
)  # fmt: skip

_SEED = Declaration(
    name="seed", kind=int, default=None, help="Seed of the run: another one for each student, or "
    "one for all.", group="exercise", effect="live", low=0, high=2**32 - 1,
)  # fmt: skip
_DRILL = Declaration(
    name="drill", kind=bool, default=False, help="Ask questions of the drill, on a small network "
    "that the seed draws, in place of a lesson's.", group="exercise", effect="live",
)  # fmt: skip
_SHEET_LEVEL = replace(_LEVEL, help="With --drill: the level, as in rnn-tui drill.")
_SHEET_CELL = replace(_CELL, help="With --drill: the cell of the network.")
_SHEET_QUESTIONS = replace(_QUESTIONS, help="With --drill: how many questions; left out, 6.")
_OUT = Declaration(
    name="out", kind=str, default="", help="Write the exercise to this file.", group="exercise",
    effect="live",
)  # fmt: skip
_FORCE = Declaration(
    name="force", kind=bool, default=False, help="Let a file that is there be replaced.",
    group="exercise", effect="live",
)  # fmt: skip
_CSV = Declaration(
    name="csv", kind=str, default="", help="Write the marks to this CSV file, too.",
    group="exercise", effect="live",
)  # fmt: skip
_LESSON = Declaration(
    name="lesson", kind=str, default="", help="The lesson, or an exercise of it, that was handed "
    "out, where it is not one of the program's own; may be given again.", group="exercise",
    effect="live",
)  # fmt: skip
_APPROXIMATE = Declaration(
    name="approximate", kind=float, default=APPROXIMATE, help="Marks for an answer that is right "
    "approximately; an exact one has 1.", group="exercise", effect="live", low=0, high=1,
)  # fmt: skip
_NAME = Declaration(
    name="name", kind=str, default="", help="The student's name, for the answers file; left out, "
    "it is asked for.", group="exercise", effect="live",
)  # fmt: skip
_PRACTICE = Declaration(
    name="practice", kind=bool, default=False, help="Grade every answer at once, with hints, as a "
    "lesson does; no answers file is written.", group="exercise", effect="live",
)  # fmt: skip

_DRILL_HELP = """\
Practise backpropagation through time on small random networks, with pencil and paper: fill in a
hidden value, from one product to a whole step. The program asks in the debugger, grades exact,
approximate or off, and gives the equation as a hint. What went wrong comes again, and after each
round it says what is mastered.

\b
Examples:
  rnn-tui drill                            go on with what is not mastered
  rnn-tui drill --cell lstm --level 3      gradients of an LSTM's gates
  rnn-tui drill --seed 4                   the same questions for everybody
"""
_EXERCISE_HELP = """\
Solve an exercise that a teacher has handed out. Each answer is saved at once beside the exercise,
in FILE.answers, which is what is handed in; opened again, it goes on where it was left. No answer
is graded before it is handed in, but with --practice.

Teachers: rnn-tui exercise make --help, rnn-tui exercise check --help.

\b
Examples:
  rnn-tui exercise ex.toml                 solve it
  rnn-tui exercise ex.toml --name Ada      without being asked for a name
  rnn-tui exercise ex.toml --practice      with grades and hints
"""
_MAKE_HELP = """\
Make an exercise of a lesson: the same questions, on a run with a seed of its own, so that each
student has other numbers. LESSON is the name or the number of one of the program's lessons, or a
file of your own (docs/lessons.md). The lesson is played once with the seed, so that none is handed
out that does not work. With --drill it asks questions of the drill instead, all of which are about
numbers of the student's own.

\b
Examples:
  rnn-tui exercise make one-step --seed 17 -o ex.toml
  rnn-tui exercise make mine.toml --seed 18 -o ada.toml
  rnn-tui exercise make --drill --cell lstm --level 4 --seed 18 -o bob.toml
"""
_CHECK_HELP = """\
Mark answers that were handed in. The right answers are computed again, by playing the lesson with
the seed of each exercise. An answers file has names and texts, and nothing in it is run.

\b
Examples:
  rnn-tui exercise check *.answers         a table
  rnn-tui exercise check *.answers --csv marks.csv
  rnn-tui exercise check *.answers --lesson mine.toml

\b
Exit codes:
  0    all files were marked
  1    some could not be; each of them has a line that says why
  2    the command line is wrong
"""


def drill_command() -> click.Command:
    """Return the command ``drill``."""
    options = [SettingOption(each) for each in (_CELL, _LEVEL, _DRILL_SEED, _QUESTIONS)]
    command = make_command(DRILL, _DRILL_HELP, [*options, *screen_options()], settings=())
    return _without_files(command)


def solve_command() -> click.Command:
    """Return the command ``exercise FILE``."""
    practice = SettingOption(_PRACTICE, "--practice")
    options = [SettingOption(_NAME), practice, *screen_options()]
    return _with_files(make_command(EXERCISE, _EXERCISE_HELP, options, settings=()), "FILE.toml")


def make_exercise_command() -> click.Command:
    """Return the command ``exercise make``."""
    out = SettingOption(_OUT, "-o", "--out")
    out.metavar = "FILE.toml"
    options: list[click.Parameter] = [SettingOption(_SEED), out, SettingOption(_FORCE, "--force")]
    options.append(SettingOption(_DRILL, "--drill"))
    options += [SettingOption(each) for each in (_SHEET_CELL, _SHEET_LEVEL, _SHEET_QUESTIONS)]
    return _with_files(make_command(MAKE, _MAKE_HELP, options, settings=()), "[LESSON]")


def check_answers_command() -> click.Command:
    """Return the command ``exercise check``."""
    csv, lesson = SettingOption(_CSV), SettingOption(_LESSON, repeated=True)
    csv.metavar, lesson.metavar = "FILE.csv", "FILE"
    options: list[click.Parameter] = [csv, lesson, SettingOption(_APPROXIMATE)]
    options.append(SettingOption(_FORCE, "--force"))
    return _with_files(make_command(CHECK, _CHECK_HELP, options, settings=()), "FILE.answers ...")


def _with_files(command: click.Command, metavar: str) -> click.Command:
    """Let a command take files, as "files"."""
    command.params[0] = click.Argument(["files"], nargs=-1, metavar=metavar)
    return _without_limits(command)


def _without_files(command: click.Command) -> click.Command:
    """Let a command take no files."""
    del command.params[0]
    return _without_limits(command)


def _without_limits(command: click.Command) -> click.Command:
    """Let a command have no limits of data and memory, as it reads none."""
    command.params = [
        each for each in command.params if each.name not in ("max_data", "max_memory")
    ]
    return command


def read_drill(arguments: Iterable[str]) -> dict[str, Any] | None:
    """Return the options of ``drill``; None after --help.

    Raises:
        OptionError, SettingError: the command line cannot be read.
    """
    return parse(drill_command(), f"{PROGRAM} {DRILL}", [*arguments])


def read_exercise_options(arguments: Iterable[str]) -> tuple[str, dict[str, Any] | None]:
    """Return which command of ``exercise`` is meant, and its options; None after --help.

    The command is "make", "check" or "exercise"; "files" is what it names.

    Raises:
        OptionError, SettingError: the command line cannot be read.
        CommandError: it names too few files, or too many.
    """
    rest = [*arguments]
    commands = {MAKE: make_exercise_command, CHECK: check_answers_command}
    name = rest[0] if rest and rest[0] in commands else EXERCISE
    command = commands.get(name, solve_command)()
    typed = f"{PROGRAM} {EXERCISE}" + (f" {name}" if name in commands else "")
    options = parse(command, typed, rest[1:] if name in commands else rest)
    if options is None:
        return name, None
    files = options["files"] = tuple(options.get("files", ()))
    if name == MAKE:
        _check_drill(options)
    if not files and not options.get("drill"):
        raise CommandError(f"which {_WANTED[name]}")
    if name != CHECK and len(files) > 1:
        raise CommandError(f"one {_ONE[name]} is enough; {files[1]!r} is one too many")
    if name == MAKE:
        _check_make(options)
    return name, options


_WANTED = {
    MAKE: f"lesson? {PROGRAM} exercise make LESSON --seed 17 -o ex.toml",
    CHECK: f"answers? {PROGRAM} exercise check FILE.answers",
    EXERCISE: f"exercise? {PROGRAM} exercise FILE.toml; see {PROGRAM} exercise make --help",
}
_ONE = {MAKE: "lesson", EXERCISE: "exercise"}


def _check_drill(options: dict[str, Any]) -> None:
    """Refuse options of the drill without it, and a lesson with it."""
    if options.get("drill"):
        if files := options["files"]:
            raise CommandError(f"--drill or a lesson, not both: {files[0]!r} is one too many")
        if "level" not in options:
            raise CommandError(f"which level? {PROGRAM} exercise make --drill --level 4 …")
        return
    for each in ("cell", "level", "questions"):
        if each in options:
            raise CommandError(f"--{each} goes with --drill: a lesson says itself what it asks")


def _check_make(options: dict[str, Any]) -> None:
    """Refuse to make an exercise without a seed or a file."""
    lesson = "--drill" if options.get("drill") else options["files"][0]
    if "seed" not in options:
        raise CommandError(
            f"which seed? {PROGRAM} exercise make {lesson} --seed 17 -o ex.toml: another one for "
            "each student gives each other numbers"
        )
    if "out" not in options:
        raise CommandError(
            f"where to? {PROGRAM} exercise make {lesson} --seed {options['seed']} -o ex.toml"
        )
    if not options["out"].endswith(".toml"):
        raise CommandError(f"-o must be a file that ends with .toml, not {options['out']!r}")
