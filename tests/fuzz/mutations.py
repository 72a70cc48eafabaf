"""Mutations of checkpoints, tables and texts: damage, and changes that a checksum does not find."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.format import CHECKSUM
from rnn_tui.settings import DECLARATIONS
from rnn_tui.tensor_files.content import FLOATS, WHOLE_NUMBERS

METADATA = "__metadata__"
NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 7, 12, 255, 4096, 5000, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 10**15),
    *(10**15 + 1, 2**63 - 1, 2**63, 2**64, 10**40, 0.0, -0.0, 0.5, 1.0, 1e-300, 1e308, -1e308),
    *(float("inf"), float("nan"), True, False, None, "", "0", "x", "\0", "\ud800", [], [[]], {}),
    *([0], {"a": 1}, "/etc/passwd", "../x", "9" * 5000, "[" * 2000, "\x1b[2J", "é" * 300),
)


@dataclass
class File:
    """A checkpoint in its parts, to be changed."""

    texts: dict[str, str]
    tensors: dict[str, tuple[str, list[Any], bytes]]  # dtype, shape and bytes, by name

    @classmethod
    def of(cls, content: bytes) -> File:
        """Take a safetensors file apart."""
        length = int.from_bytes(content[:8], "little")
        header, rest = json.loads(content[8 : 8 + length]), content[8 + length :]
        texts = header.pop(METADATA, {})
        return cls(
            texts,
            {
                name: (entry["dtype"], entry["shape"], rest[slice(*entry["data_offsets"])])
                for name, entry in header.items()
            },
        )

    def to_bytes(self, *, seal: bool) -> bytes:
        """Put the file together; with `seal`, the checksum finds no fault with it."""
        texts = dict(self.texts)
        if seal and CHECKSUM in texts:
            texts[CHECKSUM] = self._checksums()
        header: dict[str, Any] = {METADATA: texts}
        start = 0
        for name, (dtype, shape, content) in self.tensors.items():
            end = start + len(content)
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
            start = end
        text = json.dumps(header).encode()
        tensors = b"".join(content for _, _, content in self.tensors.values())
        return len(text).to_bytes(8, "little") + text + tensors

    def _checksums(self) -> str:
        arrays = {}
        for name, (dtype, shape, content) in self.tensors.items():
            try:
                kind = (FLOATS | WHOLE_NUMBERS)[dtype]
                arrays[name] = np.frombuffer(content, kind).reshape(shape)
            except (KeyError, TypeError, ValueError):  # no array; then it is refused before
                arrays[name] = np.zeros(0, np.float32)
        return checksums(self.texts, arrays)


Mutation = Callable[[File, random.Random], None]


def change_setting(file: File, chance: random.Random) -> None:
    """Give a setting another value, often one that is allowed."""
    declaration = chance.choice(list(DECLARATIONS.values()))
    values: list[Any] = [*NUMBERS, declaration.default, *declaration.choices * 5]
    if declaration.low is not None and declaration.high is not None:
        near = [declaration.low, declaration.high, (declaration.low + declaration.high) / 2]
        near += [chance.uniform(declaration.low, min(declaration.high, 40)) for _ in range(20)]
        values += [int(value) if declaration.kind is int else value for value in near]
    set_entry(file, "settings", [declaration.name], chance.choice(values))


def change_number(file: File, chance: random.Random) -> None:
    """Change, drop or add a value at any depth of a JSON text."""
    name = chance.choice([name for name in file.texts if name != CHECKSUM] or [""])
    try:
        values = json.loads(file.texts[name])
    except (KeyError, ValueError):
        file.texts[name] = chance.choice(["", "1", "null", "{", "[]", "{}", "NaN", "[" * 500])
        return
    path: list[Any] = []
    place = values
    while isinstance(place, dict | list) and place and (not path or chance.random() < 0.7):
        path.append(
            chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
        )
        place = place[path[-1]]
    if isinstance(place, int | float) and not isinstance(place, bool) and chance.random() < 0.5:
        new: Any = place + chance.choice([1, -1, 2, 1024, -place])
    else:
        new = chance.choice(NUMBERS)
    set_entry(file, name, path, new, drop=chance.random() < 0.1)


def set_entry(file: File, name: str, path: list[Any], value: Any, *, drop: bool = False) -> None:
    """Set, or drop, one entry of the JSON text called `name`."""
    try:
        values = json.loads(file.texts[name])
        place = values
        for key in path[:-1]:
            place = place[key]
        if not path:
            values = value
        elif drop:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        file.texts[name] = json.dumps(values)
    except (KeyError, TypeError, IndexError, ValueError):
        file.texts[name] = str(value)


def change_text(file: File, chance: random.Random) -> None:
    """Drop, add, swap or damage a text of the metadata."""
    names = [name for name in file.texts if name != CHECKSUM]
    if not names:
        return
    one, other = chance.choice(names), chance.choice(names)
    match chance.randrange(5):
        case 0:
            del file.texts[one]
        case 1:
            file.texts[one], file.texts[other] = file.texts[other], file.texts[one]
        case 2:
            file.texts[chance.choice(["custom_task", "window", "view", "held", "more"])] = "{}"
        case 3:
            text = file.texts[one]
            at = chance.randrange(len(text) + 1)
            file.texts[one] = text[:at] + chance.choice('0123456789{}[]",:-eE. nN') + text[at + 1 :]
        case 4:
            file.texts["version"] = chance.choice(["0", "1", "2", "3", "4", "99", "", "-1", "1e9"])


def change_shape(file: File, chance: random.Random) -> None:
    """Give a tensor another shape; its bytes fit, or do not."""
    if not file.tensors:
        return
    name = chance.choice(list(file.tensors))
    dtype, shape, content = file.tensors[name]
    sizes: list[Any] = [0, 1, 2, 3, 5, 8, 100, 5000]
    match chance.randrange(5):
        case 0:
            shape = []
        case 1:
            shape = [chance.choice(sizes) for _ in range(chance.randrange(9))]
        case 2:
            shape = [*shape, 1]
        case 3:
            shape = shape[::-1]
        case 4:
            odd: list[Any] = [[-1], [2**62], [1.5], None, "x", [True], [[1]], [2**32] * 3]
            shape = chance.choice(odd)
    if chance.random() < 0.8:
        try:
            size = math.prod(shape) * int(dtype[1:]) // 8
        except (TypeError, ValueError):
            size = len(content)
        if isinstance(size, int) and 0 <= size <= 2**20:
            content = (content * (size // max(len(content), 1) + 1))[:size].ljust(size, b"\0")
    file.tensors[name] = (dtype, shape, content)


def change_tensors(file: File, chance: random.Random) -> None:
    """Drop, add, rename, swap or retype a tensor."""
    if len(file.tensors) < 2:
        return
    one, other = chance.sample(list(file.tensors), 2)
    match chance.randrange(6):
        case 0:
            del file.tensors[one]
        case 1:
            file.tensors[one], file.tensors[other] = file.tensors[other], file.tensors[one]
        case 2:
            file.tensors[chance.choice(["extra", "state.x", "", "\n", "optimizer.q"])] = (
                file.tensors[one]
            )
        case 3:
            file.tensors[one + "x"] = file.tensors.pop(one)
        case 4:
            dtype = chance.choice(["F16", "F32", "F64", "I64", "BF16", "BOOL", "", "F128"])
            file.tensors[one] = (dtype, *file.tensors[one][1:])
        case 5:
            items = list(file.tensors.items())
            chance.shuffle(items)
            file.tensors = dict(items)


def change_values(file: File, chance: random.Random) -> None:
    """Put extreme numbers into a tensor."""
    names = [name for name, entry in file.tensors.items() if entry[2]]
    if not names:
        return
    name = chance.choice(names)
    dtype, shape, content = file.tensors[name]
    if dtype not in FLOATS:
        return
    array = np.frombuffer(content, FLOATS[dtype]).copy()
    info = np.finfo(array.dtype)
    extremes = [0, 1, -1, info.max, -info.max, info.tiny, info.smallest_subnormal, 1e10, -1e-10]
    value = chance.choice([*extremes, *extremes, math.inf, math.nan])
    at = slice(None) if chance.random() < 0.4 else chance.randrange(len(array))
    array[at] = value
    file.tensors[name] = (dtype, shape, array.tobytes())


STRUCTURED: tuple[Mutation, ...] = (
    *(change_setting, change_setting, change_number, change_number, change_number),
    *(change_text, change_shape, change_tensors, change_values, change_values),
)


def mutated_checkpoint(content: bytes, chance: random.Random) -> bytes:
    """Return a checkpoint with one to three changes."""
    if chance.random() < 0.25:
        return damaged(content, chance)
    file = File.of(content)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        chance.choice(STRUCTURED)(file, chance)
    content = file.to_bytes(seal=chance.random() < 0.9)
    return damaged(content, chance) if chance.random() < 0.05 else content


CASE_TEXTS: dict[str, tuple[str, ...]] = {
    "cell": ("rnn", "lstm", "gru", "neuron", "lstm-peephole", "LSTM", ""),
    "loss": ("mse", "cross-entropy", "nll", ""),
    "activation": ("tanh", "relu", "selu"),
    "reduction": ("mean", "sum", "none"),
    "batch_first": ("true", "false", "True", "1"),
    "names": ("{}", '{"rnn": "rnn"}', '{"rnn": "readout"}', '{"x": "target"}', "[]", '{"a": 1}'),
    "format": ("rnn-tui case 1", "rnn-tui case 2", "rnn-tui checkpoint", "pt"),
}


def change_case(file: File, chance: random.Random) -> None:
    """Say something else of a case, or put whole numbers into one of its tensors."""
    if chance.random() < 0.5:
        name = chance.choice(list(CASE_TEXTS))
        file.texts[name] = chance.choice(CASE_TEXTS[name])
        return
    name = chance.choice(list(file.tensors) or [""])
    dtype, shape, content = file.tensors.get(name, ("", [], b""))
    if dtype not in WHOLE_NUMBERS or not content:
        return
    array: np.ndarray[Any, Any] = np.frombuffer(content, WHOLE_NUMBERS[dtype]).copy()
    array[chance.randrange(len(array))] = chance.choice([0, 1, 2, 3, 100])
    file.tensors[name] = (dtype, shape, array.tobytes())


def mutated_case(content: bytes, chance: random.Random) -> bytes:
    """Return a case file with one to three changes."""
    if chance.random() < 0.2:
        return damaged(content, chance)
    file = File.of(content)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        wishes = (change_case, change_case, change_shape, change_tensors, change_values)
        chance.choice(wishes)(file, chance)
    return file.to_bytes(seal=False)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return bytes with bits flipped, cut off, moved, repeated, or with another header length."""
    data = bytearray(content)
    match chance.randrange(6):
        case 0 | 1:
            for _ in range(chance.choice([1, 1, 2, 8])):
                bit = chance.randrange(8 * len(data))
                data[bit // 8] ^= 1 << bit % 8
        case 2:
            del data[chance.randrange(len(data) + 1) :]
        case 3:
            start = chance.randrange(len(data))
            del data[start : start + chance.randrange(1, 64)]
        case 4:
            start = chance.randrange(len(data))
            data[start:start] = data[start : start + chance.randrange(1, 4000)]
        case 5:
            length = chance.choice([0, 1, len(data), 2**20, 2**30, 2**63, chance.randrange(9000)])
            data[:8] = length.to_bytes(8, "little")
    return bytes(data)


# ---------------------------------------------------------------- tables and texts

PIECES = (
    *(b",", b";", b"\t", b"\n", b"\r", b"\r\n", b'"', b'""', b" ", b"\0", b"\xef\xbb\xbf", b"\xff"),
    *(b"nan", b"inf", b"-inf", b"1e999", b"1e308", b"-1e308", b"1e-320", b"0x10", b"1_000", b"1,5"),
    *(b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xe2\x80\xa8", b"\x1b[2J", b"\x85", b"\xc2\x85"),
    *(b"y", b"-", b"+", b".", b"e", b"9" * 400, b'"' * 50, b"," * 50, b"\n" * 50, b"\x1a"),
    *("１２".encode(), "é".encode("latin-1"), "x".encode("utf-16"), b"#", b"'", b"1\n" * 200),
)


def mutated_data(content: bytes, chance: random.Random) -> bytes:
    """Return a table or a text with pieces put in, bytes replaced, or parts cut and repeated."""
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 4, 12])):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 | 1:
                data[at:at] = chance.choice(PIECES)
            case 2:
                data[at : at + chance.randrange(1, 9)] = chance.choice(PIECES)
            case 3:
                del data[at : at + chance.randrange(1, 200)]
            case 4:
                data[at:at] = data[at : at + chance.randrange(1, 500)] * chance.choice([1, 3])
            case 5:
                data[at : at + 1] = bytes([chance.randrange(256)])
    if chance.random() < 0.05:
        del data[chance.randrange(len(data) + 1) :]
    return bytes(data)


def random_data(chance: random.Random) -> bytes:
    """Return any bytes, from several kinds of alphabet."""
    size = chance.choice([0, 1, 2, 10, 300, 5000])
    match chance.randrange(4):
        case 0:
            return chance.randbytes(size)
        case 1:
            return b"".join(chance.choice(PIECES) for _ in range(size // 4))
        case 2:
            return "".join(chr(chance.choice([65, 66, 10, 0x1F600])) for _ in range(size)).encode()
        case _:
            return b"\n".join(b"%d" % chance.randrange(-999, 999) for _ in range(size // 4))
