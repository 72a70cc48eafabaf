"""`rnn_tui.dump`: what it stores of every kind of module, what it leaves alone, what it refuses."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.api.dump import dump
from rnn_tui.cases.case import Case
from rnn_tui.cases.reading import read_case
from rnn_tui.checks.compute import compute

pytestmark = pytest.mark.torch

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
SIZES = {"tanh": "RNN", "relu": "RNN", "lstm": "LSTM", "gru": "GRU"}


@pytest.fixture
def torch() -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
    torch.manual_seed(11)
    return torch


def module(torch: Any, kind: str, D: int = 4, H: int = 3, **options: Any) -> Any:
    if kind in ("tanh", "relu"):
        options["nonlinearity"] = kind
    return getattr(torch.nn, SIZES[kind])(D, H, **options)


def assert_agrees(case: Case) -> None:
    """Check that everything of theirs is what we compute."""
    ours = compute(case)
    for name, theirs in case.theirs.items():
        own = np.asarray(ours[name])
        if own.ndim > theirs.ndim:  # of the top layer alone
            own = own[-1]
        largest = max(np.abs(theirs).max(), 1e-30)
        error = np.abs(own - theirs).max() / largest
        assert error < TOLERANCE[case.dtype.name], name


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", SIZES)
def test_modules(tmp_path: Path, torch: Any, kind: str, layers: int, loss: str) -> None:
    path = tmp_path / "case.safetensors"
    ways = itertools.product([True, False], [True, False], ["float32", "float64"])
    for bias, batch_first, dtype in ways:
        options = {"bias": bias, "batch_first": batch_first, "dtype": getattr(torch, dtype)}
        rnn = module(torch, kind, num_layers=layers, **options)
        readout = torch.nn.Linear(3, 5, bias=batch_first, dtype=options["dtype"])
        order = (2, 6) if batch_first else (6, 2)
        x = torch.randn(*order, 4, dtype=options["dtype"])
        target = torch.randn(*order, 5, dtype=options["dtype"])
        if loss == "cross-entropy":
            target = torch.randint(0, 5, order)
        start: dict[str, Any] = {}
        if not bias:
            start["h0"] = torch.randn(layers, 2, 3, dtype=options["dtype"])
        if not bias and kind == "lstm":
            start["c0"] = torch.randn(layers, 2, 3, dtype=options["dtype"])
        mask = torch.rand(order) < 0.7 if dtype == "float64" else None
        reduction = "sum" if bias else "mean"
        dump(path, rnn, readout, x, target, loss, reduction=reduction, mask=mask, **start)
        case = read_case(path)
        assert (case.layers, case.steps, case.batch) == (layers, 6, 2)
        assert case.dtype.name == dtype
        assert {"loss", "output", "h", "grad.output"} <= case.theirs.keys()
        weights = {f"grad.rnn.{name}" for name, _ in rnn.named_parameters()}
        weights |= {f"grad.readout.{name}" for name, _ in readout.named_parameters()}
        assert weights == {n for n in case.theirs if n[:5] == "grad."} - {"grad.output"}
        assert_agrees(case)


@pytest.mark.long
def test_random_modules(tmp_path: Path, torch: Any) -> None:
    random = np.random.default_rng(2016)
    for _ in range(1000):
        kind, loss = random.choice(list(SIZES)), random.choice(["mse", "cross-entropy"])
        dtype = getattr(torch, random.choice(["float32", "float64"]))
        bias, first, sums, codes, masked, starts = (bool(bit) for bit in random.integers(0, 2, 6))
        T, B, D, H, wide, layers = (int(n) for n in random.integers(1, (9, 5, 6, 8, 5, 4)))
        rnn = module(
            torch, kind, D, H, num_layers=layers, bias=bias, batch_first=first, dtype=dtype
        )
        readout = torch.nn.Linear(H, wide, bias=bool(random.integers(0, 2)), dtype=dtype)
        order = (B, T) if first else (T, B)
        x = torch.randint(0, D, order) if codes else torch.randn(*order, D, dtype=dtype)
        target = torch.randn(*order, wide, dtype=dtype)
        if loss == "cross-entropy":
            target = torch.randint(0, wide, order)
        options: dict[str, Any] = {"reduction": "sum" if sums else "mean"}
        if masked:
            options["mask"] = torch.rand(order) < 0.6
            options["mask"][0, 0] = True
        names = ("h0", "c0") if kind == "lstm" else ("h0",)
        if starts:
            options |= {name: torch.randn(layers, B, H, dtype=dtype) for name in names}
        dump(tmp_path / "case", rnn, readout, x, target, str(loss), **options)
        found = rt.check(tmp_path / "case")
        assert found, f"{found}\n{rnn} {options}"


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_loops_of_cells(tmp_path: Path, torch: Any, kind: str, layers: int) -> None:
    make = getattr(torch.nn, kind)
    cells = [make(4 if k == 0 else 3, 3, dtype=torch.float64) for k in range(layers)]
    readout = torch.nn.Linear(3, 2, dtype=torch.float64)
    x, target = (torch.randn(6, 2, n, dtype=torch.float64) for n in (4, 2))
    dump(tmp_path / "run", {"cells": cells}, readout, x, target)
    case = read_case(tmp_path / "run")
    assert case.theirs["grad.h"].shape == case.theirs["h"].shape == (layers, 6, 2, 3)
    assert ("c" in case.theirs) == (kind == "LSTMCell")
    assert_agrees(case)
    # A loop of one's own: its numbers are stored, whatever they are, and its graph stays.
    h = [[torch.zeros(2, 3, dtype=torch.float64)] for _ in cells]
    c = [[torch.zeros(2, 3, dtype=torch.float64)] for _ in cells]
    for below in x:
        for k, cell in enumerate(cells):
            if kind == "LSTMCell":
                below, last = cell(below, (h[k][-1], c[k][-1]))
                c[k].append(last)
            else:
                below = cell(below, h[k][-1])
            h[k].append(below)
    h, c = [states[1:] for states in h], [states[1:] for states in c]
    y = readout(torch.stack(h[-1]))
    loss = ((y - target) ** 2).sum()
    own = {"cells": cells, "h": h if layers > 1 else h[0], "output": y, "loss": loss}
    if kind == "LSTMCell":
        own["c"] = c if layers > 1 else c[0]
    dump(tmp_path / "own", own, readout, x, target, reduction="sum")
    assert_agrees(read_case(tmp_path / "own"))
    dump(tmp_path / "own", own, readout, x, target)  # the mean, they say
    whole, mean = read_case(tmp_path / "own"), case.theirs["grad.h"]
    np.testing.assert_allclose(whole.theirs["grad.h"], mean * target.numel(), rtol=1e-12)
    loss.backward()


def test_nothing_of_the_callers_changes(tmp_path: Path, torch: Any) -> None:
    rnn = module(torch, "gru", num_layers=2, dropout=0.5).eval()
    readout = torch.nn.Linear(3, 2)
    rnn.weight_ih_l0.requires_grad_(False)
    x = torch.randn(6, 2, 4, requires_grad=True)
    target = torch.randn(6, 2, 2)
    readout(rnn(x)[0]).sum().backward()
    parameters = [*rnn.parameters(), *readout.parameters()]
    kept = [None if p.grad is None else (p.grad, p.grad.clone()) for p in parameters]
    values, required = [p.clone() for p in parameters], [p.requires_grad for p in parameters]
    random = torch.random.get_rng_state()
    for context in (torch.no_grad(), torch.inference_mode(), torch.enable_grad()):
        with context:
            dump(tmp_path / "case", rnn, readout, x, target)
    assert torch.equal(random, torch.random.get_rng_state())
    assert (rnn.training, readout.training) == (False, True)
    assert [p.requires_grad for p in parameters] == required
    assert all(torch.equal(p, value) for p, value in zip(parameters, values, strict=True))
    for parameter, grad in zip(parameters, kept, strict=True):
        same = parameter.grad is None if grad is None else parameter.grad is grad[0]
        assert same
        assert grad is None or torch.equal(*grad)
    assert "grad.rnn.weight_ih_l0" in read_case(tmp_path / "case").theirs
    assert_agrees(read_case(tmp_path / "case"))


def test_codes_lengths_and_last_timesteps(tmp_path: Path, torch: Any) -> None:
    path = tmp_path / "case"
    rnn, readout = module(torch, "lstm", batch_first=True), torch.nn.Linear(3, 5)
    rnn, readout = rnn.double(), readout.double()
    codes, classes = torch.randint(0, 4, (2, 6)), torch.randint(0, 5, (2, 6))
    classes[0, 2] = -100
    dump(path, rnn, readout, codes, classes, "cross-entropy")
    case = read_case(path)
    assert (case.symbols, case.batch_first, case.x.shape) == (True, True, (6, 2))
    assert (case.mask.sum(), case.mask[2, 0]) == (11, False)
    assert_agrees(case)
    # Many to one: only the last timestep counts.
    dump(path, rnn, readout, codes, torch.tensor([1, 4]), "cross-entropy")
    assert read_case(path).mask.sum(axis=1).tolist() == [0, 0, 0, 0, 0, 2]
    assert_agrees(read_case(path))
    # A packed sequence: what is padded does not count.
    pack = torch.nn.utils.rnn.pack_padded_sequence
    x, lengths = torch.randn(3, 6, 4, dtype=torch.float64), torch.tensor([3, 6, 2])
    packed = pack(x, lengths, batch_first=True, enforce_sorted=False)
    target = torch.randn(3, 6, 5, dtype=torch.float64)
    target[0, 4] = torch.nan
    dump(path, rnn, readout, packed, target)
    case = read_case(path)
    assert case.mask.sum(axis=0).tolist() == [3, 6, 2]
    assert_agrees(case)
    h, _ = torch.nn.utils.rnn.pad_packed_sequence(rnn(packed)[0], batch_first=True)
    theirs = torch.cat([(readout(h) - target)[b, :n].flatten() for b, n in enumerate(lengths)])
    assert case.theirs["loss"] == pytest.approx((theirs**2).mean().item(), rel=1e-12)
    dump(path, rnn, readout, packed, target[:, 0].nan_to_num())
    case = read_case(path)
    assert [case.mask[:, b].nonzero()[0].tolist() for b in range(3)] == [[2], [5], [1]]
    assert_agrees(case)
    # NumPy's arrays, and a sequence without B.
    one = np.random.default_rng(0).normal(size=(6, 9))
    dump(path, rnn, readout, one[:, :4], one[:, 4:])
    assert read_case(path).x.shape == (6, 1, 4)
    assert_agrees(read_case(path))


def test_wrapped_modules(tmp_path: Path, torch: Any) -> None:
    rnn, readout = module(torch, "gru"), torch.nn.Linear(3, 2)
    x, target = torch.randn(6, 2, 4), torch.randn(6, 2, 2)
    dump(tmp_path / "case", torch.nn.DataParallel(rnn), torch.compile(readout), x, target)
    assert_agrees(read_case(tmp_path / "case"))


def test_half_precision(tmp_path: Path, torch: Any) -> None:
    rnn, readout = module(torch, "gru", num_layers=2), torch.nn.Linear(3, 2)
    x, target = torch.randn(6, 2, 4), torch.randn(6, 2, 2)
    for kind in (torch.float16, torch.bfloat16):
        ours, linear = (copy.deepcopy(each).to(kind) for each in (rnn, readout))
        dump(tmp_path / "case", ours, linear, x.to(kind), target.to(kind))
        case = read_case(tmp_path / "case")
        assert case.dtype == np.float32
        assert case.theirs["output"].dtype == (np.float16 if kind == torch.float16 else np.float32)
        assert case.narrow == (case.theirs.keys() if kind == torch.bfloat16 else set())
        assert rt.check(tmp_path / "case"), str(rt.check(tmp_path / "case"))


REFUSED: dict[str, tuple[dict[str, Any], dict[str, tuple[int, ...]], str]] = {
    "bidirectional": ({"bidirectional": True}, {}, "rnn is bidirectional, .* bidirectional=True"),
    "projection": ({"proj_size": 2}, {}, "rnn has proj_size=2, .* without proj_size"),
    "dropout": (
        {"num_layers": 2, "dropout": 0.5},
        {},
        "dropout=0.5 and is in training mode, .* random: call rnn.eval",
    ),
    "x": ({}, {"x": (6, 2, 7)}, r"x has shape \[6, 2, 7\]; expected \[T, B, D\] with D=4"),
    "target": ({}, {"target": (6, 3, 2)}, r"target has shape .*; expected \[6, 2, 2\], or of the"),
    "h0": ({}, {"h0": (2, 3, 3)}, r"h0 has shape .*; expected \[L, B, H\] = \[1, 2, 3\]"),
    "mask": ({}, {"mask": (2, 6)}, r"mask has shape \[2, 6\]; expected \[6, 2\]"),
    "readout": ({"hidden_size": 5}, {}, "readout reads 3 numbers; expected 5, the hidden units"),
    "double": ({"dtype": "float64"}, {}, "the weights are float32 and float64; expected one"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path: Path, torch: Any, case: str) -> None:
    options, shapes, expected = REFUSED[case]
    given: dict[str, Any] = {"input_size": 4, "hidden_size": 3, **options}
    if "dtype" in given:
        given["dtype"] = getattr(torch, given["dtype"])
    arrays = {"x": (6, 2, 4), "target": (6, 2, 2), **shapes}
    tensors = {name: torch.ones(shape) for name, shape in arrays.items()}
    with pytest.raises(ValueError, match=expected) as caught:
        dump(tmp_path / "case", torch.nn.LSTM(**given), torch.nn.Linear(3, 2), **tensors)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "case").exists()


def test_other_things_that_are_refused(tmp_path: Path, torch: Any) -> None:
    rnn, readout = module(torch, "gru"), torch.nn.Linear(3, 2)
    x, target = torch.randn(6, 2, 4), torch.randn(6, 2, 2)
    path = tmp_path / "case"
    with pytest.raises(TypeError, match=r"rnn is a Linear; expected torch\.nn\.RNN, LSTM or GRU"):
        dump(path, readout, readout, x, target)
    with pytest.raises(TypeError, match="is a cell: give the cells of a loop as "):
        dump(path, torch.nn.GRUCell(4, 3), readout, x, target)
    with pytest.raises(TypeError, match=r"readout is a Sequential; expected torch\.nn\.Linear"):
        dump(path, rnn, torch.nn.Sequential(readout), x, target)
    with pytest.raises(ValueError, match="loss is 'mae'; expected one of mse, cross-entropy"):
        dump(path, rnn, readout, x, target, "mae")
    with pytest.raises(ValueError, match="target is float32; the loss cross-entropy takes classes"):
        dump(path, rnn, readout, x, target, "cross-entropy")
    with pytest.raises(ValueError, match="c0 is given, and the cell gru has no such state"):
        dump(path, rnn, readout, x, target, c0=torch.zeros(1, 2, 3))
    with pytest.raises(ValueError, match="x is float64; the weights are float32"):
        dump(path, rnn, readout, x.double(), target)
    with pytest.raises(ValueError, match="x has the code 4; expected 0 to 3"):
        dump(path, rnn, readout, torch.full((6, 2), 4), target)
    with pytest.raises(ValueError, match="x is a str; expected a tensor, or an array of numbers"):
        dump(path, rnn, readout, "x", target)
    with pytest.raises(ValueError, match="the dict rnn has 'cell'; expected cells, rnn"):
        dump(path, {"cell": torch.nn.GRUCell(4, 3)}, readout, x, target)
    cells = {"cells": [torch.nn.GRUCell(4, 3), torch.nn.GRUCell(4, 3)]}
    with pytest.raises(ValueError, match=r"cell 2 reads 4 numbers .*; expected 3 and 3"):
        dump(path, cells, torch.nn.Linear(3, 2), x, target)
    assert not path.exists()


def test_only_case_files_are_replaced(tmp_path: Path, torch: Any) -> None:
    rnn, readout = module(torch, "lstm"), torch.nn.Linear(3, 2)
    x, y = torch.randn(6, 2, 4), torch.randn(6, 2, 2)
    path = tmp_path / "case.safetensors"
    for _ in range(2):
        dump(path, rnn, readout, x, y)
    for theirs in (b"notes", b"PK\x03\x04"):
        path.write_bytes(theirs)
        with pytest.raises(ValueError, match=r"there is a file that is no case file; another name"):
            dump(path, rnn, readout, x, y)
        assert path.read_bytes() == theirs
    rt.save(rt.Trainer(hidden=2), path, force=True)
    with pytest.raises(ValueError, match=r"there is a file that is no case file; another name"):
        dump(path, rnn, readout, x, y)
    dump(path, rnn, readout, x, y, force=True)
    assert read_case(path).hidden == 3
    with pytest.raises(ValueError, match=r"not \.pt; call it case\.safetensors"):
        dump(tmp_path / "case.pt", rnn, readout, x, y, force=True)


def test_a_graph_that_is_gone_is_said(tmp_path: Path, torch: Any) -> None:
    rnn, readout = module(torch, "lstm"), torch.nn.Linear(3, 2)
    x, y = torch.randn(6, 2, 4), torch.randn(6, 2, 2)
    for retain in (True, False):
        h, _ = rnn(x)
        output = readout(h)
        loss = torch.nn.functional.mse_loss(output, y)
        loss.backward(retain_graph=retain)
        own = {"rnn": rnn, "h": h, "output": output, "loss": loss}
        if retain:
            dump(tmp_path / "case", own, readout, x, y)
        else:
            with pytest.raises(ValueError, match=r"call dump before loss\.backward\(\), or call"):
                dump(tmp_path / "case", own, readout, x, y)
