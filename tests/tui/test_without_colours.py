"""Colour is never alone: drawn without colours, every panel shows all that it shows with them.

Every panel is drawn in every kind of task, in every pass, with a what-if, diverged, at a
breakpoint, with a second network and with anything selected. What differs in roles alone must
differ in attributes (bold, underlined, reversed), in a sign, or in the lines around it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice

import numpy as np
import pytest
from rich.color import Color
from rich.style import Style
from textual.theme import Theme
from tui.colour_support import MACHADO, Rgb, chroma, difference, distance, rgb_of, seen_by
from tui.screen_support import PROVED, SMALL, TASKS

from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse as parse_breakpoint
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    CheckGradient,
    Configure,
    Continue,
    Intervene,
    Step,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.bars import UNICODE_BARS
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.strokes import ASCII, UNICODE, WITHOUT_GROUNDS, StrokeSet
from rnn_tui.tui.colour_depth import Depth
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import Line, Lines, merge
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.terminal_colours import styled
from rnn_tui.tui.themes import DARK, LIGHT, ROLES, role_within, style_of
from rnn_tui.tui.title_rule import title_rule

BARS_BELOW, BARS_ABOVE = UNICODE_BARS.negative, UNICODE_BARS.positive
WIDTH, HEIGHT = 78, 14
SIGNS = {"good": ("✓",), "error": ("✗", "!", "▸", "not finite", "became")}
VIEWS: tuple[Mapping[str, object], ...] = (
    {},
    {"unit": 1},
    {"operation": 1},
    {"parameter": 3},
    {"prefix": "12"},
    {"panel": "network"},
)

Drawing = tuple[str, Lines]  # name of the panel, its lines with the title


def at_places(settings: Settings, proofs: frozenset[str] = frozenset()) -> Iterator[Snapshot]:
    """Yield snapshots at places of each pass of the first update."""
    session = Session(Trainer(settings))
    request = ViewRequest(predictions=True, proofs=proofs)
    yield session.perform(request)
    steps = session.trainer.settings.steps
    for stride, count in (
        (Stride.TIMESTEP, 1),
        (Stride.OPERATION, 2),
        (Stride.TIMESTEP, 2),
        (Stride.PASS, 1),
        (Stride.PASS, 1),
        (Stride.OPERATION, 2),
        (Stride.TIMESTEP, steps // 2),
        (Stride.PASS, 1),
        (Stride.PASS, 1),
        (Stride.TIMESTEP, 1),
    ):
        yield session.perform(Step(stride, count), request)


def scenes() -> Iterator[Snapshot]:
    """Yield snapshots of all that there is to see."""
    for name, settings in TASKS.items():  # of most of them at some places: they are alike
        places = at_places(settings)
        yield from places if name in ("cos", "recall", "text") else islice(places, 1, None, 3)
    yield from at_places(SMALL.with_(cell="lstm", layers=2), PROVED)
    lstm = SMALL.with_(cell="lstm")
    session = Session(Trainer(lstm))
    declaration = session.trainer.network.declaration
    trained = session.perform(Step(Stride.UPDATE, 5), Step(Stride.TIMESTEP, 4))
    yield trained
    yield session.perform(Intervene(parse_what_if("f = 1", declaration)))
    yield session.perform(Step(Stride.TIMESTEP, 6))
    yield session.perform(CheckGradient(2))
    yield session.perform(CheckGradient(2, whole=True))
    forked = Session(Trainer(lstm))
    yield forked.perform(Step(Stride.UPDATE, 6), Back(Stride.UPDATE, 3))
    yield forked.perform(Configure(lstm.with_(lr=0.5)), Step(Stride.UPDATE, 5))
    stopped = Session(Trainer(lstm))
    yield stopped.perform(AddBreakpoint(parse_breakpoint("update=2")), Continue())
    beside = Session(Trainer(lstm), versus=Versus("gru"))
    yield beside.perform(Step(Stride.UPDATE, 3), Step(Stride.TIMESTEP, 9))
    diverging = SMALL.with_(optimizer="sgd", lr=100.0, clip_by="none", activation="relu")
    bad = Session(Trainer(diverging))
    with np.errstate(all="ignore"):
        bad.trainer.parameters *= np.float32(1e19)
        yield bad.perform(Step(Stride.UPDATE, 50))
        yield Session(Trainer(diverging.with_(hidden=16, steps=20))).perform(Continue())


@cache
def all_scenes() -> tuple[Snapshot, ...]:
    """Return the snapshots of `scenes`, which are made once."""
    return tuple(scenes())


def contexts(snapshot: Snapshot) -> Iterator[DrawContext]:
    """Yield a snapshot with one thing after another selected, and with messages."""
    charts = ChartCache()
    charts.grounds = False
    views = VIEWS if snapshot.settings.task in ("cos", "reber") else VIEWS[:2]
    for view in views:
        selection = Selection(**view)  # type: ignore[arg-type]
        yield DrawContext(snapshot, selection, chart_cache=charts)
    for error in (False, True):
        yield DrawContext(snapshot, Selection(), "saved", error, charts)
    elsewhere = replace(snapshot, request=replace(snapshot.request, t=2))
    yield DrawContext(elsewhere, Selection(), chart_cache=charts)


pytestmark = pytest.mark.xdist_group("drawings")  # which are made once


@cache
def drawings() -> list[Drawing]:
    """Return every panel of every scene."""
    drawn: list[Drawing] = []
    for snapshot in all_scenes():
        for view in contexts(snapshot):
            drawn.append(("header", header.draw(view, WIDTH, 2)))
            drawn.append(("footer", footer.draw(view, WIDTH, 1)))
            for name in PANELS.names:
                spec = panel_spec(name)
                legend = spec.legend(view) if spec.legend is not None else ()
                focused = view.selection.panel == name
                title = title_rule(*spec.title(view), WIDTH, focused, legend, spec.brief)
                drawn.append((name, (title, *spec.draw(view, WIDTH, HEIGHT))))
    return drawn


@cache
def attributes(role: str) -> str:
    """Return what of a role is seen without colours: "", "bold", "bold reverse"."""
    style = styled(style_of(role, DARK.name), Color.parse("#14161f"), Depth.NONE)
    assert style.color in (None, Color.default())
    assert style.bgcolor in (None, Color.default())
    names = ("bold", "underline", "reverse", "italic")
    return " ".join(name for name in names if getattr(style, name))


def colourless(line: Line) -> Line:
    """Return a line with attributes in place of roles; bars cover what underlines them."""
    bars = set(BARS_BELOW + BARS_ABOVE)
    return merge(
        (text, attributes(role).replace("underline" if set(text) <= bars else "?", ""))
        if text.strip()
        else (text, "")
        for text, role in line
    )


def coloured(line: Line) -> Line:
    """Return a line with roles; blanks have none."""
    return merge((text, role if text.strip() or "selected" in role else "") for text, role in line)


def test_what_is_alike_without_colours_is_alike_with_them() -> None:
    seen: dict[tuple[str, Line, Line, Line], Line] = {}
    for name, lines in drawings():
        plain = [colourless(line) for line in ((), *lines, ())]
        for k, line in enumerate(lines):
            around = (name, plain[k], plain[k + 1], plain[k + 2])
            before = seen.setdefault(around, coloured(line))
            assert before == coloured(line), f"{name}: without colours both are {plain[k + 1]}"


def test_right_and_wrong_have_their_signs() -> None:
    for name, lines in drawings():
        for k, line in enumerate(lines):
            near = "".join(text for text, _ in (*line, *(*lines, ())[k + 1]))
            for text, role in line:
                judged = role in SIGNS and name in ("network", "predictions", "timestep")
                if judged and text.strip():
                    assert any(sign in near for sign in SIGNS[role]), (name, text, line)


def test_positive_and_negative_have_their_sign_or_place() -> None:
    for name, lines in drawings():
        for line in lines:
            axis = next((k for k, (text, _) in enumerate(line) if text == "│"), None)
            for k, (text, role) in enumerate(line):
                sign = role.removeprefix("selected-")
                if sign not in ("positive", "negative") or not text.strip():
                    continue
                told = set(text.strip()) <= set(BARS_ABOVE if sign == "positive" else BARS_BELOW)
                told |= text.strip()[0] == ("+" if sign == "positive" else "−")
                beside = axis is not None and (k > axis) == (sign == "positive")
                assert told or beside, (name, line)


def test_the_curves_of_a_chart_have_their_own_strokes() -> None:
    for snapshot in all_scenes():
        view = next(contexts(snapshot))
        for name in PANELS.in_group("chart"):
            legend = panel_spec(name).legend
            samples = [entry.sample for entry in legend(view)] if legend is not None else []
            for looks in zip(*samples, strict=True):
                assert len({*looks}) == len(looks), (name, looks)


TOLD_APART = (
    ("positive", "negative"),
    ("good", "error"),
    ("one-step", "free-run"),
    ("gradient", "negative"),
    ("gradient", "positive"),
    ("accent", "strong"),
    ("accent", "error"),
)


HUES = {
    "positive": ("positive",),
    "negative": ("negative",),
    "gradient": ("gradient", "second-gradient"),
    "free-run": ("free-run",),
    "good": ("good",),
    "error": ("error",),
    "accent": ("accent",),
}
"""Roles with a hue, by what it means; no other role has one."""
GREY = 18.0  # the chroma of a colour without a hue at most
NORMAL = "normal"


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_a_hue_has_one_meaning(theme: Theme) -> None:
    inks = {role: ink_of(role, theme, Depth.TRUECOLOR) for role in ROLES}
    with_hue = {role for roles in HUES.values() for role in roles}
    assert {role for role, ink in inks.items() if chroma(ink) > GREY} == with_hue
    for roles in HUES.values():
        assert len({inks[role] for role in roles}) == 1
    for one, other in itertools.combinations(HUES, 2):
        assert distance(inks[one], inks[other]) >= 30, (one, other)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("strokes", [UNICODE, WITHOUT_GROUNDS, ASCII], ids=["", "plain", "ascii"])
@pytest.mark.parametrize("name", PANELS.in_group("chart"))
def test_lines_of_a_chart_differ_for_everybody_in_hue_or_stroke(
    name: str, strokes: StrokeSet, theme: Theme
) -> None:
    """The table of distances: below ΔE 15, also as the colour-blind see it, the stroke differs."""
    looks: dict[str, str] = {"level": strokes.level, "accent": strokes.mark, "rule": strokes.guide}
    for role in CHARTS[name]:
        stroke = strokes.by_role.get(role, strokes.others[0])
        looks[role] = f"{stroke.weigh} {stroke.character} {stroke.ground} {role == 'raw'}"
    for one, other in itertools.combinations(looks, 2):
        inks = [ink_of(role, theme, Depth.TRUECOLOR) for role in (one, other)]
        seen = {NORMAL: inks} | {kind: [seen_by(kind, ink) for ink in inks] for kind in MACHADO}
        if min(distance(*pair) for pair in seen.values()) < 15:
            assert looks[one] != looks[other], (one, other)


CHARTS = {
    "loss": ("ghost", "raw", "second-network", "smooth"),
    "predictions": ("truth", "free-run", "one-step"),
    "gradients": ("ghost", "second-gradient", "gradient"),
}


@pytest.mark.parametrize("kind", MACHADO)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("pair", TOLD_APART, ids=" ".join)
def test_the_colour_blind_see_a_difference_too(
    pair: tuple[str, str], theme: Theme, kind: str
) -> None:
    for depth in (Depth.TRUECOLOR, Depth.INDEXED):
        one, other = (seen_by(kind, ink_of(role, theme, depth)) for role in pair)
        assert difference(one, other) >= 0.05, depth


def ink_of(role: str, theme: Theme, depth: Depth) -> Rgb:
    """Return the colour of a role."""
    style = style_of(role, theme.name) + Style(bgcolor=theme.background)
    if depth is not Depth.TRUECOLOR:
        style = styled(style, Color.parse("#000000"), depth)
    return rgb_of(style)[0]


def test_all_roles_are_drawn() -> None:
    runs = (run for _, lines in drawings() for line in lines for run in line)
    drawn = {role_within(role) for _, role in runs}
    assert {*ROLES} <= drawn


PILL = r"\[(■ stopped.*|\? .*|(batch|forward|loss|backward|clip|update)( \d+/\d+)?)\]"
HERE_AND_NOW = {"▸", "┊", "paused", "running", "seeking", "▾"}


def test_accent_is_here_and_now_alone() -> None:
    for name, lines in drawings():
        for text, role in (run for line in lines for run in line):
            if role.endswith("accent") and text.strip():
                place = re.fullmatch(r"‹\d+›|t=\d+|\d+ ?%|\d+▏?", text.strip())
                pill = re.fullmatch(PILL, text)
                assert pill or place or text.strip() in HERE_AND_NOW, (name, text)
