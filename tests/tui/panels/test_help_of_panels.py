"""No sign is without an explanation: what is drawn on a panel, its help explains.

Every panel is drawn in every pass of every task and cell, and in all other scenes. What is neither
a word of English nor a number must stand in the help of the panel, or among what stands everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from functools import cache

import pytest
from tui.screen_support import PROVED, SMALL
from tui.test_without_colours import all_scenes

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS, OPTIMIZERS, PANELS
from rnn_tui.session.commands import Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.help_sections import everywhere
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_help import Sign
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.title_rule import title_rule

pytestmark = pytest.mark.xdist_group("drawings")  # which are made once

WIDTH, HEIGHT = 110, 44
PUNCTUATION = set(".,:;()[]{}'\"?/_%=+−-–<>·±×")
SHORT_WORDS = set(
    "a ago an and are as at be bar bars by do far for from goes has how if in into is it its"  # noqa: SIM905
    " log many more most new no not of on one only or out over own part per rate read row saw"
    " see set so sum that the this to two up was way what with yet all any can due end few low"
    " max key I gap odd off go net now day old esc pre add PyTorch".split()
)
"""Words of up to three letters, and names, that are no abbreviations."""
ABBREVIATIONS = {"argmax", "softmax", "nats", "bits", "tanh", "sqrt", "decades", "ledger"}
"""Longer words that are no words of everyday English."""
BRAILLE = range(0x2800, 0x2900)
TOKEN = re.compile(r"(?<![\w.])[^\W\d]\w*")
RAISED = set("²ᵀⁿ")
EXPONENT = "⁰¹³⁴⁵⁶⁷⁸⁹"


def normal(name: str) -> str:
    """Return the name of a value without its time, layer and gate: ``W2_hi`` → ``W_h``."""
    name = re.sub(r"_(t|\d+|)$", "", name)
    name = re.sub(r"(?<=[A-Za-z])\d(?=_|$)", "", name)
    name = re.sub(r"^(d?W_[xh])\w+$", r"\1", name)
    name = re.sub(r"^(d?)b_(?!y$)\w+$", r"\1b", name)
    return re.sub(r"^(d?)a_\w+$", r"\1a", name)


def names_in(text: str) -> list[str]:
    """Return the words of a text that begin with a letter, without what is raised."""
    return TOKEN.findall(re.sub(f"[{''.join(RAISED)}{EXPONENT}]", "", text))


def tokens(text: str) -> set[str]:
    """Return the names and abbreviations in a text, as `normal` has them."""
    found = set()
    for token in names_in(text):
        lower = token.lower() in SHORT_WORDS or token in SHORT_WORDS
        word = token.isalpha() and len(token) > 3 and token[1:].islower() and token.isascii()
        if not lower and (not word or token in ABBREVIATIONS):
            found.add(normal(token))
    return found


def glyphs(text: str) -> set[str]:
    """Return the signs of a text; all of braille is one."""
    return {
        "⠿" if ord(each) in BRAILLE else each
        for each in text
        if each in RAISED or not (each.isalnum() or each.isspace() or each in PUNCTUATION)
    }


@cache
def explained(signs: tuple[Sign, ...]) -> tuple[set[str], set[str]]:
    """Return the glyphs and tokens that are explained."""
    text = "  ".join(sign.shown for sign in signs)
    names = {normal(token) for token in names_in(text)}
    return glyphs(text), names | {f"d{name}" for name in names}


def views(snapshots: Iterable[Snapshot]) -> Iterator[DrawContext]:
    """Yield what panels are drawn from."""
    charts = ChartCache()
    for snapshot in snapshots:
        yield DrawContext(snapshot, Selection(), chart_cache=charts)


def data_of(view: DrawContext) -> str:
    """Return what is the user's: symbols and classes of the task, values of settings."""
    task = view.snapshot.task
    chosen = map(str, astuple(view.snapshot.settings))
    return " ".join((*(task.symbols or ()), *(task.labels or ()), *chosen))


def left_over(view: DrawContext, name: str) -> set[str]:
    """Return the signs on a panel that nothing explains."""
    spec = panel_spec(name)
    legend = spec.legend(view) if spec.legend is not None else ()
    rule = title_rule(*spec.title(view), WIDTH, False, legend, spec.brief)
    lines = (rule, *spec.draw(view, WIDTH, HEIGHT))
    drawn = plain(tuple(tuple(run for run in line if run[1] != "key") for line in lines))
    text = re.sub(r"'[^']*'|\bn(?= draws)", "", drawn)
    known_glyphs, known_tokens = explained((*spec.help(view), *everywhere(view)))
    data = data_of(view)
    own = glyphs(data) | {"⠿"} if spec.legend is not None else glyphs(data)
    words = tokens(text) - known_tokens - {normal(word) for word in names_in(data)}
    return (glyphs(text) - known_glyphs - own) | words


def more_scenes() -> Iterator[Snapshot]:
    """Yield all passes of every cell and optimizer."""
    for cell in CELLS.names:
        session = Session(Trainer(SMALL.with_(cell=cell)))
        yield session.perform(Step(Stride.TIMESTEP, 3))
        yield session.perform(Step(Stride.PASS, 2), Step(Stride.TIMESTEP, 2))
        proofs = ViewRequest(proofs=PROVED)
        yield session.perform(Step(Stride.PASS, 1), proofs)
        yield session.perform(Step(Stride.PASS, 2))
    for optimizer in OPTIMIZERS.names:
        settings = SMALL.with_(optimizer=optimizer, clip_by="norm", momentum=0.5)
        yield Session(Trainer(settings)).perform(Step(Stride.UPDATE, 1))


@pytest.mark.parametrize("scenes", [all_scenes, more_scenes])
def test_every_sign_on_a_panel_is_explained(scenes: object) -> None:
    assert callable(scenes)
    missing = {
        (name, sign, view.snapshot.settings.task, str(view.snapshot.cursor.stage))
        for view in views(scenes())
        for name in PANELS.names
        for sign in left_over(view, name)
    }
    assert not missing


@pytest.mark.parametrize("name", PANELS.names)
def test_every_panel_has_help_in_whole_phrases(name: str) -> None:
    for view in views(all_scenes()):
        signs = panel_spec(name).help(view)
        assert signs, name
        for sign in signs:
            assert sign.shown, sign
            assert sign.meaning, sign
            assert not sign.meaning.endswith("."), sign
