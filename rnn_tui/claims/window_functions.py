"""Functions of a place rather than of a number: of an entry of a weight, or of a timestep.

`FUNCTIONS` declares them; docs/lessons.md is made of it. Those that are proofs on the screen are
computed by the proofs, about the whole window, on a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.claims.entries import chosen, whole_number
from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.names import Found, clipped, require_update, update
from rnn_tui.claims.run_state import RunState, Values
from rnn_tui.claims.scope import Scope
from rnn_tui.claims.syntax import Call, Name, Node

_MOST_CHECKED = 64  # entries that are checked numerically at a time
Compute = Callable[[Call, Scope], Values]


@dataclass(frozen=True, slots=True)
class PlaceFunction:
    """A function of a place.

    Attributes:
        form: how it is written.
        meaning: what it is.
        compute: its value.
        most: how many arguments it has at most.
        least: at least.
    """

    form: str
    meaning: str
    compute: Compute
    most: int = 1
    least: int = 1


# ---------------------------------------------------------------- entries of weights


def _indices(node: Node, scope: Scope) -> npt.NDArray[np.int64]:
    """Return the indices in the flat vector of a parameter's entries."""
    state = scope.state
    if not isinstance(node, Name) or node.name not in state.places:
        names = ", ".join(state.places)
        raise ClaimError(f"{node.text} is no parameter; there are {names}")
    whole = state.places[node.name]
    found = Found(whole.astype(np.float64), ("entry",) * whole.ndim, "rows and columns")
    return chosen(node, found, scope).astype(np.int64)


def _single_index(call: Call, scope: Scope) -> int:
    """Return the index of one entry."""
    indices = _indices(call.arguments[0], scope)
    if indices.size != 1:
        raise ClaimError(f"{call.text} is of one entry, such as {call.function}(W_h[1,1])")
    return int(indices.reshape(()))


def _of_vector(vector: Callable[[RunState], Values]) -> Compute:
    """Return a function that reads entries of a vector [P]."""
    return lambda call, scope: vector(scope.state)[_indices(call.arguments[0], scope)]


def _before(state: RunState) -> Values:
    return np.array(state.window_parameters, np.float64)


def _memory(name: str) -> Compute:
    """Return a function that reads one of the optimizer's vectors."""
    return _of_vector(lambda state: np.array(state.trainer.optimizer.memory[name], np.float64))


def _only_memory(call: Call, scope: Scope) -> Values:
    memory = scope.state.trainer.optimizer.memory
    if len(memory) != 1:
        has = f"has {', '.join(memory)}" if memory else "has no memory"
        raise ClaimError(f"{call.text}: {scope.state.trainer.settings.optimizer} {has}")
    return _memory(next(iter(memory)))(call, scope)


def _rate(call: Call, scope: Scope) -> Values:
    """Return the optimizer's effective rate in this update."""
    state = scope.state
    require_update(state, call.text)
    trainer, indices = state.trainer, _indices(call.arguments[0], scope)
    flat = indices.reshape(-1).tolist()
    rates = [float(trainer.optimizer.values(trainer.clipped, k)["rate"]) for k in flat]
    return np.array(rates).reshape(indices.shape)


def _share(call: Call, scope: Scope) -> Values:
    """Return what one timestep adds to the gradient of a parameter."""
    from rnn_tui.engine.analysis.contributions import timestep_contributions
    from rnn_tui.engine.analysis.ledger import parameter_ledger

    state = scope.state
    indices = _indices(call.arguments[0], scope)
    t = whole_number(call.arguments[1], scope, "timesteps", 1, state.steps, call.text)
    _require_backward(state, t, call.text)
    if not indices.ndim:
        return np.asarray(parameter_ledger(state.trainer.network, int(indices)).contribution[t - 1])
    added = timestep_contributions(state.trainer.network, t).contribution
    return np.asarray(added.astype(np.float64)[indices])


def _shares(call: Call, scope: Scope) -> Values:
    """Return the shares of all timesteps, [T]."""
    from rnn_tui.engine.analysis.ledger import parameter_ledger

    index = _single_index(call, scope)
    _require_backward(scope.state, 1, call.text)
    return np.asarray(parameter_ledger(scope.state.trainer.network, index).contribution)


def _require_backward(state: RunState, t: int, text: str) -> None:
    """Check that the backward pass of a timestep is complete."""
    count = len(state.trainer.network.declaration.backward_operations)
    if state.trainer.cursor.revealed_backward(t, count) < count:
        raise state.not_computed(text)


def _checked(call: Call, scope: Scope, read: Callable[[object], float]) -> Values:
    """Return a number of the gradient check of each entry."""
    from rnn_tui.proofs.gradient_check import GradientCheckProof

    scope.state.require_batch(call.text)
    indices = _indices(call.arguments[0], scope)
    if indices.size > _MOST_CHECKED:
        raise ClaimError(f"{call.text}: {_MOST_CHECKED} entries at most, not {indices.size}")
    flat = indices.reshape(-1).tolist()
    found = [read(scope.state.proof(GradientCheckProof(index))) for index in flat]
    return np.array(found).reshape(indices.shape)


def _numeric(call: Call, scope: Scope) -> Values:
    """Return the numeric derivative."""
    from rnn_tui.proofs.gradient_check import GradientCheckReport

    def read(report: object) -> float:
        assert isinstance(report, GradientCheckReport)
        return float(report.check.numeric[0])

    return _checked(call, scope, read)


def _uncut(call: Call, scope: Scope) -> Values:
    """Return the gradient with no path cut."""
    from rnn_tui.proofs.gradient_check import GradientCheckReport

    def read(report: object) -> float:
        assert isinstance(report, GradientCheckReport)
        whole = report.without_cuts
        return float(report.check.analytic[0] if whole is None else whole[0])

    return _checked(call, scope, read)


# ---------------------------------------------------------------- timesteps


def _timestep(node: Node | None, scope: Scope, low: int, text: str) -> int:
    """Return a timestep; without one that of the last loss."""
    steps = scope.state.steps
    if node is None:
        return scope.state.trainer.task.topology.loss_at(None)
    return whole_number(node, scope, "timesteps", low, steps, text)


def _argument(call: Call, place: int) -> Node | None:
    return call.arguments[place] if place < len(call.arguments) else None


def _named_state(call: Call, scope: Scope, prefix: str) -> tuple[str, int | None]:
    """Return the state and the timestep of ``dh_12``; None where it has no time."""
    node, states = call.arguments[0], scope.state.trainer.network.states
    forms = ", ".join(f"{prefix}{each}" for each in states)
    if not isinstance(node, Name) or node.place is not None:
        raise ClaimError(
            f"{call.text}: a state is expected, one of {forms}, with a time or without"
        )
    base, _, time = node.name.rpartition("_")
    name = base if base else node.name
    if name.removeprefix(prefix) not in states or not name.startswith(prefix):
        raise ClaimError(f"{call.text}: {node.text} is none of {forms}")
    if not base:
        return name.removeprefix(prefix), None
    if time == "t" and scope.t is not None:
        return name.removeprefix(prefix), scope.t
    if not time.isdecimal():
        raise ClaimError(f"{call.text}: a time is written {name}_7")
    return name.removeprefix(prefix), int(time)


def _alone(call: Call, scope: Scope) -> Values:
    """Return how much of one timestep's loss arrives in a state."""
    from rnn_tui.engine.analysis.loss_gradient import LossGradient
    from rnn_tui.proofs.loss_gradient import LossGradientProof

    name, t = _named_state(call, scope, "d")
    loss = _timestep(_argument(call, 1), scope, 1, call.text)
    scope.state.require_batch(call.text)
    found = scope.state.proof(LossGradientProof(loss))
    assert isinstance(found, LossGradient)
    norms = found.norms[name]  # [loss + 1]
    if t is None:
        return np.asarray(norms[1:])
    if t > loss:
        raise ClaimError(f"{call.text}: the loss of timestep {loss} does not reach timestep {t}")
    return np.asarray(norms[t])


def _direct(call: Call, scope: Scope) -> Values:
    """Return the product of the gates that keep a state."""
    from rnn_tui.engine.network.layers import layer_number
    from rnn_tui.proofs.gates import GateReport, GatesProof

    name, t = _named_state(call, scope, "")
    if t is None:
        raise ClaimError(f"{call.text}: a time is expected, such as {name}_1")
    end = _timestep(_argument(call, 1), scope, 1, call.text)
    scope.state.require_batch(call.text)
    found = scope.state.proof(GatesProof(scope.state.sample - 1, end))
    assert isinstance(found, GateReport)
    path = next((p for p in found.direct if layer_number(p.state) == layer_number(name)), None)
    if path is None or path.state != name:
        raise ClaimError(f"{call.text}: no gate keeps {name}")
    if t > end:
        raise ClaimError(f"{call.text}: timestep {t} is after {end}")
    return np.asarray(path.product[t])


def _jacobian_norms(scope: Scope, end: int, text: str) -> tuple[Values, Values]:
    """Return the norms of each Jacobian and of their products back from `end`."""
    from rnn_tui.engine.analysis.jacobians import JacobianNorms
    from rnn_tui.proofs.base import Refusal
    from rnn_tui.proofs.jacobians import JacobiansProof

    scope.state.require_batch(text)
    found = scope.state.proof(JacobiansProof(scope.state.sample - 1, end))
    if isinstance(found, Refusal):
        raise ClaimError(f"{text}: {found.why}")
    assert isinstance(found, JacobianNorms)
    return found.step, found.product


def _jacobian(call: Call, scope: Scope) -> Values:
    t = _timestep(call.arguments[0], scope, 1, call.text)
    return np.asarray(_jacobian_norms(scope, scope.state.steps, call.text)[0][t - 1])


def _jacobians(call: Call, scope: Scope) -> Values:
    first = _timestep(call.arguments[0], scope, 1, call.text)
    end = _timestep(call.arguments[1], scope, 1, call.text)
    if first > end:
        raise ClaimError(f"{call.text}: the first timestep comes first")
    return np.asarray(_jacobian_norms(scope, end, call.text)[1][first - 1])


def _beyond(call: Call, scope: Scope) -> Values:
    """Return what a window twice as long would add to the gradient, as a share."""
    from rnn_tui.proofs.window_edge import EdgeReport, WindowEdgeProof

    scope.state.require_batch(call.text)
    found = scope.state.proof(WindowEdgeProof())
    assert isinstance(found, EdgeReport)
    if found.truncation is None or found.truncation.relative is None:
        raise ClaimError(f"{call.text}: {found.why or 'there is no gradient'}")
    return np.array(found.truncation.relative)


def _edge(call: Call, scope: Scope) -> Values:
    """Return how much of what the losses send in is cut off at the edges of the next windows."""
    from rnn_tui.engine.analysis.window_edges import WindowEdges
    from rnn_tui.proofs.window_edges import WindowEdgesProof

    name, _ = _named_state(call, scope, "d")
    scope.state.require_batch(call.text)
    found = scope.state.proof(WindowEdgesProof())
    left = found.left(name) if isinstance(found, WindowEdges) else None
    if left is None:
        raise ClaimError(f"{call.text}: no gradient comes to the edges of the next windows")
    return np.array(left)


FUNCTIONS: Mapping[str, PlaceFunction] = {
    "update": PlaceFunction("update(W_h[1,1])", "ΔW_h[1,1], at UPDATE", _of_vector(update)),
    "before": PlaceFunction(
        "before(W_h[1,1])",
        "what the window was computed with: at UPDATE, that before it",
        _of_vector(_before),
    ),
    "clipped": PlaceFunction("clipped(W_h[1,1])", "the clipped gradient", _of_vector(clipped)),
    "memory": PlaceFunction(
        "memory(W_h[1,1])", "the optimizer's memory; by its name s, v, m or buf too", _only_memory
    ),
    "rate": PlaceFunction("rate(W_h[1,1])", "the effective rate of this update", _rate),
    "share": PlaceFunction(
        "share(W_h[1,1], 3)", "what timestep 3 adds to dW_h[1,1], as in the ledger", _share, 2, 2
    ),
    "shares": PlaceFunction("shares(W_h[1,1])", "those of all timesteps", _shares),
    "numeric": PlaceFunction(
        "numeric(W_h[1,1])", "the numeric derivative, as key v computes it", _numeric
    ),
    "uncut": PlaceFunction(
        "uncut(W_h[1,1])", "the gradient of this window where no what-if cuts a path", _uncut
    ),
    "alone": PlaceFunction(
        "alone(dh_12, 20)",
        "‖∂L_20/∂h_12‖: of the loss at timestep 20 alone, or of the last one that counts; "
        "alone(dh) is a list over t",
        _alone,
        2,
    ),
    "direct": PlaceFunction(
        "direct(c_1, 20)",
        "f_2⊙…⊙f_20 of all units: what the gates keep of c_1, or of h_1 (z)",
        _direct,
        2,
    ),
    "jacobian": PlaceFunction("jacobian(5)", "‖J_5‖₂, J_t = ∂s_t/∂s_<t-1>", _jacobian),
    "jacobians": PlaceFunction(
        "jacobians(2, 20)", "‖J_20 ⋯ J_2‖₂, the most a gradient can grow by", _jacobians, 2, 2
    ),
    "beyond": PlaceFunction(
        "beyond()",
        "what a window twice as long would add to the gradient, as a share of it",
        _beyond,
        0,
        0,
    ),
    "edge": PlaceFunction(
        "edge(dh)", "the share of what the losses send in that the edges of windows cut off", _edge
    ),
}


def of_place(name: str, state: RunState) -> Compute | None:
    """Return the function of that name; of the optimizer's memory by its own name too."""
    function = FUNCTIONS.get(name)
    if function is None:
        return _memory(name) if name in state.trainer.optimizer.memory else None

    def compute(call: Call, scope: Scope) -> Values:
        if not function.least <= len(call.arguments) <= function.most:
            raise ClaimError(f"{call.text}: it is written {function.form}")
        return function.compute(call, scope)

    return compute
