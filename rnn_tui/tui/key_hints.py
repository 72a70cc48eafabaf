"""Which keys the footer names: those that do something here, the most useful ones.

They depend on the pass, the panel with the focus, and on what there is: a key that would do nothing
is not named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnn_tui.engine.training.breakpoint_conditions import Kind
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.registry import PANELS
from rnn_tui.tui.draw_context import THINGS
from rnn_tui.tui.key_hint import ALWAYS, FIRST, FOURTH, LAST, SECOND, THIRD, KeyHint
from rnn_tui.tui.number_format import count
from rnn_tui.tui.panel_spec import PanelSpec, panel_spec
from rnn_tui.tui.presented_view import is_computed

if TYPE_CHECKING:
    from rnn_tui.tui.draw_context import DrawContext

HELP = KeyHint("?", "help", ("question_mark",), ALWAYS)
QUIT = KeyHint("q", "quit", ("q",), LAST)
GO_ON = KeyHint("c", "on", ("c",), FIRST)
GO_THERE = KeyHint("enter", "go there", ("enter",), ALWAYS)
POINTER = (
    KeyHint("←→↑↓", "pointer", ("left", "right", "up", "down"), ALWAYS),
    KeyHint(";", "dim, off", ("semicolon",), ALWAYS),
)
PLAY = (
    KeyHint("space", "stop", ("space",), ALWAYS),
    KeyHint(">", "faster", ("greater_than_sign",), FIRST),
    KeyHint("<", "slower", ("less_than_sign",), FIRST),
)
TIME = KeyHint("←→", "time", ("left", "right"), FIRST)


def hints(context: DrawContext) -> tuple[KeyHint, ...]:
    """Return the keys that do something, in the order in which the footer names them."""
    if context.following:
        return _followers_hints(context)
    if context.playing:
        return (*PLAY, QUIT, HELP)
    if context.selection.big:
        moves = (each for each in (*_moves(context), *_big(context)) if each is not None)
        return (*moves, QUIT, HELP)
    if context.selection.pointing:
        moves = (each for each in (*_moves(context), *POINTER) if each is not None)
        return (*moves, QUIT, HELP)
    found = (*_moves(context), *_choices(context), *_rest(context))
    return (*(each for each in found if each is not None), QUIT, HELP)


def _big(context: DrawContext) -> tuple[KeyHint | None, ...]:
    """Return the keys of what fills the screen in large."""
    after = THINGS[(THINGS.index(context.selection.big or THINGS[0]) + 1) % len(THINGS)]
    spec = panel_spec(context.selection.panel)
    others: tuple[KeyHint | None, ...] = _arrows(context, spec)
    if context.selection.big == "curve":
        others = (KeyHint("tab", "chart", ("tab",), SECOND), *others)
    return (
        KeyHint("d", after, ("d",), ALWAYS),
        KeyHint("esc", "panels", ("escape",), ALWAYS),
        *others,
    )


def _followers_hints(context: DrawContext) -> tuple[KeyHint, ...]:
    """Return the keys of one who follows: they change what is looked at and how, and no more."""
    spec = panel_spec(context.selection.panel)
    cursor = _chart_cursor(context, spec) or ()
    found = (
        KeyHint("esc", "follow again", ("escape",), ALWAYS) if context.following == "own" else None,
        KeyHint("tab", "panel", ("tab",), FIRST),
        KeyHint("z", "zoom out" if context.zoomed else "zoom", ("z",), FIRST),
        *(each for each in cursor if each is not GO_THERE),
        KeyHint("J K", "page", ("J", "K"), FIRST) if context.paged else None,
        KeyHint("d", "view", ("d",), THIRD) if _has_views(context, spec) else None,
        KeyHint("/", "panels", ("slash",), THIRD),
    )
    return (*(each for each in found if each is not None), QUIT, HELP)


def _has_views(context: DrawContext, spec: PanelSpec) -> bool:
    """Return whether the panel with the focus can show several things, and this user choose one."""
    if context.following and is_computed(context.selection.panel):
        return False
    several = len(spec.variants(context.snapshot)) > 1
    return several and (context.zoomed or not spec.variants_in_zoom)


def _moves(context: DrawContext) -> tuple[KeyHint | None, ...]:
    """Return the keys that move the cursor."""
    snapshot = context.snapshot
    if snapshot.running:
        return (KeyHint("space", "pause", ("space",), FIRST),)
    run = KeyHint("space", "run", ("space",), FIRST)
    theirs = snapshot.task.has_theirs and context.selection.panel != "theirs"
    if not snapshot.cursor.has_batch and not snapshot.cursor.update:
        return (
            KeyHint("n", "first window", ("n",), FIRST),
            KeyHint("/ i", "theirs", ("slash",), FIRST) if theirs else None,
            KeyHint("s", "operation", ("s",), FIRST),
            KeyHint("u", "update", ("u",)),
            run,
        )
    stopped = snapshot.stop is not None and snapshot.divergence is None
    chosen = (each.breakpoint for each in snapshot.breakpoints)
    armed = any(each.enabled and each.kind is not Kind.NAN for each in chosen)
    to_stop = KeyHint("c", "to a stop", ("c",), THIRD) if armed else None
    return (
        GO_ON if stopped else None,
        KeyHint("s", "op", ("s",), FIRST),
        KeyHint("n", "step", ("n",), FIRST),
        KeyHint("f", "pass", ("f",)),
        KeyHint("u", "update", ("u",), THIRD),
        KeyHint("S N F U", "back", ("S", "N", "F", "U"), FIRST, "S N"),
        run,
        None if stopped else to_stop,
    )


def _choices(context: DrawContext) -> tuple[KeyHint | None, ...]:
    """Return the keys that choose what is shown: those of the panel, and of what there is."""
    snapshot, panel = context.snapshot, context.selection.panel
    spec = panel_spec(panel)
    settings, what_if = snapshot.settings, snapshot.what_if is not None
    what_if = what_if and context.lesson is None  # whose own it may be; enter and esc are its
    several = _has_views(context, spec)
    entries = spec.selects_entries or spec.units is not None
    tried = len(snapshot.what_if.texts) if snapshot.what_if is not None else 0
    keep, discard = ("keeps it", "discards it")
    if tried > 1:
        keep, discard = f"keeps all {tried}", "undoes the newest"
    if snapshot.what_if is not None and (there := snapshot.what_if.back_to) is not None:
        place = f"{there.stage} t={there.t}" if there.t else str(there.stage)
        if there.update != snapshot.cursor.update:
            place = f"update {count(there.update)}"
        discard += f", back to {place}"
    arrows = spec.keys(context) if spec.keys is not None else _arrows(context, spec)
    layer = SECOND if context.zoomed and panel == "timestep" else THIRD  # a picture has one layer
    return (
        KeyHint("enter", keep, ("enter",), ALWAYS) if what_if and GO_THERE not in arrows else None,
        KeyHint("esc", discard, ("escape",), ALWAYS) if what_if else None,
        *arrows,
        KeyHint("J K", "page", ("J", "K"), FIRST) if context.paged else None,
        KeyHint("d", "view", ("d",), FIRST if entries else THIRD) if several else None,
        KeyHint("[ ]", "layer", ("left_square_bracket",), layer) if settings.layers > 1 else None,
        KeyHint("x", "sample", ("x",), THIRD) if settings.batch > 1 else None,
        KeyHint("a", "other net", ("a",), THIRD) if snapshot.second_network is not None else None,
    )


def _arrows(context: DrawContext, spec: PanelSpec) -> tuple[KeyHint | None, ...]:
    """Return what the arrow keys select while the panel that `spec` declares has the focus."""
    snapshot = context.snapshot
    if spec.selects_entries:
        arrows = ("left", "right", "up", "down")
        return (
            KeyHint("←→↑↓", "entry", arrows, FIRST),
            KeyHint("PgUp PgDn", "tensor", ("pageup", "pagedown"), FIRST, "PgDn"),
        )
    if (cursor := _chart_cursor(context, spec)) is not None:
        return cursor
    at_update = snapshot.cursor.stage in (Pass.CLIP, Pass.UPDATE) and snapshot.request.t is None
    if at_update and not spec.timestep_keys and not snapshot.running:
        return (
            KeyHint("←→", "weight", ("left", "right"), FIRST),
            KeyHint("↑↓", "tensor", ("up", "down"), FIRST),
            KeyHint("v", "verify", ("v",), FIRST),
        )
    time = TIME if snapshot.steps > 1 else None
    if "↑" in spec.timestep_keys:
        return (KeyHint("←→↑↓", "time", ("left", "right", "up", "down"), FIRST) if time else None,)
    sizes = snapshot.window.declaration.architecture
    units = max(sizes.hidden, sizes.outputs) > 1
    unit = KeyHint("↑↓", "unit", ("up", "down"), FIRST) if units else None
    if context.selection.panel == "predictions" and snapshot.vocabulary is not None:
        unit = KeyHint("↑↓", "temperature", ("up", "down"))
    return (unit, time)


def _chart_cursor(context: DrawContext, spec: PanelSpec) -> tuple[KeyHint | None, ...] | None:
    """Return the keys of a chart with a cursor of its own; None where there is none, or no curve.

    In frames of training they are left out: a chart is not made twice.
    """
    panel = context.selection.panel
    if panel not in PANELS.in_group("chart") or spec.timestep_keys:
        return None
    if context.snapshot.running:
        return ()
    chart = spec.chart(context)
    if chart is None or not chart.drawable:
        return None
    if not any(curve.x.size > 1 for curve in chart.curves):
        return ()
    chosen = panel == "loss" and context.selection.chart_view(panel).cursor is not None
    return (
        KeyHint("←→", "cursor", ("left", "right"), FIRST),
        KeyHint("+ −", "zoom in x", ("plus", "minus"), FIRST),
        GO_THERE if chosen else None,
    )


def _rest(context: DrawContext) -> tuple[KeyHint | None, ...]:
    """Return what works everywhere."""
    snapshot = context.snapshot
    writes = snapshot.vocabulary is not None
    stands = snapshot.cursor.has_batch and not snapshot.running
    return (
        KeyHint("e", "what if", ("e",), SECOND if stands else FOURTH),
        KeyHint("p", "prompt", ("p",), THIRD) if writes else None,
        KeyHint("/", "panels", ("slash",), THIRD),
        KeyHint("z", "zoom out" if context.zoomed else "zoom", ("z",), THIRD),
        KeyHint("tab", "panel", ("tab",), FOURTH),
        KeyHint("i", "in code", ("i",), FOURTH) if context.selection.panel != "code" else None,
        KeyHint("o", "settings", ("o",), FOURTH),
        KeyHint("b", "breaks", ("b",), FOURTH),
        None if context.guest else KeyHint("w", "write", ("w",), LAST),
    )
