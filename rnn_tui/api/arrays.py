"""The caller's arrays, checked one by one and put together as a case.

Every error is one line that begins with the name of the argument and says what it has and what is
expected. Time comes first, [T, B, …]; with `batch_first` the batch does, [B, T, …].
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from rnn_tui.cases.case import Case
from rnn_tui.cases.names import is_bias, states_of, weight_shapes
from rnn_tui.cases.reading import IGNORED_CLASS
from rnn_tui.cases.texts import LOSSES, REDUCTIONS
from rnn_tui.settings import DECLARATIONS, Value, quote
from rnn_tui.tensor_files.content import ContentError
from rnn_tui.tensor_files.weight_names import WeightNames, find_weights

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of `Trainer.from_arrays` that make the case; see there.

    Attributes:
        cell, activation, hidden, layers: of the network.
        loss, reduction: how its outputs are judged.
        dtype: "float32", "float64", or "" for that of x.
        features: D, or how many symbols there are; None: found from x.
        outputs: O, or how many classes there are; None: found from y.
        batch_first: whether B comes before T.
    """

    cell: str
    activation: str
    hidden: int
    layers: int
    loss: str
    reduction: str
    dtype: str
    features: int | None
    outputs: int | None
    batch_first: bool

    @property
    def order(self) -> str:
        """The first two dimensions, in words."""
        return "B, T" if self.batch_first else "T, B"


def checked(
    sizes: Mapping[str, Value],
    loss: str,
    reduction: str,
    dtype: npt.DTypeLike | None,
    features: int | None,
    outputs: int | None,
    *,
    batch_first: bool,
) -> Arguments:
    """Return the arguments, those that are no arrays, checked; see `Arguments`.

    Raises:
        ValueError: one is not allowed.
    """
    cell, hidden, layers, activation = (
        DECLARATIONS[name].check(sizes[name]) for name in ("cell", "hidden", "layers", "activation")
    )
    for name, value, allowed in (("loss", loss, LOSSES), ("reduction", reduction, REDUCTIONS)):
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {quote(value)}")
    for name, count in (("features", features), ("outputs", outputs)):
        whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
        if count is not None and not (whole and count >= 1):
            raise ValueError(f"{name} must be a whole number of at least 1, not {quote(count)}")
    return Arguments(
        cell=str(cell),
        activation=str(activation),
        hidden=int(cast(int, hidden)),
        layers=int(cast(int, layers)),
        loss=loss,
        reduction=reduction,
        dtype="" if dtype is None else _dtype_name(dtype),
        features=None if features is None else int(features),
        outputs=None if outputs is None else int(outputs),
        batch_first=bool(batch_first),
    )


def _dtype_name(dtype: npt.DTypeLike) -> str:
    """Return "float32" or "float64"."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype must be one of float32, float64, not {quote(name)}")
    return name


def make_case(
    arguments: Arguments,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    mask: npt.ArrayLike | None,
    starts: Mapping[str, npt.ArrayLike | None],
    weights: Mapping[str, npt.ArrayLike] | None,
    names: Mapping[str, str] | None = None,
) -> Case:
    """Return the case of these arrays, which are copied.

    Args:
        arguments: the rest.
        x: inputs.
        y: targets.
        mask: where outputs count; None: everywhere.
        starts: the states that the window begins with, by the argument's name ("h0") and state.
        weights: PyTorch's tensors by name; None: drawn at random.
        names: what the parts are called there, and "rnn" or "readout"; see `find_weights`.

    Raises:
        TypeError: an array holds no numbers.
        ValueError: a shape or a number does not fit.
    """
    inputs = _inputs(arguments, x)
    dtype = _dtype(arguments, inputs)
    if dtype == np.float32 and not arguments.dtype:
        _say_what_is_rounded({"y": y, **starts, "weights": weights})
    steps, batch = inputs.shape[:2]
    counted = _mask(arguments, mask, (steps, batch))
    target, counted = _targets(arguments, y, counted, dtype)
    if inputs.ndim == 3:
        inputs, features = _finite("x", inputs, dtype, arguments.batch_first), inputs.shape[2]
    else:
        inputs = inputs.astype(np.int64)
        features = arguments.features or int(inputs.max()) + 1
        _check_codes("x", inputs, features, "features")
    outputs = target.shape[2] if target.ndim == 3 else arguments.outputs
    if outputs is None:
        outputs = int(target.max()) + 1
    given, found = _weights(arguments, weights, names, (features, outputs), dtype)
    return Case(
        cell=arguments.cell,
        activation=arguments.activation,
        loss=arguments.loss,
        reduction=arguments.reduction,
        layers=arguments.layers,
        hidden=arguments.hidden,
        dtype=dtype,
        weights=given,
        given_weights=tuple(found.spelling),
        x=inputs,
        target=target,
        mask=counted,
        features=features,
        outputs=outputs,
        start=_starts(arguments, starts, batch, dtype),
        assumed="" if names else found.assumed,
    )


# Batch


def _inputs(arguments: Arguments, x: npt.ArrayLike) -> AnyArray:
    """Return x with time first: numbers [T, B, D], or codes [T, B]."""
    array, order = _numbers("x", x), arguments.order
    codes = array.ndim == 2 and array.dtype.kind in "iu"
    if array.ndim != 3 and not codes:
        raise ValueError(f"x has the shape {array.shape}; {_expected_inputs(array, order)}")
    if 0 in array.shape:
        raise ValueError(f"x has the shape {array.shape}: there is nothing to learn from")
    if not codes and arguments.features not in (None, array.shape[2]):
        raise ValueError(f"features={arguments.features}, but x has {array.shape[2]} numbers each")
    return _time_first(array, arguments.batch_first)


def _expected_inputs(array: AnyArray, order: str) -> str:
    """Return what x must be, and how what was given becomes it."""
    text = f"expected numbers [{order}, D], or whole numbers [{order}] for symbols"
    if array.ndim == 1:
        return f"{text}; one sequence of one number each is x[:, None, None]"
    if array.ndim == 2 and order == "T, B":
        return f"{text}; one sequence of D numbers each is x[:, None, :]"
    return text


def _mask(
    arguments: Arguments, mask: npt.ArrayLike | None, shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Return where outputs count, [T, B]."""
    if mask is None:
        return np.ones(shape, np.bool_)
    array = _numbers("mask", mask)
    _check_shape("mask", array, _in_order(shape, arguments), f"[{arguments.order}] of x")
    if not ((array == 0) | (array == 1)).all():
        value = array[(array != 0) & (array != 1)].flat[0]
        raise ValueError(f"mask has {value}; expected true and false, or 1 and 0")
    if not array.any():
        raise ValueError("mask is false everywhere: no output would count")
    return _time_first(array, arguments.batch_first).astype(np.bool_)


def _targets(
    arguments: Arguments, y: npt.ArrayLike, mask: npt.NDArray[np.bool_], dtype: np.dtype[Any]
) -> tuple[AnyArray, npt.NDArray[np.bool_]]:
    """Return y with time first, and where it counts.

    Where it does not, it may be anything; 0 or, of classes, −1 stands there then.
    """
    array, order = _numbers("y", y), arguments.order
    wanted = _in_order(mask.shape, arguments)
    if arguments.loss == "mse":
        if array.ndim != 3 or array.shape[:2] != wanted:
            expected = f"numbers [{order}, O] with {_said(wanted, order)} of x"
            raise ValueError(f"y has the shape {array.shape}; expected {expected}")
        count = array.shape[2]
        if not count or arguments.outputs not in (None, count):
            raise ValueError(f"outputs={arguments.outputs}, but y has {count} numbers each")
        array = np.where(mask[..., None], _time_first(array, arguments.batch_first), 0)
        return _finite("y", array, dtype, arguments.batch_first), mask
    if array.dtype.kind not in "iu":
        raise TypeError(f"y is {array.dtype}; with the loss cross-entropy expected whole numbers")
    _check_shape("y", array, wanted, f"classes [{order}] with {_said(wanted, order)} of x")
    array = _time_first(array, arguments.batch_first).astype(np.int64)
    mask = mask & (array != IGNORED_CLASS)
    if not mask.any():
        raise ValueError(f"y is {IGNORED_CLASS} wherever mask is true: no output would count")
    array = np.where(mask, array, -1)
    if array.min(where=mask, initial=0) < 0:
        raise ValueError(f"y has the class {array.min(where=mask, initial=0)}; classes begin at 0")
    if arguments.outputs is not None:
        _check_codes("y", array[mask], arguments.outputs, "outputs")
    return array, mask


def _starts(
    arguments: Arguments,
    starts: Mapping[str, npt.ArrayLike | None],
    batch: int,
    dtype: np.dtype[Any],
) -> dict[str, AnyArray]:
    """Return the states that the window begins with, [L, B, H] by name; [B, H] is one layer's."""
    given = {name: array for name, array in starts.items() if array is not None}
    shape = (arguments.layers, batch, arguments.hidden)
    states: dict[str, AnyArray] = {}
    for name, value in given.items():
        state = name.removesuffix("0")
        if state not in states_of(arguments.cell):
            raise ValueError(
                f"{name} was given, but the cell {arguments.cell} has no state {state}"
            )
        array = _numbers(name, value)
        if array.ndim == 2 and arguments.layers == 1:
            array = array[None]
        _check_shape(name, array, shape, "[L, B, H]")
        states[state] = _finite(name, array, dtype, False)
    return states


# Weights


def _weights(
    arguments: Arguments,
    weights: Mapping[str, npt.ArrayLike] | None,
    names: Mapping[str, str] | None,
    sizes: tuple[int, int],
    dtype: np.dtype[Any],
) -> tuple[dict[str, AnyArray], WeightNames]:
    """Return the weights, complete, or nothing if none are given; and by which names they came."""
    if weights is None:
        if names is not None:
            raise ValueError("names say what parts of weights are called, and there are none")
        return {}, WeightNames({}, arguments.layers)
    if not isinstance(weights, Mapping):
        raise TypeError(f"weights is a {type(weights).__name__}; expected arrays by name")
    given = {str(name): _numbers(f"weights[{name!r}]", each) for name, each in weights.items()}
    features, outputs = sizes
    shapes = weight_shapes(arguments.cell, arguments.layers, features, arguments.hidden, outputs)
    try:
        found = find_weights({name: array.shape for name, array in given.items()}, names)
    except ContentError as error:
        raise ValueError(f"weights: {error}") from None
    if others := [name for name in found.spelling if name not in shapes]:
        spelled = quote(found.spelling[others[0]])
        network = f"{arguments.cell} with {arguments.layers} layers"
        raise ValueError(f"weights has {spelled}, which is none of {network}")
    arrays: dict[str, AnyArray] = {}
    for name, shape in shapes.items():
        if name in found.spelling:
            place = f"weights[{found.spelling[name]!r}]"
            array = given[found.spelling[name]]
            _check_shape(place, array, shape, f"of {arguments.cell} with these sizes")
            arrays[name] = _finite(place, array, dtype, False)
        elif is_bias(name):
            arrays[name] = np.zeros(shape, dtype)
        else:
            raise ValueError(f"weights lacks {name!r}, {shape}; only biases may be missing")
    return arrays, found


# Any array


def _numbers(name: str, value: npt.ArrayLike) -> AnyArray:
    """Return an array of real numbers."""
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        raise TypeError(f"{name} is a masked array; fill it, and say by mask where outputs count")
    try:
        array: AnyArray = np.asarray(value)
    except Exception as error:  # whatever the caller's object raises when it is asked
        reason = " ".join(str(error).split())
        raise TypeError(f"{name} cannot be read as an array: {reason}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} is an array of {array.dtype}; expected real numbers")
    return array


def _dtype(arguments: Arguments, x: AnyArray) -> np.dtype[Any]:
    """Return the precision of the run: that which was asked for, else that of x."""
    narrow = x.dtype.kind == "f" and x.dtype.itemsize <= 4
    return np.dtype(arguments.dtype or ("float32" if narrow else "float64"))


def _say_what_is_rounded(given: Mapping[str, Any]) -> None:
    """Warn the caller of `Trainer.from_arrays` of float64 in a run that is float32 because x is.

    Lists say nothing of their precision, so that they do not count.
    """
    for name, value in given.items():
        arrays = value.values() if isinstance(value, Mapping) else [value]
        if any(str(getattr(array, "dtype", "")).endswith("float64") for array in arrays):
            kept = "dtype='float64' keeps it, dtype='float32' says that it is meant"
            text = f"{name}: float64 becomes float32, which x is; {kept}"
            warnings.warn(text, UserWarning, stacklevel=4)
            return


def _finite(name: str, array: AnyArray, dtype: np.dtype[Any], batch_first: bool) -> AnyArray:
    """Return a copy in the run's precision, all of it finite."""
    with np.errstate(over="ignore"):
        converted = np.array(array, dtype, order="C")
    bad = np.argwhere(~np.isfinite(converted))
    if len(bad):
        place = [int(k) for k in bad[0]]
        value = array[tuple(place)]
        if batch_first:
            place[:2] = place[1::-1]
        inside = ", ".join(map(str, place))
        too_large = f", too large for {dtype}" if np.isfinite(value) else ""
        raise ValueError(f"{name}[{inside}] is {value}{too_large}; expected finite numbers")
    return converted


def _check_codes(name: str, codes: AnyArray, count: int, argument: str) -> None:
    """Check that all codes are from 0 to below `count`."""
    low, high = int(codes.min()), int(codes.max())
    if low < 0 or high >= count:
        value = low if low < 0 else high
        raise ValueError(f"{name} has the code {value}; expected 0 to {count - 1}, {argument} − 1")


def _check_shape(name: str, array: AnyArray, shape: tuple[int, ...], words: str) -> None:
    """Check a shape."""
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {array.shape}; expected {shape}, {words}")


def _time_first(array: AnyArray, batch_first: bool) -> AnyArray:
    """Return an array with T before B."""
    return array.swapaxes(0, 1) if batch_first else array


def _in_order(shape: tuple[int, ...], arguments: Arguments) -> tuple[int, ...]:
    """Return (T, B) in the order of the caller."""
    return shape[::-1] if arguments.batch_first else shape


def _said(shape: tuple[int, ...], order: str) -> str:
    """Return the first two sizes by name: "T=20, B=4"."""
    names = order.split(", ")
    return ", ".join(f"{name}={size}" for name, size in zip(names, shape, strict=True))
