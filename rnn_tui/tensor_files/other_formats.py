"""Files of weights in other formats, known by their first bytes, and what to do with them.

None of them is ever read further: most can run code while they are read.
"""

from __future__ import annotations

LOOKED_AT = 512
"""Bytes from the beginning that are enough."""

_OF_TORCH = (
    "in Python, safetensors.torch.save_file(model.state_dict(), 'model.safetensors') makes a file "
    "that is read"
)
_OF_NUMPY = "in Python, safetensors.numpy.save_file({…: array, …}, 'model.safetensors') makes one"
_KERAS = (
    "in Python, save model.get_weights() with safetensors.numpy.save_file under PyTorch's names: "
    "weight_ih_l0 = kernel.T, weight_hh_l0 = recurrent_kernel.T, bias_ih_l0 = bias"
)
_BEGINNINGS = (
    (b"\x89HDF\r\n\x1a\n", f"it is an HDF5 file, as Keras saves (.h5); {_KERAS}"),
    (b"\x93NUMPY", f"it is an array of NumPy (.npy); {_OF_NUMPY}"),
    (b"GGUF", f"it is a GGUF file; {_OF_TORCH}"),
)
_PICKLE = "which can run code and is never loaded"


def refusal(start: bytes) -> str:
    """Return what a file is that begins with `start`, and what to do; "" if that is not known."""
    for beginning, reason in _BEGINNINGS:
        if start.startswith(beginning):
            return reason
    if start.startswith(b"PK\x03\x04"):
        return _archive(start)
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return f"it is a pickle (.pt, .pth, .pkl), {_PICKLE}; {_OF_TORCH}"
    if _is_onnx(start):
        return (
            "it is an ONNX model or another protocol buffer, whose operations are not read; from "
            f"the PyTorch model: {_OF_TORCH}"
        )
    return ""


def _archive(start: bytes) -> str:
    """Return what a ZIP archive is by the name of its first file, and what to do."""
    name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    if name.endswith(b".npy"):
        return f"it is an archive of NumPy's (.npz); {_OF_NUMPY}"
    if name in (b"metadata.json", b"config.json", b"model.weights.h5"):
        return f"it is a model of Keras (.keras); {_KERAS}"
    if b"/" in name and not name.startswith((b"xl/", b"_rels/", b"word/")):
        # <name>/data.pkl, before which there may be other files of <name>/
        return f"it is a file of torch.save (.pt, .pth), a pickle, {_PICKLE}; {_OF_TORCH}"
    return f"it is a ZIP archive; {_OF_TORCH}"


def _is_onnx(start: bytes) -> bool:
    """Return whether a file begins like ONNX: the version of its format, then text or the graph."""
    known = b"\x12\x1a\x22\x2a\x32\x3a\x42"  # tags of fields that may come next
    return (
        len(start) > 3
        and start[0] == 0x08
        and 1 <= start[1] <= 20
        and start[2] in known
        and (b"onnx" in start or b"pytorch" in start or b"tf2onnx" in start or start[2] == 0x3A)
    )
