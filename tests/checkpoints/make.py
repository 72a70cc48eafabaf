"""Make the checkpoints of the present version, and record what the tests compare with.

Run it once when VERSION is raised: `python tests/checkpoints/make.py`. It writes files of that name
(`v3-rnn.safetensors`), what they lead to (`expected.json`), and the form of that version
(`formats.json`). What is there already stays as it is. The files of earlier versions were made by
the programs of that time: v1 and v2-early by those of the first day of the work, the other v2 by
the last program of version 2.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy is imported

sys.path.insert(0, str(Path(__file__).parent.parent))  # where it is run by itself

import numpy as np  # noqa: E402
from cases.case_support import case_arrays, write  # noqa: E402
from safetensors import safe_open  # noqa: E402

from rnn_tui.cases.reading import read_case  # noqa: E402
from rnn_tui.checkpoint.format import VERSION  # noqa: E402
from rnn_tui.checkpoint.loading import load  # noqa: E402
from rnn_tui.checkpoint.run_view import RunView, SavedBreakpoint, ScreenView  # noqa: E402
from rnn_tui.checkpoint.saving import save  # noqa: E402
from rnn_tui.engine.network.interventions import parse  # noqa: E402
from rnn_tui.engine.training.trainer import Trainer  # noqa: E402
from rnn_tui.layouts.new_trainer import new_trainer  # noqa: E402
from rnn_tui.places.bookmark import Bookmark  # noqa: E402
from rnn_tui.places.reading import parse_place  # noqa: E402
from rnn_tui.registry import PANELS  # noqa: E402
from rnn_tui.settings import DECLARATIONS, compose  # noqa: E402
from rnn_tui.tasks.case import case_settings  # noqa: E402

HERE = Path(__file__).parent
EXPECTED, FORMATS = HERE / "expected.json", HERE / "formats.json"
MORE_UPDATES = 5

VIEW = RunView(
    (SavedBreakpoint("loss<0.01", hits=2, waiting=True), SavedBreakpoint("t=3", enabled=False)),
    ScreenView("ledger", unit=2, operation=1, parameter=7, t=3),
    (
        Bookmark(parse_place("update 4 BACKWARD t=3 op 2 unit 2 panel ledger"), "where it shrinks"),
        Bookmark(parse_place("start")),
    ),
)
RUNS: dict[str, tuple[dict[str, Any], int, tuple[str, ...], str]] = {
    # name: settings, updates, what-ifs, then one letter for each further move
    "rnn": ({"hidden": 4, "steps": 6}, 30, (), ""),
    "lstm": (
        {"cell": "lstm", "hidden": 4, "steps": 5, "layers": 2, "optimizer": "adam", "batch": 2},
        12,
        ("f = 1", "h2_3 @2 = -0.25", "detach @4"),
        "ssssssssso",
    ),
    "gru": ({"cell": "gru", "hidden": 3, "steps": 4, "dtype": "float64"}, 9, (), "sso"),
    "peephole": (
        {"cell": "lstm-peephole", "hidden": 3, "optimizer": "rmsprop"},
        7,
        ("x @1 = 0",),
        "u",
    ),
    "text": ({"task": "text", "cell": "gru", "hidden": 4, "steps": 5}, 6, (), "su"),
    "range": ({"hidden": 4, "steps": 6, "layers": 2}, 8, ("h2_4[2:4] = 0.5",), "sss"),
    "case": ({"cell": "lstm", "layers": 2}, 4, (), "sso"),  # of a case, its sizes
}
TESTED = {"range": ((2, 0.75), (7, 0.5))}  # test losses by update


def make(name: str) -> Trainer:
    """Return the run called `name`, as it is saved."""
    chosen, updates, what_ifs, moves = RUNS[name]
    trainer = _on_case(chosen) if name == "case" else Trainer(compose(chosen))
    trainer.run(updates)
    for update, loss in TESTED.get(name, ()):
        trainer.history.tested.add(update, loss)
    for text in what_ifs:
        trainer.intervene(parse(text, trainer.network.declaration))
    for move in moves:
        {"s": trainer.step, "o": trainer.reveal, "u": trainer.finish_update}[move]()
    return trainer


def _on_case(sizes: dict[str, Any]) -> Trainer:
    """Return a run on a case with everything that a case can have."""
    arrays = case_arrays(**sizes) | {
        "loss": np.array(0.25, np.float32),
        "grad.readout.weight": np.full((2, 3), np.nan),
    }
    arrays = {name.replace("readout.", "fc."): array for name, array in arrays.items()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.safetensors"
        case = read_case(write(path, arrays, names='{"fc": "readout"}', reduction="sum"))
    return new_trainer(case_settings(case), case)


def outcome(path: Path) -> dict[str, Any]:
    """Return where a file's run stands and where it leads to."""
    trainer = load(path)
    result: dict[str, Any] = {
        "place": [trainer.updates, trainer.position, trainer.revealed],
        "held": [str(pin) for pin in trainer.network.pins],
        "weights": _digest(trainer.parameters),
    }
    trainer.finish_update()
    trainer.run(MORE_UPDATES)
    later = {"updates": trainer.updates, "loss": float(trainer.loss)}
    return {**result, **later, "later weights": _digest(trainer.parameters)}


def rounding() -> str:
    """Return a digest of products and functions as this machine rounds them."""
    random = np.random.Generator(np.random.PCG64(0))
    results: list[np.ndarray[Any, Any]] = []
    for dtype in (np.float32, np.float64):
        a: np.ndarray[Any, Any] = random.normal(size=(20, 33)).astype(dtype)
        b: np.ndarray[Any, Any] = random.normal(size=(33, 40)).astype(dtype)
        product = np.matmul(a, b)
        results += [product, np.matmul(a[0], b), np.tanh(product), np.exp(product)]
    return _digest(*results)


def present_format(folder: Path) -> dict[str, Any]:
    """Return the form of files of the present version: names, and what settings allow.

    Args:
        folder: where they are written first, unless they are there.
    """
    for name in RUNS:
        path = folder / f"v{VERSION}-{name}.safetensors"
        if not path.exists():
            save(path, make(name), VIEW if name == "rnn" else None)
    tensors, texts = {}, {}
    for name in RUNS:
        with safe_open(folder / f"v{VERSION}-{name}.safetensors", framework="np") as file:
            tensors[name] = sorted(file.keys())
            texts[name] = {text: _keys(value) for text, value in sorted(file.metadata().items())}
    return {
        "settings": settings_format(),
        "panels": PANELS.names,
        "tensors": tensors,
        "texts": texts,
    }


def settings_format() -> dict[str, list[Any]]:
    """Return the type of every setting by name, with what it allows."""
    return {
        name: [d.kind.__name__, d.low, d.high, list(d.choices)] for name, d in DECLARATIONS.items()
    }


def _keys(text: str) -> list[str] | str:
    """Return the names in a text that is a JSON object, or its first element's."""
    try:
        value = json.loads(text)
    except ValueError:
        return "text"
    value = value[0] if isinstance(value, list) and value else value
    return sorted(value) if isinstance(value, dict) else type(value).__name__


def _digest(*arrays: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def _write(path: Path, values: dict[str, Any]) -> None:
    """Write JSON with one line for each entry of each entry."""
    text = json.dumps(values, indent=2)
    lines = re.sub(r"\n {6,}|\n {4}(?=[\]}])", "", text)
    path.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    known, formats = (json.loads(path.read_text()) for path in (EXPECTED, FORMATS))
    form = present_format(HERE)
    found = {path.name: outcome(path) for path in sorted(HERE.glob("*.safetensors"))}
    _write(EXPECTED, {"rounding": rounding(), **known, "files": {**found, **known["files"]}})
    _write(FORMATS, {VERSION: form, **formats})
