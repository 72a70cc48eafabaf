"""How many colours a terminal has: by the environment, then by what it answers to a query.

COLORTERM says that there is truecolor, but ssh mostly does not pass it on. So a terminal that may
have it is asked: a background is set, and DECRQSS tells what has become of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum


class Depth(IntEnum):
    """How many colours a terminal has."""

    NONE, SIXTEEN, INDEXED, TRUECOLOR = range(4)


# Names of terminals (TERM) begin so that always have truecolor, or no colours.
ALWAYS_TRUECOLOR = (
    "alacritty", "contour", "foot", "ghostty", "kitty", "mintty", "rio", "wezterm", "zellij",
)  # fmt: skip
UNCOLOURED_KINDS = ("vt1", "vt2", "vt3", "vt4")
FORCED = {"standard": Depth.SIXTEEN, "256": Depth.INDEXED, "truecolor": Depth.TRUECOLOR}
# Of terminals that are called so, nearly all know DECRQSS or drop it. GNU screen (screen…) would
# hand it on to the terminal around it as text; linux and vt… would show it.
ASKED_KINDS = ("xterm", "tmux", "vte", "gnome", "konsole", "iterm")
# A background in truecolor, and DECRQSS for what has become of it. Where this is shown as text, the
# first frame covers it.
TRUECOLOR_QUERY = "\x1b[H\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m"
TRUECOLOR_KEPT = r"1\$r(.*;)?48[:;]2[:;](\d*:)?1[:;]2[:;]3[;m]"


def depth_of(environment: Mapping[str, str]) -> Depth:
    """Return how many colours the terminal has, as far as the environment says.

    NO_COLOR (https://no-color.org) comes first, then TEXTUAL_COLOR_SYSTEM, COLORTERM and TERM.
    """
    if environment.get("NO_COLOR"):
        return Depth.NONE
    forced = environment.get("TEXTUAL_COLOR_SYSTEM", "").lower()
    if forced in FORCED:
        return FORCED[forced]
    kind = environment.get("TERM", "").strip().lower()
    said = environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit")
    if _inside_screen(environment):  # COLORTERM is of the terminal around it
        said = False
    always = "-direct" in kind or kind.removeprefix("xterm-").startswith(ALWAYS_TRUECOLOR)
    if said or always or not kind:  # Windows has no TERM
        return Depth.TRUECOLOR
    if "256col" in kind:
        return Depth.INDEXED
    uncoloured = kind.startswith(UNCOLOURED_KINDS) or kind.endswith(("-m", "-mono"))
    return Depth.NONE if uncoloured else Depth.SIXTEEN


def truecolor_query(environment: Mapping[str, str]) -> str:
    """Return the query whether the terminal has truecolor; "" where it is known, or no use."""
    known = depth_of(environment) in (Depth.NONE, Depth.TRUECOLOR)
    if known or environment.get("TEXTUAL_COLOR_SYSTEM", "").lower() in FORCED:
        return ""
    kind = environment.get("TERM", "").strip().lower()
    asked = kind.startswith(ASKED_KINDS) and not _inside_screen(environment)
    return TRUECOLOR_QUERY if asked else ""


def _inside_screen(environment: Mapping[str, str]) -> bool:
    """Return whether this is GNU screen, which takes the parts of a truecolor for other codes.

    STY goes on to what runs inside of it, such as tmux, which names itself.
    """
    kind = environment.get("TERM", "").strip().lower()
    inside = "STY" in environment and ("TMUX" not in environment or kind.startswith("screen"))
    return inside or kind.startswith("screen.")


def means_truecolor(answer: str) -> bool:
    """Return whether an answer, without ESC P and ST, says that the terminal has truecolor."""
    return re.match(TRUECOLOR_KEPT, answer) is not None
