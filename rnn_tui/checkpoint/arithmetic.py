"""What computes the numbers of a run: the same seed gives the same bits where these are the same.

A product adds in an order that depends on the processor: the library of linear algebra (BLAS)
chooses its kernels when it is loaded, and NumPy those of tanh and its like. A sum in another order
has other last digits, and after some hundred updates the run is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from rnn_tui.engine.core.openblas import openblas_libraries
from rnn_tui.tensor_files.content import ContentError

ARITHMETIC = "arithmetic"
"""The text of a checkpoint that has this; files from before it lack it."""
_LONGEST = 100  # characters of one of the texts
_CORE_NAMES = (
    "scipy_openblas_get_corename64_",
    "scipy_openblas_get_corename",
    "openblas_get_corename64_",
    "openblas_get_corename",
)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What computes.

    Attributes:
        numpy: the version of NumPy.
        blas: the library of linear algebra, with its version.
        kernels: which of its kernels run here, as OpenBLAS calls them: "Haswell"; "" of a library
            that does not tell.
        vectors: the newest of the processor's vector instructions that NumPy uses.
    """

    numpy: str
    blas: str
    kernels: str
    vectors: str

    def to_json(self) -> dict[str, str]:
        """Return it as a mapping for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Arithmetic:
        """Read the mapping that `to_json` returned.

        Raises:
            ContentError: `values` is no such mapping.
        """
        texts = {name: text for name, text in values.items() if isinstance(text, str)}
        if set(values) != set(cls.__slots__) or len(texts) < len(values):
            raise ContentError(f"{ARITHMETIC} must have the texts {', '.join(cls.__slots__)}")
        if any(len(text) > _LONGEST or not text.isprintable() for text in texts.values()):
            raise ContentError(f"{ARITHMETIC} has a text that is too long or cannot be printed")
        return cls(**texts)

    def difference(self, other: Arithmetic) -> str:
        """Return in which of them `other` differs, in one line; empty if in none."""
        words = {"numpy": "NumPy {}", "blas": "{}", "kernels": "{} kernels", "vectors": "{}"}
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in words}
        parts = [
            f"{words[name].format(before or 'unknown')} before, {after or 'unknown'} here"
            for name, (before, after) in pairs.items()
            if before != after
        ]
        return f"goes on elsewhere, so its last digits differ: {', '.join(parts)}" if parts else ""


@cache
def arithmetic_here() -> Arithmetic:
    """Return what computes in this process."""
    config = np.show_config("dicts")
    assert config is not None  # a mapping, as it was asked for
    blas = config["Build Dependencies"]["blas"]
    found = config.get("SIMD Extensions", {})
    vectors = [*found.get("baseline", ()), *found.get("found", ())]
    name = " ".join(str(blas.get(key, "")) for key in ("name", "version"))
    return Arithmetic(np.__version__, name.strip(), _kernels(), vectors[-1] if vectors else "")


def _kernels() -> str:
    """Return the name of the kernels of the OpenBLAS that comes with NumPy; "" without one."""
    import ctypes

    for library in openblas_libraries():
        for name in _CORE_NAMES:
            if (core := getattr(library, name, None)) is not None:
                core.restype = ctypes.c_char_p
                return bytes(core() or b"").decode("ascii", "replace")
    return ""
