"""PyTorch's recurrent modules as networks that a case file can hold.

Nothing here imports PyTorch: whoever has a module of it has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

Tensor = Any
"""A torch.Tensor."""
Module = Any
"""A torch.nn.Module."""

KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_OF_LOOP = ("cells", "h", "c", "output", "loss")
_OF_MODULE = ("rnn", "h", "output", "loss")


def torch_of(module: object) -> Any:
    """Return PyTorch, which a caller who has a module of it has imported.

    Raises:
        TypeError: nobody has; so `module` is none of its modules.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        raise TypeError(f"rnn is a {type(module).__name__}; expected a module of torch.nn")
    return torch


@dataclass(frozen=True, slots=True, eq=False)
class TorchNetwork:
    """A recurrent part of PyTorch's.

    Attributes:
        cell: our name of it.
        activation: of an RNN, "tanh" or "relu".
        features: D.
        hidden: H.
        module: the torch.nn.RNN, LSTM or GRU; None for a loop of cells.
        cells: of a loop, from the lowest layer up.
        parameters: all weights, under our names.
        given: what the caller's own forward pass has computed: "h", "c", "output", "loss".
    """

    cell: str
    activation: str
    features: int
    hidden: int
    module: Module | None
    cells: tuple[Module, ...]
    parameters: Mapping[str, Tensor]
    given: Mapping[str, Any]

    @property
    def layers(self) -> int:
        """L."""
        return len(self.cells) if self.module is None else int(self.module.num_layers)

    @property
    def states(self) -> tuple[str, ...]:
        """What it carries from timestep to timestep."""
        return ("h", "c") if self.cell == "lstm" else ("h",)

    def forward(self, x: Tensor, start: Mapping[str, Tensor]) -> dict[str, Any]:
        """Return the hidden states: the top layer's as "top" [T, B, H], and what else there is.

        Args:
            x: inputs [T, B, D].
            start: the states that the window begins with, [L, B, H] each, of all or of none.

        Returns:
            "top"; of a loop also "h" and "c", by layer and timestep.
        """
        if self.module is None:
            return self._loop(x, start)
        states = tuple(start[name] for name in self.states if name in start)
        hx = None if not states else states if self.cell == "lstm" else states[0]
        first = bool(self.module.batch_first)
        with _without_cudnn(self.module, x):
            top, _ = self.module(x.transpose(0, 1) if first else x, hx)
        return {"top": top.transpose(0, 1) if first else top}

    def _loop(self, x: Tensor, start: Mapping[str, Tensor]) -> dict[str, Any]:
        """Run the cells, timestep by timestep."""
        torch = torch_of(x)
        h: list[list[Tensor]] = [[] for _ in self.cells]
        c: list[list[Tensor]] = [[] for _ in self.cells]
        zeros = x.new_zeros(x.shape[1], self.hidden)
        last = {n: [start[n][k] if n in start else zeros for k in range(len(h))] for n in "hc"}
        for t in range(x.shape[0]):
            below = x[t]
            for k, cell in enumerate(self.cells):
                if self.cell == "lstm":
                    below, last["c"][k] = cell(below, (last["h"][k], last["c"][k]))
                    c[k].append(last["c"][k])
                else:
                    below = cell(below, last["h"][k])
                last["h"][k] = below
                h[k].append(below)
        found = {"top": torch.stack(h[-1]), "h": h}
        return found | ({"c": c} if self.cell == "lstm" else {})


def network_of(rnn: Module | Mapping[str, Any]) -> TorchNetwork:
    """Return what `rnn` of `rnn_tui.dump` is.

    Raises:
        TypeError: it is no recurrent module of PyTorch's.
        ValueError: it is one that there is none of here: bidirectional, with proj_size, with
            dropout in training mode, or with weights that are computed from others.
    """
    torch = torch_of(rnn)
    if not isinstance(rnn, Mapping):
        return _of_module(torch, rnn, {})
    allowed = _OF_LOOP if "cells" in rnn else _OF_MODULE if "rnn" in rnn else ("cells", "rnn")
    if unknown := sorted(set(map(str, rnn)) - set(allowed)):
        raise ValueError(f"the dict rnn has {unknown[0]!r}; expected {', '.join(allowed)}")
    given = {name: rnn[name] for name in rnn if name not in ("cells", "rnn")}
    if "cells" in rnn:
        return _of_cells(torch, rnn["cells"], given)
    if "rnn" not in rnn:
        raise ValueError('the dict rnn has neither "cells" (a loop of cells) nor "rnn"')
    return _of_module(torch, rnn["rnn"], given)


def unwrapped(torch: Any, module: Module) -> Module:
    """Return the module that torch.compile or DataParallel has wrapped."""
    parallel = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while True:
        if isinstance(module, parallel):
            module = module.module
        elif hasattr(module, "_orig_mod"):  # of torch.compile
            module = module._orig_mod
        else:
            return module


def _of_module(torch: Any, module: Module, given: Mapping[str, Any]) -> TorchNetwork:
    """Return a torch.nn.RNN, LSTM or GRU as a network."""
    nn = torch.nn
    module = unwrapped(torch, module)
    kinds = {nn.LSTM: "lstm", nn.GRU: "gru", nn.RNN: "rnn"}
    cell = next((name for kind, name in kinds.items() if isinstance(module, kind)), "")
    if not cell:
        if isinstance(module, nn.RNNCellBase):
            raise TypeError('rnn is a cell: give the cells of a loop as {"cells": [cell, …]}')
        expected = "torch.nn.RNN, LSTM or GRU, or a dict for a loop of cells"
        raise TypeError(f"rnn is a {type(module).__name__}; expected {expected}")
    if module.bidirectional:
        raise ValueError(
            "rnn is bidirectional, and a network here reads its inputs in one direction: "
            "dump a module without bidirectional=True"
        )
    if module.proj_size:
        raise ValueError(
            f"rnn has proj_size={module.proj_size}, and hidden states here are not projected: "
            "dump a module without proj_size"
        )
    if module.dropout and module.training and module.num_layers > 1:
        raise ValueError(
            f"rnn has dropout={module.dropout} and is in training mode, so that its numbers are "
            "random: call rnn.eval() before, or set rnn.dropout = 0"
        )
    names = [f"{kind}_l{layer}" for layer in range(module.num_layers) for kind in KINDS]
    return TorchNetwork(
        cell=cell,
        activation=module.nonlinearity if cell == "rnn" else "tanh",
        features=module.input_size,
        hidden=module.hidden_size,
        module=module,
        cells=(),
        parameters=_parameters(module, {f"rnn.{name}": name for name in names}),
        given=given,
    )


def _of_cells(
    torch: Any, cells: Module | Iterable[Module], given: Mapping[str, Any]
) -> TorchNetwork:
    """Return a loop of torch.nn.RNNCell, LSTMCell or GRUCell as a network."""
    nn = torch.nn
    if isinstance(cells, nn.Module) and not isinstance(cells, nn.ModuleList):
        cells = (cells,)
    cells = tuple(cells)
    kinds = {nn.LSTMCell: "lstm", nn.GRUCell: "gru", nn.RNNCell: "rnn"}
    found = [next((name for k, name in kinds.items() if isinstance(c, k)), "") for c in cells]
    if not cells or len(set(found)) > 1 or not found[0]:
        are = ", ".join(type(cell).__name__ for cell in cells) or "none"
        raise TypeError(f"cells are {are}; expected torch.nn.RNNCell, LSTMCell or GRUCell, alike")
    first = cells[0]
    parameters: dict[str, Tensor] = {}
    for layer, cell in enumerate(cells):
        reads = first.input_size if layer == 0 else first.hidden_size
        if (cell.input_size, cell.hidden_size) != (reads, first.hidden_size):
            sizes = f"reads {cell.input_size} numbers and has {cell.hidden_size} hidden units"
            raise ValueError(
                f"cell {layer + 1} {sizes}; expected {reads} and {first.hidden_size}: the cells "
                "of a network here are stacked, and all of one size"
            )
        names = {f"rnn.{kind}_l{layer}": kind for kind in KINDS}
        parameters |= _parameters(cell, names)
    activations = {cell.nonlinearity for cell in cells} if found[0] == "rnn" else {"tanh"}
    if len(activations) > 1:
        raise ValueError("cells have both tanh and relu; expected one of them")
    return TorchNetwork(
        cell=found[0],
        activation=activations.pop(),
        features=first.input_size,
        hidden=first.hidden_size,
        module=None,
        cells=cells,
        parameters=parameters,
        given=given,
    )


def _parameters(module: Module, names: Mapping[str, str]) -> dict[str, Tensor]:
    """Return a module's weights under our names; biases may be missing."""
    own = dict(module.named_parameters(recurse=False))
    for ours, name in names.items():
        if "weight" in name and name not in own:
            raise ValueError(
                f"rnn's {name} is no parameter of its own, but computed from others: remove its "
                f"parametrization ({ours}) before"
            )
    return {ours: own[name] for ours, name in names.items() if name in own}


def _without_cudnn(module: Module, x: Tensor) -> Any:
    """Return a context in which a module on a GPU can be differentiated: cuDNN's only trains."""
    if module.training or not x.is_cuda:
        return nullcontext()
    return torch_of(module).backends.cudnn.flags(enabled=False)
