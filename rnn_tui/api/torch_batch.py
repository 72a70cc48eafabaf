"""One batch for a model of PyTorch's: checked, and with time first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnn_tui.api.torch_network import Module, Tensor, TorchNetwork

IGNORED = -100
"""The class that does not count: ignore_index of torch.nn.CrossEntropyLoss."""


@dataclass(frozen=True, slots=True, eq=False)
class TorchBatch:
    """The batch as tensors, time first.

    Attributes:
        x: inputs [T, B, D], or codes [T, B].
        target: [T, B, O], or classes [T, B], -1 where they do not count.
        mask: bool [T, B].
        start: the given states, [L, B, H] each, by name.
    """

    x: Tensor
    target: Tensor
    mask: Tensor
    start: Mapping[str, Tensor]


class BatchReader:
    """Checks what a caller gives and puts time first."""

    def __init__(
        self, torch: Any, network: TorchNetwork, readout: Module, *, batch_first: bool
    ) -> None:
        self._torch = torch
        self._network = network
        self._outputs = readout.out_features
        self._weight = readout.weight
        self._batch_first = batch_first
        self._order = "B, T" if batch_first else "T, B"

    def batch(
        self, x: Any, target: Any, loss: str, mask: Any, start: Mapping[str, Any]
    ) -> TorchBatch:
        """Return the batch."""
        torch = self._torch
        lengths = None
        if isinstance(x, torch.nn.utils.rnn.PackedSequence):
            x, lengths = self._unpacked(x)
        if isinstance(target, torch.nn.utils.rnn.PackedSequence):
            target, _ = self._unpacked(target)
        inputs, alone = self._inputs(x)
        steps, size = inputs.shape[:2]
        device = self._weight.device
        if lengths is None:
            lengths = torch.full((size,), steps)
        lengths = lengths.to(device)
        goal, counted = self._target(target, loss, lengths, (steps, size), alone=alone)
        counted = counted & (torch.arange(steps, device=device)[:, None] < lengths)
        if mask is not None:
            counted = counted & self._mask(mask, (steps, size), alone=alone)
        if not counted.any():
            raise ValueError("nothing counts: mask, or target, leaves out every output")
        if goal.ndim == 2:
            goal = torch.where(counted, goal, torch.full_like(goal, -1))
            self._check_codes("target", goal[counted], self._outputs)
        else:  # whatever stands where nothing counts, even nan
            goal = torch.where(counted[..., None], goal, torch.zeros_like(goal))
        states = {
            name: self._state(f"{name}0", state, size)
            for name, state in start.items()
            if state is not None
        }
        return TorchBatch(inputs, goal, counted, states)

    def _unpacked(self, packed: Any) -> tuple[Tensor, Tensor]:
        """Return a padded sequence in the caller's order, and the lengths [B]."""
        unpack = self._torch.nn.utils.rnn.pad_packed_sequence
        padded, lengths = unpack(packed, batch_first=self._batch_first)
        return padded, lengths

    def _inputs(self, x: Any) -> tuple[Tensor, bool]:
        """Return the inputs, time first, and whether they came without B."""
        x, features = self._tensor("x", x), self._network.features
        if not x.is_floating_point():
            if x.ndim != 2:
                raise self._wrong("x", x, f"codes [{self._order}]")
            codes = self._time_first(x).long()
            self._check_codes("x", codes, features)
            return codes, False
        alone = x.ndim == 2
        if x.ndim not in (2, 3) or x.shape[-1] != features:
            raise self._wrong("x", x, f"[{self._order}, D] with D={features}")
        return (x[:, None] if alone else self._time_first(x)), alone

    def _target(
        self, target: Any, loss: str, lengths: Tensor, size: tuple[int, int], *, alone: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the targets, time first, and where they count.

        Args:
            target: as given.
            loss: what it is for.
            lengths: of the sequences, [B].
            size: T and B.
            alone: whether inputs and targets came without B.
        """
        torch, classes = self._torch, loss == "cross-entropy"
        goal = self._tensor("target", target)
        if goal.is_floating_point() == classes:
            kind = "classes, whole numbers" if classes else "floats"
            raise ValueError(f"target is {_kind(goal)}; the loss {loss} takes {kind}")
        end = () if classes else (self._outputs,)
        steps, batch = size
        order = size[:1] if alone else size[::-1] if self._batch_first else size
        whole = (*order, *end)
        last = end if alone else (batch, *end)
        if tuple(goal.shape) == whole:
            goal = goal[:, None] if alone else self._time_first(goal)
            counted = torch.ones(size, dtype=torch.bool, device=goal.device)
        elif tuple(goal.shape) == last:
            ends = (lengths - 1, torch.arange(batch, device=goal.device))
            at_end = goal.reshape(batch, *end)
            goal = torch.zeros((steps, batch, *end), dtype=goal.dtype, device=goal.device)
            counted = torch.zeros(size, dtype=torch.bool, device=goal.device)
            goal[ends], counted[ends] = at_end, True
        else:
            expected = f"{list(whole)}, or of the last timestep alone {list(last)}"
            raise self._wrong("target", goal, expected)
        return (goal.long(), counted & (goal != IGNORED)) if classes else (goal, counted)

    def _mask(self, mask: Any, size: tuple[int, int], *, alone: bool) -> Tensor:
        """Return the mask, time first."""
        mask = self._torch.as_tensor(mask, device=self._weight.device).detach()
        whole = size[:1] if alone else size[::-1] if self._batch_first else size
        if tuple(mask.shape) != whole:
            raise self._wrong("mask", mask, str(list(whole)))
        if not ((mask == 0) | (mask == 1)).all():
            raise ValueError("mask has numbers besides 0 and 1")
        mask = mask.bool()
        return mask[:, None] if alone else self._time_first(mask)

    def _state(self, name: str, state: Any, batch: int) -> Tensor:
        """Return a state that the window begins with, [L, B, H]."""
        network = self._network
        if name[0] not in network.states:
            raise ValueError(f"{name} is given, and the cell {network.cell} has no such state")
        tensor = self._tensor(name, state)
        layers, hidden = network.layers, network.hidden
        shape = (layers, batch, hidden)
        without = [(batch, hidden)] if layers == 1 else []
        without += [(layers, hidden)] if batch == 1 else []
        if tuple(tensor.shape) != shape and tuple(tensor.shape) not in without:
            raise self._wrong(name, tensor, f"[L, B, H] = {list(shape)}")
        return tensor.reshape(shape)

    def _tensor(self, name: str, value: Any) -> Tensor:
        """Return what was given as a tensor where the weights are; floats are of their kind."""
        torch, weight = self._torch, self._weight
        given = isinstance(value, torch.Tensor)
        try:
            tensor = torch.as_tensor(value, device=weight.device).detach()
        except (TypeError, ValueError, RuntimeError):
            expected = "expected a tensor, or an array of numbers"
            raise ValueError(f"{name} is a {type(value).__name__}; {expected}") from None
        if tensor.is_complex():
            raise ValueError(f"{name} is {_kind(tensor)}; expected {_kind(weight)}")
        if tensor.is_floating_point() and tensor.dtype != weight.dtype:
            if given:
                raise ValueError(f"{name} is {_kind(tensor)}; the weights are {_kind(weight)}")
            tensor = tensor.to(weight.dtype)
        return tensor.clone()

    def _time_first(self, tensor: Tensor) -> Tensor:
        return tensor.transpose(0, 1) if self._batch_first else tensor

    def _check_codes(self, name: str, codes: Tensor, count: int) -> None:
        """Check that codes are below `count`."""
        bad = (codes < 0) | (codes >= count)
        if bad.any():
            raise ValueError(
                f"{name} has the code {codes[bad][0].item()}; expected 0 to {count - 1}"
            )

    def _wrong(self, name: str, tensor: Tensor, expected: str) -> ValueError:
        return ValueError(f"{name} has shape {list(tensor.shape)}; expected {expected}")


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
