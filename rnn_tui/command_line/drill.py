"""The command ``rnn-tui drill``: questions on small random networks, in the debugger."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.exercise_options import read_drill
from rnn_tui.command_line.exit import DONE, CommandError, print_error

if TYPE_CHECKING:
    from rnn_tui.exercises.drill import Round
    from rnn_tui.exercises.mastery import Answered, Mastery
    from rnn_tui.tui.lesson.plan import StepResult


def drill(arguments: list[str]) -> int:
    """Play rounds of the drill until the user has enough, and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read, or does not fit.
    """
    options = read_drill(arguments)
    if options is None:
        return DONE
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("the drill is played in the debugger, which needs a terminal")
    cell, level = options.pop("cell", "rnn"), options.pop("level", None)
    seed, count = options.pop("seed", None), options.pop("questions", None)
    from rnn_tui.exercises.drill import draw_round, levels_of
    from rnn_tui.exercises.mastery import Mastery, read_mastery

    if level is not None and level not in levels_of(cell):
        raise CommandError(f"--level {level}: the cell {cell} sends no gradient to before")
    given = seed is not None  # then everybody is asked the same
    seed = seed if given else int.from_bytes(os.urandom(4), "big")
    while True:
        mastery, said = read_mastery()
        if said:
            print_error(said)
        next_level = level or mastery.next_level(cell, levels_of(cell))
        again = Mastery() if given else mastery
        drawn = draw_round(cell, next_level, seed, mastery=again, count=count)
        code = _play(drawn, mastery, options)
        print(f"this network: {PROGRAM} drill --cell {cell} --level {drawn.level} --seed {seed}")
        if code != DONE or not _another():
            return code
        seed += 1


def _play(drawn: Round, mastery: Mastery, options: dict[str, Any]) -> int:
    """Play one round, keep what came of it, say it, and return the exit code."""
    from rnn_tui.command_line.app import open_app
    from rnn_tui.command_line.start import Start
    from rnn_tui.exercises.drill import levels_of
    from rnn_tui.exercises.mastery import write_mastery
    from rnn_tui.tui.lesson.drill_guide import DrillGuide
    from rnn_tui.tui.lesson.plan import LessonPlan

    answered: list[Answered] = []

    def note(step: int, results: Sequence[StepResult]) -> None:
        """Note how the answers went so far."""
        answered[:] = _answered(drawn, results)

    def sum_up(results: Sequence[StepResult]) -> Sequence[str]:
        """Return what is mastered now."""
        now = mastery.after(drawn.cell, _answered(drawn, results))
        return now.lines(drawn.cell, levels_of(drawn.cell))

    plan = LessonPlan(
        drawn.lesson, name="drill", progress=note, sum_up=sum_up, make_guide=DrillGuide
    )
    options = {**options, "no_autosave": True}
    code = open_app(options, plan=plan, start=Start(drawn.network.trainer()))
    if answered:
        mastery = mastery.after(drawn.cell, answered)
        try:
            write_mastery(mastery)
        except OSError as error:
            print_error(f"what is mastered cannot be kept: {error.strerror or error}")
    right, count = sum(each.right for each in answered), len(drawn.questions)
    print(f"{right} of {count} right at the first try; what is mastered of {drawn.cell}:")
    print("\n".join(mastery.lines(drawn.cell, levels_of(drawn.cell))))
    return code


def _answered(drawn: Round, results: Sequence[StepResult]) -> list[Answered]:
    """Return the questions of a round that have been answered."""
    from rnn_tui.exercises.mastery import Answered

    return [Answered(drawn.questions[each.step], each.right_at_first) for each in results]


def _another() -> bool:
    """Return whether the user wants another round."""
    try:
        return input("Another round: enter; the end: q ").strip().lower() not in ("q", "quit")
    except (EOFError, UnicodeDecodeError):
        return False
