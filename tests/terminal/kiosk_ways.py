"""Everything that a guest may try, as input to a terminal; for the tests of the kiosk."""

from __future__ import annotations

import random
from collections.abc import Iterator

from terminal.driver import KEYS as NAMED
from textual.app import SystemCommand

from rnn_tui.tui.key_bindings import KEYS

LEAVING = {"q", "\x11"}
"""The keys that end the session, as they should."""
DIALOGS = ("o", "b", "e", "m", "/", "g", "'", "?", "p", "\x10", "v", "V")
PASTED = (
    "\x1b[200~{}\x1b[201~",
    "{}",
)
TEXTS = (
    "/etc/passwd", "~/.ssh/id_rsa", "../../etc/shadow", "file:///etc/passwd", "`id`", "$(id)",
    "; /bin/sh", "|sh", "!sh", "[@click=app.open_url('file:///etc/passwd')]x[/]", "[bold]x",
    "[@click=app.screenshot]x[/]", "%s%n{0}", "1e999", "9" * 500, "\u202epwned", "\x1b]0;pwned\x07",
    "\x1b]52;c;cHduZWQ=\x07", "\x9b31mpwned", "\x1b[2J", "\x00\x01\x02\x7f", "a\r\nb\n", "\ud83d",
)  # fmt: skip
SEQUENCES = (
    "\x1b]52;c;?\x07", "\x1b]11;rgb:0000/0000/0000\x07", "\x1bP1$r0m\x1b\\", "\x1bP+q544e\x1b\\",
    "\x1b[?1;2c", "\x1b[>1;1c", "\x1b[3;5R", "\x1b[8;5000;5000t", "\x1b[48;5000;5000;1;1t",
    "\x1b[<0;10;10M\x1b[<0;10;10m", "\x1b[<64;5;5M", "\x1b[M !!", "\x1b[99999999999u",
    "\x1b[27;5;122~",
    "\x1b[1;9A", "\x1bOP", "\x1b_Ga=T;AAAA\x1b\\", "\x1b^x\x1b\\", "\x1b[I", "\x1b[O",
    "\x1b[200~never",
)  # fmt: skip


def all_keys() -> list[str]:
    """Return what every key sends, of the program and of the terminal, but for those that quit."""
    letters = [chr(number) for number in range(1, 127)]
    named = [text for text in NAMED.values() if len(text) > 1]
    return [each for each in (*letters, *named) if each not in LEAVING and each != "\x1b"]


def bound_keys() -> set[str]:
    """Return the names of all keys that the program binds."""
    return {name for key in KEYS for name in key.keys.split(",")}


def everywhere() -> Iterator[str]:
    """Yield every key, on the main screen and in every dialog, and pastes in each of them."""
    keys = "".join(all_keys())
    for dialog in ("", *DIALOGS):
        yield dialog + keys
        yield "\x1b"
        yield "\x1b"
        for text in TEXTS:
            yield dialog + PASTED[0].format(text) + "\r"
            yield "\x1b"


def entries(commands: list[SystemCommand]) -> Iterator[str]:
    """Yield what runs every command of the palette, but for the one that quits."""
    for command in commands:
        if "quit" not in command.title:
            yield f"\x10{command.title}\r"
            yield "\x1b"


def fuzz(count: int, seed: int) -> Iterator[str]:
    """Yield random keys, sequences, pastes and bytes."""
    chance = random.Random(seed)
    keys = [*all_keys(), "\x1b"]
    for _ in range(count):
        kind = chance.random()
        if kind < 0.8:
            yield "".join(chance.choices(keys, k=chance.randint(1, 12)))
        elif kind < 0.9:
            yield chance.choice(SEQUENCES) + "\x1b\\"
        else:
            yield chance.choice(PASTED).format(chance.choice(TEXTS)).replace("q", "")
