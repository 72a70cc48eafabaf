"""The panel of the gradient check: its method, both gradients and the verdict."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.analysis.gradient_check import GradientCheck
from rnn_tui.proofs.base import Refusal
from rnn_tui.proofs.gradient_check import GradientCheckReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import MINUS, count, number, signed
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panels.proofs.status import missing, paragraph, progress_bar
from rnn_tui.tui.parameter_names import parameter_name, tensor_of
from rnn_tui.tui.scope_words import joined, what_if_words

LABEL = 17  # cells of a line's label
WIDE = 60  # cells from which on two numbers share a line
DIGITS = 9  # significant digits of the two gradients, to see where they begin to differ
_VERDICTS = {
    "agrees": ("✓ agrees: the difference is no more than rounding can make", "good"),
    "differs": ("✗ differs: by more than rounding can make", "error"),
    "cannot be checked": ("– cannot be checked", "strong"),
}


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the parameter or tensor that is or would be checked."""
    snapshot = context.snapshot
    result = snapshot.proofs.get("proof")
    index = (
        result.request.parameter
        if isinstance(result, GradientCheckReport)
        else context.selection.parameter
    )
    whole = isinstance(result, GradientCheckReport) and result.request.whole
    name = tensor_of(snapshot, index).spec.name if whole else parameter_name(snapshot, index)
    held = what_if_words("with", snapshot.pins)
    return f"proof of d{name}", joined("v checks one, V its tensor", held)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the result or, without one, the keys that start a check."""
    snapshot = context.snapshot
    result = snapshot.proofs.get("proof")
    if isinstance(result, GradientCheckReport):
        return _result(snapshot, result, width, height)
    if snapshot.proving is not None and snapshot.proving[0] == "proof":
        return (progress_bar(snapshot, width),)
    if isinstance(result, Refusal) or snapshot.running:
        return missing(context, "proof", width)
    name = parameter_name(snapshot, context.selection.parameter)
    tensor = tensor_of(snapshot, context.selection.parameter).spec.name
    return (
        *paragraph(
            "Is the gradient of backpropagation right? It is compared with a derivative of the "
            "loss found from forward passes alone.",
            width,
            "dim",
        ),
        (),
        ((" v ", "key"), (f" checks d{name}", "")),
        ((" V ", "key"), (f" checks every entry of d{tensor}", "")),
        ((" , . ", "key"), ("choose another parameter", "dim")),
    )


def _result(snapshot: Snapshot, result: GradientCheckReport, width: int, height: int) -> Lines:
    """Return the verdict, the method and the numbers; a note where there is room for it."""
    checked = result.check
    words, role = _VERDICTS[checked.verdict]
    verdict = (*paragraph(words, width, role), *_cut(result, width))
    body = (*_method(checked, width), *_entries(snapshot, result), *_numbers(checked, width))
    note: Lines = ()
    if result.on_copy:
        note = paragraph(
            "The backward pass was finished aside: the whole window's gradient.", width, "dim"
        )
    lines = (*verdict, *body, *note)
    return lines if len(lines) <= height else (*verdict, *body)


def _cut(result: GradientCheckReport, width: int) -> Lines:
    """Return what the cuts in force change: the derivative of the loss is that of all paths."""
    if result.without_cuts is None:
        return ()
    checked, cuts = result.check, ", ".join(result.cuts)
    change = result.without_cuts - checked.analytic
    place = int(np.argmax(np.abs(np.where(np.isfinite(change), change, 0.0))))
    if not change.any():
        return paragraph(f"{cuts} changes nothing here.", width, "strong")
    most = "" if len(change) == 1 else ", where it changes most"
    words = (
        f"{cuts}: checked with the state before it held constant. The whole loss has the "
        f"derivative {signed(float(result.without_cuts[place]))}{most}: the cut makes it differ by "
        f"{signed(float(change[place]))}, the part that comes by way of that state."
    )
    return paragraph(words, width, "strong")


def _method(checked: GradientCheck, width: int) -> Lines:
    """Return the method of differentiation and its step."""
    method = checked.method.replace("e-", f"e{MINUS}")
    if width >= WIDE:
        return (_line("method", method, ""),)
    name, _, step = method.partition(", ")
    return (_line("method", name, ""), ((f"   {step}", "dim"),))


def _entries(snapshot: Snapshot, result: GradientCheckReport) -> Lines:
    """Return how many entries of a tensor were checked, and the worst one."""
    checked = result.check
    if not result.request.whole:
        return ()
    left_out = int(checked.kinks.sum())
    kinks = f", {count(left_out)} at a kink left out" if left_out else ""
    lines = [_line("entries", f"{count(len(checked.indices))}{kinks}", "")]
    if checked.worst is not None:
        worst = parameter_name(snapshot, int(checked.indices[checked.worst]))
        lines.append(_line("worst entry", f"d{worst}", "strong"))
    return tuple(lines)


def _numbers(checked: GradientCheck, width: int) -> Lines:
    """Return both gradients and their difference, for the worst entry or the only one."""
    place = checked.worst if checked.worst is not None else 0
    analytic, numeric = float(checked.analytic[place]), float(checked.numeric[place])
    difference = abs(analytic - numeric)
    lines = [
        _line("backpropagation", signed(analytic, DIGITS), "strong"),
        _line("numeric", signed(numeric, DIGITS), "strong"),
    ]
    if checked.worst is None:
        why = "at a kink: no derivative" if checked.kinks[place] else "a number is not finite"
        return (*lines, _line("", why, "dim"))
    lines.append(
        _line("relative error", _relative_error(float(checked.relative[place]), width), "")
    )
    tolerance = float(checked.tolerance[place])
    if width >= WIDE:
        sign = "≤" if difference <= tolerance else ">"
        both = f"{number(difference)} {sign} tolerance {number(tolerance)}"
        lines.append(_line("difference", both, ""))
    else:
        lines.append(_line("difference", number(difference), ""))
        lines.append(_line("tolerance", number(tolerance), ""))
    if len(checked.indices) > 1:
        largest = float(np.max(checked.relative[np.isfinite(checked.relative)], initial=0.0))
        lines.append(_line("largest relative", number(largest, 3), ""))
    return tuple(lines)


def _relative_error(relative: float, width: int) -> str:
    """Return a relative error as a number, and as the count of digits that agree."""
    digits = math.floor(-math.log10(relative)) if 0 < relative < 1 else 0
    words = f"  ({digits} digits agree)" if digits and width > 42 else ""
    return f"{number(relative, 3)}{words}"


def _line(label: str, text: str, role: str) -> Line:
    """Return a labelled line."""
    return ((f" {label:<{LABEL}}", "dim"), (text, role))


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return panel_help.joined(
        (
            Sign("dW_h[3,1]", "the gradient of the selected parameter"),
            Sign("✓", "both gradients agree", "good"),
            Sign("✗", "they differ by more than rounding can make", "error"),
            Sign("–", "no verdict: a kink, or a number that is not finite"),
            Sign("complex step", "the derivative from one forward pass with p + iε"),
            Sign("central difference", "from two, with p + ε and p − ε"),
            Sign("ε", "that step"),
            Sign(
                "detach @7",
                "a cut in force: the state before t=7 is held constant while p changes, as the "
                "gradient that is trained with takes it to be",
            ),
            Sign("relative error", "the difference over the larger of both"),
            Sign("tolerance ≤ >", "how large the difference may be, by the rounding there is"),
            Sign(", .  v  V", "keys: choose the parameter; check it; check its tensor"),
        ),
        panel_help.weights(context.snapshot),
    )


PANEL = PanelSpec(draw, title, help=signs, table="proofs:gradient_check")
