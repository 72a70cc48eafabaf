"""Finding the weights of a network in a file by the names and shapes of its tensors.

Whoever saves a model in PyTorch calls its parts as they like: ``encoder.lstm.weight_ih_l0``,
``fc.weight``. Here those names are matched with ours, ``rnn.weight_ih_l0`` … ``readout.bias``;
the numbers are not looked at, and nothing is converted. What cannot be matched, and other
frameworks' names, are refused with what to do.

Example:
    >>> shapes = {"lstm.weight_ih_l0": (8, 3), "lstm.weight_hh_l0": (8, 2), "fc.weight": (1, 2)}
    >>> found = find_weights(shapes)
    >>> found.spelling["rnn.weight_hh_l0"], found.spelling["readout.weight"], found.layers
    ('lstm.weight_hh_l0', 'fc.weight', 1)
    >>> found.sizes(shapes)
    WeightSizes(cell='lstm', layers=1, hidden=2, features=3, outputs=1)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import Array, ContentError, Shape

RNN, READOUT = "rnn", "readout"
"""The two parts of a network, as our files call them."""
KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
"""PyTorch's four tensors of a layer, in its order."""
CELLS_BY_BLOCKS = {1: "rnn", 3: "gru", 4: "lstm"}
"""PyTorch's cells by their number of gate blocks."""
_TENSOR = re.compile(
    r"(?P<module>(?:.*\.)?)(?P<kind>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)"
    r"(?:_l(?P<layer>[0-9]{1,3}))?(?P<reverse>_reverse)?"
)
_LAYER = re.compile(rf"{RNN}\.({'|'.join(KINDS)})_l[0-9]+")
_EMBEDDING = re.compile(r"(^|[._])(emb\w*|wte|word_?vec\w*|lookup)$", re.IGNORECASE)
_MOST_LISTED = 6
_SAVE_ONLY = (
    "save only the two parts: save_file({{k: v for k, v in model.state_dict().items() if "
    "k.startswith(({}))}}, …)"
)
_NAME_THEM = (
    'say which in the metadata: names = {"<the recurrent part>": "rnn", "<the readout>": "readout"}'
)


@dataclass(frozen=True, slots=True)
class WeightSizes:
    """The sizes of the network that a file's weights are of.

    Attributes:
        cell: "rnn", "gru" or "lstm"; "" for a cell that PyTorch lacks.
        layers: L.
        hidden: H.
        features: D, numbers per input.
        outputs: O, numbers per output.
    """

    cell: str
    layers: int
    hidden: int
    features: int
    outputs: int


@dataclass(frozen=True, slots=True)
class WeightNames:
    """Which of a file's tensors are the weights of the network.

    Attributes:
        spelling: the file's name of each weight that it has, by our name, in our order.
        layers: how many layers there are.
        others: names of tensors that are no part of it; only where the parts were named.
        assumed: what was taken for what, in words; "" where the file uses our names.
    """

    spelling: Mapping[str, str]
    layers: int
    others: tuple[str, ...] = ()
    assumed: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Our names of all weights of such a network, of missing biases as well, in our order."""
        if not self.of_torch:
            return tuple(self.spelling)
        cells = (f"{RNN}.{kind}_l{layer}" for layer in range(self.layers) for kind in KINDS)
        return (*cells, f"{READOUT}.weight", f"{READOUT}.bias")

    @property
    def of_torch(self) -> bool:
        """Whether it is a cell of PyTorch's, not one that is stored gate by gate."""
        return any(_LAYER.fullmatch(name) for name in self.spelling)

    @property
    def missing(self) -> tuple[str, ...]:
        """Our names of the biases that the file lacks."""
        return tuple(name for name in self.names if name not in self.spelling)

    def sizes(self, shapes: Mapping[str, Shape]) -> WeightSizes:
        """Return the sizes that the file's shapes say.

        Args:
            shapes: of the file's tensors, by the file's names.

        Raises:
            ContentError: they are of no network.
        """
        outputs, hidden = _matrix(self.spelling[f"{READOUT}.weight"], shapes)
        if not self.of_torch:
            first = next(iter(self.spelling.values()))
            return WeightSizes("", self.layers, hidden, _matrix(first, shapes)[0], outputs)
        recurrent = self.spelling[f"{RNN}.weight_hh_l0"]
        rows, columns = _matrix(recurrent, shapes)
        blocks = rows // columns if columns and rows % columns == 0 else 0
        if blocks not in CELLS_BY_BLOCKS:
            expected = "expected (H, H) of an RNN, (3·H, H) of a GRU, (4·H, H) of an LSTM"
            raise ContentError(f"tensor {quote(recurrent)} has shape {(rows, columns)}; {expected}")
        if hidden != columns:
            readout = quote(self.spelling[f"{READOUT}.weight"])
            raise ContentError(
                f"the readout {readout} reads {hidden} numbers, "
                f"but {quote(recurrent)} is of {columns} hidden units"
            )
        features = _matrix(self.spelling[f"{RNN}.weight_ih_l0"], shapes)[1]
        return WeightSizes(CELLS_BY_BLOCKS[blocks], self.layers, hidden, features, outputs)

    def shapes(self, sizes: WeightSizes) -> dict[str, Shape]:
        """Return the shape of each weight of a PyTorch cell, by our names, in our order."""
        hidden = sizes.hidden
        rows = next(n for n, cell in CELLS_BY_BLOCKS.items() if cell == sizes.cell) * hidden
        expected: list[Shape] = []
        for layer in range(self.layers):
            features = hidden if layer else sizes.features
            expected += [(rows, features), (rows, hidden), (rows,), (rows,)]
        expected += [(sizes.outputs, hidden), (sizes.outputs,)]
        return dict(zip(self.names, expected, strict=True))

    def complete(self, tensors: Mapping[str, Array]) -> dict[str, Array]:
        """Return the weights by our names; a bias that the file lacks is zeros.

        Args:
            tensors: the file's, by its names; their shapes are checked.
        """
        shapes = {name: array.shape for name, array in tensors.items()}
        weights = {ours: tensors[theirs] for ours, theirs in self.spelling.items()}
        if self.missing:
            expected = self.shapes(self.sizes(shapes))
            dtype = weights[f"{READOUT}.weight"].dtype
            weights |= {name: np.zeros(expected[name], dtype) for name in self.missing}
        return {name: weights[name] for name in self.names}


def find_weights(
    shapes: Mapping[str, Shape], names: Mapping[str, str] | None = None
) -> WeightNames:
    """Find the recurrent part and the readout among a file's tensors.

    Args:
        shapes: of all tensors in question, by the file's names.
        names: what the file's metadata call its parts: by the beginning of its names, or by a whole
            name, "rnn" or "readout", or the whole name here. Tensors that are then of no part are
            left out; without it they are refused.

    Raises:
        ContentError: there is no such network in the file, or not one alone; or it is of a kind
            that there is none of here. The message says which, and what to do.
    """
    seen = _renamed(shapes, names or {})
    refuse_impossible(seen, named=f"{RNN}." if _names_part(names, RNN) else "")
    refuse_swapped(seen, names or {})
    recurrent, said = _recurrent(seen, chosen=_names_part(names, RNN))
    if not recurrent:
        recurrent, own = _own_cell(seen), True
    else:
        own = False
    rest = {name: theirs for name, theirs in seen.items() if theirs not in recurrent.values()}
    readout = _readout(rest, shapes, chosen=own or _names_part(names, READOUT))
    others = tuple(sorted(set(rest.values()) - set(readout.values())))
    if others and not names:
        raise ContentError(_too_much(others, recurrent, readout))
    spelling = recurrent | readout
    layers = 1 + max(int(match[1]) for name in recurrent if (match := re.search(r"_l(\d+)$", name)))
    if not said and any(ours != theirs for ours, theirs in spelling.items()):
        said = _said(recurrent, readout)
    found = WeightNames(spelling, layers, others, said)
    if not own:
        _check_layers(found)
        ordered = {name: spelling[name] for name in found.names if name in spelling}
        found = WeightNames(ordered, layers, others, said)
    return found


# ---------------------------------------------------------------- names that the file gives


def _renamed(shapes: Mapping[str, Shape], names: Mapping[str, str]) -> dict[str, str]:
    """Return the file's name of each tensor, by its name after `names` have been applied."""
    for start, ours in names.items():
        if ours.partition(".")[0] not in (RNN, READOUT):
            turned = start in (RNN, READOUT) and any(n.startswith(f"{ours}.") for n in shapes)
            hint = f": {{{quote(ours)}: {quote(start)}}} is the order" if turned else ""
            raise ContentError(
                f"its names call {quote(start)} {quote(ours)}; expected rnn or readout{hint}"
            )
        if not any(name == start or name.startswith(f"{start}.") for name in shapes):
            there = _listed(shapes)
            raise ContentError(f"its names speak of {quote(start)}, which is not there; {there}")
    seen: dict[str, str] = {}
    for name in shapes:
        fitting = [s for s in names if name == s or name.startswith(f"{s}.")]
        longest = max(fitting, key=len) if fitting else ""
        ours = names[longest] + name[len(longest) :] if fitting else name
        if ours in seen:
            pair = f"{quote(seen[ours])} and {quote(name)}"
            raise ContentError(f"its names call two tensors {quote(ours)}: {pair}")
        seen[ours] = name
    return seen


def _names_part(names: Mapping[str, str] | None, part: str) -> bool:
    """Return whether the file's metadata say which of its parts is `part`."""
    return any(ours.partition(".")[0] == part for ours in (names or {}).values())


def refuse_swapped(seen: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Refuse names that call the recurrent part "readout", or the readout "rnn".

    Args:
        seen: the file's name of each tensor, by its name after renaming.
        names: what the file's metadata call its parts.
    """
    for start, part in names.items():
        if part not in (RNN, READOUT):
            continue
        ours = {
            name: theirs
            for name, theirs in seen.items()
            if name.startswith(f"{part}.") and theirs.startswith(f"{start}.")
        }
        recurrent = [theirs for name, theirs in ours.items() if _TENSOR.fullmatch(name)]
        linear = ours.keys() <= {f"{part}.weight", f"{part}.bias"}
        if part == READOUT and recurrent:
            what = f"recurrent weights ({quote(recurrent[0])})"
        elif part == RNN and ours and linear:
            what = f"a linear layer ({quote(next(iter(ours.values())))})"
        else:
            continue
        other = READOUT if part == RNN else RNN
        raise ContentError(
            f"its names call {quote(start)} {quote(part)}, but that is {what}: "
            f"is {{{quote(start)}: {quote(other)}}} meant?"
        )


# ---------------------------------------------------------------- the recurrent part


def _recurrent(seen: Mapping[str, str], *, chosen: bool) -> tuple[dict[str, str], str]:
    """Return the tensors of the recurrent part by our names, and what was assumed.

    Args:
        seen: the file's name of each tensor, by its name after renaming.
        chosen: whether only those called "rnn." are in question.
    """
    modules: dict[str, dict[str, str]] = {}
    cells = True
    for name, theirs in seen.items():
        match = _TENSOR.fullmatch(name)
        if match is None or (chosen and match["module"] != f"{RNN}."):
            continue
        layer = match["layer"]
        cells = cells and layer is None
        ours = f"{RNN}.{match['kind']}_l{int(layer or 0)}"
        modules.setdefault(match["module"].rstrip("."), {})[ours] = theirs
    if len(modules) > 1 and cells and (order := _numbered(list(modules))):
        stacked = {
            f"{ours[:-1]}{layer}": theirs
            for layer, module in enumerate(order)
            for ours, theirs in modules[module].items()
        }
        return stacked, f"{', '.join(order)} are taken for layers 1 to {len(order)}"
    if len(modules) > 1:
        listed = ", ".join(quote(module) for module in sorted(modules)[:_MOST_LISTED])
        raise ContentError(
            f"it has {len(modules)} recurrent modules ({listed}), and a network here has one: "
            f"save one of them with its readout, or {_NAME_THEM}"
        )
    return next(iter(modules.values()), {}), ""


def _numbered(modules: list[str]) -> list[str]:
    """Return modules that differ only in one number, 0, 1, … or 1, 2, …, in this order."""
    numbers: dict[int, str] = {}
    stems = set()
    for module in modules:
        match = re.fullmatch(r"(.*?)([0-9]{1,3})", module)
        if match is None:
            return []
        stems.add(match[1])
        numbers[int(match[2])] = module
    first = min(numbers)
    whole = sorted(numbers) == list(range(first, first + len(modules)))
    return [numbers[k] for k in sorted(numbers)] if len(stems) == 1 and whole and first < 2 else []


def _own_cell(seen: Mapping[str, str]) -> dict[str, str]:
    """Return the tensors of a cell that PyTorch lacks, which only our own files have."""
    own = {name: theirs for name, theirs in seen.items() if re.fullmatch(r"rnn\.\w+_l[0-7]", name)}
    if not own:
        raise ContentError(
            "it has no recurrent weights, which are called like PyTorch's, "
            f"weight_ih_l0 and weight_hh_l0; {_listed(seen.values())}"
        )
    return own


def _check_layers(found: WeightNames) -> None:
    """Check that no layer lacks a matrix, and that there is nothing besides."""
    for name in found.names:
        if "weight" in name and name not in found.spelling:
            raise ContentError(
                f"tensor {name.removeprefix('rnn.')} is missing: {_listed(found.spelling.values())}"
            )


# ---------------------------------------------------------------- the readout


def _readout(
    rest: Mapping[str, str], shapes: Mapping[str, Shape], *, chosen: bool
) -> dict[str, str]:
    """Return the tensors of the readout by our names.

    Args:
        rest: the file's names of what is not recurrent, by the names after renaming.
        shapes: of the file's tensors.
        chosen: whether only those called "readout." are in question.
    """
    weights = {
        name.rpartition(".")[0]: theirs
        for name, theirs in rest.items()
        if name.rpartition(".")[2] == "weight"
        and (len(shapes[theirs]) == 2 or name == f"{READOUT}.weight")
    }
    if chosen:
        weights = {module: theirs for module, theirs in weights.items() if module == READOUT}
    for module, theirs in weights.items():
        if not chosen and _EMBEDDING.search(module):
            raise ContentError(_embedding(theirs))
    if len(weights) > 1:
        listed = ", ".join(quote(theirs) for theirs in sorted(weights.values())[:_MOST_LISTED])
        raise ContentError(
            f"several of its tensors could be the readout ({listed}), and a network here has one "
            f"linear layer: save only that one, or {_NAME_THEM}"
        )
    if not weights:
        raise ContentError(
            "it has no readout, a linear layer (weight, and bias if you like) from the hidden "
            "units to the outputs; beside the recurrent weights "
            + (_listed(rest.values()) if rest else "there is nothing")
        )
    module, weight = weights.popitem()
    readout = {f"{READOUT}.weight": weight}
    bias = f"{module}.bias" if module else "bias"
    if bias in rest:
        readout[f"{READOUT}.bias"] = rest[bias]
    return readout


def _embedding(name: str) -> str:
    """Return why an embedding is refused, and what to do."""
    return (
        f"it has an embedding ({quote(name)}), and a network here reads codes as they are: save "
        "weight_ih_l0 @ embedding.weight.T as weight_ih_l0, and leave the embedding out"
    )


# ---------------------------------------------------------------- what cannot be

_GATE_KERNEL = re.compile(r"(^|[./])[hi][ifgornz][./](kernel|bias)(:0)?$")
_KERAS = re.compile(r"(^|[./])recurrent_kernel(:0)?$")
_MLX = re.compile(r"(^|[./])(W[xh]|Wxh|Whh)$")


def refuse_impossible(seen: Mapping[str, str], named: str) -> None:
    """Refuse recurrent parts of which there is no kind here, and other frameworks' names.

    Args:
        seen: the file's name of each tensor, by its name after renaming.
        named: the beginning of the only names in question; "" for all.
    """
    for name, theirs in seen.items():
        match = _TENSOR.fullmatch(name)
        if not name.startswith(named):
            continue
        if match is not None and match["reverse"]:
            raise ContentError(
                f"it is bidirectional ({quote(theirs)}), and a network here reads its inputs in "
                "one direction: train the model without bidirectional=True"
            )
        if match is not None and match["kind"] == "weight_hr":
            raise ContentError(
                f"it has a projection, proj_size ({quote(theirs)}), and the hidden states here are "
                "not projected: train the model without proj_size"
            )
        if _GATE_KERNEL.search(name):
            raise ContentError(
                f"its names are Flax's ({quote(theirs)}), and PyTorch's are read: save "
                "weight_ih_l0 = concatenate([ii, if, ig, io], 1).T (of a GRU ir, iz, in), "
                "weight_hh_l0 = the same of hi, …, bias_ih_l0 and bias_hh_l0 of their biases, "
                "and the readout's kernel.T as readout.weight"
            )
        if _KERAS.search(name):
            raise ContentError(
                f"its names are Keras' ({quote(theirs)}), and PyTorch's are read: save "
                "weight_ih_l0 = kernel.T, weight_hh_l0 = recurrent_kernel.T, bias_ih_l0 = bias "
                "(of a GRU its rows are bias_ih_l0 and bias_hh_l0, and the blocks z, r, h get the "
                "order r, z, n), readout.weight = the readout's kernel.T"
            )
        if _MLX.search(name):
            raise ContentError(
                f"its names are MLX's ({quote(theirs)}), and PyTorch's are read: save "
                "weight_ih_l0 = Wx (Wxh), weight_hh_l0 = Wh (Whh), bias_ih_l0 = bias (of a GRU b, "
                "and bhn as the last block of bias_hh_l0, whose rest is zeros)"
            )


def _too_much(
    others: tuple[str, ...], recurrent: Mapping[str, str], readout: Mapping[str, str]
) -> str:
    """Return why a file that holds more than a network is refused, and what to do."""
    for name in others:
        if _EMBEDDING.search(name.rpartition(".")[0]):
            return _embedding(name)
    start = _start_of(recurrent)
    for name in others:
        if name.startswith(start) and "." not in name[len(start) :]:
            return (
                f"tensor {quote(name)} is no part of PyTorch's modules, whose biases are bias_ih "
                "and bias_hh: if it is the only bias of the cell, save it as bias_ih"
            )
    starts = ", ".join(f'"{_start_of(part)}"' for part in (recurrent, readout))
    what = "more than a recurrent part and one linear readout"
    listed = ", ".join(quote(name) for name in others[:_MOST_LISTED])
    more = f" and {len(others) - _MOST_LISTED} more" if len(others) > _MOST_LISTED else ""
    return f"it holds {what}: {listed}{more}; {_SAVE_ONLY.format(starts)}"


# ---------------------------------------------------------------- words


def _said(recurrent: Mapping[str, str], readout: Mapping[str, str]) -> str:
    """Return what was taken for what, where a name differs from ours."""
    parts = ((RNN, recurrent), (READOUT, readout))
    return ", ".join(
        f"{_start_of(part).rstrip('.') or 'its tensors'} as {ours}" for ours, part in parts
    )


def _start_of(part: Mapping[str, str]) -> str:
    """Return the beginning of the file's names of a part: "lstm."."""
    module, dot, _ = next(iter(part.values())).rpartition(".")
    return module + dot


def _listed(names: Iterable[str]) -> str:
    """Return what tensors there are, a few by name."""
    every = sorted(names)
    if not every:
        return "there are no tensors"
    more = f" and {len(every) - _MOST_LISTED} more" if len(every) > _MOST_LISTED else ""
    return f"there are {', '.join(quote(name) for name in every[:_MOST_LISTED])}{more}"


def _matrix(name: str, shapes: Mapping[str, Shape]) -> tuple[int, int]:
    """Return the shape of a matrix."""
    shape = shapes[name]
    if len(shape) != 2 or 0 in shape:
        raise ContentError(f"tensor {quote(name)} has shape {shape}; expected a matrix")
    return shape[0], shape[1]
