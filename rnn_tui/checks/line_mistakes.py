"""Mistakes that are other lines: every small one that a line can have, and some larger by name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rnn_tui.checks.mistakes import Mistake, Stage, said_of_layers
from rnn_tui.checks.mutations import Mutation, mutations
from rnn_tui.checks.programs import (
    GRU,
    GRU_RESET_BEFORE,
    READOUT_BACKWARD,
    READOUT_FORWARD,
    READOUT_GRADIENTS,
    CellProgram,
    Lines,
)
from rnn_tui.checks.reference import LineEdit, ReferenceProblem

WITHOUT_NEXT = "dc - dc_next"
SAID = {
    "x_before": "x_<t-1>",
    "x_late": "x_<t-1> (at t = 1 x_1)",
    "x_after": "x_<t+1>",
    "h_before": "h_<t-2>",
} | {
    gate + name: f"{gate}_{said}"
    for gate in "ifgorzn"
    for name, said in (
        ("_next", "<t+1>"),
        ("_before", "<t-1>"),
        ("_after", "<t+1> (at the end the last)"),
    )
}
"""How names are said that no right line has."""

RESET_BEFORE = (
    "these are the numbers of the cell gru-reset-before: the reset gate stands before the "
    "product, (r⊙h_<t-1>)·W_hn, as with reset_after=False"
)
Swaps = dict[str, tuple[str, ...]]


def _swaps(program: CellProgram, stage: Stage) -> Swaps:
    """Return by which other names a name may be confused."""
    gates = tuple(gate for gate in program.gates if gate)
    swaps: Swaps = {gate: tuple(g for g in gates if g != gate) for gate in gates}
    for kind in ("W_x", "W_h", "b_x", "b_h"):
        other = kind.translate(str.maketrans("xh", "hx"))
        for gate in program.gates:
            same = tuple(kind + g for g in program.gates if g != gate)
            swaps[kind + gate] = (other + gate, *same)
    swaps |= {"h": ("h_prev",), "h_prev": ("h", "h_0", "h_before"), "dh": ("dh_y", "dh_next")}
    swaps["x"] = ("x_before", "x_late", "x_after")
    if "c" in program.states:
        swaps |= {"c": ("c_prev", "h"), "c_prev": ("c", "h_prev", "tanh_c", "c_0")}
        swaps |= {"tanh_c": ("c", "tanh(tanh_c)", "h"), "dc": ("dc_next", "dh")}
        swaps["h"] += ("c", "tanh_c")
        swaps["g"] += ("c_prev",)
    if stage is Stage.FORWARD:
        return swaps
    for gate in gates:
        swaps[gate] += (f"a_{gate}", f"tanh({gate})", f"sigmoid({gate})")
        swaps[gate] += tuple(gate + shift for shift in ("_next", "_before", "_after"))
        swaps[f"da_{gate}"] = (f"d{gate}", *(f"da_{g}" for g in gates if g != gate))
    if "c" in program.states:
        swaps["c_prev"] += ("g",)
        swaps["dc"] += (WITHOUT_NEXT,)
    if not gates:
        swaps["h"] = ("a", "tanh(h)", "sigmoid(h)", "h_prev")
        swaps["da"] = ("dh",)
    if "n" in gates:
        swaps |= {"m": ("h_prev",), "dm": ("da_n",), "n": (*swaps["n"], "m")}
    return swaps


def generated(problem: ReferenceProblem, stage: Stage) -> Iterator[Mistake]:
    """Yield every small mistake of the lines of `stage`; of all gates at once first."""
    program = problem.program
    lines: Lines = {
        Stage.FORWARD: dict(program.forward) | READOUT_FORWARD,
        Stage.BACKWARD: READOUT_BACKWARD | dict(program.backward),
        Stage.GRADIENTS: dict(program.gradients) | READOUT_GRADIENTS,
    }[stage]
    swaps = _swaps(program, stage)
    for family in program.families.values():
        if all(name in lines for name in family):
            yield from _of_family(program, stage, family, lines, swaps)
    # Of dh_prev and dc_prev it is that dh_next and dc_next are dropped.
    zeroed = [name for name in program.backward if name not in ("dh", "dx", "dh_prev", "dc_prev")]
    for name, text in lines.items():
        if stage is Stage.BACKWARD and name in zeroed:
            edit = LineEdit({name: "0 * dh"})
            yield Mistake(stage, f"their {name} is 0", f"with `{name} = 0`", edit=edit)
        for mutation in mutations(text, swaps):
            edit = LineEdit({name: mutation.text})
            what = describe(program, stage, name, mutation)
            yield replace(_mistake(stage, what, edit, lines), other=mutation.other)


def said_as_zero(mistake: Mistake) -> str:
    """Say a mistake in which what stands in the place of the right name is 0 everywhere."""
    other = SAID.get(mistake.other, mistake.other)
    start, found, end = mistake.what.partition(f" has {_plain(other)} where ")
    return f"{start} has 0 where {end}" if found else mistake.what


def _mistake(stage: Stage, what: str, edit: LineEdit, lines: Lines) -> Mistake:
    """Return the mistake of `edit`, shown by its first line."""
    name, text = next(iter(edit.lines.items()))
    right = lines.get(name, "")
    if name == "tanh_c":  # which the code panel has no line for
        name, text, right = "h", f"o * {text}", f"o * {right}"
    shown = f"with `{_left(stage, name)} = {_plain(text)}`"
    if len(edit.lines) == 1 and right:
        shown += f" in place of `{_plain(right)}`"
    elif len(edit.lines) > 1:
        shown += " and so on"
    return Mistake(stage, what, shown, edit=edit)


def _left(stage: Stage, name: str) -> str:
    return f"d{name}" if stage is Stage.GRADIENTS else name


def _plain(text: str) -> str:
    """Return a line as the code panel writes it."""
    text = text.replace(" ** 2", "**2").replace("tanh_c", "tanh(c)")
    return re.sub(r"(?<![.\w])tanh\(", "np.tanh(", text)


def _of_family(
    program: CellProgram, stage: Stage, family: tuple[str, ...], lines: Lines, swaps: Swaps
) -> Iterator[Mistake]:
    """Yield mistakes made in the lines of a family alike."""
    variants = [mutations(lines[name], swaps) for name in family]
    if any(len(each) != len(variants[0]) for each in variants):
        # The gates' lines are not alike: what is alike in them.
        by_change = [{(m.kind, m.part, m.other): m for m in each} for each in variants]
        common = [change for change in by_change[0] if all(change in each for each in by_change)]
        variants = [tuple(each[change] for change in common) for each in by_change]
    for alike in zip(*variants, strict=True):
        if len({mutation.kind for mutation in alike}) == 1:
            edit = LineEdit({name: m.text for name, m in zip(family, alike, strict=True)})
            mistake = _mistake(stage, _of_all(program, stage, family, alike), edit, lines)
            same = len({mutation.other for mutation in alike}) == 1
            yield replace(mistake, other=alike[0].other) if same else mistake


def _of_all(
    program: CellProgram, stage: Stage, family: tuple[str, ...], alike: tuple[Mutation, ...]
) -> str:
    """Say a mistake that is made for several gates alike."""
    what = describe(program, stage, family[0], alike[0])
    others = ", ".join(_left(stage, name) for name in family[1:])
    return f"{what}, and likewise in {others}"


def _without_slope(program: CellProgram, name: str, part: str) -> str:
    """Say that `part` is missing in a line with a derivative."""
    gate = name.removeprefix("da_") if name.startswith("da_") else ""
    slope = program.slopes[name] + (f" of the gate {gate}" if gate else "")
    right = _plain(program.backward[name])
    if right.endswith(f"* ({part})"):
        return f"the derivative {slope} is missing in their {name}"
    if gate and part in right.partition("* (")[2]:
        return f"the derivative {slope} is incomplete: their {name} lacks {part}"
    return f"their {name} lacks {part}"


def describe(program: CellProgram, stage: Stage, name: str, mutation: Mutation) -> str:
    """Say a mistake of the line of `name`."""
    left, part, other = _left(stage, name), _plain(mutation.part), _plain(mutation.other)
    left = "h" if left == "tanh_c" else left
    if mutation.kind == "without":
        if name in ("dh", "dc") and part in ("dh_next", "dc_next"):
            return f"their {part} is dropped: no gradient flows from a timestep to the one before"
        if name == "dh" and part == "dh_y":
            return "their dh_y is dropped: dh is dh_next alone"
        if stage is Stage.BACKWARD and name in program.slopes:
            return _without_slope(program, name, part)
        return f"their {left} lacks {part}"
    if stage is Stage.GRADIENTS and part == "h_prev" and other == "h":
        return f"stale h: their {left} is computed with h_t where h_<t-1> belongs"
    if other == WITHOUT_NEXT:
        return f"their {left} is computed with dc that lacks dc_next"
    other = SAID.get(other, other)
    if part.endswith(".T") and other == part[:-2]:
        return f"{other} is not transposed in their {left}"
    return {
        "sign": f"their {left} has the wrong sign before {part}",
        "order": f"their {left} has {other} for {part}, the wrong sign",
        "function": f"their {left} has {other} for {part}",
        "square": f"their {left} has {other} for {part}: the square is forgotten",
    }.get(mutation.kind, f"their {left} has {other} where {part} belongs")


def _backward(what: str, edit: LineEdit, put_in: str = "with this") -> Mistake:
    return Mistake(Stage.BACKWARD, what, put_in, edit=edit)


def named_backward(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield the mistakes of the backward pass that are more than a place of one line."""
    program = problem.program
    slopes = {n: n for n in program.slopes if n.startswith("da")}
    if "c" in program.states:
        no_next = {"dh": "dh_y", "dc": "dh * o * (1 - tanh_c**2)"}
        yield _backward("their dh_next and dc_next are dropped", LineEdit(no_next))
        yield _backward(
            "their dc_prev lacks f, and their dh_next is dropped",
            LineEdit({"dh": "dh_y", "dc_prev": "dc"}),
        )
    if len(slopes) > 1:
        bare = {name: f"d{name.removeprefix('da_')}" for name in slopes}
        yield _backward("the derivatives of all gates are missing", LineEdit(bare), "with da = d")
        all_slopes = bare | ({"dc": "dc_next + dh * o"} if "c" in program.states else {})
        yield _backward(
            "the derivatives of all gates and of tanh(c) are missing", LineEdit(all_slopes)
        )
    for name in slopes:
        gate = name.removeprefix("da_") if "_" in name else "h"
        right = "1 - {0}**2" if "**2" in program.backward[name] else "{0} * (1 - {0})"
        wrong = "{0} * (1 - {0})" if "**2" in right else "1 - {0}**2"
        function = "sigmoid" if "**2" in right else "tanh"
        text = f"{program.backward[name].split(' *')[0]} * ({wrong.format(gate)})"
        what = f"their {name} has the derivative of {function} where {program.slopes[name]} belongs"
        yield _backward(what, LineEdit({name: text}), f"with `{name} = {text}`")
    yield from _slopes_of_others(program)
    if "z" in program.gates:
        products = program.backward["dh_prev"]
        yield _backward(
            "their dh_prev lacks the products with W_h: it is dh * z alone",
            LineEdit({"dh_prev": "dh * z"}),
        )
        turned = products.replace("dh * z", "dh * (1 - z)")
        what = "their dh_prev has dh * (1 - z) where dh * z belongs"
        yield _backward(what, LineEdit({"dh_prev": turned}))
    not_transposed = program.backward["dh_prev"].replace(".T", "")
    yield _backward(
        "W_h is not transposed in their dh_prev",
        LineEdit({"dh_prev": not_transposed}),
        "with W_h in place of W_h.T",
    )
    if "W_hi" in not_transposed or "W_hr" in not_transposed:
        x_for_h = program.backward["dh_prev"].replace("W_h", "W_x")
        yield _backward("their dh_prev goes through W_x, not W_h", LineEdit({"dh_prev": x_for_h}))


def _slopes_of_others(program: CellProgram) -> Iterator[Mistake]:
    """Yield the derivative of another gate in the place of a gate's own."""
    gates = [name.removeprefix("da_") for name in program.slopes if name.startswith("da_")]
    for gate in gates:
        start = program.backward[f"da_{gate}"].split(" *")[0]
        for other in gates:
            if other != gate:
                slope = program.backward[f"da_{other}"].partition(" * ")[2].strip()
                what = f"their da_{gate} has the derivative of the gate {other}"
                text = f"{start} * {slope}"
                yield _backward(what, LineEdit({f"da_{gate}": text}), f"with `da_{gate} = {text}`")


def clipped(problem: ReferenceProblem, largest: Mapping[str, float]) -> Iterator[Mistake]:
    """Yield gradients that are clipped on their way back.

    Args:
        problem: the problem.
        largest: the largest magnitude of their grad.h ("h"), grad.c ("c") and dh_next
            ("dh_prev"), as far as they are known.
    """
    top = max(largest.values(), default=1.0)
    power = math.floor(math.log10(top or 1.0))
    powers = range(power - 2, power + 2)
    round_bounds = [d * 10.0**k for k in powers for d in (1.0, 2.0, 3.0, 5.0)]
    round_bounds = [bound for bound in round_bounds if bound < 2 * top or bound in (1.0, 5.0)]
    names = [n for n in ("dh", "dc", "dh_prev", "dc_prev", "dh_y") if n in problem.program.backward]
    for name in names:
        own = [largest[key] for key in (name, name.removeprefix("d")) if key in largest]
        own = [bound for bound in own if bound > 1e-6 * top]  # less is rounding
        for bound in (*own, *round_bounds):
            text = f"clip({problem.program.backward[name]}, {bound!r})"
            what = f"their {name} is clipped at ±{bound:.6g} at every timestep"
            yield _backward(what, LineEdit({name: text}))


def truncated(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield backward passes that do not go all the way."""
    steps, program = problem.steps, problem.program
    cell = "c" in program.states
    cut: Mapping[str, str] = {"dh": "dh_y"} | ({"dc": "dh * o * (1 - tanh_c**2)"} if cell else {})
    for t in reversed(range(steps - 1)):
        place = f"at t = {t + 1}: no gradient flows back from t = {t + 2}"
        yield _backward(f"truncated {place}", LineEdit(cut, times=frozenset({t})))
        if cell:
            for name, text in cut.items():
                edit = LineEdit({name: text}, times=frozenset({t}))
                part = f"d{name[-1]}_next"
                yield _backward(f"their {part} is dropped {place}", edit)
    gone = {"dh": "0 * dh_y"} | ({"dc": "0 * dh_y"} if cell else {})
    for t in reversed(range(steps - 1)):
        edit = LineEdit(gone, times=frozenset(range(t + 1)))
        what = f"truncated at t = {t + 2}: the backward pass stops there, t = 1 to {t + 1} get none"
        yield _backward(what, edit)
    last_missing = frozenset({steps - 1})
    yield _backward(
        f"their backward pass leaves out t = {steps}", LineEdit(gone, times=last_missing)
    )
    for length in range(2, steps - 1):
        for offset, where in ((0, "from the first"), (steps % length, "from the last")):
            times = frozenset(
                range(steps)[length - 1 + offset - (length if offset else 0) :: length]
            )
            times -= {steps - 1, -1}
            if len(times) > 1 and (offset or where == "from the first"):
                what = f"truncated every {length} timesteps, counted {where}"
                yield _backward(what, LineEdit(cut, times=times))
    but_last = frozenset(range(steps - 1))
    no_output = {"dh": "dh_next"}
    yield _backward(
        f"their dh_y is dropped but at t = {steps}, so only the last output's gradient goes back",
        LineEdit(no_output, times=but_last),
    )


def named_gradients(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield the mistakes in summing the gradients of weights over timesteps and samples."""
    steps, batch = problem.steps, problem.batch
    for b in range(batch) if batch > 1 else ():
        what = f"the batch is not summed: the gradients are of sample {b + 1} alone"
        yield Mistake(Stage.GRADIENTS, what, sample=b)
    if steps < 2:
        return
    for t in (0, steps - 1):
        what = f"not summed over time: the gradients of the weights are of t = {t + 1} alone"
        yield Mistake(Stage.GRADIENTS, what, times=(t,))
    for t in range(1, steps - 1):
        what = f"not summed over time: the gradients of the weights are of t = {t + 1} alone"
        yield Mistake(Stage.GRADIENTS, what, times=(t,))
    for t in range(steps):
        times = tuple(s for s in range(steps) if s != t)
        what = f"the gradients of the weights leave out t = {t + 1}"
        yield Mistake(Stage.GRADIENTS, what, times=times)
    for t in range(1, steps - 1):
        what = (
            f"truncated at t = {t + 1}: the gradients of the weights are of t = {t + 1} and later"
        )
        yield Mistake(Stage.GRADIENTS, what, times=tuple(range(t, steps)))


def named_forward(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield the mistakes of the forward pass that are more than a place of one line."""

    def forward(what: str, lines: Mapping[str, str]) -> Mistake:
        name, text = next(iter(lines.items()))
        return Mistake(Stage.FORWARD, what, f"with `{name} = {text}`", edit=LineEdit(lines))

    program = problem.program
    if program is GRU:
        yield _other_cell()
    for other, what in (
        ("h_0", "stale h: every timestep begins with h_0, the state is not carried on"),
        ("h_before", "stale h: h_<t-2> stands where h_<t-1> belongs"),
    ):
        lines = {n: e.replace("h_prev", other) for n, e in program.forward.items() if "h_prev" in e}
        yield forward(what, lines)
        begun = LineEdit(first={"h_prev": other})
        yield Mistake(Stage.FORWARD, what, f"with `h_prev = {other}`", edit=begun)
    sums = {n: e for n, e in program.forward.items() if " + b_x" in e or " + b_h" in e}
    for kind, name in (("b_x", "bias_ih"), ("b_h", "bias_hh")):
        twice = {
            line: text.replace(f" + {kind}{gate}", f" + {kind}{gate} + {kind}{gate}")
            for line, text in sums.items()
            for gate in [line.removeprefix("a_") if "_" in line else ""]
        }
        yield forward(f"{name} is added twice", twice)
    if "c" in program.states:
        bias = program.forward["a_f"] + " + 1"
        yield forward("1 is added to the forget gate's bias once more", {"a_f": bias})
        no_bias = program.forward["a_f"] + " - 1"
        yield forward("the forget gate's bias is less by 1", {"a_f": no_bias})
        yield forward("their gates are coupled: f is 1 − i", {"f": "1 - i"})
        yield forward("their gates are coupled: i is 1 − f", {"i": "1 - sigmoid(a_f)"})
        coupled = {"c": "f * c_prev + (1 - f) * g"}
        yield forward("their gates are coupled: c has 1 − f where i belongs", coupled)
        plain = {"c": "f * c_prev + i * g", "tanh_c": "relu(c)", "g": "relu(a_g)"}
        yield forward("relu stands for both tanh", plain)
    if "m" in program.forward:
        inside = "x @ W_xn + b_xn + (r * h_prev) @ W_hn + b_hn"
        yield forward(
            RESET_BEFORE,
            {"a_n": inside},
        )
        outside = "x @ W_xn + b_xn + r * (h_prev @ W_hn) + b_hn"
        yield forward("the reset gate leaves out the bias b_hn", {"a_n": outside})
    if "z" in program.gates:
        turned = "z * n + (1 - z) * h_prev"
        yield forward("z and 1 − z are swapped", {"h": turned})
    for function in ("tanh", "sigmoid", "relu"):
        yield forward(f"their output goes through {function}", {"y": f"{function}(h @ W_y + b_y)"})
    if problem.layers > 1:
        yield forward(
            "their output is read from layer 1, not the top one", {"y": "h_below @ W_y + b_y"}
        )


def _other_cell() -> Mistake:
    """Return the GRU whose reset gate stands before the product."""
    return Mistake(
        Stage.FORWARD,
        RESET_BEFORE,
        "with this cell",
        read=lambda problem: replace(problem, program=GRU_RESET_BEFORE),
    )


def resets(problem: ReferenceProblem, times: Sequence[int]) -> Iterator[Mistake]:
    """Yield states that are taken as 0 at one timestep, in all layers or in one.

    Args:
        problem: the problem.
        times: where it may be, from 0.
    """
    states = problem.program.states
    sets = [*([states] if len(states) > 1 else []), *((state,) for state in states)]
    count = problem.layers
    for t in times:
        for some in sets:
            names = " and ".join(f"{state}_<t-1>" for state in some)
            what = f"{names} {'are' if len(some) > 1 else 'is'} taken as 0 at t = {t + 1}"
            zero = {f"{state}_prev": f"0 * {state}_prev" for state in some}
            lines = {
                name: re.sub(rf"\b({'|'.join(zero)})\b", r"(0 * \1)", text)
                for name, text in problem.program.forward.items()
                if any(name in text for name in zero)
            }
            shown = f"with `{' = '.join(zero)} = 0` there"
            for edit in (LineEdit(first=zero), LineEdit(lines)):
                there = replace(edit, times=frozenset({t}))
                mistake = Mistake(Stage.FORWARD, what, shown, edit=there)
                yield mistake
                for layer in range(count) if count > 1 else ():
                    yield said_of_layers(mistake, frozenset({layer}), count)


def both_ways(mistake: Mistake) -> Iterator[Mistake]:
    """Yield a mistake of the forward pass with its own gradients, and with the right lines'."""
    if mistake.read:
        yield mistake  # the backward pass reads the same
        return
    own = f"{mistake.put_in}, and the gradients of that,"
    yield replace(mistake, derived=True, put_in=own)
    if mistake.edit.first:
        where = "in the forward pass, and the right lines backward,"
    else:
        where = "in the forward pass alone"
    yield replace(mistake, put_in=f"{mistake.put_in} {where}")
