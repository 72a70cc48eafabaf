"""What a checkpoint says of its data is checked: a file that says something else is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.format import CHECKSUM, CheckpointError
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.stored_network import load_network
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import compose

pytestmark = pytest.mark.usefixtures("elsewhere")

TABLE: dict[str, Any] = {
    "rows": [-1, 1.0, True, 10**13, 3],
    "trained": [121, 119, 3, "96"],
    "digest": ["", "x" * 64, 5],
    "content": ["", "AB" * 32, None],
    "targets": [[], ["a", "b"], "a", [1]],
    "inputs": [[], ["a", "b"]],
    "time": [None, 3],
    "offset": [[], [1, 2], ["1"], [True], [1e999]],
    "scale": [[0], [-1.0], [None], []],
    "difference": [True, 0, None],
    "times": [[], [None], ["2024-99-99"], ["NaT"], [1] * 65, "2024", [[1]], ["1" * 50]],
    "tokens": ["chars", "lines", None],
    "vocabulary": [[97], None, "ab"],
    "more": [1],
}
TEXT: dict[str, Any] = {
    "tokens": ["words", "bytes", ""],
    "vocabulary": [[], [97, 97], [-1], [0x110000], ["ab", 97], [""], [1.5], list(range(300))],
    "targets": [["a"]],
    "offset": [[1.0]],
    "trained": [1, 10**9],
}


def write_again(texts: dict[str, str], tensors: dict[str, np.ndarray[Any, Any]]) -> None:
    rest = {name: text for name, text in texts.items() if name != CHECKSUM}
    save_file(tensors, "other", {**rest, CHECKSUM: checksums(rest, tensors)})


def content(path: str) -> tuple[dict[str, str], dict[str, np.ndarray[Any, Any]]]:
    with safe_open(path, framework="np") as file:
        return dict(file.metadata()), load_file(path)


def refused() -> None:
    for read in (load, load_network):
        with pytest.raises(CheckpointError) as caught:
            read("other")
        assert "'other': " in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_said_of_a_table_is_checked() -> None:
    rows = "".join(f"{np.sin(0.3 * k):.4f}\n" for k in range(120))
    Path("a.csv").write_text(f"a\n{rows}")
    save("run", Trainer(compose({"task": "series", "data": "a.csv", "hidden": 2, "steps": 4})))
    texts, tensors = content("run")
    source = json.loads(texts["source"])
    for name, values in TABLE.items():
        for value in values:
            write_again({**texts, "source": json.dumps({**source, name: value})}, tensors)
            if (name, value) == ("digest", ""):
                continue
            refused()
    tail = tensors["source.tail"]
    for other in (tail[:5], np.column_stack([tail, tail]), tail[:, 0], tail.astype(np.float32)):
        write_again(texts, {**tensors, "source.tail": np.ascontiguousarray(other)})
        refused()
    write_again(texts, {name: each for name, each in tensors.items() if name != "source.tail"})
    refused()
    write_again({name: each for name, each in texts.items() if name != "source"}, tensors)
    refused()


def test_what_is_said_of_a_text_is_checked() -> None:
    save("run", Trainer(compose({"task": "text", "hidden": 2, "steps": 4, "batch": 1})))
    texts, tensors = content("run")
    source = json.loads(texts["source"])
    for name, values in TEXT.items():
        for value in values:
            write_again({**texts, "source": json.dumps({**source, name: value})}, tensors)
            refused()
