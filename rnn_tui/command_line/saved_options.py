"""The options of the commands that use a saved run without opening it.

They are ``predict``, ``sample`` and ``export``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import CommandError
from rnn_tui.command_line.options import DATA_CHANGED, SettingOption, make_command, parse
from rnn_tui.files.limits import OPTIONS as LIMITS
from rnn_tui.settings import Declaration

HORIZON = 30
LENGTH = 200
UPDATES = 10
READING = (
    "data", "encoding", "time", "missing", "delimiter", "decimal", "thousands", "skip_rows",
)  # fmt: skip
"""The settings that say how a table is read; all else is the run's."""

_HORIZON = Declaration(
    name="horizon", kind=int, default=HORIZON, help="How many rows to forecast beyond the last; 0 "
    "for one-step predictions alone.", group="forecast", effect="live", low=0, high=100_000,
)  # fmt: skip
_TABLE = Declaration(
    name="out", kind=str, default="", help="Write the table to this CSV file; left out, it goes to "
    "stdout.", group="forecast", effect="live",
)  # fmt: skip
_FORCE = Declaration(
    name="force", kind=bool, default=False, help="Let --out replace a file that is there; never "
    "what is read.", group="forecast", effect="live",
)  # fmt: skip
_JSON = Declaration(
    name="json", kind=bool, default=False, help="Print the forecast and how good it is as one JSON "
    "object to stdout.", group="forecast", effect="live",
)  # fmt: skip


class TextDeclaration(Declaration):
    """The declaration of a text with any characters, line ends among them."""

    def parse(self, text: str) -> str:
        """Return the text."""
        return text


_PROMPT = TextDeclaration(
    name="prompt", kind=str, default="", help="What the text begins with; left out, the network "
    "begins after a line end.", group="text", effect="live",
)  # fmt: skip
_LENGTH = Declaration(
    name="length", kind=int, default=LENGTH, help="How many tokens to write after the prompt.",
    group="text", effect="live", low=0, high=10_000_000,
)  # fmt: skip
_TEMPERATURE = Declaration(
    name="temperature", kind=float, default=1.0, help="Above 1 more surprising, below 1 more "
    "likely; 0 takes the most probable token always.", group="text", effect="live",
    low=0, high=1000,
)  # fmt: skip
_SEED = Declaration(
    name="seed", kind=int, default=None, help="Seed of the draws: the same seed writes the same "
    "text; left out, that of the run, as the prompt on the screen.", group="text", effect="live",
    low=0, high=2**63 - 1,
)  # fmt: skip

_AS = Declaration(
    name="as", kind=str, default="numpy", help="The library that the page is written for: numpy, "
    "with the backward pass written out, or torch, where PyTorch finds the gradient.",
    group="page", effect="live", fixed_choices=("numpy", "torch"),
)  # fmt: skip
_UPDATES = Declaration(
    name="updates", kind=int, default=UPDATES, help="How many updates the page makes.",
    group="page", effect="live", low=1, high=100_000,
)  # fmt: skip
_REPLACE = Declaration(
    name="force", kind=bool, default=False, help="Let the page and its .npz file replace files "
    "that are there; never what is read.", group="page", effect="live",
)  # fmt: skip

_PREDICT_HELP = """\
Forecast a series with a network that was trained on it: what comes after its last row, in the
units of the data, with an interval.

The table has a row for each row of the data (its time, or its number; the truth; what the network
predicts from the rows before, one_step) and --horizon rows beyond the last (forecast, lower,
upper). The interval is one of 80 %: as wide at each step as 80 % of the errors that such forecasts
made over the test part. How many held-back values it held is said.

Without --data the run's own file is read if it lies beside the checkpoint. If not, nothing is
missing: a checkpoint keeps the last rows, and the forecast is made of them.

\b
Examples:
  rnn-tui predict run.safetensors --out forecast.csv
  rnn-tui predict run.safetensors --data new.csv --horizon 12
  rnn-tui predict run.safetensors --json > forecast.json
"""
_DATA_HELP = """\
The table to forecast, with the columns that the run learned: CSV and the like, or Parquet; - is \
standard input. Left out, that of the run."""
_SAMPLE_HELP = """\
Write text with a network that was trained on one, to stdout: the prompt, and what the network
writes after it. No data file is needed.

\b
Examples:
  rnn-tui sample run.safetensors --prompt "The river " --length 400
  rnn-tui sample run.safetensors --prompt "The " --temperature 0
"""
_EXPORT_HELP = """\
Write the next updates of a saved run as a page of NumPy or PyTorch: its own cell, loss, optimizer
and clipping, from the equations that the screen shows. PAGE.npz beside it has the weights, the
optimizer's memory and the windows. The page prints the loss of each update, those of
rnn-tui train RUN.safetensors.

\b
Examples:
  rnn-tui export run.safetensors --as numpy run.py
  rnn-tui export run.safetensors --as torch run.py --updates 100
"""


def predict_command() -> click.Command:
    """Return the command ``predict``."""
    table = SettingOption(_TABLE)
    table.metavar = "FILE.csv"
    options: list[click.Parameter] = [SettingOption(_HORIZON), table]
    options += [SettingOption(_JSON, "--json"), SettingOption(_FORCE, "--force")]
    command = make_command("predict", _PREDICT_HELP, options, "CHECKPOINT", READING)
    for each in command.params:
        if isinstance(each, click.Option) and each.name == "data":
            each.help = _DATA_HELP
    return command


def sample_command() -> click.Command:
    """Return the command ``sample``."""
    options: list[click.Parameter] = [
        SettingOption(each) for each in (_PROMPT, _LENGTH, _TEMPERATURE, _SEED)
    ]
    return make_command("sample", _SAMPLE_HELP, options, "CHECKPOINT", ())


def export_command() -> click.Command:
    """Return the command ``export``."""
    options: list[click.Parameter] = [SettingOption(_AS), SettingOption(_UPDATES)]
    options += [SettingOption(_REPLACE, "--force"), SettingOption(DATA_CHANGED)]
    command = make_command("export", _EXPORT_HELP, options, settings=("data",))
    command.params[0] = click.Argument(["files"], nargs=-1, metavar="RUN PAGE.py")
    return command


def read_export(arguments: Iterable[str]) -> dict[str, Any] | None:
    """Return the options of ``export``, "checkpoint" and "page" among them; None after --help.

    Raises:
        OptionError, SettingError: the command line cannot be read.
        CommandError: it names something else than a run and a page.
    """
    command = export_command()
    options = parse(command, f"{PROGRAM} {command.name}", [*arguments])
    if options is None:
        return None
    files = options.pop("files", ())
    usage = f"{PROGRAM} export RUN.safetensors run.py"
    if len(files) != 2:
        if len(files) > 2:
            raise CommandError(
                f"a run and a page are enough, {usage}: {files[2]!r} is one too many"
            )
        raise CommandError(f"which {'page' if files else 'run'}? {usage}")
    run, page = files
    if run.endswith(".py") and not page.endswith(".py"):
        raise CommandError(f"the run comes first: {PROGRAM} export {page} {run}")
    _set_limits(options)
    return options | {"checkpoint": run, "page": page}


def _set_limits(options: dict[str, Any]) -> None:
    """Let --max-data and --max-memory have their effect."""
    for name in LIMITS.keys() & options.keys():
        os.environ[LIMITS[name]] = str(options[name])


def read_saved(command: click.Command, arguments: Iterable[str]) -> dict[str, Any] | None:
    """Return the options of one of these commands, "checkpoint" among them; None after --help.

    Raises:
        OptionError, SettingError: the command line cannot be read.
        CommandError: it names no checkpoint.
    """
    options = parse(command, f"{PROGRAM} {command.name}", [*arguments])
    if options is None:
        return None
    if "checkpoint" not in options:
        raise CommandError(f"which run? {PROGRAM} {command.name} RUN.safetensors")
    _set_limits(options)
    return options
