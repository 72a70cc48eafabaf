"""Which characters a terminal shows: Unicode, or ASCII alone.

What the user has set decides, by the rules of POSIX: the first of LC_ALL, LC_CTYPE and LANG that is
not empty. Python cannot be asked: it takes the locale C for UTF-8 (PEP 538 and 540), and then sets
LC_CTYPE itself. In tmux and GNU screen, what they can show counts, too: tmux writes _ for what its
own terminal has not.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
COERCED = ("C.UTF-8", "C.utf8", "UTF-8")  # to which Python sets LC_CTYPE
ANSWER_SECONDS = 0.5  # that tmux or screen has to answer in; they take 3 ms
HOW_TO_CHANGE = "--unicode, ctrl+p change it"


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """The characters that are drawn.

    Attributes:
        ascii: ASCII alone.
        why: what that was chosen by, for the user; "" where the user has chosen.
        again: chooses again, where it is up to tmux: another terminal may come to its session. None
            is no answer.
    """

    ascii: bool = False
    why: str = ""
    again: Callable[[], CharacterSet | None] | None = None

    @property
    def notice(self) -> str:
        """What the first screen says about it; "" if there is nothing to say."""
        return f"ASCII, as {self.why}; {HOW_TO_CHANGE}" if self.ascii and self.why else ""


UNICODE = CharacterSet()


def choose_characters(
    asked: bool | None,
    environment: Mapping[str, str],
    encoding: str,
    ask: Callable[[list[str]], str | None] | None = None,
) -> CharacterSet:
    """Return the characters for the terminal.

    Args:
        asked: what the user has asked for, ASCII or not; None if nothing.
        environment: the variables as the user has set them, see `users_environment`.
        encoding: that of stdout.
        ask: runs a command and returns what it prints, None if it fails; see `output_of`.
    """
    if asked is not None:
        return CharacterSet(asked)
    if (variable := locale_variable(environment)) and not is_utf8(variable):
        return CharacterSet(True, f"{variable} names no UTF-8")
    if not _is_codec_of_utf8(encoding):
        return CharacterSet(True, f"the output is in {encoding}")
    if environment.get("TMUX"):
        again = partial(_as_tmux_says, ask or output_of)
        return again() or CharacterSet(again=again)
    if session := environment.get("STY"):
        said = (ask or output_of)(["screen", "-S", session, "-Q", "info"])
        # It shows the answer to the user, too, and nothing else meanwhile, for 5 s; 1 s with this.
        (ask or output_of)(["screen", "-S", session, "-X", "redisplay"])
        if said and "flow" in said and "UTF-8" not in said:
            return CharacterSet(True, "screen runs without UTF-8 (screen -U)")
    return UNICODE


def _as_tmux_says(ask: Callable[[list[str]], str | None]) -> CharacterSet | None:
    """Return the characters that the terminal of tmux shows; None if tmux does not say."""
    answer = ask(["tmux", "display-message", "-p", "#{client_utf8}"])
    if answer not in ("0", "1"):
        return None
    why = "tmux runs without UTF-8 (tmux -u)" if answer == "0" else ""
    return CharacterSet(answer == "0", why, partial(_as_tmux_says, ask))


def locale_variable(environment: Mapping[str, str]) -> str:
    """Return the variable that decides on characters, as NAME=VALUE; "" if none is set."""
    return next((f"{name}={environment[name]}" for name in VARIABLES if environment.get(name)), "")


def is_utf8(variable: str) -> bool:
    """Return whether NAME=VALUE names UTF-8: ``LANG=de_DE.UTF-8``, ``LC_CTYPE=UTF-8``."""
    charset = variable.partition("=")[2].partition("@")[0].rpartition(".")[2]
    return charset.lower().replace("-", "") == "utf8"


def _is_codec_of_utf8(encoding: str) -> bool:
    """Return whether Python's codec of this name is UTF-8."""
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except LookupError:
        return False


def users_environment() -> Mapping[str, str]:
    """Return the variables without the LC_CTYPE that Python may have set at its start."""
    environment = dict(os.environ)
    if environment.get("LC_CTYPE") not in COERCED or environment.get("LC_ALL"):
        return environment
    with contextlib.suppress(OSError), open("/proc/self/environ", "rb") as file:
        given = [each for each in file.read().split(b"\0") if each.startswith(b"LC_CTYPE=")]
        if not given:
            del environment["LC_CTYPE"]
        return environment
    if sys.flags.utf8_mode:  # without /proc: only where it found the locale C
        del environment["LC_CTYPE"]
    return environment


def output_of(command: list[str]) -> str | None:
    """Return what a command prints, without blanks around it; None if it fails or takes long."""
    import subprocess

    with contextlib.suppress(OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=ANSWER_SECONDS,
            check=True,
            encoding="utf-8",
        ).stdout.strip()
    return None
