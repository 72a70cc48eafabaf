"""Stacked layers: every number on the screen is of the layer that is named beside it.

The panels' texts are parsed, and each number is compared with one that is read from the tape by the
name that it has there, or computed from it in another way than the program does.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from shares import share
from tui.screen_support import (
    KINDS,
    PROVED,
    SMALL,
    SnapshotMaker,
    context,
    power_in,
    power_of,
    stands_for,
    text_of,
)

from rnn_tui.engine.analysis.gradient_flow import describe_gradient_flow
from rnn_tui.engine.core.parameters import block_name, block_views
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings, Value
from rnn_tui.tui.bars import UNICODE_BARS, UNIT, bars
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.curves import Chart
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import Lines, plain
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panels import gradient_chart, network
from rnn_tui.tui.panels.current_pass import timestep
from rnn_tui.tui.panels.proofs import gradient_map, window_edge
from rnn_tui.tui.panels.proofs.gradient_shades import shade
from rnn_tui.tui.screens.what_if import selected_assignment
from rnn_tui.tui.strip_numbers import power

NUMBER = r"(?:[+−]\d[\d.]*(?:e[+−]?\d+)?|(?<= )0(?= |$))"
STRIP = UNICODE_BARS.positive + UNICODE_BARS.negative + UNICODE_BARS.nothing
RECURRENT = sorted(set(KINDS) - {"neuron"})


class Captured(ChartCache):
    """Keeps what is to be drawn, and draws nothing."""

    chart: Chart

    def draw(self, chart: Chart, width: int, height: int) -> Lines:
        """Keep the chart."""
        self.chart = chart
        return ()


def stacked(kind: str, layers: int, seed: int = 1, **changes: Value) -> Trainer:
    """Return a trainer two timesteps into the backward pass of its second window."""
    plain = SMALL.with_(layers=layers, seed=seed, batch=3, noise=0.3, lr=0.3, **KINDS[kind])
    trainer = Trainer(plain.with_(**changes))
    trainer.run(1)
    while (trainer.cursor.stage, trainer.cursor.t) != (Pass.BACKWARD, 2) or trainer.updates < 1:
        trainer.step()
    return trainer


def shown(trainer: Trainer, layer: int | None, sample: int, *, proved: bool = False) -> Snapshot:
    """Return a snapshot with this layer chosen; if `proved`, with every proof."""
    proofs = PROVED if proved else frozenset[str]()
    request = ViewRequest(sample=sample, layer=layer, proofs=proofs, predictions=False)
    return Session(trainer).perform(request)


def value_on_tape(net: Network, symbol: str, t: int) -> np.ndarray:
    """Return a symbol's value [B, …] at `t`; where the tape has it, from there by its name."""
    for suffix, index in (("_t", t), ("_<t-1>", t - 1)):
        name = symbol.removesuffix(suffix)
        if symbol.endswith(suffix) and name in net.tape.states:
            return np.asarray(net.tape[name][index])
    if re.fullmatch(r"dh\d*_t", symbol):
        return np.asarray(net.tape[symbol.removesuffix("_t")][t - 1])
    if re.fullmatch(r"d[hc]\d*_<t-1>", symbol):
        return np.asarray(net.tape[symbol.replace("_<t-1>", "_next")][t - 1])
    return net.values(t)[symbol]


def check_rows(trainer: Trainer, layer: int, sample: int, unit: int) -> int:
    """Compare all numbers of the timestep panel's rows; return how many they were."""
    net, t = trainer.network, 2
    snapshot = shown(trainer, layer, sample)
    looked_at = context(snapshot, unit=unit)
    lines = text_of(timestep.draw(looked_at, 100, 40))
    layers, count = trainer.settings.layers, 0
    power = power_in(" ".join(timestep.title(looked_at)))

    def entry(symbol: str) -> float:
        array = value_on_tape(net, symbol, t)[sample]
        return float(array[min(unit, len(array) - 1)])

    own = [name_in_layer(row.symbol, layer) for row in net.cell.rows if row.symbol != "x_t"]
    below = "x_t" if layer == 1 else name_in_layer("h_t", layer - 1)
    for symbol in (below, *own, "y_t"):
        row = rf"[ ▸]+{re.escape(symbol)}(?! = )[ {STRIP}]"  # not the operation that computes it
        [line] = [each for each in lines if re.match(row, each)]
        found = re.findall(NUMBER, re.sub(rf"[{STRIP}]", " ", line.split(symbol, 1)[1]))
        assert stands_for(found[0], entry(symbol)), (symbol, line)
        count += 1
        expected = [] if symbol == "x_t" else [entry(f"d{symbol}")]
        if label := re.search(rf"(→h\d*|d\w+) +{NUMBER} *$", line):
            name = label[1]
            if name.startswith("→"):
                assert name == f"→{name_in_layer('h', layers)}"  # y_t is made from the top
                name = "dh_y"
            expected.append(entry(name))
        assert len(found) == 1 + len(expected), (symbol, line)
        for text, value in zip(found[1:], expected, strict=True):
            assert stands_for(text, value, power), (symbol, line)
        count += len(expected)
    [line] = [each for each in lines if "arrives from t=3" in each]
    found = re.findall(NUMBER, line.split("t=3")[1])
    states = [name_in_layer(state, layer) for state in net.cell.states]
    for text, state in zip(found, states, strict=True):
        assert stands_for(text, float(net.tape[f"d{state}_next"][t][sample, unit]), power), line
    for state in states[1:]:
        assert re.search(rf" {state} +{NUMBER}", line)
    left, right = timestep.title(looked_at)
    assert f"layer {layer} of {layers}" in f"{left} {right}" or layers == 1
    [equation] = [each for each in lines if re.match(r" d\S+ = ", each)][:1]
    assert equation.split()[0].startswith(name_in_layer("dh_<t-1>", layer)[:2])
    assert equation.split()[0] in {
        each.symbol for each in net.layers[layer - 1].backward_operations
    }
    return count + len(found)


@pytest.mark.parametrize("layers", share([1, 2, 3], first=1))
@pytest.mark.parametrize("kind", RECURRENT)
def test_each_number_of_a_timestep_is_of_the_layer_that_is_named(kind: str, layers: int) -> None:
    trainer = stacked(kind, layers)
    for layer in range(1, layers + 1):
        assert check_rows(trainer, layer, sample=layer % 3, unit=layer) > 8


@pytest.mark.parametrize(("kind", "layers"), [("rnn-tanh", 2), ("lstm", 3), ("gru", 2)])
def test_strips_norms_and_charts_follow_the_layer(kind: str, layers: int) -> None:
    trainer, sample = stacked(kind, layers), 1
    tape = trainer.network.tape
    for layer in range(1, layers + 1):
        snapshot = shown(trainer, layer, sample)
        h, dh = name_in_layer("h", layer), name_in_layer("dh", layer)
        view = context(snapshot)
        view.chart_cache.grounds = False
        lines = text_of(network.draw(view, 80, 9))
        [units] = [line for line in lines if line.split()[0] == h and "1–" in line][:1]
        [norms] = [line for line in lines if line.strip().startswith(f"‖{h.replace('h', 'dh')}_t‖")]
        expected = {t: float(np.linalg.norm(tape[dh][t - 1].astype(float))) for t in range(2, 6)}
        assert norms.split()[1:] == ["·", *(power(expected[t], 4) for t in range(2, 6))]
        columns = re.findall(rf"[{STRIP}]+", units)
        for t, column in enumerate(columns, 1):
            assert column == plain((bars(tape[h][t, sample][: len(column)], UNIT),))
        title = " ".join(network.title(context(snapshot)))
        assert f"layer {layer} of {layers}" in title
        assert f"sample 2 of 3, ‖{dh}_t‖ of all" in title
        cache = Captured()
        looked_at = DrawContext(snapshot, Selection(), chart_cache=cache)
        gradient_chart.draw(looked_at, 60, 9)
        [curve] = [each for each in cache.chart.curves if each.label == f"‖∂L/∂{h}_t‖"]
        assert np.isnan(curve.y[0])
        assert curve.y[1:] == pytest.approx([expected[t] for t in range(2, 6)], rel=1e-6)
        for name in trainer.network.layers[layer - 1].states[1:]:
            [curve] = [each for each in cache.chart.curves if each.label == f"‖∂L/∂{name}_t‖"]
            sizes = [np.linalg.norm(tape[f"d{name}"][t - 1].astype(float)) for t in range(2, 6)]
            assert curve.y[1:] == pytest.approx(sizes, rel=1e-6)
        title = gradient_chart.title(looked_at)[1]
        assert title == f"whole batch · layer {layer} of {layers}"


def reference_map(trainer: Trainer) -> np.ndarray:
    """‖∂L_t/∂h_s‖ by layer, t and s [L, T, T+1], from passes with the loss of one timestep each."""
    net = trainer.network
    alone = Network(net.architecture, trainer.parameters.astype(np.float64), net.tape.steps, 3)
    norms = np.full((len(net.layers), net.tape.steps, net.tape.steps + 1), np.nan)
    for t in range(1, net.tape.steps + 1):
        alone.inputs[...] = net.inputs
        alone.set_state(net.state(0))
        alone.forward(1, net.tape.steps)
        alone.readout()
        alone.targets[...] = alone.tape["y"]
        alone.targets[t - 1] = net.targets[t - 1]
        alone.loss()
        alone.backward(1, net.tape.steps)
        for k, layer in enumerate(net.layers):
            for s in range(1, t + 1):
                norms[k, t - 1, t - s] = np.linalg.norm(alone.tape[layer.name("dh")][s - 1])
            norms[k, t - 1, t] = np.linalg.norm(alone.tape[f"d{layer.name('h')}_next"][0])
    return norms


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru"])
def test_the_map_its_sentence_and_its_strips_are_of_the_layer_chosen(
    kind: str, layers: int
) -> None:
    trainer, sample = stacked(kind, layers), 2
    while trainer.cursor.t != 1:
        trainer.step()
    tape, norms = trainer.network.tape, reference_map(trainer)
    choices = (None, *range(1, layers + 1))
    for layer in choices:
        snapshot = shown(trainer, layer, sample, proved=True)
        chosen = np.sqrt((norms**2).sum(axis=0)) if layer is None else norms[layer - 1]
        looked_at = context(snapshot, variants=(("map", "h"),))
        text = text_of(gradient_map.draw(looked_at, 80, 30))
        scope = "all layers" if layer is None else f"layer {layer} of {layers}"
        name = f"L_5 in {scope}:" if layers > 1 else "L_5"
        if kind == "lstm":
            name = f"{name.rstrip(':')}: {name_in_layer('h', layer or 1)}"
        sentence = describe_gradient_flow(chosen[-1], 5)
        assert text[0].split()[:4] == f"{name} {sentence}".split()[:4]
        top = np.nanmax(chosen)
        for t in range(1, 6):
            row = next(line for line in text[2:] if re.match(rf"[ ▸]+{t} ", line))
            marks = "".join(shade(chosen[t - 1, k], top) * 3 for k in range(t + 1))
            assert row[8 + (layers > 1) :].rstrip() == marks + "│"
        left = gradient_map.title(looked_at)[0]
        h = name_in_layer("h", layer or 1)
        assert left.startswith(f"map of ‖∂L_t/∂{h}_<t-k>‖")
        assert ("all layers" in left) == (layer is None and layers > 1)
        gate = {"lstm": "f", "gru": "z"}.get(kind)
        for k in range(1, layers + 1):
            own = name_in_layer(gate or "", k)
            strips = [line for line in text if gate and line.strip().startswith(f"{own}⊙…⊙{own} ")]
            assert len(strips) == (gate is not None and layer in (None, k))
            for line in strips:
                product = np.prod(tape[own][:, sample].astype(float), axis=0).mean()
                assert line.split()[-1] == number(product, 3)
            blocks = block_views(
                trainer.network.parameters, name_in_layer("W_h", k), trainer.network.cell.blocks
            )
            for each in trainer.network.cell.gates:
                block = blocks.get(block_name(name_in_layer("W_h", k), each))
                if block is None:  # of the GRU's candidate, where W_h has another name
                    continue
                radius = np.abs(np.linalg.eigvals(block.astype(float))).max()
                words = f"{block_name(name_in_layer('W_h', k), each)} {number(radius, 3)}"
                assert (words in "\n".join(text)) == (layer in (None, k)), words
        joined = "\n".join(text)
        names = [name_in_layer(f"{state}", layer or 1) for state in trainer.network.cell.states]
        sizes = ", ".join(f"‖d{name}‖" for name in names)
        assert f"map, {sizes}: whole batch · others: sample 3 of 3" in joined
        assert (f"{scope} · map" in joined) == (layers > 1)


def test_the_edge_names_the_states_of_every_layer() -> None:
    trainer = stacked("lstm", 3)
    snapshot = shown(trainer, 2, 0, proved=True)
    text = "\n".join(text_of(window_edge.draw(context(snapshot), 80, 16)))
    for name in ("h", "c", "h2", "c2", "h3", "c3"):
        carried = float(np.linalg.norm(trainer.network.tape[name][0].astype(float)))
        row = re.search(rf"^ {name}_0 +(\S+) ", text, re.MULTILINE)
        assert row is not None
        assert stands_for(row[1], carried, power_of(text, "‖carried in‖"))


@pytest.mark.parametrize("layers", [1, 2, 8])
def test_no_name_touches_its_strip(layers: int) -> None:
    trainer = stacked("lstm", layers)
    for layer in (1, layers):
        for line in text_of(timestep.draw(context(shown(trainer, layer, 0)), 80, 15)):
            assert not re.search(rf"[\w>][{STRIP.replace('·', '')}]", line)


def test_with_no_layer_chosen_the_equation_is_of_the_layer_shown() -> None:
    trainer = stacked("lstm", 2)
    trainer.run(1)  # the newest operation is now of layer 1, and layer 2 is shown
    snapshot = shown(trainer, None, 0)
    first = trainer.network.declaration.layers[0]
    assert snapshot.layer == 2
    below = {operation.symbol for operation in first.backward_operations}
    assert not below & {each.symbol for each in snapshot.selectable_operations(snapshot.t)}


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_the_value_that_a_what_if_offers_is_of_the_layer_shown(layer: int) -> None:
    trainer = stacked("lstm", 3)
    snapshot = shown(trainer, layer, 1)
    offers = {
        selected_assignment(snapshot, Selection(unit=2, operation=k))
        for k in range(len(snapshot.selectable_operations(2)))
    }
    for offer in offers:
        name, value = offer.split(" = ")
        assert name.endswith("_2[3]")
        symbol = name.removesuffix("_2[3]") + "_t"
        assert symbol in {row.symbol for row in snapshot.rows}
        assert value == number(float(value_on_tape(trainer.network, symbol, 2)[1, 2]))
    assert any(offer.startswith(name_in_layer("h", layer)) for offer in offers)


def test_with_more_outputs_than_units_the_title_names_both() -> None:
    settings = Settings(task="recall", hidden=2, gap=1, batch=2, steps=10)
    trainer = Trainer(settings)
    trainer.run(1)
    trainer.finish_pass()
    trainer.finish_pass()
    snapshot = SnapshotMaker(trainer).snapshot(t=10, sample=1)
    for unit in range(8):
        looked_at = context(snapshot, unit=unit)
        title = timestep.title(looked_at)[1]
        assert title.endswith(
            f"sample 2 of 2 · unit {min(unit, 1) + 1} of 2 · output {unit + 1} of 8"
        )
        lines = text_of(timestep.draw(looked_at, 100, 30))
        tape = trainer.network.tape
        for symbol, array in (("h_t", tape["h"][10, 1]), ("y_t", tape["y"][9, 1])):
            line = next(each for each in lines if re.match(rf"[ ▸]+{symbol} ", each))
            entry = float(array[min(unit, len(array) - 1)])
            assert stands_for(re.findall(NUMBER, line)[0], entry)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(300))
def test_of_random_stacks_each_number_is_of_its_layer(seed: int) -> None:
    random = np.random.default_rng(seed)
    kind, layers = str(random.choice(RECURRENT)), int(random.integers(1, 4))
    dtype = str(random.choice(["float32", "float64"]))
    trainer = stacked(kind, layers, seed, hidden=int(random.integers(3, 9)), dtype=dtype)
    for layer in range(1, layers + 1):
        check_rows(trainer, layer, int(random.integers(3)), int(random.integers(3)))


def test_choosing_no_layer_follows_the_newest_operation() -> None:
    trainer = stacked("gru", 2)
    snapshot = shown(trainer, None, 0)
    assert snapshot.layer == 1  # the backward pass of a timestep ends in the first layer
    assert "layer 1 of 2" in timestep.title(context(snapshot))[1]
