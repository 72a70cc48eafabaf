"""`rnn_tui.Trainer.from_arrays`: one batch of the caller's, and every array that does not fit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.cases.case import Case
from rnn_tui.cases.writing import write_case

T, B, D, O, H, L = 4, 3, 2, 1, 3, 2  # noqa: E741
random = np.random.default_rng(0)
X, Y = random.normal(size=(T, B, D)), random.normal(size=(T, B, O))
SMALL: dict[str, Any] = {"hidden": H, "layers": L}


def test_a_batch_is_learned_over_and_over() -> None:
    x, y = X.copy(), Y.copy()
    trainer = rt.Trainer.from_arrays(x, y, **SMALL, optimizer="adam", lr=0.02, seed=1)
    x[...] = y[...] = 0
    losses = trainer.run(30)
    assert losses[-1] < losses[0]
    values = trainer.values
    assert np.array_equal(values["x"], X)
    assert np.array_equal(values["target"], Y)
    assert values["f2"].shape == (T, B, H)
    assert trainer.loss == pytest.approx(((values["y"] - Y) ** 2).mean())
    assert trainer.settings["dtype"] == "float64"
    assert rt.verify(trainer, most=3)
    assert (
        rt.Trainer.from_arrays(X.astype("f4"), Y.astype("f4"), hidden=2).settings["dtype"]
        == "float32"
    )


def test_mask_sum_start_and_weights_count() -> None:
    mask = random.random((T, B)) < 0.5
    mask[0, 0] = True
    starts: dict[str, Any] = {n: random.normal(size=(L, B, H)) for n in ("h0", "c0")}
    first = rt.Trainer.from_arrays(X, Y, **SMALL, seed=5)
    y = np.where(mask[..., None], Y, np.nan)
    trainer = rt.Trainer.from_arrays(
        X, y, **SMALL, mask=mask, reduction="sum", weights=first.parameters(), **starts
    )
    trainer.step("update")
    values = trainer.values
    assert np.array_equal(values["h2_prev"][0], starts["h0"][1])
    assert np.array_equal(values["c_prev"][0], starts["c0"][0])
    assert trainer.loss == pytest.approx(((values["y"] - Y) ** 2)[mask].sum())
    assert not values["dy"][~mask].any()
    assert rt.verify(trainer, most=3)


def test_weights_may_have_names_of_their_own() -> None:
    first = rt.Trainer.from_arrays(X, Y, **SMALL, seed=5)
    parts = {"rnn.": "encoder.lstm.", "readout.": "head."}
    renamed = {parts[n[: n.index(".") + 1]] + n[n.index(".") + 1 :]: a
               for n, a in first.parameters().items()}  # fmt: skip
    with pytest.warns(UserWarning, match=r"^weights: .*encoder\.lstm"):
        trainer = rt.Trainer.from_arrays(X, Y, **SMALL, weights=renamed)
    assert trainer.run(2).tolist() == first.run(2).tolist()
    names = {"encoder.lstm": "rnn", "head": "readout"}
    rt.Trainer.from_arrays(X, Y, **SMALL, weights=renamed, names=names)


def test_the_batch_may_come_first() -> None:
    mask = np.arange(T)[:, None] < [4, 2, 3]
    swapped = [a.swapaxes(0, 1) for a in (X, Y, mask)]
    one = rt.Trainer.from_arrays(X, Y, mask=mask, **SMALL)
    other = rt.Trainer.from_arrays(
        swapped[0], swapped[1], mask=swapped[2], **SMALL, batch_first=True
    )
    assert one.run(3).tolist() == other.run(3).tolist()
    assert other.values["x"].shape == (T, B, D)


def test_symbols_and_classes() -> None:
    x, y = random.integers(0, 5, (T, B)), random.integers(0, 4, (T, B))
    y[1, 2] = -100
    trainer = rt.Trainer.from_arrays(
        x, y, cell="gru", loss="cross-entropy", hidden=H, features=7, outputs=4
    )
    trainer.step("update")
    p = trainer.values["p"]
    assert trainer.values["x"].shape == (T, B, 7)
    counted = y >= 0
    expected = -np.log(np.take_along_axis(p, np.where(counted, y, 0)[..., None], 2))[..., 0]
    assert trainer.loss == pytest.approx(expected[counted].mean())
    found = rt.Trainer.from_arrays(x, np.abs(y) % 4, loss="cross-entropy", hidden=H)
    assert found.parameters()["rnn.weight_ih_l0"].shape == (4 * H, x.max() + 1)


def test_it_is_saved_with_its_batch(tmp_path: Path) -> None:
    trainer = rt.Trainer.from_arrays(X, Y, **SMALL)
    trainer.run(2)
    rt.save(trainer, tmp_path / "run.safetensors")
    again = rt.load(tmp_path / "run.safetensors")
    assert again.run(3).tolist() == trainer.run(3).tolist()


def test_a_case_file_is_loaded_at_its_beginning_and_never_replaced(tmp_path: Path) -> None:
    first = rt.Trainer.from_arrays(X, Y, **SMALL, optimizer="adagrad")
    weights = dict(first.parameters())
    case = Case(
        "lstm", "tanh", "mse", "mean", L, H, np.dtype("f8"), weights, tuple(weights), X, Y,
        np.ones((T, B), np.bool_), D, O,
    )  # fmt: skip
    path = tmp_path / "case.safetensors"
    write_case(path, case)
    trainer = rt.load(path)
    assert trainer.updates == 0
    assert trainer.run(3).tolist() == first.run(3).tolist()
    with pytest.raises(ValueError, match="cannot be written: it is the case file"):
        rt.save(trainer, path)
    with pytest.raises(ValueError, match="is a case file, which reads no data"):
        rt.load(path, data="data.csv")


class Unreadable:
    """As a tensor that requires a gradient."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("call detach()\nfirst")


def spoilt(array: Any, value: float) -> Any:
    """Return a copy with one other number, at [3, 0, 1]."""
    array = array.copy()
    array[3, 0, -1] = value
    return array


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"x": X[:, 0, 0]}, ValueError, r"x has the shape \(4,\); expected numbers \[T, B, D\].*; one"),
    ({"x": X[:, 0]}, ValueError, r"x has the shape \(4, 2\); .*; one .* x\[:, None, :\]$"),
    ({"x": X[:0]}, ValueError, r"x has the shape \(0, 3, 2\): there is nothing"),
    ({"x": X.astype(str)}, TypeError, "x is an array of <U32; expected real numbers"),
    ({"x": X + 1j}, TypeError, "x is an array of complex128; expected real numbers"),
    ({"x": [[1], [1, 2]]}, TypeError, "x cannot be read as an array: "),
    ({"x": Unreadable()}, TypeError, r"x cannot be read as an array: call detach\(\) first"),
    ({"x": spoilt(X, np.nan)}, ValueError, r"x\[3, 0, 1\] is nan; expected finite numbers"),
    ({"x": spoilt(X, 1e300), "dtype": "float32"}, ValueError, r"x\[3, 0, 1\] is 1e\+300, too"),
    ({"x": X.astype(int)[..., 0] - 5}, ValueError, r"x has the code -\d; expected 0 to "),
    ({"features": 3}, ValueError, "features=3, but x has 2 numbers each"),
    ({"y": Y[:3]}, ValueError, r"y has the shape \(3, 3, 1\); expected .* T=4, B=3 of x"),
    ({"y": Y[:, :2]}, ValueError, r"y has the shape \(4, 2, 1\); expected .* T=4, B=3 of x"),
    ({"y": Y[..., 0]}, ValueError, r"y has the shape \(4, 3\); expected numbers \[T, B, O\]"),
    ({"y": spoilt(Y, np.inf)}, ValueError, r"y\[3, 0, 0\] is inf; expected finite"),
    ({"outputs": 2}, ValueError, "outputs=2, but y has 1 numbers each"),
    ({"loss": "cross-entropy"}, TypeError, "y is float64; with the loss cross-entropy expected wh"),
    ({"loss": "cross-entropy", "y": np.full((T, B), -1)}, ValueError, "y has the class -1"),
    ({"loss": "cross-entropy", "y": np.full((T, B), 3), "outputs": 3}, ValueError, "the code 3; "),
    ({"loss": "cross-entropy", "y": np.full((T, B), -100)}, ValueError, "y is -100 wherever"),
    ({"loss": "l1"}, ValueError, "loss must be one of mse, cross-entropy, not 'l1'"),
    ({"reduction": "none"}, ValueError, "reduction must be one of mean, sum, not 'none'"),
    ({"mask": np.ones(T)}, ValueError, r"mask has the shape \(4,\); expected \(4, 3\), \[T, B\]"),
    ({"mask": np.zeros((T, B))}, ValueError, "mask is false everywhere"),
    ({"mask": np.full((T, B), 2)}, ValueError, "mask has 2; expected true and false"),
    ({"h0": np.zeros((1, B, H))}, ValueError, r"h0 has the shape \(1, 3, 3\); expected \(2, 3"),
    ({"cell": "gru", "c0": np.zeros((L, B, H))}, ValueError, "c0 was given, but the cell gru"),
    ({"weights": {"a": X}}, ValueError, "^weights: "),
    ({"weights": [X]}, TypeError, "weights is a list; expected arrays by name"),
    ({"weights": rt.Trainer.from_arrays(X, Y, hidden=4).parameters()}, ValueError, "has the shape"),
    ({"names": {"lstm": "rnn"}}, ValueError, "names say what parts of weights are called"),
    ({"x": np.ma.masked_array(X, X > 0)}, TypeError, "x is a masked array; fill it, and say by"),
    ({"loss": np.array(["mse"])}, ValueError, "loss must be one of mse, cross-entropy, not arr"),
    ({"hidden": np.int64(0)}, ValueError, "hidden must be a whole number from 1 to 4096, not 0"),
    ({"optimizer": "adam", "momentum": 0.5}, ValueError, "momentum 0.5 has no effect with optimi"),
    ({"clip": 1.0}, ValueError, "clip 1 has no effect with clip_by none; it needs clip_by value"),
    ({"cell": "LSTM"}, ValueError, "cell must be one of rnn, lstm, .*, not 'LSTM'"),
    ({"hidden": 0}, ValueError, "hidden must be a whole number from 1 to 4096, not 0"),
    ({"dtype": "float16"}, ValueError, "dtype must be one of float32, float64, not 'float16'"),
    ({"steps": 3}, TypeError, "steps cannot be chosen: it follows from the arrays"),
    ({"hiden": 3}, TypeError, "there is no setting 'hiden'"),
    (
        {"momentum": 2.0, "optimizer": "sgd"},
        ValueError,
        "momentum must be a number at least",
    ),
    ({"batch_first": True, "y": Y}, ValueError, r"y has .* expected numbers \[B, T, O\] with B=4"),
]


@pytest.mark.parametrize(("changes", "kind", "message"), WRONG)
def test_what_does_not_fit_is_named(
    changes: dict[str, Any], kind: type[Exception], message: str
) -> None:
    arguments = {"x": X, "y": Y, **SMALL, **changes}
    if arguments.get("batch_first"):
        arguments["y"] = Y.swapaxes(0, 1)
    with pytest.raises(kind, match=message) as raised:
        rt.Trainer.from_arrays(**arguments)
    assert "\n" not in str(raised.value)


def test_float64_beside_a_float32_x_is_said() -> None:
    narrow = X.astype(np.float32)
    with pytest.warns(
        UserWarning, match=r"y: float64 becomes float32, which x is; dtype='float64"
    ) as said:
        trainer = rt.Trainer.from_arrays(narrow, Y, **SMALL)
    assert said[0].filename == __file__
    assert trainer.settings["dtype"] == "float32"
    weights = {n: w.astype(np.float64) for n, w in trainer.parameters().items()}
    with pytest.warns(UserWarning, match="weights: float64 becomes"):
        rt.Trainer.from_arrays(narrow, Y.astype(np.float32), weights=weights, **SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rt.Trainer.from_arrays(narrow, Y.tolist(), **SMALL)
        for dtype in ("float32", "float64"):
            rt.Trainer.from_arrays(narrow, Y, dtype=dtype, **SMALL)
        rt.Trainer.from_arrays(X, Y, **SMALL)
