"""The program's own lessons as a list, and one that the user chooses from with the arrows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

from rnn_tui import PROGRAM
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.lessons.library import LibraryLesson, library
from rnn_tui.lessons.progress import LessonProgress, read_progress

WIDTH, NARROWEST = 80, 30
_UP, _DOWN, _OPEN, _LEAVE = "up", "down", "open", "leave"
_KEYS = {
    b"\x1b[A": _UP, b"\x1bOA": _UP, b"k": _UP, b"\x1b[B": _DOWN, b"\x1bOB": _DOWN, b"j": _DOWN,
    b"\t": _DOWN, b" ": _DOWN, b"\r": _OPEN, b"\n": _OPEN, b"q": _LEAVE, b"\x1b": _LEAVE,
    b"\x04": _LEAVE, b"": _LEAVE,
}  # fmt: skip
_INTERRUPT = b"\x03"
_KEY = rb"\x1b[\[O][0-9;]*[A-Za-z~]|."


@dataclass(frozen=True, slots=True)
class ListedLesson:
    """A lesson in the list.

    Attributes:
        lesson: the lesson, unread.
        title: its title; what is wrong with it where it cannot be read.
        about: what it teaches.
        steps: how many steps it has.
        progress: how far the user has come.
    """

    lesson: LibraryLesson
    title: str
    about: str
    steps: int
    progress: LessonProgress

    @property
    def mark(self) -> str:
        """How far the user has come: "done", "4/7"; "" where it was never opened."""
        if not self.progress.steps:
            return ""
        return "done" if self.progress.done else f"{self.progress.reached + 1}/{self.steps}"


def listed_lessons() -> list[ListedLesson]:
    """Return the program's own lessons, with what the user has done of them."""
    found = []
    for each in library():
        progress = read_progress(each.name)
        try:
            lesson = each.read()
        except LessonError as error:
            found.append(ListedLesson(each, str(error), "", 0, progress))
        else:
            listed = ListedLesson(each, lesson.title, lesson.about, len(lesson.steps), progress)
            found.append(listed)
    return found


def list_text(lessons: Sequence[ListedLesson], width: int = WIDTH) -> str:
    """Return the numbered list: title, steps, and what each is about."""
    from rnn_tui.tui.lines import fold

    widest = max((len(each.lesson.name) for each in lessons), default=0)
    lines = []
    for each in lessons:
        steps = f" ({each.steps} steps)" if each.steps else ""
        mark = f" · {each.mark}" if each.mark else ""
        head = f"{each.lesson.number:2d}  {each.lesson.name:{widest}}  "
        first, *rest = fold(f"{each.title}{steps}{mark}", max(20, width - len(head)))
        lines.append(head + first)
        about = fold(each.about, max(20, width - len(head))) if each.about else []
        lines += [" " * len(head) + line for line in (*rest, *about)]
    lines += ["", *fold(f"{PROGRAM} lesson NUMBER or NAME opens one, as {PROGRAM} lesson 1", width)]
    return "\n".join(lines)


def can_choose() -> bool:
    """Return whether there is a terminal on which a lesson can be chosen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    try:
        import termios  # noqa: F401  # Windows has none
    except ImportError:
        return False
    return True


def choose(lessons: Sequence[ListedLesson]) -> LibraryLesson | None:
    """Let the user choose a lesson with the arrows; None if they leave.

    The list stands below the prompt, and goes when it is over.

    Raises:
        KeyboardInterrupt: ctrl+c.
    """
    import termios
    import tty

    unfinished = [k for k, each in enumerate(lessons) if not each.progress.done]
    chosen = unfinished[0] if unfinished else 0
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    drawn = 0
    handlers = {each: signal.signal(each, _end) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        while True:
            drawn = _draw(_chooser_lines(lessons, chosen), drawn)
            typed = os.read(descriptor, 256)
            for key in re.findall(_KEY, typed, re.DOTALL) or [b""]:
                match _KEYS.get(key):
                    case "up":
                        chosen = (chosen - 1) % len(lessons)
                    case "down":
                        chosen = (chosen + 1) % len(lessons)
                    case "open":
                        return lessons[chosen].lesson
                    case "leave":
                        return None
                    case _ if key == _INTERRUPT:
                        raise KeyboardInterrupt
                    case _ if key.isdigit():
                        chosen = _by_number(lessons, int(key), chosen)
    finally:
        _draw([], drawn)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    """End the program by a signal, once the terminal is as it was."""
    raise SystemExit(128 + number)


def _by_number(lessons: Sequence[ListedLesson], digits: int, chosen: int) -> int:
    """Return the lesson that a digit means: 1 and then 2 is number 12, where there is one."""
    numbers = {each.lesson.number: k for k, each in enumerate(lessons)}
    longer = int(f"{lessons[chosen].lesson.number}{digits}")
    return numbers.get(longer, numbers.get(digits, chosen))


def _chooser_lines(lessons: Sequence[ListedLesson], chosen: int) -> list[str]:
    """Return the lines of the chooser, as many as there is room for."""
    size = shutil.get_terminal_size()
    width = max(NARROWEST, min(WIDTH, size.columns)) - 1
    from rnn_tui.tui.lines import fold

    about = fold(lessons[chosen].about, width - 4)[:3]
    about += [""] * (min(3, max(0, size.lines - 6)) - len(about))
    room = max(1, min(len(lessons), size.lines - len(about) - 4))
    first = min(max(0, chosen - room // 2), len(lessons) - room)
    lines = []
    for number, each in enumerate(lessons[first : first + room], first):
        sign = ">" if number == chosen else " "
        left = f"{sign} {each.lesson.number:2d}  {each.title}"
        right = each.mark or f"{each.steps} steps"
        left = left[: max(0, width - len(right) - 1)]
        line = f"{left:{max(0, width - len(right))}}{right}"
        lines.append(f"\x1b[7m{line}\x1b[0m" if number == chosen else line)
    hint = "arrows choose   enter opens   q leaves"[:width]
    return ["", *lines, "", *(f"    {line}" for line in about), hint]


def _draw(lines: list[str], drawn: int) -> int:
    """Draw lines in the place of so many that were drawn before; return how many there are."""
    up = f"\r\x1b[{drawn - 1}A" if drawn > 1 else "\r"
    text = "\r\n".join(f"{line}\x1b[K" for line in lines)
    sys.stdout.write(f"{up}\x1b[J{text}")
    sys.stdout.flush()
    return len(lines)
