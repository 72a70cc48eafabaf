"""What differs between the code of NumPy and that of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Dialect:
    """The library that code is written for.

    Attributes:
        name: what users call it, as in ``export --as``.
        title: its name in a sentence.
        module: what it is called in code.
        functions: the code of each function of one argument, with ``{}`` in the argument's place.
        softmax: the code of the softmax over the last axis.
    """

    name: str
    title: str
    module: str
    functions: Mapping[str, str]
    softmax: str


NUMPY = Dialect(
    name="numpy",
    title="NumPy",
    module="np",
    functions=MappingProxyType(
        {
            "σ": "sigmoid({})",
            "tanh": "np.tanh({})",
            "relu": "np.maximum({}, 0)",
            "step": "({} > 0)",
            "√": "np.sqrt({})",
        }
    ),
    softmax="softmax({})",
)
TORCH = Dialect(
    name="torch",
    title="PyTorch",
    module="torch",
    functions=MappingProxyType(
        {
            "σ": "torch.sigmoid({})",
            "tanh": "torch.tanh({})",
            "relu": "torch.relu({})",
            "step": "({} > 0)",
            "√": "torch.sqrt({})",
        }
    ),
    softmax="torch.softmax({}, dim=-1)",
)
DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (NUMPY, TORCH)}
)
