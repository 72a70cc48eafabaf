"""The what-if dialog: its list, and forms that the network at hand understands."""

from __future__ import annotations

import re

import pytest

from rnn_tui.engine.network.interventions import Release, parse
from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import CELLS
from rnn_tui.session.commands import Intervene, Keep, ReleaseWhatIf, Step
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.lines import text_width
from rnn_tui.tui.screens.what_if import listed_what_ifs
from rnn_tui.tui.screens.what_if_commands import what_if_commands
from rnn_tui.tui.screens.what_if_forms import forms

WIDTH = 60  # cells of a line of the dialog at 80 columns
NAMED = re.compile(r"[A-Za-z]\w*\[[^\]]*\]|\b[a-z]\d?_\d+\b")


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize(("hidden", "steps", "layers"), [(1, 1, 1), (4, 3, 2), (64, 20, 1)])
def test_every_form_shown_is_understood(cell: str, hidden: int, steps: int, layers: int) -> None:
    settings = Settings(cell=cell, hidden=hidden, steps=steps, layers=layers, num_points=60)
    if cell == "neuron":
        settings = settings.with_(layers=1)
    declaration = Trainer(settings).network.declaration
    shown = forms(declaration)
    for form in shown:
        parse(form.example, declaration)
        assert text_width(form.line) <= WIDTH, form.line
        for name in NAMED.findall(form.meaning):
            parse(f"{name} = 0", declaration)
    texts = "\n".join(form.line for form in shown)
    for sign in ("*=", "detach", "release", " = 1", "[1,1]" if hidden == 1 else ":"):
        assert sign in texts
    assert ("·I" in texts) == (cell != "neuron" or hidden == 1)


def test_the_list_has_what_is_kept_and_what_is_tried() -> None:
    session = Session(Trainer(Settings(cell="lstm", hidden=4, steps=5, num_points=60)))
    declaration = session.trainer.network.declaration
    texts = ("f = 1", "W_h *= 2", "h_3[1:2] = 0")
    first, *others = (parse(text, declaration) for text in texts)
    session.perform(Step(Stride.UPDATE, 3), Intervene(first), Keep(), Step(Stride.UPDATE, 2))
    snapshot = session.perform(*map(Intervene, others))
    listed = listed_what_ifs(snapshot)
    assert [(each.text, each.origin) for each in listed] == [
        ("f = 1", "kept"),
        ("W_h *= 2", "since update 5"),
        ("h_3[1:2] = 0", "since update 5"),
    ]
    assert isinstance(listed[1].release, ReleaseWhatIf)
    without = session.perform(listed[1].release)
    assert without.what_if is not None
    assert without.what_if.texts == ("h_3[1:2] = 0",)
    assert without.pins == ("f = 1", "h_3[1:2] = 0")
    # What is kept is released from here on, by a what-if of its own.
    release = listed[0].release
    assert isinstance(release, Intervene)
    assert release.intervention == Release(Pin("f_t", 1.0))
    released = session.perform(release)
    assert released.what_if is not None
    assert released.what_if.texts == ("h_3[1:2] = 0", "release f")
    assert released.pins == ("h_3[1:2] = 0",)
    assert [each.text for each in listed_what_ifs(released)] == ["h_3[1:2] = 0", "release f"]


def test_the_palette_releases_each_of_them() -> None:
    app = RnnTui(Trainer(Settings(cell="lstm", hidden=4, steps=5, num_points=60)))
    declaration, session = app.session.latest.window.declaration, app.session
    assert isinstance(session, Session)
    session.perform(Step(Stride.UPDATE, 3), Intervene(parse("f = 1", declaration)), Keep())
    session.perform(Intervene(parse("W_h *= 2", declaration)))
    session.perform(Intervene(parse("h_3 = 0", declaration)))
    commands = {each.title: each for each in what_if_commands(app.debugger)}
    assert list(commands) == ["release h_3 = 0", "release W_h *= 2", "release f = 1"]
    commands["release W_h *= 2"].callback()
    commands["release f = 1"].callback()
    sent = [waiting.command for waiting in session._commands]
    after = session.perform(*sent)
    assert after.what_if is not None
    assert after.what_if.texts == ("h_3 = 0", "release f")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("release", "'release': nothing is held"),
        ("release f[2]", "'release f[2]': nothing is held"),
    ],
)
def test_what_is_not_held_cannot_be_released(text: str, reason: str) -> None:
    session = Session(Trainer(Settings(cell="lstm", hidden=4, steps=5, num_points=60)))
    declaration = session.trainer.network.declaration
    session.perform(Step(Stride.UPDATE, 3))
    refused = session.perform(Intervene(parse(text, declaration)))
    assert refused.notice is not None
    assert refused.notice.text == reason
    assert refused.what_if is None
    session.perform(Intervene(parse("f = 1", declaration)))
    notice = session.perform(Intervene(parse("release f[2]", declaration))).notice
    assert notice is not None
    assert notice.text == "'release f[2]': held are f = 1"
