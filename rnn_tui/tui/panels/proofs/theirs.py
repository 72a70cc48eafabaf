"""Theirs beside ours: the numbers of a case file, tensor by tensor, and the first that differs.

It is about the file: with the file's weights, whatever the run has made of them since.
"""

from __future__ import annotations

import math

from rnn_tui.checks.comparison import FirstDifference, TensorComparison
from rnn_tui.proofs.theirs import Guess, PlaceInRun, TheirsReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.key_hint import FIRST, KeyHint
from rnn_tui.tui.key_hints import GO_THERE
from rnn_tui.tui.lines import Line, Lines, cell_width, cut_middle, fold, text_width
from rnn_tui.tui.number_format import MINUS, NOT_FINITE, count, signed
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec, hidden_panels
from rnn_tui.tui.panels.proofs.status import missing, paragraph

ERROR, ENTRY = 10, 6  # cells of an error, and of an entry at least
LEAST_NAME = 12  # cells of a tensor's name, below which entries are left out


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    report = _report(context.snapshot)
    if report is None:
        return "theirs", ""
    known = [_power(each) for each in report.comparison.by_tolerance()]
    return "theirs", f"agree to {' or '.join(known)}"


def _report(snapshot: Snapshot) -> TheirsReport | None:
    """Return the comparison; None while there is none."""
    report = snapshot.proofs.get("theirs")
    return report if isinstance(report, TheirsReport) else None


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the verdict, the first number that differs, the guess, then a table of the tensors."""
    snapshot = context.snapshot
    if why := hidden_panels(snapshot).get("theirs"):
        return paragraph(f"{why}.", width, "dim")
    report = _report(snapshot)
    if report is None:
        return missing(context, "theirs", width)
    lines = [*_verdict(report, width)]
    if report.comparison.first is not None:
        lines += _first(snapshot, report, report.comparison.first, width)
        lines += _guess(snapshot, width)
    lines += _weights_note(snapshot, width)
    room = height - len(lines)
    return tuple(lines) + _table(report, width, room)


def _verdict(report: TheirsReport, width: int) -> Lines:
    """Return how many tensors agree."""
    tensors = report.comparison.tensors
    differ = sum(not each.agrees for each in tensors)
    if not differ:
        words = f"✓ all {len(tensors)} tensors agree with ours"
        if len(tensors) == 1:
            words = "✓ it agrees with ours"
        return paragraph(words, width, "good")
    return ()


def _first(snapshot: Snapshot, report: TheirsReport, first: FirstDifference, width: int) -> Lines:
    """Return how many tensors differ, and the first number: where it is, theirs and ours."""
    tensors = report.comparison.tensors
    differ = sum(not each.agrees for each in tensors)
    entry = f"{report.names[first.name]}{_entry(first.entry)}"
    words = "tensors differ" if len(tensors) > 1 else "tensor differs"
    start: Line = ((f" ✗ {differ} of {len(tensors)} {words}; first ", "error"),)
    lines: list[Line] = [(*start, (entry, "strong"))]
    if cell_width(lines[0]) > width:
        lines = [start, ((f"   {cut_middle(entry, width - 3)}", "strong"),)]
    words = "" if report.place is None else _place_words(first, report.place)
    theirs, ours = _apart(first.theirs, first.ours)
    numbers: Line = (("theirs ", "dim"), (theirs, "error"), ("  ours ", "dim"), (ours, "strong"))
    place: Line = ((f"   {words}: " if words else "   ", "dim"),)
    if cell_width((*place, *numbers)) <= width:
        return (*lines, (*place, *numbers))
    folded = fold(f"{words}:", width - 4)
    lines += [((f"   {line.strip()}", "dim"),) for line in folded]
    return (*lines, (("   ", ""), *numbers))


def _guess(snapshot: Snapshot, width: int) -> Lines:
    """Return the mistake that gives just these numbers, or that it is looked for."""
    found = snapshot.proofs.get("guess")
    if not isinstance(found, Guess):
        words = "Looking for the mistake that gives just these numbers …"
        return paragraph(words, width, "dim") if snapshot.proving is not None else ()
    return paragraph(f"A guess: {found.words}", width) if found.words else ()


def _place_words(first: FirstDifference, place: PlaceInRun) -> str:
    """Return where in the computation a number is, in words."""
    if first.t is None or first.unit is None or first.sample is None:
        return "of the whole batch"
    layer = f"layer {first.layer}, " if first.layer is not None and first.layer > 1 else ""
    unit = "output" if first.layer is None else "unit"
    return f"{place.stage} t={first.t}, {layer}{unit} {first.unit + 1}, sample {first.sample + 1}"


def _weights_note(snapshot: Snapshot, width: int) -> Lines:
    """Return that this is of the file's weights, where the window on the screen has others."""
    if snapshot.theirs is not None or not snapshot.cursor.has_batch:
        return ()
    updates, here = snapshot.cursor.update, "This is of the file's weights"
    if not snapshot.task.brings_weights:
        words = f"{here} and its network; this run has another one."
    elif snapshot.pins or snapshot.what_if is not None:
        words = f"{here}, without what-ifs; the window on the screen has some."
    elif updates:
        changed = "an update has" if updates == 1 else f"{count(updates)} updates have"
        words = f"{here}; {changed} changed them: the window on the screen is no longer theirs."
    else:
        words = f"{here}; the window on the screen has others."
    return paragraph(words, width, "dim")


def _table(report: TheirsReport, width: int, height: int) -> Lines:
    """Return a line for each tensor; of more than there is room for, first those that differ."""
    if height < 2:
        return ()
    tensors = list(report.comparison.tensors)
    entries = max(ENTRY, *(text_width(_entry(each.entry)) for each in tensors))
    name = width - ERROR - entries - 6
    if name < LEAST_NAME:
        name, entries = width - ERROR - 4, 0
    name = min(name, max(text_width(report.names[each.name]) for each in tensors))
    head = f"   {'tensor':<{name}} {'error':>{ERROR}}" + f"  {'entry'}" * (entries > 0)
    shown = tensors
    if len(tensors) > height - 1:
        most = height - 2
        chosen = sorted(tensors, key=lambda each: each.agrees)[:most]
        shown = [each for each in tensors if each in chosen]
    lines: list[Line] = [((head, "dim"),)]
    lines += [_row(report, each, name, entries) for each in shown]
    if hidden := [each for each in tensors if each not in shown]:
        differ = sum(not each.agrees for each in hidden)
        words = [f"{differ} more differ"] * (differ > 0)
        words += [f"{len(hidden) - differ} more agree"] * (len(hidden) > differ)
        lines.append(((f"   {', '.join(words)}", "dim"),))
    return tuple(lines)


def _row(report: TheirsReport, tensor: TensorComparison, name: int, entries: int) -> Line:
    """Return the line of a tensor."""
    sign, role = ("✓", "good") if tensor.agrees else ("✗", "error")
    label = cut_middle(report.names[tensor.name], name)
    line: Line = (
        (f" {sign} ", role),
        (label + " " * (name - text_width(label)), ""),
        (f" {_error(tensor.max_relative_error):>{ERROR}}", "" if tensor.agrees else "strong"),
    )
    return (*line, (f"  {_entry(tensor.entry) or '–'}", "dim")) if entries else line


def _entry(entry: tuple[int, ...]) -> str:
    """Return an entry as in NumPy and PyTorch, from 0: "[0,3,1]"; "" for a number."""
    return f"[{','.join(map(str, entry))}]" if entry else ""


def _error(error: float) -> str:
    """Return an error in two digits."""
    if not math.isfinite(error):
        return NOT_FINITE
    return "0" if error == 0 else _power(error, digits=1)


def _power(value: float, digits: int = 0) -> str:
    """Return a number as 1e−7."""
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    power = int(exponent)
    return f"{mantissa}e{MINUS if power < 0 else ''}{count(abs(power))}"


def _apart(theirs: float, ours: float) -> tuple[str, str]:
    """Return two numbers with as many digits as tell them apart."""
    texts = signed(theirs), signed(ours)
    for digits in range(4, 18):
        texts = signed(theirs, digits), signed(ours, digits)
        if texts[0] != texts[1]:
            break
    return texts


def place_of_first(snapshot: Snapshot) -> tuple[PlaceInRun, FirstDifference] | None:
    """Return where the first number that differs is computed; None if there is none in reach."""
    report = _report(snapshot)
    if report is None or report.place is None or report.comparison.first is None:
        return None
    if snapshot.timeline.first > 0:  # they are of the first window
        return None
    return report.place, report.comparison.first


def why_nowhere(snapshot: Snapshot) -> str:
    """Return why ``enter`` goes nowhere."""
    if why := hidden_panels(snapshot).get("theirs"):
        return why
    report = _report(snapshot)
    if report is None:
        return "theirs are not compared yet"
    if (begins := snapshot.timeline.first) and not report.comparison.agrees:
        return f"update 0 is out of reach: the timeline begins at update {count(begins)}"
    return "all numbers agree: there is no place that differs"


def keys(context: DrawContext) -> tuple[KeyHint | None, ...]:
    """Return the key that goes to the first difference, and those of the timestep."""
    there = GO_THERE if place_of_first(context.snapshot) is not None else None
    time = KeyHint("←→", "time", ("left", "right"), FIRST)
    return (there, time if context.snapshot.steps > 1 else None)


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs."""
    return Need(8, 14, 20, 40)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return panel_help.joined(
        (
            Sign("theirs", "what the case file says that somebody computed"),
            Sign("ours", "what the network of the file gives, in double precision"),
            Sign("✓", "they agree", "good"),
            Sign("✗", "they differ", "error"),
            Sign("error", "the largest |a − b| / max(|a|, |b|, 10⁻³·max|tensor|) of a tensor"),
            Sign("1e−7", "10⁻⁷: up to such an error numbers agree"),
            Sign("[0,3,1]", "an entry of the tensor in the file, counted from 0", "dim"),
            Sign("A guess", "the mistake that, made in ours, gives just these numbers"),
            Sign("h  c", "the states of all layers, or of the top one"),
            Sign("grad.h", "∂L/∂h, from y_t and from the timestep after"),
        ),
    )


PANEL = PanelSpec(
    draw,
    title,
    proofs=("theirs", "guess"),
    timestep_keys="←→",
    keys=keys,
    need=need,
    help=signs,
    table="proofs:theirs",
)
