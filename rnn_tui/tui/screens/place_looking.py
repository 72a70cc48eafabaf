"""What is selected and shown on the screen, as a line of a place says it, and back."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import get_args

from rnn_tui.engine.core.parameters import block_name
from rnn_tui.places.looking import PlaceError, updates_text, view_of, view_text
from rnn_tui.places.place_line import Looking
from rnn_tui.session.commands import CheckGradient, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import quote
from rnn_tui.tui.charts.chart_view import WHOLE, ChartView
from rnn_tui.tui.charts.steady_ranges import SteadyRanges
from rnn_tui.tui.draw_context import Big, Selection
from rnn_tui.tui.panel_spec import hidden_panels, panel_spec
from rnn_tui.tui.parameter_names import parameter_name, tensors
from rnn_tui.tui.screens.selection_moves import initial_selection, last_unit

LONGEST_TESTED = 200  # characters, of a line that is still to be typed
CHECKED = ("checked", "checked-all")
ABOVE = "network"
"""The panel above the timestep at the start."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a run is looked at.

    Attributes:
        selection: what only the screen needs.
        sample: the sample of the batch, from 0.
        t: the timestep chosen; None for the cursor's.
        layer: the layer chosen; None for the newest operation's.
        temperature: of the text that the network writes.
        draw: how often that text was drawn anew.
        zoomed: whether the panel with the focus has the whole screen.
        above: the panel above the timestep.
    """

    selection: Selection
    sample: int = 0
    t: int | None = None
    layer: int | None = None
    temperature: float = 1.0
    draw: int = 0
    zoomed: bool = False
    above: str = ABOVE

    @classmethod
    def at(cls, selection: Selection, request: ViewRequest, zoomed: bool, above: str) -> Look:
        """Return the look of a screen from what it keeps."""
        text, kept = request.text, replace(selection, prefix="")
        how = (text.temperature, text.draw, zoomed, above)
        return cls(kept, request.sample, request.t, request.layer, *how)


def looking_of(snapshot: Snapshot, look: Look) -> Looking:
    """Return how a line says what is looked at, where that is not as at the start."""
    return tuple(_pairs(snapshot, look))


def _pairs(snapshot: Snapshot, look: Look) -> Iterator[tuple[str, str]]:
    """Yield what is not as at the start, by name, in the order of a line."""
    selection, start = look.selection, initial_selection(snapshot)
    if selection.unit != start.unit:
        yield "unit", str(selection.unit + 1)
    if look.layer is not None:
        yield "layer", str(look.layer)
    if look.sample:
        yield "sample", str(look.sample + 1)
    if look.t is not None:
        yield "shown", f"t={look.t}"
    if selection.operation:
        yield "equation", str(-selection.operation)
    if selection.parameter != start.parameter:
        yield "weight", parameter_name(snapshot, selection.parameter)
    if selection.panel != start.panel:
        yield "panel", selection.panel
    if look.zoomed:
        yield "zoom", ""
    if look.above not in (ABOVE, selection.panel):
        yield "above", look.above
    if selection.page:
        yield "page", str(selection.page)
    for panel, variant in sorted(selection.variants):
        known = panel_spec(panel).variants(snapshot)
        if not known or variant != known[0]:
            yield "variant", f"{panel}={variant}"
    for panel, view in sorted(selection.chart_views, key=lambda each: each[0]):
        if view != WHOLE:
            yield "chart", f"{panel}={view_text(view.cursor, view.span)}"
    if selection.big:
        yield "big", selection.big
    if selection.pointing and selection.pointed:
        yield "pointed", selection.pointed
        if selection.pointing == "dims":
            yield "dims", ""
    if look.temperature != 1.0:
        yield "temperature", repr(look.temperature).removesuffix(".0")
    if look.draw:
        yield "draw", str(look.draw)


def front_of(snapshot: Snapshot, first: str) -> Looking:
    """Return which of two networks commands move; nothing if it is the one that did at the start.

    Args:
        snapshot: the newest.
        first: the cell of the one that did.
    """
    cell, second = snapshot.settings.cell, snapshot.second_network
    if second is None or cell in (first, second.settings.cell):
        return ()
    return (("front", cell),)


def checked_of(snapshot: Snapshot) -> Looking:
    """Return the entry whose gradient is checked; nothing if none is."""
    from rnn_tui.proofs.gradient_check import GradientCheckReport

    report = snapshot.proofs.get("proof")
    if not isinstance(report, GradientCheckReport):
        return ()
    asked = report.request
    name = "checked-all" if asked.whole else "checked"
    return ((name, parameter_name(snapshot, asked.parameter)),)


def check_of(snapshot: Snapshot, looking: Looking) -> CheckGradient | None:
    """Return the command that checks a gradient as a line says; None if it says none."""
    for name, value in looking:
        if name in CHECKED:
            declaration = snapshot.window.declaration
            return CheckGradient(_index(snapshot, value), name != "checked", declaration)
    return None


def tested_of(snapshot: Snapshot) -> Looking:
    """Return after which updates test losses were measured; nothing if only after the newest."""
    here = snapshot.cursor.update
    tested = tuple(int(update) for update in snapshot.test_losses.update)
    if tested == ((here,) if here else ()) or (not snapshot.test_losses.update.size and not here):
        return ()
    text = updates_text(tested)
    return (("tested", text),) if len(text) <= LONGEST_TESTED else ()


def looked_of(snapshot: Snapshot) -> Looking:
    """Return after which updates predictions were looked at; nothing if only now."""
    history = getattr(snapshot.predictions, "history", ())
    looked = tuple(update for update, _ in history)
    if looked in ((), (snapshot.cursor.update,)):
        return ()
    text = updates_text(looked)
    return (("looked", text),) if len(text) <= LONGEST_TESTED else ()


def left_out(snapshot: Snapshot, shown: Container[str]) -> tuple[str, ...]:
    """Return what the line of a place does not lead to, in words.

    Args:
        snapshot: of the run.
        shown: the panels that are.
    """
    parts = []
    if snapshot.what_if is not None:
        parts.append(f"the what-if{'s' * (len(snapshot.what_if.texts) > 1)}")
    elif snapshot.timeline.changes:
        parts.append("what was changed on the way")
    if snapshot.stop is not None and snapshot.divergence is None:
        parts.append("the stop")
    if "loss" in shown and snapshot.timeline.ghosts and snapshot.what_if is None:
        parts.append("the futures left")
    updates = tuple(int(update) for update in snapshot.test_losses.update)
    if "loss" in shown and len(updates_text(updates)) > LONGEST_TESTED:
        parts.append("all test losses")
    looked = tuple(update for update, _ in getattr(snapshot.predictions, "history", ()))
    if "predictions" in shown and len(updates_text(looked)) > LONGEST_TESTED:
        parts.append("all earlier predictions")
    if "predictions" in shown and snapshot.answer is not None:
        parts.append("the prompt")
    return tuple(parts)


def axes_of(ranges: SteadyRanges, shown: Container[str]) -> Looking:
    """Return the ranges of axes that are wider than what is shown now needs.

    Args:
        ranges: of the charts.
        shown: the panels that are.
    """
    wider = sorted(ranges.wider().items())
    return tuple(
        ("axis", f"{name}={view_text(None, ends)[1:]}") for name, ends in wider if name in shown
    )


def ranges_of(looking: Looking) -> dict[str, tuple[float, float]]:
    """Return the ranges of axes that a line says, by panel."""
    found: dict[str, tuple[float, float]] = {}
    for name, value in looking:
        panel, _, span = value.partition("=")
        if name == "axis" and (view := view_of(f":{span}")) is not None and view[1] is not None:
            found[panel] = view[1]
    return found


def look_of(
    snapshot: Snapshot, looking: Looking, *, lesson: bool = False, before: Look | None = None
) -> Look:
    """Return the look that a line says, all else as at the start, or as before.

    Args:
        snapshot: of the run.
        looking: what the line says.
        lesson: whether a lesson is played.
        before: how the run is looked at; None for as at the start.

    Raises:
        PlaceError: the run has no such unit, panel or whatever is named.
    """
    look = Look(initial_selection(snapshot)) if before is None else before
    hidden = hidden_panels(snapshot, lesson=lesson)
    for name, value in looking:
        look = _with(snapshot, look, name, value)
        panel = value.partition("=")[0]
        if name == "front":
            _check_front(snapshot, value)
        if name in ("panel", "above") and panel in hidden:
            raise PlaceError(f"{name} {panel}: {hidden[panel]}")
    panel, said = look.selection.panel, dict(looking)
    above = look.above == ABOVE if before is None else "panel" in said and "above" not in said
    return replace(look, above=panel) if above and panel not in ("timestep", "lesson") else look


def _with(snapshot: Snapshot, look: Look, name: str, value: str) -> Look:
    """Return the look with one thing of the line."""
    selection = look.selection
    match name:
        case "unit":
            unit = _counted(name, value, last_unit(snapshot) + 1)
            return replace(look, selection=replace(selection, unit=unit - 1))
        case "layer":
            return replace(look, layer=_counted(name, value, snapshot.settings.layers))
        case "sample":
            return replace(look, sample=_counted(name, value, snapshot.settings.batch) - 1)
        case "shown":
            return replace(look, t=_counted("shown t", value.removeprefix("t="), snapshot.steps))
        case "weight":
            return replace(look, selection=replace(selection, parameter=_index(snapshot, value)))
        case "checked" | "checked-all":
            _index(snapshot, value)
            return look
        case "zoom":
            return replace(look, zoomed=True)
        case "above":
            return replace(look, above=value)
        case "temperature":
            return replace(look, temperature=float(value))
        case "draw":
            return replace(look, draw=int(value))
        case _:
            return replace(look, selection=_selected(selection, name, value))


def _check_front(snapshot: Snapshot, cell: str) -> None:
    """Check that the network with this cell is the one that commands move.

    Raises:
        PlaceError: it is not.
    """
    own, second = snapshot.settings.cell, snapshot.second_network
    if cell == own:
        return
    if second is not None and second.settings.cell == cell:
        raise PlaceError(f"front {cell}: here it is {own}, and a exchanges the two")
    raise PlaceError(f"front {cell}: there is no network with that cell here; --versus adds one")


def _selected(selection: Selection, name: str, value: str) -> Selection:
    """Return the selection with one thing of the line that every run has."""
    panel, _, rest = value.partition("=")
    match name:
        case "equation":
            return replace(selection, operation=-int(value))
        case "panel":
            return replace(selection, panel=value)
        case "page":
            return replace(selection, page=int(value))
        case "variant":
            return replace(selection, variants=(*selection.variants, (panel, rest)))
        case "chart":
            view = view_of(rest)
            return selection.looking(panel, WHOLE if view is None else ChartView(*view))
        case "big":
            for big in get_args(Big):
                if big == value:
                    return replace(selection, big=big)
            allowed = ", ".join(filter(None, get_args(Big)))
            raise PlaceError(f"big must be one of {allowed}, not {quote(value)}")
        case "pointed":
            return replace(selection, pointing=selection.pointing or "on", pointed=value)
        case "dims":
            return replace(selection, pointing="dims")
    return selection


def _counted(name: str, value: str, most: int) -> int:
    """Return a number from 1 that the run has.

    Raises:
        PlaceError: it has not so many.
    """
    if int(value) > most:
        raise PlaceError(f"{name} must be from 1 to {most} in this run, not {value}")
    return int(value)


def _index(snapshot: Snapshot, name: str) -> int:
    """Return the index in the flat vector of the parameter called `name`.

    Raises:
        PlaceError: there is none.
    """
    tensor_name, _, inside = name.removesuffix("]").partition("[")
    entry = [int(number) - 1 for number in inside.split(",")]
    names: list[str] = []
    for tensor in tensors(snapshot):
        for place, block in enumerate(tensor.spec.blocks):
            names.append(block_name(tensor.spec.name, block))
            if names[-1] == tensor_name:
                shape = (*tensor.spec.shape[:-1], tensor.units)
                if len(entry) != len(shape) or not all(
                    0 <= k < n for k, n in zip(entry, shape, strict=True)
                ):
                    size = "×".join(map(str, shape))
                    raise PlaceError(f"weight {name}: {tensor_name} has {size} entries")
                column = place * tensor.units + entry[-1]
                row = entry[0] if len(entry) > 1 else 0
                return tensor.start + row * tensor.spec.shape[-1] + column
    raise PlaceError(f"weight {name}: there is no {tensor_name}; there are {', '.join(names)}")
