"""The command ``rnn-tui check``: whether somebody's numbers are right, and if not, where."""

from __future__ import annotations

import json
import math
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import DIFFERS, DONE, CommandError
from rnn_tui.command_line.inspect import set_limits
from rnn_tui.command_line.options import SettingOption, make_command, parse
from rnn_tui.settings import Declaration

if TYPE_CHECKING:
    import click

    from rnn_tui.cases.case import Case
    from rnn_tui.checks.comparison import Comparison, FirstDifference

NAME = "check"
WIDTH, NARROWEST = 80, 40
_JOINED = "\N{NO-BREAK SPACE}"
HIGHEST_TOLERANCE = 0.25
"""Above it almost everything agrees: a gradient half as large has an error of 0.5."""

_TOLERANCE = Declaration(
    name="tolerance", kind=float, default=None, help="Largest error of numbers that agree, "
    "|a − b| / max(|a|, |b|, 1e-3·max|tensor|), at most 0.25. Left out: 1e-7 for arrays in "
    "float64, 1e-3 for those in float32.",
    group="check", effect="live", low=0, high=HIGHEST_TOLERANCE,
)  # fmt: skip
_JSON = Declaration(
    name="json", kind=bool, default=False, help="Print what was found as one JSON object.",
    group="check", effect="live",
)  # fmt: skip
_HELP = """\
Check the numbers that somebody computed for a network and a batch: loss, outputs, states and
gradients. All that is in the file is compared with our own numbers, in float64; the first that
differs, in the order of the computation, is named, and what kind of mistake gives just these.

FILE is a case file: weights, x, target, and beside them the numbers to check, such as h,
grad.h and grad.rnn.weight_hh_l0. docs/case-files.md says what may be in it, and how PyTorch or
NumPy write one.

\b
Examples:
  rnn-tui check case.safetensors           a table of all tensors
  rnn-tui check case.safetensors --json    one line of JSON for a script
  rnn-tui case.safetensors                 step through it

\b
Exit codes:
  0    all numbers agree
  1    one differs
  2    the file cannot be used, or has no numbers to check
"""


def check_command() -> click.Command:
    """Return the command ``check``."""
    options: list[click.Parameter] = [SettingOption(_TOLERANCE), SettingOption(_JSON, "--json")]
    return make_command(NAME, _HELP, options, "FILE", ())


def check(arguments: list[str]) -> int:
    """Say whether the numbers in a case file are right, and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read.
        CaseError, CommandError: the file cannot be used, or has nothing to check.
    """
    options = parse(check_command(), f"{PROGRAM} {NAME}", [*arguments])
    if options is None:
        return DONE
    if "checkpoint" not in options:
        raise CommandError(f"which file? {PROGRAM} {NAME} CASE.safetensors")
    path, as_json = options.pop("checkpoint"), bool(options.pop("json", False))
    set_limits(options)
    from rnn_tui.cases.reading import read_case
    from rnn_tui.checks.checked_case import check_case
    from rnn_tui.checks.compute import CheckError

    case = read_case(path)
    try:
        comparison, guessed = check_case(case, options.get("tolerance"))
    except CheckError as error:
        raise CommandError(f"{path!r}: {error}") from error
    if as_json:
        print(json.dumps(to_json(case, comparison, guessed), allow_nan=False))
    else:
        print("\n".join(report_lines(path, case, comparison, guessed, _width())))
    return DONE if comparison.agrees else DIFFERS


# ---------------------------------------------------------------- JSON


def to_json(case: Case, comparison: Comparison, guessed: str | None) -> dict[str, Any]:
    """Return what was found for a script; docs/case-files.md describes it.

    Names and entries are those of the file. JSON has no infinite numbers, so one that is not finite
    is the text "nan", "inf" or "-inf".
    """
    from rnn_tui.checks.comparison import name_in_file

    theirs, ours = comparison.loss
    first = comparison.first
    return {
        "agrees": comparison.agrees,
        "loss": {"theirs": None if theirs is None else _number(theirs), "ours": _number(ours)},
        "tensors": [
            {
                "name": name_in_file(case, each.name),
                "max_relative_error": _number(each.max_relative_error),
                "entry": list(each.entry),
                "agrees": each.agrees,
                "tolerance": each.tolerance,
            }
            for each in comparison.tensors
        ],
        "first": None
        if first is None
        else {
            "name": name_in_file(case, first.name),
            "t": first.t,
            "entry": list(first.entry),
            "theirs": _number(first.theirs),
            "ours": _number(first.ours),
        },
        "guess": guessed,
    }


def _number(value: float) -> float | str:
    """Return a number, or its text where JSON has none."""
    return value if math.isfinite(value) else str(value)


# ---------------------------------------------------------------- for people


def report_lines(
    path: str, case: Case, comparison: Comparison, guessed: str | None, width: int
) -> list[str]:
    """Return the report in lines of at most `width` cells."""
    from rnn_tui.tui.lines import fold

    lines = [*fold(_about(path, case), width), "", *_table(case, comparison, width), ""]
    lines += fold(_verdict(case, comparison), width)
    if comparison.first is not None:
        sentence = fold(_first_sentence(case, comparison.first), width)
        lines += ["", *(line.replace(_JOINED, " ") for line in sentence)]
        lines += _both_numbers(comparison.first)
        if advice := _advice(case, comparison.first):
            lines += ["", *fold(advice, width)]
    if comparison.first is not None:
        lines += ["", *fold(_guess_text(case, guessed), width)]
    beside = "" if comparison.agrees else ", theirs beside ours"
    return [*lines, "", f"Step through it{beside}:", f"  {PROGRAM} {shlex.quote(path)}"]


def _guess_text(case: Case, guessed: str | None) -> str:
    """Return the guess, or why there is none."""
    from rnn_tui.checks.guess import size_limit_note

    if guessed is not None:
        return f"A guess: {guessed}"
    return size_limit_note(case) or "No guess: no mistake that is known gives just these numbers."


def _about(path: str, case: Case) -> str:
    """Return what network and batch the file is about."""
    sizes = {"T": case.steps, "B": case.batch, "D": case.features, "H": case.hidden}
    sizes |= {"O": case.outputs}
    layers = "1 layer" if case.layers == 1 else f"{case.layers} layers"
    cell = f"{case.cell} ({case.activation})" if case.activation != "tanh" else case.cell
    numbers = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
    counted = "" if case.mask.all() else f", {int(case.mask.sum()):,} outputs count"
    loss = f"{case.loss} ({case.reduction}{counted})"
    return f"{path}: {cell}, {layers}, {numbers}, {loss}, {case.dtype.name}"


def _table(case: Case, comparison: Comparison, width: int) -> list[str]:
    """Return a heading and a line for each tensor."""
    from rnn_tui.checks.comparison import name_in_file, shape_in_file
    from rnn_tui.tui.lines import cut, cut_middle

    rows = [
        (
            name_in_file(case, each.name),
            "×".join(map(str, shape_in_file(case, each.name))) or "–",
            _error_text(each.max_relative_error),
            _entry_text(each.entry) or "–",
            "agrees" if each.agrees else "differs",
        )
        for each in comparison.tensors
    ]
    rows.insert(0, ("tensor", "shape", "largest error", "entry", ""))
    names, shapes, errors, entries, verdicts = (
        max(len(row[k]) for row in rows) for k in range(len(rows[0]))
    )
    left = width - errors - verdicts - 2 * 2
    shown_shapes = left >= 16 + shapes + entries + 2 * 2
    shown_entries = left >= 12 + entries + 2
    left -= (shapes + 2) * shown_shapes + (entries + 2) * shown_entries
    names = max(8, min(names, left))
    lines = []
    for name, shape, error, entry, verdict in rows:
        cells = [f"{cut_middle(name, names):<{names}}"]
        cells += [f"{shape:<{shapes}}"] if shown_shapes else []
        cells += [f"{error:>{errors}}"]
        cells += [f"{entry:<{entries}}"] if shown_entries else []
        lines.append(cut("  ".join([*cells, verdict]).rstrip(), width))
    return lines


def _verdict(case: Case, comparison: Comparison) -> str:
    """Return in a sentence how many tensors agree."""
    from rnn_tui.checks.comparison import name_in_file

    count, tolerance = len(comparison.tensors), _tolerance_text(case, comparison)
    if not comparison.agrees:
        agreeing = sum(each.agrees for each in comparison.tensors)
        return f"{agreeing} of {count} tensors agree with ours to {tolerance}."
    worst = max(comparison.tensors, key=lambda each: each.max_relative_error)
    largest = _error_text(worst.max_relative_error)
    if count == 1:
        return f"It agrees with ours to {tolerance}: the largest error is {largest}."
    name = name_in_file(case, worst.name)
    return (
        f"All {count} tensors agree with ours to {tolerance}; the largest error is {largest}, in "
        f"{name}."
    )


def _tolerance_text(case: Case, comparison: Comparison) -> str:
    """Return up to what error numbers agree: "1e-7, and h, c to 1e-3"."""
    from rnn_tui.checks.comparison import name_in_file

    groups = comparison.by_tolerance()
    most = max(groups, key=lambda tolerance: len(groups[tolerance]))
    texts = [_short(most)]
    for tolerance, names in groups.items():
        if tolerance != most:
            given = ", ".join(name_in_file(case, name) for name in names)
            texts.append(f"{given} to {_short(tolerance)}")
    return ", and ".join(texts)


def _short(tolerance: float) -> str:
    """Return a tolerance as "1e-7"; of a larger one its decimals."""
    if not 0 < tolerance < 0.01:
        return f"{tolerance:g}"
    mantissa, exponent = f"{tolerance:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _first_sentence(case: Case, first: FirstDifference) -> str:
    """Return where the first difference is, in a sentence.

    Timesteps, layers, samples and units count from 1, as on the screen; an entry in brackets from
    0, as NumPy and PyTorch do. What belongs together is joined by spaces that are never broken.
    """
    from rnn_tui.checks.comparison import is_gradient, name_in_file

    entry = name_in_file(case, first.name) + _entry_text(first.entry)
    if first.t is None:
        counted = f" (counted{_JOINED}from{_JOINED}0)" if first.entry else ""
        return f"The first number that differs is {entry}{counted}:"
    way = "backward" if is_gradient(first.name) else "forward"
    unit, units = ("output", case.outputs) if first.layer is None else ("unit", case.hidden)
    assert first.sample is not None
    assert first.unit is not None
    places = [f"sample {first.sample + 1} of {case.batch}", f"{unit} {first.unit + 1} of {units}"]
    if first.layer is not None and case.layers > 1:
        places.insert(0, f"layer {first.layer} of {case.layers}")
    place = ", ".join(each.replace(" ", _JOINED) for each in places)
    when = f"at t = {first.t}".replace(" ", _JOINED)
    return (
        f"The first number that differs is {entry}, {way} {when} ({place}; the entry in brackets "
        "counts from 0):"
    )


def _advice(case: Case, first: FirstDifference) -> str:
    """Return what more in the file would say where the difference begins; "" if it does."""
    from rnn_tui.checks.comparison import has_timesteps, is_gradient
    from rnn_tui.checks.compute import GRADIENT

    backward = is_gradient(first.name)
    timed = {n for n in case.theirs if has_timesteps(n) and is_gradient(n) == backward}
    if first.t is not None or timed:
        return ""
    states = ["h", "c"] if "lstm" in case.cell else ["h"]
    names = [f"{GRADIENT}{n}" for n in (*states, "output")] if backward else [*states, "output"]
    return f"With {', '.join(names[:-1])} or {names[-1]} in the file it is said where it begins."


def _both_numbers(first: FirstDifference) -> list[str]:
    """Return theirs and ours, with as many digits as tell them apart."""
    theirs = ours = ""
    for digits in range(6, 18):
        theirs, ours = (f"{each: .{digits}g}" for each in (first.theirs, first.ours))
        if theirs != ours:
            break
    return [f"    theirs {theirs}", f"    ours   {ours}"]


def _error_text(error: float) -> str:
    """Return an error in two digits."""
    if not math.isfinite(error):
        return "not finite"
    return "0" if error == 0 else f"{error:.1e}"


def _entry_text(entry: tuple[int, ...]) -> str:
    """Return an entry as NumPy and PyTorch write it: "[0,3,1]"; "" of a number."""
    return f"[{','.join(map(str, entry))}]" if entry else ""


def _width() -> int:
    """Return the width of the terminal, at most `WIDTH`; that where there is none."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size().columns))
