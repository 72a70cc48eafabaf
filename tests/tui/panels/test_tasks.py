"""Every task on the screen: symbols, classes, and what is absent or does not count."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet
from shares import share
from tui.panels.test_panels import check_fits, lines_of_rows, spoiled
from tui.screen_support import (
    KINDS,
    TASKS,
    SnapshotMaker,
    context,
    place,
    places_of_an_update,
    power_of,
    stands_for,
    text_of,
)

from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings, compose
from rnn_tui.tui import symbols
from rnn_tui.tui.lines import cell_width
from rnn_tui.tui.number_format import number, short, signed
from rnn_tui.tui.panels import network
from rnn_tui.tui.panels.current_pass import panel as current_pass
from rnn_tui.tui.panels.current_pass import timestep

each_task = pytest.mark.parametrize("task", sorted(TASKS))
# Numbers, characters, classes of which one is asked for at the end, and a window of one timestep:
# what is drawn of these at every place is drawn of the others, too.
OF_EACH_KIND = {"adding", "text", "parity last-step", "neuron"}
each_kind_of_task = pytest.mark.parametrize(
    "task",
    [
        pytest.param(task, marks=[pytest.mark.long] * (task not in OF_EACH_KIND))
        for task in sorted(TASKS)
    ],
)
CLASSES = sorted(name for name, s in TASKS.items() if Trainer(s).task.labels is not None)
SYMBOLS = sorted(name for name, s in TASKS.items() if Trainer(s).task.symbols is not None)
MINE = ("timestep", "network", "hyperparameters")  # panels
SMALL, LARGE = (80, 5), (120, 7)  # of the network panel at both design sizes


def trained(task: str, passes: int = 2, updates: int = 20, **changes: object) -> Trainer:
    """Return a trainer after some updates, at the end of a pass."""
    trainer = Trainer(TASKS[task].with_(**changes))  # type: ignore[arg-type]
    trainer.run(updates)
    for _ in range(passes):
        trainer.finish_pass()
    return trainer


def columns(snapshot: Snapshot, label: str, size: tuple[int, int]) -> dict[int, str]:
    """Return the cells of a row of the network panel, by timestep."""
    lines = text_of(network.draw(context(snapshot), *size))
    line = next(line for line in lines if line[1:].startswith(label)).ljust(size[0])
    cell = network.cell_width_of(snapshot)
    shown = network.columns_shown(snapshot, size[0])
    starts = {one.t: network.LABEL + place * cell for place, one in enumerate(shown) if one.t}
    return {t: line[start : start + cell].strip() for t, start in starts.items()}


def probabilities(trainer: Trainer, t: int) -> np.ndarray:
    """Of the first sample at timestep `t`, computed anew: [O]."""
    values = trainer.network.parameters
    y = trainer.network.tape["h"][t, 0].astype(float) @ values["W_y"] + values["b_y"]
    powers = np.exp(y - y.max())
    return np.asarray(powers / powers.sum())


def odd_text(folder: Path) -> Settings:
    """Return settings for a text of wide, combining and invisible characters."""
    file = folder / "odd.txt"
    file.write_text("漢字 and かな\tÄ\r\n\u0301\ufe0f❤\u0007…𝄞 " * 30, encoding="utf-8")
    return compose({"task": "text", "data": str(file), "steps": 8, "hidden": 3, "batch": 2})


# ---------------------------------------------------------------- everything fits, nothing is early


@each_kind_of_task
def test_every_line_fits_at_every_place(task: str) -> None:
    for k, snapshot in enumerate(places_of_an_update(TASKS[task])):
        outputs = snapshot.window.declaration.architecture.outputs
        unit = max(outputs, snapshot.settings.hidden) - 1
        check_fits(snapshot, task, MINE, (k % 2, 2), unit=unit)


def pairs() -> list[ParameterSet]:
    """Return every task with every cell; a fifth of them runs always, each task and cell in it."""
    return [
        pytest.param(task, kind, marks=[pytest.mark.long] * ((row + column) % 5 > 0))
        for row, task in enumerate(sorted(TASKS))
        for column, kind in enumerate(sorted(KINDS))
    ]


@pytest.mark.parametrize(("task", "kind"), share(pairs()))
def test_every_line_fits_with_every_cell(task: str, kind: str) -> None:
    trainer = Trainer(TASKS[task].with_(**KINDS[kind]))
    maker = SnapshotMaker(trainer)
    for _ in range(7):
        trainer.finish_pass()
        check_fits(maker.snapshot(sample=1), f"{task} {kind}", MINE, unit=1)


def test_odd_characters_fit_and_keep_the_columns(tmp_path: Path) -> None:
    for snapshot in [*places_of_an_update(odd_text(tmp_path))][::3]:
        check_fits(snapshot, "odd characters", MINE)
        cell = network.cell_width_of(snapshot)
        for line in network.draw(context(snapshot), 80, 7)[:-1]:
            assert (cell_width(line) - network.LABEL) % cell == 0, text_of((line,))


@pytest.mark.parametrize(
    "task",
    [
        pytest.param(task, marks=[pytest.mark.long] * (task not in ("text", "parity last-step")))
        for task in sorted(TASKS)
    ],
)
def test_nothing_is_drawn_before_its_operation_is_revealed(task: str) -> None:
    trainer = Trainer(TASKS[task])
    trainer.run(2)
    maker = SnapshotMaker(trainer)
    for k in count():
        trainer.reveal()
        if trainer.updates != 2:
            break
        if k % 2:  # neighbours are much alike
            continue
        for t in (None, (1, trainer.settings.steps)[k // 2 % 2]):
            real = replace(maker.snapshot(), request=ViewRequest(t=t), contributions=None)
            false = spoiled(real)
            for draw, size in ((current_pass.draw, (80, 14)), (network.draw, (120, 7))):
                seen = text_of(draw(context(real), *size))
                assert seen == text_of(draw(context(false), *size)), place(real.cursor)


@each_kind_of_task
def test_nothing_jumps(task: str) -> None:
    kept: list[list[str]] = []
    rows: dict[str, int] = {}
    _, *snapshots = places_of_an_update(TASKS[task])  # without the first screen
    for snapshot in snapshots:
        found = [
            [line[: network.LABEL] for line in text_of(network.draw(context(snapshot), *size))]
            for size in (SMALL, LARGE)
        ]
        kept = kept or found
        assert found == kept
        if snapshot.cursor.t:
            lines = text_of(current_pass.draw(context(snapshot), 80, 18))
            places = lines_of_rows(lines, [row.symbol for row in snapshot.rows])
            rows = rows or places
            assert places == rows, place(snapshot.cursor)


# ---------------------------------------------------------------- the network


@pytest.mark.parametrize("size", [SMALL, LARGE])
@each_task
def test_inputs_and_outputs_stand_only_where_there_are_any(
    task: str, size: tuple[int, int]
) -> None:
    trainer = trained(task)
    snapshot, topology = SnapshotMaker(trainer).snapshot(t=1), trainer.task.topology
    label = (trainer.task.parts or ("x_t",))[0]
    inputs, outputs = columns(snapshot, label, size), columns(snapshot, "y_t", size)
    for t in inputs:
        assert bool(inputs[t]) == topology.inputs[t - 1], t
    spilled = trainer.task.labels is not None and topology.name == "many→one"
    for t in outputs:
        if not spilled or t == trainer.settings.steps:
            assert bool(outputs[t]) == topology.counted[t - 1], t
    assert topology.name in network.title(context(snapshot))[1]


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("task", SYMBOLS)
def test_symbols_are_shown_as_themselves(task: str, size: tuple[int, int]) -> None:
    trainer = trained(task)
    names, codes = trainer.task.symbols, trainer.network.tape["codes"][:, 0]
    assert names is not None
    for t, shown in columns(SnapshotMaker(trainer).snapshot(t=1), "x_t", size).items():
        name = names[codes[t - 1]]
        assert shown == name or (shown.endswith("…") and name.startswith(shown[:-1])), t


@pytest.mark.parametrize("task", ["text", "copy", "parity", "reber", "neuron"])
def test_the_prediction_is_the_likeliest_class_and_says_whether_it_is_right(task: str) -> None:
    trainer = trained(task, updates=60)
    snapshot = SnapshotMaker(trainer).snapshot(t=1)
    labels, classes = trainer.task.labels, trainer.network.tape["classes"][:, 0]
    assert labels is not None
    shown, wanted = (columns(snapshot, row, LARGE) for row in ("y_t", "target"))
    for t, text in shown.items():
        best = int(probabilities(trainer, t).argmax())
        right = best == classes[t - 1]
        assert text == labels[best] + ("✓" if right else "✗"), t
        if wanted:
            assert wanted[t] == labels[classes[t - 1]], t


def test_a_long_answer_begins_in_the_blank_before_it() -> None:
    trainer = trained("recall")
    maker = SnapshotMaker(trainer)
    wanted = trainer.task.labels
    assert wanted is not None
    for sample in range(2):
        snapshot = maker.snapshot(sample=sample)
        lines = text_of(network.draw(context(snapshot), *LARGE))
        target = wanted[int(trainer.network.tape["classes"][-1, sample])]
        assert lines[1].split() == ["target", target]
        assert re.fullmatch(r" y_t +\w+[✓✗]", lines[2].rstrip()), lines[2]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_marked_values_are_marked(size: tuple[int, int]) -> None:
    trainer = trained("adding")
    x = trainer.network.tape["x"][:, 0]
    snapshot = SnapshotMaker(trainer).snapshot(t=1)
    values = columns(snapshot, "value", size)
    marks = columns(snapshot, "mark", size) if size == LARGE else {}
    for t, shown in values.items():
        sign = "▲" if x[t - 1, 1] else ""
        number_alone = short(float(x[t - 1, 0]))
        assert shown == (number_alone if marks else sign + number_alone)
        if marks:
            assert marks[t] == sign


def test_a_vector_has_a_row_a_number() -> None:
    trainer = trained("oscillator")
    x = trainer.network.tape["x"][0, 0]
    snapshot = SnapshotMaker(trainer).snapshot(t=1)
    for name, value in zip(("amplitude", "frequency", "phase"), x, strict=True):
        shown = columns(snapshot, name, LARGE)
        assert shown.pop(1) == short(float(value))
        assert not any(shown.values())


def test_a_held_input_is_no_symbol_any_more() -> None:
    trainer = Trainer(TASKS["text"])
    trainer.network.pins = (Pin("x_t", 0.5, unit=2, t=3),)
    trainer.finish_pass()
    snapshot = SnapshotMaker(trainer).snapshot(t=3)
    shown = columns(snapshot, "x_t", LARGE)
    assert shown[3] == symbols.HELD
    assert symbols.HELD not in (shown[2], shown[4])
    line = next(line for line in text_of(timestep.draw(context(snapshot, unit=1), 80, 18)))
    assert signed(0.5) in line


def test_columns_are_as_wide_as_the_names_need() -> None:
    assert symbols.column_width(("a", "b", "c", "d", "U+0007")) == symbols.NARROW
    assert symbols.column_width(("even", "odd")) == 6
    assert symbols.column_width(("neighbour", "garden", "Portuguese")) == symbols.BROAD
    assert symbols.column_width(None) == symbols.NARROW


# ---------------------------------------------------------------- the timestep


def row(snapshot: Snapshot, symbol: str, width: int = 80) -> str:
    """Return the line of `symbol` in the timestep panel."""
    lines = text_of(timestep.draw(context(snapshot), width, 22))
    return next(line for line in lines if re.match(rf"[ ▸]+{re.escape(symbol)} ", line))


@pytest.mark.parametrize("task", SYMBOLS)
def test_the_symbol_and_its_number_are_named(task: str) -> None:
    trainer = trained(task)
    names, codes = trainer.task.symbols, trainer.network.tape["codes"][:, 0]
    assert names is not None
    for t in range(1, trainer.settings.steps + 1):
        name = names[codes[t - 1]]
        shown = f"'{name}'" if len(name) == 1 else name
        expected = rf" {re.escape(shown)} +\({codes[t - 1] + 1} of {len(names)}\)"
        assert re.search(expected, row(SnapshotMaker(trainer).snapshot(t=t), "x_t"))


@pytest.mark.parametrize("width", share([74, 80, 118], every=3, first=1))
@pytest.mark.parametrize("task", CLASSES)
def test_the_likeliest_classes_and_the_target_s_share_of_the_loss(task: str, width: int) -> None:
    trainer = trained(task)
    labels, classes = trainer.task.labels, trainer.network.tape["classes"][:, 0]
    assert labels is not None
    for t in range(1, trainer.settings.steps + 1):
        p = probabilities(trainer, t)
        line = row(SnapshotMaker(trainer).snapshot(t=t), "p_t", width)
        order = np.argsort(-p)
        shown = re.split(r" +(?:target|not counted)", line)[0].split("p_t")[1]
        found = re.findall(r"(\S+) (\.\d+|1\.0|\de−\d|0|e−\d+)(?=  | …|$)", shown.strip())
        assert found, line
        for (name, chance), code in zip(found, order, strict=False):
            assert p[labels.index(name)] == pytest.approx(p[code], abs=1e-6), line
            assert chance == short(float(np.float32(p[labels.index(name)]))), line
        if not trainer.task.topology.counted[t - 1]:
            assert line.rstrip().endswith("not counted here")
            continue
        wanted = labels[classes[t - 1]]
        match = re.search(r"target (\S+) p (\S+), −log p (\S+)$", line.rstrip())
        assert match is not None, line
        assert match[1].strip("'") in (wanted, "'" if wanted == "'" else wanted)
        chance = p[classes[t - 1]]
        assert float(match[2].replace("−", "-")) == pytest.approx(chance, rel=6e-3)
        assert float(match[3].replace("−", "-")) == pytest.approx(-np.log(chance), rel=6e-3)


@each_task
def test_what_is_absent_or_does_not_count_is_said(task: str) -> None:
    trainer = trained(task, passes=4)
    topology = trainer.task.topology
    after, before = SnapshotMaker(trainer), SnapshotMaker(trained(task))
    for t in range(1, trainer.settings.steps + 1):
        snapshot = after.snapshot(t=t)
        text = "\n".join(text_of(timestep.draw(context(snapshot), 80, 30)))
        assert ("no input here" in text) == (not topology.inputs[t - 1])
        counts = topology.counted[t - 1]
        assert ("the loss does not count here" in listing(trainer, t)) == (not counts)
        forward = before.snapshot(t=t)
        assert ("not counted here" in row(forward, "y_t")) == (not counts)


def listing(trainer: Trainer, t: int) -> str:
    """Return the timestep panel's text on the newest backward operation of timestep t."""
    snapshot = SnapshotMaker(trainer).snapshot(t=t)
    last = len(snapshot.backward_revealed(t)) - 1
    return "\n".join(text_of(timestep.draw(context(snapshot, operation=last), 80, 18)))


def test_an_output_is_named_and_all_of_them_can_be_looked_at() -> None:
    trainer = trained("neuron")
    snapshot = SnapshotMaker(trainer).snapshot()
    for unit, name in enumerate(("first", "second")):
        looked_at = context(snapshot, unit=unit)
        text = "\n".join(text_of(timestep.draw(looked_at, 80, 18)))
        assert f"output {name}, target" in text
        assert f"p_{snapshot.t}[{unit + 1}] = e^(" in text
        assert f"probability, {name}" in text
        assert timestep.title(looked_at)[1].endswith(f"output {unit + 1} of 2")
        before = context(snapshot, unit=unit, operation=2)  # h_t
        assert timestep.title(before)[1].endswith(f"unit 1 of 1 · output {unit + 1} of 2")


# ---------------------------------------------------------------- the window


def table(snapshot: Snapshot, size: tuple[int, int] = (80, 60)) -> list[str]:
    return text_of(current_pass.draw(context(snapshot), *size))


@pytest.mark.parametrize("task", SYMBOLS)
def test_the_batch_shows_symbols_and_targets(task: str) -> None:
    trainer = trained(task, passes=1)
    tape, task_ = trainer.network.tape, trainer.task
    names, labels = task_.symbols, task_.labels
    assert names is not None
    assert labels is not None
    text = "\n".join(table(SnapshotMaker(trainer).snapshot()))
    for t in range(1, trainer.settings.steps + 1):
        name = names[tape["codes"][t - 1, 0]]
        code = tape["classes"][t - 1, 0]
        wanted = re.escape(labels[code]) if task_.topology.counted[t - 1] else ""
        assert re.search(rf"(?m)(^| ) {t} {re.escape(name)} +{wanted}( |$)", text), (t, text)


@pytest.mark.parametrize("task", ["oscillator", "adding", "waveform", "neuron"])
def test_the_batch_shows_numbers_only_where_they_were_given(task: str) -> None:
    trainer = trained(task, passes=1)
    tape, topology = trainer.network.tape, trainer.task.topology
    lines = table(SnapshotMaker(trainer).snapshot(), (44, 60))
    parts = trainer.task.parts or ("x_t",)
    assert re.sub(r"×\S+", "", lines[1]).split() == ["t", *parts, "target"]
    powers, text_ = int("×10" in lines[2]), "\n".join(lines)
    for t, marked in enumerate(lines[2 + powers : 2 + powers + trainer.settings.steps], 1):
        line = marked.replace("▲ +1", "+1")
        assert ("▲" in marked) == (task == "adding" and bool(tape["x"][t - 1, 0, 1]))
        expected = [*map(float, tape["x"][t - 1, 0])] if topology.inputs[t - 1] else []
        for text, value, part in zip(line.split()[1:], expected, parts, strict=False):
            assert text == signed(value) or stands_for(text, value, power_of(text_, part))
        given = len(expected) + topology.counted[t - 1]
        assert len(line.split()) == 1 + given, line


@each_task
def test_the_shares_are_those_of_what_counts_and_add_up_to_the_loss(task: str) -> None:
    trainer = trained(task, passes=3, batch=1)
    snapshot = SnapshotMaker(trainer).snapshot()
    assert snapshot.cursor.stage is Pass.LOSS
    lines = table(snapshot, (48, 60))
    equation, _, *rows = (line.split() for line in lines if line.strip()[:1] != "×")
    steps = [t for t, counts in enumerate(trainer.task.topology.counted, 1) if counts]
    rows = rows[: len(steps)]  # below a single one there are the classes
    assert [int(row[0]) for row in rows] == steps
    name = "−log p/N" if trainer.task.labels else "error²/N"
    scale = 10.0 ** power_of("\n".join(lines), name)
    shares = [float(row[-1].replace("−", "-")) * scale for row in rows]
    assert sum(shares) == pytest.approx(snapshot.loss, rel=1e-2)
    assert number(snapshot.loss) in equation
    for width in (74, 80):
        text = table(snapshot, (width, 60))[0]
        assert f"N = {len(steps)} timestep" in text
        assert ("log p_t[target]" if trainer.task.labels else "(y_t − target_t)²") in text


def test_of_a_batch_the_samples_parts_add_up_to_the_loss() -> None:
    for task in TASKS:
        trainer = trained(task, passes=3, batch=3)
        parts = []
        for sample in range(3):
            lines = table(SnapshotMaker(trainer).snapshot(sample=sample))
            match = re.search(r"this sample's part of it: (\S+)", lines[1])
            assert match is not None, lines
            parts.append(float(match[1].replace("−", "-")))
        assert sum(parts) == pytest.approx(trainer.loss, rel=1e-3), task
        assert f" = {trainer.network.declaration.term_count}" in lines[0]


@pytest.mark.parametrize("task", ["recall", "waveform", "parity last-step", "neuron"])
def test_where_one_answer_counts_every_class_is_shown_with_its_probability(task: str) -> None:
    trainer = trained(task, passes=3)
    labels, target = trainer.task.labels, trainer.network.tape["classes"][-1, 0]
    assert labels is not None
    p = probabilities(trainer, trainer.settings.steps)
    lines = [
        line for line in table(SnapshotMaker(trainer).snapshot(), (80, 30))[5:] if line.strip()
    ]
    rows = [line.split() for line in lines if line[2] != " "]
    thick = len(lines) // len(rows)  # a bar may be as many lines high as there is room for
    for k, line in enumerate(lines):
        bar_of_row = [part for part in rows[k // thick] if "█" in part]
        assert k % thick == 0 or line.split() == bar_of_row, line
    assert [row[0] for row in rows] == [labels[code] for code in np.argsort(-p)]
    for row_ in rows:
        code = labels.index(row_[0])
        assert float(row_[1]) == pytest.approx(p[code], abs=6e-4)
        bar = row_[2] if len(row_) > 2 and "█" in row_[2] else ""
        assert abs(len(bar) - 40 * p[code]) < 0.51
        assert (row_[-1] == "target") == (code == target)


def test_a_weight_of_a_symbol_or_a_class_names_it() -> None:
    trainer = trained("text", passes=6)
    snapshot, names = SnapshotMaker(trainer).snapshot(), trainer.task.symbols
    assert snapshot.cursor.stage is Pass.UPDATE
    assert names is not None
    width, last = trainer.network.parameters["W_x"].shape[1], trainer.parameters.size - 1
    titles = {
        7 * width: f"W_x[8,1] of '{names[7]}'",
        last: f"b_y[{len(names)}] of '{names[-1]}'",
    }
    for index, title in titles.items():
        shown = current_pass.title(context(snapshot, parameter=index))[1]
        assert re.sub("W_x[ifgo]", "W_x", shown) == title
