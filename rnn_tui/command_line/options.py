"""The options of the command line: declarations, help and parsing.

Every option is made from a declaration: those of `rnn_tui.settings`, and the ones declared here. So
an option for a setting needs nothing in this file. Every error is one line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import click

from rnn_tui import PROGRAM, THEME, __version__
from rnn_tui.autosave import NEWEST
from rnn_tui.command_line.run_options import INIT_FROM, OF_RUN, SWITCHES, TRAIN_HELP
from rnn_tui.files.limits import DEFAULT_DATA, parse_size
from rnn_tui.files.regular_file import size_text
from rnn_tui.presets import PRESETS
from rnn_tui.registry import CELLS
from rnn_tui.setting_declaration import option_name
from rnn_tui.settings import DECLARATIONS, Declaration, quote

_WIDEST_CHOICES = 50  # columns; longer lists of choices are in the help's text

_PRESET = Declaration(
    name="preset", kind=str, default="", help="A named set of values to begin with; options given "
    f"beside it override it. {' '.join(f'{n}: {p.summary}.' for n, p in PRESETS.items())}",
    group="start", effect="restart", fixed_choices=tuple(PRESETS),
)  # fmt: skip
_THEME = Declaration(
    name="theme", kind=str, default=THEME, help="Colours of the screen.",
    group="screen", effect="live", fixed_choices=("dark", "light"),
)  # fmt: skip
_REMOTE = Declaration(
    name="remote", kind=bool, default=None, help="Take the link to the terminal for a slow one, or "
    "for one without limits; left out, it is measured.", group="screen", effect="live",
)  # fmt: skip
_ASCII = Declaration(
    name="ascii", kind=bool, default=None, help="Draw with ASCII characters, or with all. Left "
    "out: ASCII where the locale (LC_ALL, LC_CTYPE, LANG) is C or names no UTF-8, and in a tmux or "
    "screen without UTF-8.", group="screen", effect="live",
)  # fmt: skip
_BREAK = Declaration(
    name="break", kind=str, default="", help="Stop when this becomes true; may be given again: "
    "loss<0.01, smoothed<0.01, test<0.05, grad>10, clipped, saturated f>0.9, update=500, "
    "pass=BACKWARD, t=7.",
    group="run", effect="live",
)  # fmt: skip
_AT = Declaration(
    name="at", kind=str, default="", help="Open at a place, as y copies it: \"40:B7.3 unit 2\" or "
    "\"update 40 BACKWARD t=7 op 3 unit 2\"; the way there is trained, and space stops on it.",
    group="screen", effect="live",
)  # fmt: skip
_VERSUS = Declaration(
    name="versus", kind=str, default="", help="Set a second network beside this one, with this "
    "cell: same seed, same data, in lock step; a changes places.", group="screen", effect="live",
    registry=CELLS,
)  # fmt: skip
_MATCH = Declaration(
    name="match_parameters", kind=bool, default=False, help="Give the second network the hidden "
    "size that makes its number of parameters about the same.", group="screen", effect="live",
)  # fmt: skip
_RESUME = Declaration(
    name="resume", kind=str, default="", help="Reopen the newest autosave of a run that no program "
    "has open; with \"list\" show them all, with a number of that list open that one.",
    group="start", effect="restart",
)  # fmt: skip
_NO_AUTOSAVE = Declaration(
    name="no_autosave", kind=bool, default=False, help="Do not save the run by itself every "
    "minute, at a pause and when the connection is lost.", group="run", effect="live",
)  # fmt: skip
DATA_CHANGED = Declaration(
    name="data_changed", kind=str, default="", help="Of a saved run whose data have changed since: "
    "go on with them, scale and vocabulary kept, or refuse; left out, you are asked, or refused "
    "where you cannot be. Rows that were added are no change.", group="start", effect="restart",
    fixed_choices=("continue", "refuse"),
)  # fmt: skip
_KIOSK = Declaration(
    name="kiosk", kind=bool, default=False, help="For a guest: no file is read or written but what "
    "this command line names, sizes are capped, environment variables have no effect, and q ends "
    "the session at once; implies --no-autosave.", group="guest", effect="live",
)  # fmt: skip
_JSON = Declaration(
    name="json", kind=bool, default=False, help="Print the figures at the end as one JSON object.",
    group="run", effect="live",
)  # fmt: skip
_REPORT = Declaration(
    name="json", kind=bool, default=False, help="Print what was found as one JSON object.",
    group="report", effect="live",
)  # fmt: skip


class SizeDeclaration(Declaration):
    """The declaration of a size in bytes, written like 512MiB."""

    def parse(self, text: str) -> int:
        """Return the number of bytes.

        Raises:
            SizeError: it is no size.
        """
        return parse_size(self.option, text)


class TimeDeclaration(Declaration):
    """The declaration of a time, written like 15m."""

    def parse(self, text: str) -> float:
        """Return the number of seconds.

        Raises:
            OptionError: it is no time.
        """
        match = re.fullmatch(r"\s*([0-9]{1,7})\s*([smh]?)\s*", text.lower(), re.ASCII)
        seconds = int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
        if not _SHORTEST_IDLE <= seconds <= _LONGEST_IDLE:
            raise OptionError(f"{self.option} must be {_IDLE_TIMES}, not {quote(text)}")
        return float(seconds)


_SHORTEST_IDLE, _LONGEST_IDLE = 2, 24 * 3600
_IDLE_TIMES = "a time from 2s to 24h, such as 90s, 15m or 2h"
_IDLE = TimeDeclaration(
    name="idle", kind=str, default="", help="In a kiosk: end the session after so long without a "
    "key, such as 90s, 15m or 2h [default: 15m].", group="guest", effect="live",
)  # fmt: skip
_MAX_DATA = SizeDeclaration(
    name="max_data", kind=str, default="", help="Largest file that --data reads, such as 512MiB "
    f"or 2GiB [default: {size_text(DEFAULT_DATA)}].", group="limits", effect="restart",
)  # fmt: skip
_MAX_MEMORY = SizeDeclaration(
    name="max_memory", kind=str, default="", help="Most memory that a run may take; settings that "
    "need more are refused [default: a third of this machine's].", group="limits", effect="restart",
)  # fmt: skip
_PLACEHOLDERS = {
    "at": "PLACE", "idle": "TIME", "max_data": "SIZE", "max_memory": "SIZE",
    "data": "FILE", "out": "FILE.safetensors", "metrics": "FILE.csv",
    "init_from": "FILE.safetensors", "target": "NAME", "inputs": "NAMES", "time": "NAME",
    "task": "TASK",
    "break": "CONDITION", "seeds": "LIST", "resume": "list|N",
}  # fmt: skip

_APP_HELP = """\
Watch a recurrent network learn, one operation at a time. Step forward through time, back through
its gradients and through every update, with all numbers on the screen, or let it run and see the
loss fall.

Without options a plain RNN learns to predict the next value of cos(x). Other tasks (--task) bring
defaults of their own. CHECKPOINT is a file saved earlier, which opens where it was left; or a case
file, your own network with your own batch (docs/case-files.md).

\b
Examples:
  rnn-tui                                  start; ? shows the keys, q quits
  rnn-tui --cell lstm --hidden 8           a small LSTM, to look at its gates
  rnn-tui --data prices.csv --target close learn a table of your own
  rnn-tui lesson                           learn BPTT, lesson by lesson
  rnn-tui inspect prices.csv               what would be learned of it
  rnn-tui case.safetensors                 step through your own model
  rnn-tui check case.safetensors           are its gradients right?
  rnn-tui predict run.safetensors          what comes after its last row
  rnn-tui sample run.safetensors           what a network of texts writes
  rnn-tui export run.safetensors run.py    the run as a page of NumPy
  rnn-tui export-lesson 1 --svg figures    a lesson's pictures
  rnn-tui --task recall --gap 30           where did the sentence begin?
  rnn-tui run.safetensors                  go on where a file was saved
  rnn-tui train --updates 50000 --out run.safetensors
                                           train without a screen;
                                           see rnn-tui train --help
"""


_INSPECT_HELP = """\
Say what is in a data file and what would be learned of it: encoding, columns, target, the split
into training and test, and all that was assumed. Nothing is trained. The options are those of
rnn-tui train, so that a line that does what you mean can be trained as it is.

FILE is a table, a text or a case file (docs/case-files.md); - is standard input.

\b
Examples:
  rnn-tui inspect sales.csv                what would be learned of it
  rnn-tui inspect sales.csv --target price --missing interpolate
  rnn-tui inspect - --json < sales.csv     one line of JSON for a script

\b
Exit codes:
  0    rnn-tui train would learn it
  2    it would refuse it; what was found is printed all the same
"""


class OptionError(ValueError):
    """A command line that cannot be read; the message is one line."""


def read(arguments: list[str]) -> dict[str, Any] | None:
    """Return the values of all options that `arguments` contains, by name.

    "checkpoint" is the file, if one is named. The result is None if help or version was asked for,
    which is printed.

    Raises:
        OptionError: an option is unknown or lacks its value.
        SettingError: a value is not allowed.
    """
    if arguments[:1] == ["train"]:
        command, name, rest = _train_command(), f"{PROGRAM} train", arguments[1:]
    else:
        command, name, rest = _app_command(), PROGRAM, [*arguments]  # click empties it
    return parse(command, name, rest)


def parse(command: click.Command, name: str, arguments: list[str]) -> dict[str, Any] | None:
    """Return the values of the options of one command; see `read`.

    Args:
        command: the command, with its options.
        name: what is typed before the arguments: "rnn-tui train".
        arguments: what is typed after it.

    Raises:
        OptionError: an option is unknown or lacks its value.
        SettingError: a value is not allowed.
    """
    try:
        # Click's own main would print errors in several lines and end the process.
        with command.make_context(name, arguments) as ctx:
            return _written_options(ctx)
    except click.exceptions.Exit:  # --help and --version
        return None
    except click.UsageError as error:
        raise OptionError(_usage_message(error, command, name)) from error


def _usage_message(error: click.UsageError, command: click.Command, name: str) -> str:
    """Return click's error as one line that names the option, the value and what is allowed."""
    see = f"see {name} --help"
    if isinstance(error, click.NoSuchOption):
        known = [name for parameter in command.params for name in _names(parameter)]
        near = difflib.get_close_matches(error.option_name, [*known, "--help", "--version"], 1, 0.7)
        advice = f"did you mean {near[0]}?" if near else see
        return f"there is no option {error.option_name}; {advice}"
    if isinstance(error, click.BadOptionUsage):
        for parameter in command.params:
            if isinstance(parameter, SettingOption) and error.option_name in _names(parameter):
                return _missing_value(parameter, error.option_name)
    return error.format_message().rstrip(".")


def _missing_value(option: SettingOption, name: str) -> str:
    """Return what is wrong with the value of `option`: it has none, or one too many."""
    if option.is_flag:
        return f"{name} takes no value"
    text = option.declaration.kind is str and not option.declaration.choices
    return f"{name} needs a value: {option.metavar if text else option.declaration.allowed}"


def _names(parameter: click.Parameter) -> list[str]:
    """Return all spellings of an option."""
    return [*parameter.opts, *parameter.secondary_opts]


class SettingOption(click.Option):
    """An option made from a declaration."""

    def __init__(
        self,
        declaration: Declaration,
        *names: str,
        repeated: bool = False,
        without_value: str | None = None,
    ) -> None:
        """Make the option.

        Args:
            declaration: what it sets.
            names: how it is spelled, if not as the declaration says.
            repeated: true if it may be written several times; its value is a tuple then.
            without_value: what it means without a value; None if it needs one.
        """
        self.declaration = declaration
        flag = declaration.kind is bool
        optional: dict[str, Any] = {} if without_value is None else {"flag_value": without_value}
        super().__init__(
            [*(names or _spellings(declaration)), declaration.name],
            help=declaration.help + _shown_choices(declaration) + _shown_default(declaration),
            default=None,  # the value then comes from the preset, the defaults or the file
            is_flag=flag,
            **optional,
            multiple=repeated,
            type=None if flag else str,
            metavar=None if flag else _placeholder(declaration),
            callback=lambda ctx, parameter, value: self._read(value),
        )

    def _read(self, value: Any) -> Any:
        """Return the value that the text stands for; a `SettingError` is shown as it is.

        Raises:
            OptionError: the value is empty; that an option was left out is said by leaving it out.
        """
        if isinstance(value, str) and not value.strip(" ") and self._is_name:
            raise OptionError(f"{self.opts[0]} needs a value: {self.metavar}, not {quote(value)}")
        return self.declaration.parse(value) if isinstance(value, str) else value

    @property
    def _is_name(self) -> bool:
        """Whether its value is the name of something: a file, a column, an encoding."""
        return self.declaration.name in _PLACEHOLDERS or self.declaration.name == "encoding"


def _spellings(declaration: Declaration) -> tuple[str, ...]:
    """Return how the option of a setting is spelled; its former name is understood too."""
    former = declaration.formerly
    return (declaration.switch, option_name(former)) if former else (declaration.switch,)


def _placeholder(declaration: Declaration) -> str:
    """Return what stands for the value in the help: "N", "dark|light"."""
    if declaration.choices and not _shown_choices(declaration):
        return "|".join(declaration.choices)
    if declaration.name in _PLACEHOLDERS:
        return _PLACEHOLDERS[declaration.name]
    return {int: "N", float: "NUMBER"}.get(declaration.kind, "TEXT")


def _shown_choices(declaration: Declaration) -> str:
    """Return a sentence with the choices if they are too many for `_placeholder`, else nothing."""
    if len("|".join(declaration.choices)) <= _WIDEST_CHOICES:
        return ""
    return f" One of {', '.join(declaration.choices)}."


def _shown_default(declaration: Declaration) -> str:
    """Return the default in brackets, unless it is off or empty."""
    if declaration.default is None or declaration.default is False or declaration.default == "":
        return ""
    return f" [default: {declaration.show(declaration.default)}]"


class GroupedCommand(click.Command):
    """A command whose help lists options under the headings of their declarations."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return --help, which prints as everything else: click would write UTF-8 to any stream."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all options, group by group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, SettingOption):
                group = parameter.declaration.group
            elif isinstance(parameter, click.Option):
                group = "help"
            else:
                continue
            if record := parameter.get_help_record(ctx):
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group.capitalize()):
                formatter.write_dl(records, col_max=28)


def make_command(
    name: str,
    help: str,
    extra: list[click.Parameter],
    file: str = "[CHECKPOINT]",
    settings: Iterable[str] = DECLARATIONS,
) -> click.Command:
    """Return a command with `extra` options, those of settings, and --version.

    Args:
        name: what is typed.
        help: its help.
        extra: options besides.
        file: what its argument is called.
        settings: which ones it has; where it has all, there are the presets too.
    """
    return GroupedCommand(
        name,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        params=[
            click.Argument(["checkpoints"], nargs=-1, metavar=file),
            *([SettingOption(_PRESET)] if settings is DECLARATIONS else []),
            *extra,
            *(SettingOption(DECLARATIONS[each]) for each in settings),
            SettingOption(_MAX_DATA),
            SettingOption(_MAX_MEMORY),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_version,
                help="Show the version and exit.",
            ),
        ],
        help=help,
    )


def _show_help(ctx: click.Context, parameter: click.Parameter, asked_for: bool) -> None:
    """Print the help and end, if it was asked for."""
    if asked_for:
        print(ctx.get_help())
        ctx.exit()


def _show_version(ctx: click.Context, parameter: click.Parameter, asked_for: bool) -> None:
    """Print the version and end, if --version was written."""
    if asked_for:
        print(f"{PROGRAM} {__version__}")
        ctx.exit()


def _written_options(ctx: click.Context) -> dict[str, Any]:
    """Return the options that were written on the command line, by name."""
    written = click.core.ParameterSource.COMMANDLINE
    options = {n: v for n, v in ctx.params.items() if ctx.get_parameter_source(n) is written}
    checkpoint, *more = options.pop("checkpoints", None) or [None]
    if more:
        what = next(each.metavar for each in ctx.command.params if each.name == "checkpoints")
        what = str(what).strip("[]")
        raise OptionError(f"one {what} is enough; {more[0]!r} is one too many")
    return options if checkpoint is None else options | {"checkpoint": checkpoint}


def screen_options() -> list[click.Parameter]:
    """Return the options of everything that opens a screen."""
    return [
        SettingOption(_THEME),
        SettingOption(_REMOTE, "--remote/--local"),
        SettingOption(_ASCII, "--ascii/--unicode"),
    ]


def app_options() -> list[click.Parameter]:
    """Return the options of the app that are no settings."""
    return [
        *screen_options(),
        SettingOption(_BREAK, repeated=True),
        SettingOption(_AT),
        SettingOption(_VERSUS),
        SettingOption(_MATCH, "--match-parameters"),
        SettingOption(_RESUME, without_value=NEWEST),
        SettingOption(DATA_CHANGED),
        SettingOption(INIT_FROM),
        SettingOption(_NO_AUTOSAVE, "--no-autosave"),
        SettingOption(_KIOSK, "--kiosk"),
        SettingOption(_IDLE),
    ]


def _app_command() -> click.Command:
    """Return the command that opens the app."""
    return make_command(PROGRAM, _APP_HELP, app_options())


def _train_command() -> click.Command:
    """Return the command ``train``."""
    extra: list[click.Parameter] = [SettingOption(declaration) for declaration in OF_RUN]
    extra += [SettingOption(_BREAK, repeated=True)]
    extra += [SettingOption(_RESUME, without_value=NEWEST), SettingOption(DATA_CHANGED)]
    extra += [SettingOption(_NO_AUTOSAVE, "--no-autosave"), SettingOption(_JSON, "--json")]
    extra += [SettingOption(declaration, declaration.option) for declaration in SWITCHES]
    return make_command("train", TRAIN_HELP, extra)


def inspect_command() -> click.Command:
    """Return the command ``inspect``."""
    return make_command("inspect", _INSPECT_HELP, [SettingOption(_REPORT, "--json")], "FILE")
