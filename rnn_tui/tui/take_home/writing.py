"""Writing what is taken home: under a name that nobody has, beside the run's own file."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from rnn_tui.files.shown_folder import shown_folder
from rnn_tui.tui.take_home.png import NAMES, NoPictureError, converters, png_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnn_tui.files.ownership import WriteCheck
    from rnn_tui.tui.take_home.capture import Capture


class FileKind(Enum):
    """What is written, by the ending of its name."""

    SVG = ".svg"
    PNG = ".png"
    TEXT = ".txt"
    CSV = ".csv"


@dataclass(frozen=True, slots=True)
class TakenFile:
    """What somebody takes home.

    Attributes:
        kind: as what.
        whole: the whole screen; else the panel with the focus.
        theme: the theme of a figure; "" for that of the screen.
    """

    kind: FileKind
    whole: bool = False
    theme: str = ""

    @property
    def words(self) -> str:
        """What it is, in words: "the screen as SVG"."""
        if self.kind is FileKind.CSV:
            return "the panel's numbers, CSV"
        as_what = "text" if self.kind is FileKind.TEXT else self.kind.name
        return f"the {'screen' if self.whole else 'panel'} as {as_what}"


MOST_NUMBERS = 10_000  # that are tried for a free name
MOST_SHOWN = 100  # that are tried for the name that is shown before it is written
NO_NUMBERS = "there are no numbers here yet"
NO_CONVERTER = f"needs one of {NAMES}"


def why_not(capture: Capture, wanted: TakenFile) -> str:
    """Return why something cannot be taken home now, as a phrase; "" if it can."""
    if wanted.kind is FileKind.CSV and capture.covers:
        return "predict first: numbers are covered"
    if wanted.kind is FileKind.CSV and not capture.tables():
        from rnn_tui.tui.panel_spec import panel_spec

        none = not panel_spec(capture.panel).table
        return f"{capture.panel} shows no numbers of the run" if none else NO_NUMBERS
    if wanted.kind is FileKind.PNG and not converters():
        return NO_CONVERTER
    return ""


Contents = tuple[tuple[str, bytes], ...]
"""What is written: the end of each file's name, "" or "-strips", and its content."""


def contents_of(capture: Capture, wanted: TakenFile) -> Callable[[], Contents]:
    """Draw now, and return what makes the content of the files, in any thread.

    Raises:
        NoPictureError: from what is returned, where no PNG can be made.
    """
    from rnn_tui.tui.take_home.svg import svg_text

    kind, whole = wanted.kind, wanted.whole
    if kind is FileKind.CSV:
        tables = capture.tables()
        return lambda: tuple(
            (f"-{each.name}" if each.name else "", each.csv().encode()) for each in tables
        )
    if kind is FileKind.TEXT:
        characters = "ascii" if capture.context.ascii else "unicode"
        text = capture.figure(whole=whole, characters=characters).text
        return lambda: (("", text.encode()),)
    figure = capture.figure(whole=whole, theme=wanted.theme)
    if kind is FileKind.SVG:
        return lambda: (("", svg_text(figure).encode()),)
    return lambda: (("", png_of(svg_text(figure))),)


def free_name(capture: Capture, wanted: TakenFile) -> str:
    """Return the name that a file would get now: with a number where there is such a file."""
    name = capture.file_name(whole=wanted.whole, ending=wanted.kind.value)
    ends = [""]
    if wanted.kind is FileKind.CSV:
        ends = [f"-{each.name}" if each.name else "" for each in capture.tables()]
    stem, ending = os.path.splitext(_beside(name, capture.run_file))
    try:
        return os.path.basename(_free(stem, ending, ends, MOST_SHOWN)[0].path)
    except OSError:  # whoever writes it says so
        return name


def _beside(name: str, run_file: str | None) -> str:
    """Return the path of a file beside the run's own, or in the current folder."""
    return os.path.join(os.path.dirname(run_file or ""), name)


def write(contents: Contents, name: str, run_file: str | None, width: int = 200) -> str:
    """Write files beside the run's own, or in the current folder; return what there is to say.

    Their names get a number where there is such a file already: none is ever replaced.

    Args:
        contents: of the files.
        name: that of the first of them, without a number.
        run_file: the run's own file.
        width: characters that there is room for.

    Raises:
        OSError: they cannot be written.
    """
    from rnn_tui.files.together import write_together

    stem, ending = os.path.splitext(_beside(name, run_file))
    ends = [end for end, _ in contents]
    checks = _free(stem, ending, ends)
    write_together(
        [(check.path, each, check) for check, (_, each) in zip(checks, contents, strict=True)]
    )
    return said_of_saved(os.fspath(checks[0].path), ends[1:], width)


def said_of_saved(path: str, ends: Sequence[str], width: int) -> str:
    """Return what is said of files that were written: all there is room for, the names first.

    Args:
        path: the first of them.
        ends: what the names of the others have before their ending: "-strips".
        width: characters that there is room for.
    """
    folder, name = os.path.split(path)
    names = "".join(f" {end}" for end in ends)
    others = f" and{names}" if ends else ""
    several = f" and {len(ends)} more beside it" if ends else ""
    place = f" in {shown_folder(path)}"
    whole = f"saved {path}" if folder else f"saved {name}"
    texts = (
        f"{whole}{others}" if folder else f"{whole}{others}{place}",
        f"saved {name}{others}{place}",
        f"saved {name}{others}",
        f"saved {name}{several}",
    )
    fitting = (text for text in texts if len(text) <= width)
    return next(fitting, f"saved {without_middle(name, width - len(f'saved {several}'))}{several}")


def without_middle(text: str, length: int) -> str:
    """Return a text of so many characters at most: the end tells most of a name."""
    if len(text) <= length:
        return text
    start = max(length // 3, 1)
    return f"{text[:start]}…{text[len(text) - max(length - start - 1, 1) :]}"


def _free(stem: str, ending: str, ends: list[str], most: int = MOST_NUMBERS) -> list[WriteCheck]:
    """Return checks of names that nobody has, all with one number or with none."""
    from rnn_tui.files.ownership import RunFiles, Standing

    files = RunFiles()
    for number in range(1, most):
        start = f"{stem}-{number}" if number > 1 else stem
        checks = [files.check(f"{start}{end}{ending}") for end in ends]
        taken = (check.seen is not None or os.path.islink(check.path) for check in checks)
        if all(check.standing is Standing.FREE for check in checks) and not any(taken):
            return checks
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), stem + ending)


def take_home(
    make: Callable[[], Contents], name: str, run_file: str | None, width: int
) -> tuple[str, bool]:
    """Make and write files, in a thread of its own.

    Args:
        make: returns their contents.
        name: that of the first of them, without a number.
        run_file: the run's own file.
        width: characters that there is room for.

    Returns:
        What there is to say, and whether it is an error.
    """
    try:
        return write(make(), name, run_file, width), False
    except NoPictureError as error:
        return f"not saved: {error}", True
    except OSError as error:
        reason = str(error.strerror or error).lower()
        room = width - len(f"not saved: : {reason}")
        return f"not saved: {without_middle(name, max(room, 8))}: {reason}", True


def in_theme(wanted: TakenFile, theme: str) -> TakenFile:
    """Return the same in a theme; text and numbers have none."""
    return replace(wanted, theme=theme) if wanted.kind in (FileKind.SVG, FileKind.PNG) else wanted
