"""A picture: a follower draws from it what the presenter draws, and nothing else is made of it."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checks.random_cases import random_case

from rnn_tui.checks.compute import compute
from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse as parse_breakpoint
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.following.picture import (
    PictureError,
    PresentedPicture,
    _large_array,
    decode,
    encode,
    for_followers,
)
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.predictions.results import TextRequest
from rnn_tui.registry import OPTIMIZERS, PANELS, PROOFS, TASKS
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    CheckGradient,
    Continue,
    Intervene,
    Say,
    Step,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings, compose
from rnn_tui.tasks.case import case_settings
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.chart_view import ChartView
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.presented_view import PresentedView

SMALL = Settings(hidden=4, steps=5, num_points=60)
ALL_PROOFS = frozenset(PROOFS.names) - {"proof"}
SOME_TASKS = ("text", "recall", "parity")
WITHOUT_FILES = [
    task if task in SOME_TASKS else pytest.param(task, marks=pytest.mark.long)
    for task in TASKS.names
    if task not in ("series", "case")
]


def through(snapshot: Snapshot, view: object = None) -> PresentedPicture:
    """Return what a follower gets of a snapshot."""
    return decode(memoryview(b"".join(encode(PresentedPicture(snapshot, view)))))


def drawings(snapshot: Snapshot) -> Iterator[tuple[str, Lines]]:
    """Yield what every panel shows of a snapshot."""
    context = DrawContext(snapshot, Selection(unit=1), chart_cache=ChartCache())
    yield "header", header.draw(context, 100, 2)
    yield "footer", footer.draw(context, 100, 1)
    for name in PANELS.names:
        spec = panel_spec(name)
        focused = DrawContext(snapshot, Selection(panel=name), chart_cache=ChartCache())
        yield name, ((spec.title(focused),), *spec.draw(focused, 90, 16))


def scenes(settings: Settings, versus: Versus | None = None) -> Iterator[Snapshot]:
    """Yield snapshots of all passes, with all proofs."""
    session = Session(Trainer(settings), versus=versus)
    yield session.perform(ViewRequest(proofs=ALL_PROOFS, text=TextRequest(characters=40)))
    for stride, count in ((Stride.TIMESTEP, 3), (Stride.OPERATION, 2), (Stride.PASS, 1)):
        yield session.perform(Step(stride, count))
    yield session.perform(Step(Stride.TIMESTEP, 2), CheckGradient(2))
    yield session.perform(Step(Stride.UPDATE, 3))


def assert_same(snapshot: Snapshot) -> None:
    """Check that a follower draws what the presenter draws."""
    snapshot = for_followers(snapshot)
    received = through(snapshot).snapshot
    for (name, drawn), (_, expected) in zip(drawings(received), drawings(snapshot), strict=True):
        assert drawn == expected, name


def test_a_follower_sees_theirs_beside_ours() -> None:
    case = random_case(np.random.default_rng(3), "gru")
    session = Session(new_trainer(case_settings(case), replace(case, theirs=compute(case))))
    snapshot = session.perform(ViewRequest(proofs=frozenset({"theirs"})), Step(Stride.TIMESTEP, 2))
    assert snapshot.theirs is not None
    assert_same(snapshot)


@pytest.mark.parametrize("cell", ["lstm", "neuron"])
def test_a_follower_draws_what_the_presenter_draws(cell: str) -> None:
    layers = 1 if cell == "neuron" else 2
    for snapshot in scenes(SMALL.with_(cell=cell, layers=layers)):
        assert_same(snapshot)


def test_so_it_does_of_two_networks_what_ifs_and_breakpoints() -> None:
    session = Session(Trainer(SMALL.with_(cell="lstm")), versus=Versus("gru"))
    declaration = session.latest.window.declaration
    session.perform(Step(Stride.UPDATE, 6), Back(Stride.UPDATE, 3))
    assert_same(session.perform(Intervene(parse_what_if("f = 1", declaration))))
    assert_same(session.perform(Step(Stride.TIMESTEP, 7)))
    assert_same(session.perform(AddBreakpoint(parse_breakpoint("update=8")), Continue()))
    diverging = Session(Trainer(SMALL.with_(optimizer="sgd", lr=100.0, clip_by="none")))
    diverged = diverging.perform(Step(Stride.UPDATE, 500))
    assert diverged.divergence is not None
    assert_same(diverged)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.names)
def test_so_it_does_with_every_optimizer(optimizer: str) -> None:
    session = Session(Trainer(SMALL.with_(optimizer=optimizer)))
    assert_same(session.perform(Step(Stride.UPDATE, 2)))


@pytest.mark.parametrize("task", WITHOUT_FILES)
def test_so_it_does_for_every_task(task: str) -> None:
    session = Session(Trainer(compose({"task": task, "hidden": 4, "batch": 2})))
    session.perform(ViewRequest(proofs=frozenset({"map"})), Step(Stride.UPDATE, 1))
    assert_same(session.perform(Step(Stride.TIMESTEP, 4)))


def test_so_it_does_for_a_table_of_several_columns(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    days = np.datetime64("2024-01-01") + np.arange(60)
    rows = (f"{day},{k % 7},{k % 5}.5,{k % 3}" for k, day in enumerate(days))
    path.write_text("\n".join(["day,a,b,c", *rows]), encoding="utf-8")
    names = {"target": "a,b", "inputs": "a,c"}
    settings = compose({"task": "series", "data": str(path), "hidden": 4, "steps": 5, **names})
    session = Session(Trainer(settings))
    session.perform(ViewRequest(predictions=True), Step(Stride.UPDATE, 1))
    snapshot = session.perform(Step(Stride.TIMESTEP, 4))
    assert snapshot.predictions is not None
    assert snapshot.task.data is not None
    assert_same(snapshot)


def test_what_concerns_the_presenter_alone_stays_there() -> None:
    session = Session(Trainer(SMALL))
    snapshot = session.perform(Say("written to folder/secret.safetensors"))
    assert b"secret" not in b"".join(encode(PresentedPicture(for_followers(snapshot), None)))
    received = for_followers(replace(snapshot, unsaved=True, trained=100.0))
    assert (received.notice, received.unsaved, received.trained, received.at_risk) == (
        None,
        False,
        0.0,
        (),
    )


def test_the_presenters_place_travels() -> None:
    selection = Selection(
        unit=3,
        panel="loss",
        variants=(("carpet", "c"),),
        chart_views=(("loss", ChartView(4.0, (1.0, 9.0))),),
    )
    view = PresentedView(selection, True, "weights", False)
    assert through(Session(Trainer(SMALL)).latest, view).view == view


def test_arrays_are_parts_of_the_picture_and_cannot_be_written_to() -> None:
    snapshot = Session(Trainer(SMALL.with_(hidden=64))).perform(Step(Stride.UPDATE, 1))
    received = through(snapshot).snapshot
    for mine, theirs in (
        (received.window.tape["h"], snapshot.window.tape["h"]),
        (received.optimizer.parameters, snapshot.optimizer.parameters),
        (received.window.parameters["W_h"], snapshot.window.parameters["W_h"]),
    ):
        assert np.array_equal(mine, theirs)
        assert not mine.flags.writeable
        assert not mine.flags.owndata


class Wicked:
    """Runs a command when it is unpickled by an unpickler that lets it."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.arguments


def forged(content: bytes, arrays: bytes = b"") -> memoryview:
    """Return a picture with another pickle."""
    header = struct.pack("<8sQ", b"rnntui02", len(content))
    start = len(header) + len(content)
    return memoryview(header + content + bytes(-start % 64) + arrays)


def test_nothing_is_called_but_what_makes_a_picture(tmp_path: object) -> None:
    marker = os.path.join(str(tmp_path), "marker")
    calls = (
        Wicked(os.system, f"touch {marker}"),
        Wicked(eval, f"open({marker!r}, 'w')"),
        Wicked(getattr, "x", "upper"),
        Wicked(Trainer, SMALL),
        Wicked(Session, SMALL),
        Wicked(np.load, marker),
        Wicked(os.mkdir, marker),
    )
    for wicked in calls:
        for protocol in (0, 2, 5):
            with pytest.raises(PictureError):
                decode(forged(pickle.dumps(wicked, protocol)))
    assert not os.path.exists(marker)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        pickle.dumps(None),
        pickle.dumps((1, 2)),
        pickle.dumps(SMALL),
        b"cos\nsystem\n.",
        b"crnn_tui.__main__\nmain\n.",
        b"crnn_tui.cli\nmain\n.",
        b"crnn_tui.session.worker\nthreading\n.",
        b"crnn_tui.session.worker\nSession\n.",
        b"crnn_tui.following.picture\nos\n.",
        b"crnn_tui.following.picture\n_Unpickler\n.",
        b"Pabc\n.",
        pickle.dumps(["x"] * 10)[:-5],
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PictureError):
        decode(forged(content))


def test_arrays_beyond_the_picture_are_refused() -> None:
    for place, shape, strides in (
        (0, (9,), (8,)),
        (-8, (1,), (8,)),
        (0, (2,), (-8,)),
        (0, (2,), (1 << 40,)),
        (1 << 60, (1,), (8,)),
    ):
        picture = pickle.dumps(Wicked(_large_array, place, "<f8", shape, strides))
        with pytest.raises(PictureError):
            decode(forged(picture, bytes(64)))
    for dtype in ("O", "<V8", "M8[s]"):
        with pytest.raises(PictureError):
            decode(forged(pickle.dumps(Wicked(_large_array, 0, dtype, (1,), (8,))), bytes(64)))


def test_another_version_is_refused() -> None:
    picture = bytearray(b"".join(encode(PresentedPicture(Session(Trainer(SMALL)).latest, None))))
    picture[7:8] = b"0"
    with pytest.raises(PictureError, match="version"):
        decode(memoryview(picture))
