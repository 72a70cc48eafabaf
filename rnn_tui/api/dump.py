"""`rnn_tui.dump`: a model of PyTorch's and one batch as a case file, with what PyTorch computes.

Nothing here imports PyTorch: whoever calls it has, see `rnn_tui.api.torch_network`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api.replacing import check_replacing, no_case, path_text
from rnn_tui.api.torch_batch import BatchReader, TorchBatch
from rnn_tui.api.torch_network import Module, Tensor, TorchNetwork, network_of, torch_of, unwrapped
from rnn_tui.cases.case import Case
from rnn_tui.cases.reading import CaseError
from rnn_tui.cases.writing import write_case
from rnn_tui.files.ownership import RunFiles
from rnn_tui.settings import DECLARATIONS
from rnn_tui.tensor_files.content import os_error_text

_LOSSES = ("mse", "cross-entropy")
_REDUCTIONS = ("mean", "sum")


def dump(
    path: str | os.PathLike[str],
    rnn: Module | Mapping[str, Any],
    readout: Module,
    x: Any,
    target: Any,
    loss: str = "mse",
    *,
    reduction: str = "mean",
    mask: Any = None,
    h0: Any = None,
    c0: Any = None,
    batch_first: bool | None = None,
    force: bool = False,
) -> None:
    """Write a case file of a PyTorch model: weights, one batch, and PyTorch's own numbers.

    The modules are run forward and backward on the batch, as they are; their loss, outputs, hidden
    states and gradients are stored beside. The modules are left as they were: their ``.grad``,
    ``requires_grad``, training mode, and the state of the random numbers. A case file that is there
    is replaced; any other file stays, unless `force` is true.

    Args:
        path: the file, ``….safetensors``; ``rnn-tui check`` compares it, ``rnn-tui`` opens it.
        rnn: a torch.nn.RNN (tanh or relu), LSTM or GRU. Or a dict, for a loop of cells or to store
            the numbers of a forward pass of your own: ``"cells"``: a torch.nn.RNNCell, LSTMCell or
            GRUCell, or a list of them, one a layer; or ``"rnn"``: a module as above. Then, if you
            like, of your own pass, with its graph: ``"loss"``, ``"output"`` [T, B, O], ``"h"``
            [T, B, H], the output of a module; of cells ``"h"`` and ``"c"`` are lists of T tensors
            [B, H], of several layers a list of such lists. What is missing of them is computed.
        readout: a torch.nn.Linear from the hidden states of the top layer to the outputs.
        x: inputs [T, B, D], [B, T, D] with batch_first; or codes, whole numbers [T, B], which the
            network reads one-hot; or a PackedSequence, whose padding then does not count. Inputs
            [T, D] are a batch of one.
        target: what the outputs should be, [T, B, O] in the order of x; for cross-entropy classes,
            whole numbers [T, B], of which -100 do not count. Without T, [B, O] or [B], only the
            last timestep counts, of a packed sequence its own last.
        loss: "mse" or "cross-entropy".
        reduction: "mean" over what counts, or "sum".
        mask: [T, B] in the order of x: true where an output counts; None: everywhere.
        h0: the hidden state that the window begins with, [L, B, H]; None: zeros.
        c0: the same of an LSTM's cell state.
        batch_first: whether B comes first in x, target and mask; None: as the module says.
        force: whether to replace a file that is there whatever it is.

    Raises:
        TypeError: a module is of another kind.
        ValueError: the module is bidirectional, has proj_size or dropout in training mode, or an
            array does not fit; the message is one line.
        rnn_tui.cases.reading.CaseError: the file cannot be written, or is not to be replaced; a
            ValueError as well.
    """
    path = path_text("dump(path, rnn, readout, …)", path)
    _check_choice("loss", loss, _LOSSES)
    _check_choice("reduction", reduction, _REDUCTIONS)
    torch = torch_of(rnn)
    try:  # before PyTorch computes
        guard = check_replacing(path, RunFiles(), no_case, force=force)
    except OSError as error:
        raise CaseError(path, f"cannot be written: {os_error_text(error)}") from None
    with torch.inference_mode(False):
        network = network_of(rnn)
        readout = unwrapped(torch, readout)
        weights = _weights(torch, network, readout)
        if batch_first is None:
            batch_first = network.module is not None and bool(network.module.batch_first)
        reader = BatchReader(torch, network, readout, batch_first=batch_first)
        batch = reader.batch(x, target, loss, mask, {"h": h0, "c": c0})
        case = _case(_Run(torch, network, readout, weights, batch, loss, reduction, batch_first))
    write_case(path, case, guard=guard)


def _case(run: _Run) -> Case:
    """Return the case of a model, with the numbers of its run.

    Where the weights are float16 or bfloat16, only what was computed is stored as such: all of them
    are float32 as well.
    """
    network, batch = run.network, run.batch
    wide = run.readout.weight.dtype == run.torch.float64
    dtype = np.dtype(np.float64 if wide else np.float32)

    def numbers(name: str, tensor: Tensor) -> npt.NDArray[Any]:
        found = _finite(name, array(tensor))
        return found.astype(dtype) if found.dtype.kind == "f" else found

    theirs = run.theirs()
    bfloat16 = run.readout.weight.dtype == run.torch.bfloat16
    return Case(
        cell=network.cell,
        activation=network.activation,
        loss=run.loss,
        reduction=run.reduction,
        layers=network.layers,
        hidden=network.hidden,
        dtype=dtype,
        weights={name: numbers(name, weight) for name, weight in run.weights.items()},
        given_weights=tuple(run.weights),
        x=numbers("x", batch.x),
        target=numbers("target", batch.target),
        mask=array(batch.mask),
        features=network.features,
        outputs=run.readout.out_features,
        start={name: numbers(f"{name}0", state) for name, state in batch.start.items()},
        theirs=theirs,
        batch_first=run.batch_first,
        narrow=frozenset(theirs) if bfloat16 else frozenset(),
    )


def array(tensor: Tensor) -> npt.NDArray[Any]:
    """Return a tensor's numbers, from any device, without its graph; float32 for bfloat16."""
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    found: npt.NDArray[Any] = tensor.numpy().copy()
    return found


def _weights(torch: Any, network: TorchNetwork, readout: Module) -> dict[str, Tensor]:
    """Return all parameters by our names, after checking the readout and the kinds of numbers."""
    if not isinstance(readout, torch.nn.Linear):
        raise TypeError(f"readout is a {type(readout).__name__}; expected torch.nn.Linear")
    if readout.in_features != network.hidden:
        raise ValueError(
            f"readout reads {readout.in_features} numbers; expected {network.hidden}, the hidden "
            "units of rnn"
        )
    weights = {**network.parameters, "readout.weight": readout.weight}
    if readout.bias is not None:
        weights["readout.bias"] = readout.bias
    kinds = {weight.dtype for weight in weights.values()}
    if any(weight.is_meta for weight in weights.values()):
        raise ValueError("the weights are on the device meta, where there are no numbers")
    if len(kinds) > 1 or not readout.weight.is_floating_point():
        have = " and ".join(sorted(str(kind).removeprefix("torch.") for kind in kinds))
        raise ValueError(f"the weights are {have}; expected one kind of floats in both modules")
    for name, size in (("hidden", network.hidden), ("layers", network.layers)):
        DECLARATIONS[name].check(size)
    return weights


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(allowed)}")


def _finite(name: str, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array whose numbers must be finite."""
    if not np.isfinite(numbers).all():
        value = numbers[~np.isfinite(numbers)].flat[0]
        raise ValueError(f"{name} holds {value}; every number must be finite")
    return numbers


# ---------------------------------------------------------------- their numbers


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """The forward and backward pass of the caller's modules.

    Attributes:
        torch: PyTorch.
        network: the recurrent part.
        readout: the readout.
        weights: all parameters by our names.
        batch: the batch.
        loss: "mse" or "cross-entropy".
        reduction: "mean" or "sum".
        batch_first: whether the caller's own tensors have B first.
    """

    torch: Any
    network: TorchNetwork
    readout: Module
    weights: Mapping[str, Tensor]
    batch: TorchBatch
    loss: str
    reduction: str
    batch_first: bool

    def theirs(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything that PyTorch computes, by our names, time first."""
        torch = self.torch
        frozen = [weight for weight in self.weights.values() if not weight.requires_grad]
        device = self.readout.weight.device
        own = self.network.given
        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            if device.type in ("cpu", "cuda"):
                stack.enter_context(torch.autocast(device.type, enabled=False))
            devices = [device] if device.type == "cuda" else []
            stack.enter_context(torch.random.fork_rng(devices=devices))
            try:
                for weight in frozen:
                    weight.requires_grad_(True)
                found = self._states() if "h" in own or "output" not in own else dict(own)
                output = self._output(found)
                value = own["loss"] if "loss" in own else self._loss(output)
                return self._numbers(found, output, value)
            finally:
                for weight in frozen:
                    weight.requires_grad_(False)

    def _states(self) -> dict[str, Any]:
        """Return the hidden states: the caller's own, or those of a forward pass."""
        own = self.network.given
        if "h" in own and self.network.module is None:
            by_layer = self._by_layer("h", own["h"])
            return {**own, "top": self.torch.stack(by_layer[-1])}
        if "h" in own:
            top = self._own("h", self.network.hidden)
            return {"top": top.transpose(0, 1) if self.batch_first else top}
        x = self.batch.x
        if x.ndim == 2:
            coded = self.torch.nn.functional.one_hot(x, self.network.features)
            x = coded.to(self.readout.weight.dtype)
        start = dict(self.batch.start)
        if start:
            shape = (self.network.layers, x.shape[1], self.network.hidden)
            start = {name: start.get(name, x.new_zeros(shape)) for name in self.network.states}
        return self.network.forward(x, start)

    def _output(self, found: Mapping[str, Any]) -> Tensor:
        """Return the outputs in the caller's order, part of the graph."""
        own = self.network.given
        if "output" not in own:
            return self.readout(found["top"])
        return self._own("output", self.readout.out_features)

    def _own(self, name: str, width: int) -> Tensor:
        """Return a tensor of the caller's own forward pass, in the caller's order."""
        tensor = self.network.given[name]
        steps, batch = self.batch.mask.shape
        expected = (batch, steps, width) if self.batch_first else (steps, batch, width)
        if not isinstance(tensor, self.torch.Tensor) or tuple(tensor.shape) != expected:
            raise ValueError(f"{name} is no tensor of shape {list(expected)}")
        return tensor

    def _loss(self, output: Tensor) -> Tensor:
        """Return the loss of the outputs, as a caller would write it."""
        functional = self.torch.nn.functional
        given = "output" in self.network.given and self.batch_first
        y = output.transpose(0, 1) if given else output
        mask, target = self.batch.mask, self.batch.target
        if not bool(mask.all()) or self.loss == "cross-entropy":
            y, target = y[mask], target[mask]
        measure = functional.mse_loss if self.loss == "mse" else functional.cross_entropy
        return measure(y, target, reduction=self.reduction)

    def _numbers(
        self, found: Mapping[str, Any], output: Tensor, loss: Tensor
    ) -> dict[str, npt.NDArray[Any]]:
        """Return the numbers of the forward pass, then the gradients."""
        if not isinstance(loss, self.torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
            raise ValueError("loss is no tensor of one number with its graph")
        own = self.network.given
        swap = "output" in own and self.batch_first
        numbers = {"loss": array(loss).reshape(()), "output": array(output)}
        states = {
            name: self._by_layer(name, found[name]) for name in self.network.states if name in found
        }
        for name, layers in states.items():
            numbers[name] = np.stack([np.stack([array(h) for h in layer]) for layer in layers])
        if "h" not in states and "top" in found:
            numbers["h"] = array(found["top"])
        wanted: dict[str, Tensor] = {"output": output, **self.weights}
        if "h" in states:
            flat = {f"h.{k}.{t}": h for k, hs in enumerate(states["h"]) for t, h in enumerate(hs)}
            wanted |= {name: h for name, h in flat.items() if h.requires_grad}
        graph = {name: tensor for name, tensor in wanted.items() if tensor.requires_grad}
        try:
            grads = self.torch.autograd.grad(
                loss, tuple(graph.values()), retain_graph=bool(own), allow_unused=True
            )
        except RuntimeError as error:
            if "second time" not in str(error):
                raise
            raise ValueError(
                "the graph of loss is gone: call dump before loss.backward(), or call "
                "loss.backward(retain_graph=True)"
            ) from None
        found_grads = {n: g for n, g in zip(graph, grads, strict=True) if g is not None}
        for name in ("output", *self.weights):
            if name in found_grads:
                numbers[f"grad.{name}"] = array(found_grads[name])
        if "h" in states and (whole := self._grad_h(states["h"], found_grads)) is not None:
            numbers["grad.h"] = whole
        for name in ("output", "grad.output"):
            if swap and name in numbers:
                numbers[name] = numbers[name].swapaxes(0, 1)
        return numbers

    def _grad_h(
        self, states: list[list[Tensor]], grads: Mapping[str, Tensor]
    ) -> npt.NDArray[Any] | None:
        """Return ∂L/∂h of all layers and timesteps; None if the graph does not have them.

        Where the loss does not depend on a state, as on the last one that does not count, it is 0.
        """
        if not any(name.startswith("h.") for name in grads):
            return None
        rows = [
            [grads.get(f"h.{k}.{t}", self.torch.zeros_like(h)) for t, h in enumerate(hs)]
            for k, hs in enumerate(states)
        ]
        return np.stack([np.stack([array(grad) for grad in row]) for row in rows])

    def _by_layer(self, name: str, value: Any) -> list[list[Tensor]]:
        """Return states of a loop as lists, by layer and timestep, of tensors [B, H]."""
        layers = [value] if self.network.layers == 1 and not _is_nested(value) else list(value)
        steps, batch = self.batch.mask.shape
        shape = (batch, self.network.hidden)
        lists = [list(layer) for layer in layers]
        fits = len(lists) == self.network.layers and all(
            len(layer) == steps and all(tuple(h.shape) == shape for h in layer) for layer in lists
        )
        if not fits:
            expected = f"T={steps} tensors of shape {list(shape)}"
            raise ValueError(f"{name} is no list of {expected}, one for each layer")
        return lists


def _is_nested(value: Any) -> bool:
    """Return whether a state is given by layer and timestep, not of one layer by timestep."""
    first = value[0]
    return isinstance(first, (list, tuple)) or getattr(first, "ndim", 0) == 3
