"""The sizes of a case, found from the shapes in its file, and what all tensors must be then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace

from rnn_tui.cases.case import LOSS, OUTPUT
from rnn_tui.cases.names import (
    GATES,
    GRADIENT,
    READOUT_WEIGHT,
    STARTS,
    is_bias,
    layer_of,
    states_of,
    weight_shapes,
)
from rnn_tui.cases.texts import CaseTexts
from rnn_tui.settings import DECLARATIONS, quote
from rnn_tui.tensor_files.content import ContentError, Shape
from rnn_tui.tensor_files.header import Header, TensorEntry

_BATCH = ("x", "target", "mask")
_LISTED = 6  # names at most in a message


@dataclass(frozen=True, slots=True)
class NetworkSizes:
    """The sizes of a network.

    Attributes:
        layers: L.
        features: D, or how many symbols there are.
        hidden: H.
        outputs: O, or how many classes there are.
    """

    layers: int
    features: int
    hidden: int
    outputs: int


@dataclass(frozen=True, slots=True)
class CaseSizes:
    """The sizes of a case.

    Attributes:
        layers: L.
        features: D, or how many symbols there are.
        hidden: H.
        outputs: O, or how many classes there are.
        steps: T.
        batch: B.
        weights: the shapes of all weights, by name.
    """

    layers: int
    features: int
    hidden: int
    outputs: int
    steps: int
    batch: int
    weights: Mapping[str, Shape]


def case_sizes(
    header: Header,
    texts: CaseTexts,
    spelled: Mapping[str, str],
    network: NetworkSizes | None = None,
) -> CaseSizes:
    """Return the sizes that the shapes of a file say.

    Args:
        header: the file's header.
        texts: its metadata.
        spelled: its names of the tensors, by ours.
        network: the sizes of the network, where the file may lack all weights.

    Raises:
        ContentError: a tensor is missing, or its shape says nothing.
    """
    shapes = {name: header.tensors[spelling].shape for name, spelling in spelled.items()}
    if network is None or READOUT_WEIGHT in spelled:
        network = _network_sizes(shapes, texts, spelled)
    for name in ("x", "target"):
        if name not in spelled:
            raise _missing(name, texts, spelled, network.layers)
    symbols = header.tensors[spelled["x"]].dtype.kind != "f"
    order = "B, T" if texts.batch_first else "T, B"
    expected = f"codes ({order})" if symbols else f"floats ({order}, D)"
    x = _with_dimensions(shapes, "x", 2 if symbols else 3, expected, spelled)
    batch, steps = x[:2] if texts.batch_first else x[1::-1]
    layers, features, hidden, outputs = astuple(network)
    weights = weight_shapes(texts.cell, layers, features, hidden, outputs)
    return CaseSizes(layers, features, hidden, outputs, steps, batch, weights)


def _network_sizes(
    shapes: Mapping[str, Shape], texts: CaseTexts, spelled: Mapping[str, str]
) -> NetworkSizes:
    """Return the sizes of the network that the shapes of its weights say."""
    layers = _layers(spelled)
    for name in weight_shapes(texts.cell, layers, 1, 1, 1):
        if name not in spelled and not is_bias(name):
            raise _missing(name, texts, spelled, layers)
    outputs, _ = _with_dimensions(shapes, READOUT_WEIGHT, 2, "(O, H)", spelled)
    if texts.cell in GATES:
        first = _with_dimensions(shapes, "rnn.weight_ih_l0", 2, "(gates·H, D)", spelled)
        recurrent = _with_dimensions(shapes, "rnn.weight_hh_l0", 2, "(gates·H, H)", spelled)
        return NetworkSizes(layers, first[1], recurrent[1], outputs)
    name = next(iter(weight_shapes(texts.cell, 1, 1, 1, 1)))
    features, hidden = _with_dimensions(shapes, name, 2, "(D, H)", spelled)
    return NetworkSizes(layers, features, hidden, outputs)


def check_tensors(
    header: Header, texts: CaseTexts, spelled: Mapping[str, str], sizes: CaseSizes
) -> tuple[str, ...]:
    """Check the kinds and shapes of all tensors, and that none is unknown.

    Returns:
        The names of the weights that the file has.

    Raises:
        ContentError: a tensor does not fit.
    """
    allowed = _allowed(header, texts, spelled, sizes)
    given = tuple(name for name in sizes.weights if name in spelled)
    for name in (*given, *(name for name in spelled if name not in sizes.weights)):
        spelling = spelled[name]
        if name not in allowed:
            raise _unknown(name, spelling, texts)
        entry = header.tensors[spelling]
        if entry.shape not in allowed[name]:
            turned = replace(sizes, steps=sizes.batch, batch=sizes.steps)
            hint = ""
            if entry.shape in _allowed(header, texts, spelled, turned)[name]:
                hint = "; or is the other order meant, see the metadata 'batch_first'?"
            raise ContentError(
                f"tensor {quote(spelling)} has shape {entry.shape}; expected "
                f"{' or '.join(map(str, allowed[name]))}{_because(name, texts, sizes)}{hint}"
            )
        _check_kind(name, spelling, entry)
    return given


def _layers(names: Iterable[str]) -> int:
    """Return how many layers the names of the weights speak of, at least 1."""
    most = DECLARATIONS["layers"].high
    layers = max(map(layer_of, names), default=1) or 1
    if most is not None and layers > most:
        raise ContentError(f"its weights are of {layers} layers; at most {most:g} are possible")
    return layers


def _with_dimensions(
    shapes: Mapping[str, Shape], name: str, count: int, expected: str, spelled: Mapping[str, str]
) -> Shape:
    """Return the shape of a tensor, which must have so many dimensions, none of them 0."""
    shape = shapes[name]
    if len(shape) != count or 0 in shape:
        raise ContentError(f"tensor {quote(spelled[name])} has shape {shape}; expected {expected}")
    return shape


def _allowed(
    header: Header, texts: CaseTexts, spelled: Mapping[str, str], sizes: CaseSizes
) -> dict[str, tuple[Shape, ...]]:
    """Return the shapes that each tensor may have."""
    shapes = {**sizes.weights, **_batch_shapes(header, texts, spelled, sizes)}
    shapes |= {GRADIENT + name: shape for name, shape in sizes.weights.items()}
    return {name: (shape,) for name, shape in shapes.items()} | _several_shapes(texts, sizes)


def _batch_shapes(
    header: Header, texts: CaseTexts, spelled: Mapping[str, str], sizes: CaseSizes
) -> dict[str, Shape]:
    """Return the shapes of inputs, targets and mask."""
    order = _order(texts, sizes)
    symbols = len(header.tensors[spelled["x"]].shape) == 2
    classes = texts.loss == "cross-entropy"
    return {
        "x": order if symbols else (*order, sizes.features),
        "target": order if classes else (*order, sizes.outputs),
        "mask": order,
    }


def _several_shapes(texts: CaseTexts, sizes: CaseSizes) -> dict[str, tuple[Shape, ...]]:
    """Return the shapes that those tensors may have that may have several."""
    order = _order(texts, sizes)
    whole, one = (sizes.layers, sizes.batch, sizes.hidden), (sizes.batch, sizes.hidden)
    shapes: dict[str, tuple[Shape, ...]] = {LOSS: ((), (1,))}
    shapes |= dict.fromkeys((OUTPUT, GRADIENT + OUTPUT), ((*order, sizes.outputs),))
    states = states_of(texts.cell)
    for name, state in STARTS.items():
        if state in states:
            shapes[name] = (whole, one) if sizes.layers == 1 else (whole,)
    for state in states:
        top = (*order, sizes.hidden)
        for name in (state, GRADIENT + state):
            shapes[name] = ((sizes.layers, *top), top)
    return shapes


def _order(texts: CaseTexts, sizes: CaseSizes) -> Shape:
    """Return T and B in the order of the file."""
    return (sizes.batch, sizes.steps) if texts.batch_first else (sizes.steps, sizes.batch)


def _check_kind(name: str, spelling: str, entry: TensorEntry) -> None:
    """Check that a tensor has floats, or codes, or what a mask may have."""
    if name == "mask":
        return
    whole = entry.dtype.kind in "iu"
    if name in _BATCH and len(entry.shape) == 2:
        if not whole:
            raise ContentError(
                f"tensor {quote(spelling)} is {entry.dtype}; expected whole numbers: codes"
            )
    elif entry.dtype.kind != "f":
        raise ContentError(f"tensor {quote(spelling)} is {entry.dtype}; expected floats")


def _because(name: str, texts: CaseTexts, sizes: CaseSizes) -> str:
    """Return where the numbers of an expected shape come from."""
    weight = name.removeprefix(GRADIENT)
    if weight in sizes.weights:
        if texts.cell in GATES and weight.startswith("rnn."):
            gates = f", {GATES[texts.cell]} gates" if GATES[texts.cell] > 1 else ""
            return f": {texts.cell}{gates}, D={sizes.features}, H={sizes.hidden}"
        return f": {texts.cell}, H={sizes.hidden}, O={sizes.outputs}"
    order = "B, T" if texts.batch_first else "T, B"
    what = {
        "x": f"({order}, D) with D={sizes.features} of the weights",
        "target": f"({order})" if texts.loss == "cross-entropy" else f"({order}, O)",
        "mask": f"({order})",
    }
    if name in STARTS:
        return ": (L, B, H)"
    text = what.get(name, f"with T={sizes.steps}, B={sizes.batch} of x")
    if name == "target":
        text += f" of the loss {texts.loss}, with T={sizes.steps}, B={sizes.batch} of x"
    return f": {text}" if name in what else f", {text}"


def _missing(name: str, texts: CaseTexts, spelled: Mapping[str, str], layers: int) -> ContentError:
    """Return the error for a tensor that is not there; it says which others could be meant."""
    known = {*weight_shapes(texts.cell, layers, 1, 1, 1), *_BATCH, *STARTS, LOSS, OUTPUT, "h", "c"}
    others = [s for n, s in spelled.items() if n not in known and not n.startswith(GRADIENT)]
    text = f"tensor {name} is missing, of the cell {texts.cell}"
    if name in _BATCH:
        text = f"tensor {name} is missing"
    if others:
        listed = ", ".join(map(quote, others[:_LISTED]))
        more = ", …" if len(others) > _LISTED else ""
        text += f"; the metadata 'names' can say which one of {listed}{more} it is"
    return ContentError(text)


def _unknown(name: str, spelling: str, texts: CaseTexts) -> ContentError:
    """Return the error for a tensor that is none of a case's."""
    shown = quote(spelling)
    if name != spelling:
        shown += f", which is {quote(name)} by 'names',"
    state = STARTS.get(name, name.removeprefix(GRADIENT))
    if state in ("h", "c"):
        return ContentError(f"tensor {shown}: the cell {texts.cell} has no state {state}")
    return ContentError(
        f"tensor {shown} is unknown; expected the weights of the cell {texts.cell} (rnn.…, "
        f"readout.…), x, target, mask, h0, c0, loss, output, h, c, and grad.… of them"
    )
