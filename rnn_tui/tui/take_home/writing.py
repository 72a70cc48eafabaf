"""Writing what is taken home: under a name that nobody has, beside the run's own file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from rnn_tui.files.shown_folder import shown_folder
from rnn_tui.tui.take_home.png import NAMES, NoPictureError, converters, png_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnn_tui.tui.take_home.capture import Capture


class Kind(Enum):
    """What is written, by the ending of its name."""

    SVG = ".svg"
    PNG = ".png"
    TEXT = ".txt"
    CSV = ".csv"


@dataclass(frozen=True, slots=True)
class Souvenir:
    """What somebody takes home.

    Attributes:
        kind: as what.
        whole: the whole screen; else the panel with the focus.
        theme: the theme of a figure; "" for that of the screen.
    """

    kind: Kind
    whole: bool = False
    theme: str = ""

    @property
    def words(self) -> str:
        """What it is, in words: "the screen as SVG"."""
        if self.kind is Kind.CSV:
            return "the panel's numbers, CSV"
        as_what = "text" if self.kind is Kind.TEXT else self.kind.name
        return f"the {'screen' if self.whole else 'panel'} as {as_what}"


NO_NUMBERS = "there are no numbers here yet"
NO_CONVERTER = f"needs one of {NAMES}"


def why_not(capture: Capture, souvenir: Souvenir) -> str:
    """Return why something cannot be taken home now, as a phrase; "" if it can."""
    if souvenir.kind is Kind.CSV and capture.table() is None:
        from rnn_tui.tui.panel_spec import panel_spec

        none = not panel_spec(capture.panel).table
        return f"{capture.panel} shows no numbers of the run" if none else NO_NUMBERS
    if souvenir.kind is Kind.PNG and not converters():
        return NO_CONVERTER
    return ""


def content_of(capture: Capture, souvenir: Souvenir) -> Callable[[], bytes]:
    """Draw now, and return what makes the content of the file, in any thread.

    Raises:
        NoPictureError: from what is returned, where no PNG can be made.
    """
    from rnn_tui.tui.take_home.svg import svg_text

    kind, whole = souvenir.kind, souvenir.whole
    if kind is Kind.CSV:
        table = capture.table()
        return lambda: b"" if table is None else table.csv().encode()
    if kind is Kind.TEXT:
        characters = "ascii" if capture.context.ascii else "unicode"
        text = capture.figure(whole=whole, characters=characters).text
        return lambda: text.encode()
    figure = capture.figure(whole=whole, theme=souvenir.theme)
    if kind is Kind.SVG:
        return lambda: svg_text(figure).encode()
    return lambda: png_of(svg_text(figure))


def write(content: bytes, name: str, run_file: str | None) -> str:
    """Write a file beside the run's own, or in the current folder; return what there is to say.

    Its name gets a number where there is such a file already: none is ever replaced.

    Raises:
        OSError: it cannot be written.
    """
    from rnn_tui.files.atomic_file import write_atomically
    from rnn_tui.files.ownership import RunFiles

    path = os.path.join(os.path.dirname(run_file or ""), name)
    check = RunFiles().free_beside(path)
    write_atomically(check.path, content, check)
    folder = "" if os.path.dirname(check.path) else f" in {shown_folder(check.path)}"
    return f"saved {check.path}{folder}"


def take_home(make: Callable[[], bytes], name: str, run_file: str | None) -> tuple[str, bool]:
    """Make and write a file, in a thread of its own.

    Returns:
        What there is to say, and whether it is an error.
    """
    try:
        return write(make(), name, run_file), False
    except NoPictureError as error:
        return f"not saved: {error}", True
    except OSError as error:
        reason = str(error.strerror or error).lower()
        return f"not saved: {name}: {reason}", True


def in_theme(souvenir: Souvenir, theme: str) -> Souvenir:
    """Return the same in a theme; text and numbers have none."""
    return replace(souvenir, theme=theme) if souvenir.kind in (Kind.SVG, Kind.PNG) else souvenir
