"""Case files: what is read of them, and the one line that is said of each fault."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases.case_support import FORMAT, batch_first, case_arrays, write

from rnn_tui.cases.case import Case
from rnn_tui.cases.names import weight_shapes
from rnn_tui.cases.reading import CaseError, read_case
from rnn_tui.cases.writing import write_case
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.layouts.torch_layout import network_names, network_shapes
from rnn_tui.registry import CELLS

ROOT = Path(__file__).resolve().parent.parent.parent


def with_theirs(layers: int = 2, **sizes: Any) -> dict[str, Any]:
    """Return a case with numbers of every kind that somebody can have computed."""
    arrays = case_arrays(layers=layers, **sizes)
    steps, batch, outputs = arrays["target"].shape
    hidden = arrays["readout.weight"].shape[1]
    random = np.random.default_rng(1)
    arrays["loss"] = np.array(0.5)
    for name in ("output", "grad.output"):
        arrays[name] = random.normal(size=(steps, batch, outputs))
    for name in ("h", "grad.c"):
        arrays[name] = random.normal(size=(layers, steps, batch, hidden))
    for name in ("c", "grad.h"):  # of the top layer alone
        arrays[name] = random.normal(size=(steps, batch, hidden))
    arrays["grad.rnn.weight_hh_l0"] = np.full_like(arrays["rnn.weight_hh_l0"], np.nan)
    return arrays


def assert_alike(one: Case, other: Case) -> None:
    for name in ("x", "target", "mask"):
        assert getattr(one, name).dtype == getattr(other, name).dtype, name
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("weights", "start", "theirs"):
        assert getattr(one, name).keys() == getattr(other, name).keys()
        for key, array in getattr(one, name).items():
            np.testing.assert_array_equal(array, getattr(other, name)[key], err_msg=key)
    for name in ("cell", "loss", "reduction", "layers", "hidden", "dtype", "features", "outputs"):
        assert getattr(one, name) == getattr(other, name), name


def test_arrays_in_float32_stay_so(tmp_path: Path) -> None:
    arrays = with_theirs() | {"x": np.full_like(with_theirs()["x"], 0.1, np.float32)}
    arrays["readout.bias"] = arrays["readout.bias"].astype(np.float32)
    case = read_case(write(tmp_path / "a", arrays))
    assert case.dtype == np.dtype(np.float64)
    assert case.single == {"x", "readout.bias"}
    write_case(tmp_path / "b", case)
    assert_alike(read_case(tmp_path / "b"), case)
    assert read_case(tmp_path / "b").single == case.single


@pytest.mark.parametrize("cell", CELLS.names)
def test_names_and_shapes_of_weights_are_those_of_checkpoints(cell: str) -> None:
    for layers in (1, 2):
        shapes = weight_shapes(cell, layers, 3, 4, 2)
        assert shapes == network_shapes(Architecture(cell, "tanh", 3, 4, 2, layers=layers))
        assert tuple(shapes) == network_names(cell, layers)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    arrays = with_theirs()
    case = read_case(write(tmp_path / "a", arrays, reduction="sum"))
    assert (case.layers, case.features, case.hidden, case.outputs) == (2, 2, 3, 2)
    assert (case.steps, case.batch, case.dtype.name, case.name) == (4, 3, "float64", "a")
    assert case.reduction == "sum"
    assert case.term_count == int(arrays["mask"].sum()) * 2
    assert case.theirs["h"].shape == (2, 4, 3, 3)
    np.testing.assert_array_equal(case.theirs["c"], arrays["c"])
    assert np.isnan(case.theirs["grad.rnn.weight_hh_l0"]).all()
    first = write(tmp_path / "b", batch_first(arrays), reduction="sum", batch_first="True")
    assert_alike(read_case(first), case)
    assert read_case(first).batch_first
    names = {"lstm": "rnn", "fc": "readout", "inputs": "x"}
    spelled = {
        re.sub(r"(^|\.)rnn\.", r"\1lstm.", name).replace("readout.", "fc."): array
        for name, array in arrays.items()
    }
    spelled["inputs"] = spelled.pop("x")
    named = read_case(write(tmp_path / "c", spelled, reduction="sum", names=json.dumps(names)))
    assert_alike(named, case)
    assert named.spelling["readout.weight"] == "fc.weight"
    for batch in (True, False):
        write_case(tmp_path / "d", named, names={"lstm": "rnn"}, batch_first=batch)
        assert_alike(read_case(tmp_path / "d"), case)


def test_codes_classes_and_any_kind_of_mask(tmp_path: Path) -> None:
    arrays = case_arrays("gru", codes=True, classes=True, dtype="float32")
    mask = arrays["mask"]
    cases = []
    for kind in ("bool", "uint8", "int64", "float32", "float16"):
        for codes in ("uint8", "int16", "int64"):
            changed = {**arrays, "mask": mask.astype(kind)}
            changed |= {name: arrays[name].astype(codes) for name in ("x", "target")}
            path = write(tmp_path / "case", changed, cell="gru", loss="cross-entropy")
            cases.append(read_case(path))
    for case in cases:
        assert_alike(case, cases[0])
    assert cases[0].x.dtype == np.int64
    np.testing.assert_array_equal(cases[0].target, np.where(mask, arrays["target"], -1))
    assert cases[0].dtype == np.float32
    del arrays["mask"]
    arrays["target"][~mask] = -100
    assert_alike(
        read_case(write(tmp_path / "case", arrays, cell="gru", loss="cross-entropy")), cases[0]
    )


def test_a_case_without_biases_mask_and_states(tmp_path: Path) -> None:
    arrays = case_arrays("rnn", dtype="float16")
    for name in [n for n in arrays if "bias" in n or n in ("mask", "h0")]:
        del arrays[name]
    case = read_case(write(tmp_path / "case", arrays, cell="rnn", activation="relu"))
    assert case.mask.all()
    assert not case.start
    assert (case.activation, case.dtype.name) == ("relu", "float32")
    assert case.given_weights == ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "readout.weight")
    assert not any(case.weights[name].any() for name in case.weights if "bias" in name)
    arrays["h0"] = np.ones((3, 3), np.float32)  # of one layer, as its cell has it
    found = read_case(write(tmp_path / "case", arrays, cell="rnn"))
    assert found.start["h"].shape == (1, 3, 3)


def test_bfloat16_is_read_as_float32(tmp_path: Path) -> None:
    arrays = case_arrays("rnn", dtype="float32") | {"loss": np.array(0.5, np.float32)}
    header: dict[str, Any] = {"__metadata__": {"format": FORMAT, "cell": "rnn", "loss": "mse"}}
    content = b""
    for name, array in arrays.items():
        narrow = array.dtype == np.float32
        stored = (array.view(np.uint32) >> 16).astype(np.uint16) if narrow else array
        start, content = len(content), content + stored.tobytes()
        place = [start, len(content)]
        kind = "BF16" if narrow else "BOOL"
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": place}
    text = json.dumps(header).encode()
    path = tmp_path / "a"
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)
    case = read_case(path)
    assert case.narrow == {"loss"}
    assert case.theirs["loss"] == 0.5
    np.testing.assert_allclose(case.x, arrays["x"], rtol=1 / 128)


def test_names_of_weights_are_found(tmp_path: Path) -> None:
    arrays = {
        name.replace("rnn.", "net.lstm.").replace("readout.", "head."): array
        for name, array in with_theirs().items()
    }
    case = read_case(write(tmp_path / "case", arrays))
    assert case.assumed == "net.lstm as rnn, head as readout"
    assert_alike(case, read_case(write(tmp_path / "b", with_theirs())))


Change = Callable[[dict[str, Any], dict[str, str]], object]


def put(name: str, array: Any) -> Change:
    return lambda arrays, texts: arrays.update({name: np.asarray(array)})


def left_out(name: str) -> Change:
    return lambda arrays, texts: arrays.pop(name)


def says(**changes: str) -> Change:
    return lambda arrays, texts: texts.update(changes)


FAULTS: list[tuple[Change, str]] = [
    (says(format=""), "it is no case file: its metadata lack 'format', 'rnn-tui case 1'"),
    (says(format="rnn-tui case 2"), "its format is 'rnn-tui case 2'; expected 'rnn-tui case 1'"),
    (says(cell=""), "its metadata lack 'cell', one of rnn, lstm, gru,"),
    (says(cell="LSTM"), "its metadata 'cell' are 'LSTM'; expected one of rnn, lstm, gru,"),
    (says(loss="bce"), "its metadata 'loss' are 'bce'; expected one of mse, cross-entropy"),
    (says(reduction="none"), "its metadata 'reduction' are 'none'; expected one of mean, sum"),
    (says(activation="relu"), "its metadata 'activation': the cell lstm has no other than tanh"),
    (says(batch_first="yes"), "'batch_first' are 'yes'; expected one of false, true"),
    (says(reducton="sum"), "its metadata 'reducton' are unknown; expected format, cell, loss,"),
    (says(names="[]"), "its metadata 'names' are not a JSON object"),
    (says(names='{"lsmt": "rnn"}'), "'names': no tensor's name begins with 'lsmt'"),
    (says(names='{"h0": "c0"}'), "tensors 'c0' and 'h0' are both c0: leave one out"),
    (says(names='{"rnn": "readout"}'), "names call 'rnn' 'readout', but that is recurrent weights"),
    (
        says(names='{"rnn": "readout", "readout": "rnn"}'),
        "names call 'rnn' 'readout', but that is recurrent weights",
    ),
    (put("rnn.weight_ih_l0_reverse", [[0.0]]), "it is bidirectional ('rnn.weight_ih_l0_reverse')"),
    (put("rnn.weight_hr_l0", [[0.0]]), "it has a projection, proj_size ('rnn.weight_hr_l0')"),
    (put("lstm/recurrent_kernel:0", [[0.0]]), "its names are Keras' ('lstm/recurrent_kernel:0')"),
    (
        says(cell="gru"),
        "tensor 'rnn.weight_ih_l0' has shape (12, 2); expected (9, 2): gru",
    ),
    (says(loss="cross-entropy"), "tensor 'target' has shape (4, 3, 2); expected (4, 3): (T, B) of"),
    (left_out("rnn.weight_hh_l0"), "tensor rnn.weight_hh_l0 is missing, of the cell lstm"),
    (left_out("x"), "tensor x is missing"),
    (left_out("target"), "tensor target is missing"),
    (put("y", [1.0]), "tensor 'y' is unknown; expected the weights of the cell lstm"),
    (put("grad.x", [1.0]), "tensor 'grad.x' is unknown;"),
    (put("h0", np.zeros((2, 3, 3))), "'h0' has shape (2, 3, 3); expected (1, 3, 3) or (3, 3)"),
    (put("x", np.zeros((4, 3, 5))), "'x' has shape (4, 3, 5); expected (4, 3, 2): (T, B, D) with"),
    (put("x", np.zeros((4, 3))), "tensor 'x' has shape (4, 3); expected floats (T, B, D)"),
    (put("x", np.zeros((4, 0, 2))), "tensor 'x' has shape (4, 0, 2); expected floats (T, B, D)"),
    (put("x", np.full((4, 3), 2)), "tensor 'x' has the code 2; expected 0 to 1"),
    (put("x", np.full((4, 3, 2), np.nan)), "tensor 'x' holds nan; every number must be finite"),
    (put("x", np.zeros((4, 3), bool)), "tensor 'x' is bool; expected whole numbers: codes"),
    (put("target", np.zeros((4, 3, 2), int)), "tensor 'target' is int64; expected floats"),
    (
        put("target", np.zeros((3, 4, 2))),
        "(3, 4, 2); expected (4, 3, 2): (T, B, O) of the loss",
    ),
    (
        put("target", np.zeros((3, 4, 2))),
        "or is the other order meant, see the metadata",
    ),
    (
        put("h0", np.zeros((1, 4, 3))),
        "or is the other order meant, see the metadata",
    ),
    (put("mask", np.full((4, 3), 0.5)), "tensor 'mask' has the number 0.5; expected 0 and 1"),
    (put("mask", np.zeros((4, 3))), "tensor 'mask' is 0 everywhere; expected a 1"),
    (put("mask", np.ones(4)), "tensor 'mask' has shape (4,); expected (4, 3): (T, B)"),
    (put("output", np.zeros((4, 3))), "'output' has shape (4, 3); expected (4, 3, 2)"),
    (put("grad.h", np.zeros((4, 3, 4))), "expected (1, 4, 3, 3) or (4, 3, 3)"),
    (put("loss", np.zeros((), int)), "tensor 'loss' is int64; expected floats"),
    (put("rnn.weight_ih_l8", [0.0]), "its weights are of 9 layers; at most 8 are possible"),
    (put("rnn.weight_ih_l1", np.zeros((12, 3))), "tensor rnn.weight_hh_l1 is missing"),
]


@pytest.mark.parametrize(("change", "said"), FAULTS, ids=[said[:40] for _, said in FAULTS])
def test_each_fault_is_one_line_that_names_it(tmp_path: Path, change: Change, said: str) -> None:
    arrays, texts = case_arrays(), dict[str, str]()
    change(arrays, texts)
    with pytest.raises(CaseError, match=re.escape(said)) as caught:
        read_case(write(tmp_path / "my case", arrays, **texts))
    line = str(caught.value)
    assert line.startswith(f"'{tmp_path / 'my case'}': ")
    assert line.isprintable()


def test_a_state_that_the_cell_lacks_is_said(tmp_path: Path) -> None:
    arrays = case_arrays("gru") | {"c0": np.zeros((1, 3, 3))}
    with pytest.raises(CaseError, match="'c0': the cell gru has no state c"):
        read_case(write(tmp_path / "case", arrays, cell="gru"))


def test_the_examples_of_the_page_are_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/case-files.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(block, scope)
    assert read_case("case.safetensors").steps == 6
    masked = read_case("masked.safetensors")
    assert masked.mask.sum(axis=0).tolist() == [6, 4]
    assert masked.symbols
