"""The options of ``rnn-tui serve``: its own, and those of the app, with which guests start."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import CommandError
from rnn_tui.command_line.options import SettingOption, app_options, make_command, parse
from rnn_tui.files.limits import SizeError, parse_size
from rnn_tui.files.standard_input import NAME as STANDARD_INPUT
from rnn_tui.kiosk import IDLE, capped
from rnn_tui.setting_declaration import Declaration, SettingError

if TYPE_CHECKING:
    from rnn_tui.lessons.lesson import Lesson

COMMAND = "serve"
MOST_GUESTS = 500
MEMORY_RANGE = (128 * 2**20, 2**40)  # bytes; a session of one small network takes up to 100 MiB
NEEDS_ACCESS = (
    "who may come in? --authorized-keys FILE for those whose public key is in it, --anonymous for "
    "everybody, or --present KEYFILE for everybody to follow the holder of a key"
)

_HELP = """\
Let a class in with plain ssh: one private session each, no accounts, no shell. Every guest gets
the program with --kiosk and with the options that are given here, in a process of its own.

The log goes to stderr, one line a session. Ctrl-C or SIGTERM tells the guests and ends.

\b
Examples:
  rnn-tui serve --anonymous                try it: ssh -p 2222 localhost
  rnn-tui serve --listen 0.0.0.0 --authorized-keys class.pub --cell lstm
                                           those whose key is in the file
  rnn-tui serve --present ~/.ssh/id_ed25519.pub
                                           everybody follows who has this key
"""


class MemoryDeclaration(Declaration):
    """The declaration of a guest's memory, written like 256M."""

    def parse(self, text: str) -> int:
        """Return the number of bytes.

        Raises:
            CommandError: it is no size, or not in the range.
        """
        try:
            size = parse_size(self.option, text)
        except SizeError:
            size = 0
        if not MEMORY_RANGE[0] <= size <= MEMORY_RANGE[1]:
            shown = repr(text) if len(text) <= 40 else f"{text[:40]!r}…"
            raise CommandError(
                f"{self.option} must be a size from 128MiB to 1TiB, such as 256MiB, not {shown}"
            )
        return size


_OWN = (
    Declaration(
        name="listen", kind=str, default="127.0.0.1", help="The address or name to listen on; "
        "0.0.0.0 is every address of this machine.", group="server", effect="restart",
    ),
    Declaration(
        name="port", kind=int, default=2222, help="The port; 0 takes a free one and says which.",
        group="server", effect="restart", low=0, high=65535,
    ),
    Declaration(
        name="guests", kind=int, default=20, help="How many are let in at a time; the presenter "
        "comes in beside them.", group="server", effect="restart", low=1, high=MOST_GUESTS,
    ),
    Declaration(
        name="host_key", kind=str, default="", help="The file of the server's own private key; "
        "where there is none, one is made, in a folder that is there. Left out: one in the "
        "program's state folder.", group="server", effect="restart",
    ),
    Declaration(
        name="authorized_keys", kind=str, default="", help="Let in those whose public key is in "
        "this file, one a line.", group="server", effect="restart",
    ),
    Declaration(
        name="anonymous", kind=bool, default=False, help="Let everybody in.", group="server",
        effect="restart",
    ),
    Declaration(
        name="public", kind=bool, default=False, help="Let everybody in from other machines, too; "
        "without it, that is only for this machine.", group="server", effect="restart",
    ),
    MemoryDeclaration(
        name="memory", kind=str, default="256M", help="Most resident memory of a guest's process; "
        "one that takes more is ended.", group="server", effect="restart",
    ),
    Declaration(
        name="present", kind=str, default="", help="Who has a key whose public part is in this "
        "file is the presenter; all others follow.", group="server", effect="restart",
    ),
    Declaration(
        name="slides", kind=str, default="", help="What the presenter shows: a file of slides, as "
        "for rnn-tui present.", group="server", effect="restart",
    ),
)  # fmt: skip
_PLACEHOLDERS = {
    "listen": "ADDRESS", "host_key": "FILE", "authorized_keys": "FILE", "memory": "SIZE",
    "present": "KEYFILE", "slides": "FILE",
}  # fmt: skip
_SWITCHES = {"anonymous": "--anonymous", "public": "--public"}
_REFUSED = {
    "resume": "--resume opens an autosave, and guests have none; leave it out",
}
_IMPLIED = ("kiosk", "no_autosave")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line says about the server.

    Attributes:
        listen: the address or name to listen on.
        port: the port; 0 for any.
        guests: how many are let in at a time.
        host_key: the file of the server's private key; "" for the one in the state folder.
        authorized_keys: the file of the guests' public keys; "" for none.
        anonymous: whether everybody is let in.
        idle: seconds without a key after which a session is ended.
        memory: most resident memory of a guest, in bytes.
        present: the file of the presenter's public keys; "" where nobody presents.
        slides: the presenter's slides; None for none.
        app: the options that every guest's program starts with, by name.
    """

    listen: str
    port: int
    guests: int
    host_key: str
    authorized_keys: str
    anonymous: bool
    idle: float
    memory: int
    present: str
    slides: Lesson | None
    app: dict[str, Any]

    @property
    def open_to_all(self) -> bool:
        """Whether one gets in without a key: with --anonymous, and with --present alone."""
        return self.anonymous or not self.authorized_keys


def read_serve(arguments: list[str]) -> ServeOptions | None:
    """Return what the arguments after ``serve`` say; None if help was asked for, and printed.

    Raises:
        OptionError, SettingError, CommandError: they cannot be read, or do not fit together.
    """
    try:
        given = parse(_command(), f"{PROGRAM} {COMMAND}", [*arguments])
    except SettingError as error:
        raise capped(error) from error
    if given is None:
        return None
    for name, reason in _REFUSED.items():
        if name in given:
            raise CommandError(reason)
    if given.get("data") == STANDARD_INPUT:
        raise CommandError("--data - is standard input, which guests do not share; name a file")
    own = {each.name: given.pop(each.name, each.default) for each in _OWN}
    if isinstance(own["memory"], str):  # the default
        own["memory"] = parse_size("--memory", own["memory"])
    for name in _IMPLIED:
        given.pop(name, None)
    # Settings are refused where they would need more than a guest may have; after a restart the run
    # before is kept, too.
    given.setdefault("max_memory", own["memory"] // 3)
    public, idle = own.pop("public"), given.setdefault("idle", IDLE)
    slides = _slides(own.pop("slides"), given)
    options = ServeOptions(**own, idle=idle, slides=slides, app=given)
    _check_access(options, public=public)
    return options


def _slides(name: str, app: dict[str, Any]) -> Lesson | None:
    """Read the presenter's slides, and have the program start with the run that they are on.

    Raises:
        UnknownLessonError, LessonError, CommandError: they cannot be read, or do not fit.
    """
    if not name:
        return None
    from rnn_tui.command_line.lesson import run_options
    from rnn_tui.command_line.present import read_slides

    slides = read_slides(name)
    app.update(run_options(slides, app))
    return slides


def _check_access(options: ServeOptions, *, public: bool) -> None:
    """Refuse options that do not say who may come in, or let in more than was meant.

    Raises:
        CommandError: they do.
    """
    if options.anonymous and options.authorized_keys:
        raise CommandError(
            "--anonymous lets everybody in, and --authorized-keys only some; leave one of them out"
        )
    if not (options.anonymous or options.authorized_keys or options.present):
        raise CommandError(NEEDS_ACCESS)
    if options.slides is not None and not options.present:
        raise CommandError("--slides are the presenter's: say who presents with --present KEYFILE")
    if options.open_to_all and not public and not is_loopback(options.listen):
        option = "--anonymous" if options.anonymous else "--present without --authorized-keys"
        raise CommandError(
            f"{option} lets everybody in who reaches {options.listen}; if that is meant, "
            "add --public"
        )


def is_loopback(listen: str) -> bool:
    """Return whether nobody but this machine reaches an address, or any that a name stands for.

    Raises:
        CommandError: it is no address, and no name that stands for one.
    """
    try:
        found = socket.getaddrinfo(listen, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CommandError(
            f"--listen must be an address or a name of this machine, not {listen!r}"
        ) from None
    return all(ipaddress.ip_address(str(each[4][0]).split("%")[0]).is_loopback for each in found)


def _command() -> click.Command:
    """Return the command ``serve``."""
    own: list[click.Parameter] = []
    for each in _OWN:
        names = (_SWITCHES[each.name],) if each.name in _SWITCHES else ()
        option = SettingOption(each, *names)
        option.metavar = _PLACEHOLDERS.get(each.name, option.metavar)
        own.append(option)
    return make_command(COMMAND, _HELP, [*own, *app_options()])
