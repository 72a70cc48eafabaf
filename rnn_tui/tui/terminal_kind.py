"""What a terminal of the kind that TERM names can do: show a screen, ignore what is new to it."""

from __future__ import annotations

from collections.abc import Mapping

# Names that begin so need no look into the database of terminals, which takes time.
KNOWN = (
    "alacritty", "contour", "cygwin", "foot", "ghostty", "iterm", "kitty", "konsole", "linux",
    "mintty", "ms-", "putty", "rio", "rxvt", "screen", "st-", "tmux", "vscode", "vt1", "vt2",
    "vte", "wezterm", "xterm", "zellij",
)  # fmt: skip
# They print what is newer than they are, or a part of it: the queries `CSI ? mode $ p`, kitty's
# `CSI > flags u`, OSC. (Linux before 5.8 ends a sequence at `>` and `$`: drivers/tty/vt/vt.c.)
OF_OLD = ("linux", "vt1", "vt2", "ansi", "cons25", "sun", "pcvt")
# What they erase has the background of the text: "bce" in the database of terminals.
ERASE_IN_COLOUR = (
    "alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "konsole", "mintty", "ms-",
    "putty", "rio", "rxvt", "st-", "vscode", "vte", "wezterm", "xterm",
)  # fmt: skip
MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")  # variables within them, which may say that TERM is xterm
SCREENLESS = ("", "dumb", "unknown")


def why_unusable(kind: str | None) -> str:
    """Return why no screen can be shown on a terminal of this kind; "" if one can.

    A kind that the database does not have is taken for a newer one than the database: those that
    are not in it on some server or other can all move their cursor.

    Args:
        kind: the value of the variable TERM; None if it is not set.
    """
    kind = (kind or "").strip()
    if kind.lower() in SCREENLESS:
        said = f"TERM={kind} says that this one cannot" if kind else "TERM is not set"
    elif kind.lower().startswith(KNOWN) or _can_move_the_cursor(kind):
        return ""
    else:
        said = f"TERM={kind} is one that cannot"
    return f"this needs a terminal that can move its cursor, and {said}"


def is_of_old(kind: str | None) -> bool:
    """Return whether terminals of this kind may print sequences that came after VT220."""
    return (kind or "").strip().lower().startswith(OF_OLD)


def prints_mode_queries(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal prints what it is asked by DECRQM, or a part of it."""
    apple = environment.get("TERM_PROGRAM") == "Apple_Terminal"
    return apple or is_of_old(environment.get("TERM"))


def erases_in_colour(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal gives what it erases the background of the text."""
    kind = environment.get("TERM", "").strip().lower()
    return kind.startswith(ERASE_IN_COLOUR) and not any(map(environment.get, MULTIPLEXERS))


def _can_move_the_cursor(kind: str) -> bool:
    """Return whether the database of terminals says so, or says nothing."""
    try:
        import curses
    except ImportError:  # Windows
        return True
    try:
        curses.setupterm(kind, 1)
    except ValueError:  # it is not even a name
        return True
    except curses.error as error:  # it is not there; "unknown error" is said of printers
        return "unknown" not in str(error)
    return curses.tigetstr("cup") is not None
