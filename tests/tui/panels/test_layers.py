"""Stacked layers: the panel follows the newest operation, or stays with the layer chosen."""

from __future__ import annotations

import numpy as np
import pytest
from tui.screen_support import SMALL, SnapshotMaker, context, places_of_an_update, text_of

from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.panels import header, network
from rnn_tui.tui.panels.current_pass import timestep


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_newest_operation_is_always_among_the_rows(cell: str) -> None:
    layers = set()
    for snapshot in places_of_an_update(SMALL.with_(cell=cell, layers=3, steps=2)):
        if not snapshot.cursor.t:
            continue
        newest = (*snapshot.forward_revealed(snapshot.t), *snapshot.backward_revealed(snapshot.t))
        operations = snapshot.window.declaration.forward_operations
        if len(newest) > len(operations):
            operations = snapshot.window.declaration.backward_operations
        current = operations[snapshot.cursor.operation - 1]
        assert current.row in [row.symbol for row in snapshot.rows]
        lines = text_of(timestep.draw(context(snapshot), 78, 16))
        assert sum("▸" in line for line in lines) >= 1
        layers.add(snapshot.layer)
    assert layers == {1, 2, 3}


@pytest.mark.parametrize("layer", [1, 2])
def test_a_layer_chosen_stays(layer: int) -> None:
    trainer = Trainer(SMALL.with_(cell="lstm", layers=2))
    maker = SnapshotMaker(trainer, layer=layer)
    trainer.run(1)
    trainer.finish_pass()
    trainer.finish_pass()  # BATCH, FORWARD
    trainer.finish_pass()
    trainer.finish_pass()  # LOSS, BACKWARD
    snapshot = maker.snapshot()
    assert snapshot.layer == layer
    gradient = trainer.network.tape[name_in_layer("dh", layer)]
    assert snapshot.gradient_norms == pytest.approx(np.sqrt((gradient**2).sum(axis=(1, 2))))
    symbols = [row.symbol for row in snapshot.rows]
    assert symbols[0] == ("x_t" if layer == 1 else "h_t")  # what goes into this layer
    assert name_in_layer("f_t", layer) in symbols
    assert name_in_layer("f_t", 3 - layer) not in symbols
    unrolled = text_of(network.draw(context(snapshot), 80, 6))
    assert any(line.split()[0] == name_in_layer("h", layer) for line in unrolled if line.strip())
    assert any(f"‖{name_in_layer('dh_t', layer)}‖" in line for line in unrolled)
    assert f"layer {layer} of 2" in " ".join(network.title(context(snapshot)))
    assert f"layer {layer} of 2" in " ".join(timestep.title(context(snapshot)))


def test_a_layer_that_is_no_more_is_the_last_one() -> None:
    maker = SnapshotMaker(Trainer(SMALL.with_(layers=2)), layer=7)
    assert maker.snapshot().layer == 2


def test_the_header_says_how_many() -> None:
    snapshot = SnapshotMaker(Trainer(SMALL.with_(layers=2))).snapshot()
    assert "rnn 2×4 · " in text_of(header.draw(context(snapshot), 80, 2))[0]
