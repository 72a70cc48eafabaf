"""Spectral radii of the recurrent weights."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import RECURRENT_CELLS, Case

from rnn_tui.engine.analysis.spectra import spectral_radii


@pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)
def test_spectral_radii_by_gate(cell: str, activation: str) -> None:
    network = Case(cell, activation, 5, 2, 2, 3, 1, 1).network()
    names = [spec.name for spec in network.specs if spec.name.startswith("W_h")]
    weights = np.hstack([network.parameters[name] for name in names])
    found = spectral_radii(network)
    assert len(found) == len(network.cell.gates)
    for k, (name, radius) in enumerate(found.items()):
        assert name == f"W_h{network.cell.gates[k]}"
        place = network.cell.blocks.index(network.cell.gates[k])
        block = weights[:, 3 * place : 3 * (place + 1)]
        power = np.linalg.matrix_power(block, 400)
        assert radius == pytest.approx(np.linalg.norm(power, 2) ** (1 / 400), rel=2e-2)
