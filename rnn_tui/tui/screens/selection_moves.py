"""Moves of the selection: unit, timestep, parameter, operation, layer, sample, panel.

The user's selection is in two parts: `Selection`, which the screen alone needs, and `ViewRequest`,
which the session needs to build snapshots. Every function here is pure: it takes a snapshot and the
selection before the move, and returns the one after it. Selections stop at the first and last
element; samples, panels and variants go round.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.core.parameters import block_name
from rnn_tui.engine.network.layers import name_in_layer, name_without_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.parameter_names import tensor_of, tensors

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import ScreenView

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)  # that keys choose among


def initial_selection(snapshot: Snapshot) -> Selection:
    """Return the selection at the start."""
    return Selection(parameter=_first_recurrent_weight(snapshot))


def restored_selection(snapshot: Snapshot, view: ScreenView) -> Selection:
    """Return the selection that was saved with the run."""
    selection = Selection(
        unit=view.unit, operation=view.operation, parameter=view.parameter, panel=view.panel
    )
    return move_operation(snapshot, valid_selection(snapshot, selection), 0)


def valid_selection(snapshot: Snapshot, selection: Selection) -> Selection:
    """Return `selection`, reset where its unit or parameter does not exist after a restart."""
    parameters = snapshot.optimizer.parameters.size
    if selection.unit <= last_unit(snapshot) and selection.parameter < parameters:
        return selection
    return replace(selection, unit=0, parameter=_first_recurrent_weight(snapshot), operation=0)


def carried_selection(before: Snapshot, snapshot: Snapshot, selection: Selection) -> Selection:
    """Return the selection in another network: the same parameter by its name, not by its place.

    Where there is none of that name, or no such entry, the first recurrent weight is selected.

    Args:
        before: a snapshot of the network in which `selection` was made.
        snapshot: one of the other network.
        selection: what was selected.
    """
    declaration = snapshot.window.declaration
    elsewhere = selection.parameter >= before.optimizer.parameters.size
    if elsewhere or declaration.specs == before.window.declaration.specs:
        return valid_selection(snapshot, selection)
    here = tensor_of(before, selection.parameter)
    row, column = divmod(selection.parameter - here.start, here.spec.shape[-1])
    gate, unit = divmod(column, here.units)
    name = block_name(here.spec.name, here.spec.blocks[gate])
    parameter = _first_recurrent_weight(snapshot)
    for tensor in tensors(snapshot):
        names = [block_name(tensor.spec.name, block) for block in tensor.spec.blocks]
        width = tensor.spec.shape[-1]
        rows = (tensor.stop - tensor.start) // width
        if name in names and row < rows and unit < tensor.units:
            place = row * width + names.index(name) * tensor.units + unit
            parameter = tensor.start + place
    return valid_selection(snapshot, replace(selection, parameter=parameter))


def arrows_select_parameters(snapshot: Snapshot, selection: Selection) -> bool:
    """Return whether the arrow keys select parameters and tensors instead of timesteps and units.

    They do at CLIP and UPDATE, where the timestep panel shows parameters, except during
    training, with a timestep selected, or while the panel with the focus uses the arrows itself.
    """
    at_update = snapshot.cursor.stage in (Pass.CLIP, Pass.UPDATE) and snapshot.request.t is None
    return at_update and not panel_spec(selection.panel).timestep_keys and not snapshot.running


def move_unit(snapshot: Snapshot, selection: Selection, distance: int) -> Selection:
    """Select the unit `distance` further down."""
    return replace(selection, unit=_clamp(selection.unit + distance, 0, last_unit(snapshot)))


def move_in_order(units: Sequence[int], selection: Selection, distance: int) -> Selection:
    """Select the unit `distance` further down, where they stand in this order."""
    order = list(units)
    place = order.index(selection.unit) if selection.unit in order else 0
    return replace(selection, unit=order[_clamp(place + distance, 0, len(order) - 1)])


def move_parameter(snapshot: Snapshot, selection: Selection, distance: int) -> Selection:
    """Select the parameter `distance` further on in the flat vector."""
    last = snapshot.optimizer.parameters.size - 1
    return replace(selection, parameter=_clamp(selection.parameter + distance, 0, last))


def move_tensor(snapshot: Snapshot, selection: Selection, distance: int) -> Selection:
    """Select the first parameter of the tensor `distance` further on."""
    all_tensors = tensors(snapshot)
    index = all_tensors.index(tensor_of(snapshot, selection.parameter)) + distance
    return replace(selection, parameter=all_tensors[_clamp(index, 0, len(all_tensors) - 1)].start)


def move_to_layer(snapshot: Snapshot, selection: Selection, layer: int) -> Selection:
    """Select the same tensor of another layer, the same entry where both have one size.

    What belongs to no layer, such as W_y, stays selected.
    """
    here = tensor_of(snapshot, selection.parameter)
    name = name_in_layer(name_without_layer(here.spec.name), layer)
    there = next((each for each in tensors(snapshot) if each.spec.name == name), None)
    if there is None or here.spec.right == "dy":
        return selection
    same = there.spec.shape == here.spec.shape
    entry = selection.parameter - here.start if same else 0
    return replace(selection, parameter=there.start + entry)


def move_entry(snapshot: Snapshot, selection: Selection, rows: int, columns: int) -> Selection:
    """Select the entry that is so many rows and columns further on in the picture of the tensor."""
    tensor = tensor_of(snapshot, selection.parameter)
    last = [count - 1 for count in tensor.picture]
    row, column = tensor.place(selection.parameter)
    row, column = _clamp(row + rows, 0, last[0]), _clamp(column + columns, 0, last[1])
    return replace(selection, parameter=tensor.index_at(row, column))


def move_operation(snapshot: Snapshot, selection: Selection, distance: int) -> Selection:
    """Select the operation `distance` before, of those that can be selected at the timestep."""
    last = max(len(snapshot.selectable_operations(snapshot.t)) - 1, 0)
    return replace(selection, operation=_clamp(selection.operation + distance, 0, last))


def timestep_to_request(snapshot: Snapshot, t: int) -> int | None:
    """Return the timestep of the window nearest to `t`; None (follow the cursor) if it is there."""
    t = _clamp(t, 1, snapshot.steps)
    return None if t == snapshot.cursor.t else t


def layer_to_request(snapshot: Snapshot, distance: int) -> int | None:
    """Return the layer `distance` above; None (follow the newest operation) above the last one."""
    layer = snapshot.layer + distance
    return None if layer > snapshot.settings.layers else max(layer, 1)


def sample_to_request(snapshot: Snapshot, sample: int, distance: int) -> int:
    """Return the sample of the batch `distance` further on."""
    return (sample + distance) % snapshot.settings.batch


def temperature_to_request(temperature: float, distance: int) -> float:
    """Return the temperature `distance` further up in TEMPERATURES, from the nearest one there."""
    nearest = min(range(len(TEMPERATURES)), key=lambda k: abs(TEMPERATURES[k] - temperature))
    return TEMPERATURES[_clamp(nearest + distance, 0, len(TEMPERATURES) - 1)]


def move_variant(variants: tuple[str, ...], selection: Selection, distance: int) -> Selection:
    """Show the variant `distance` further on, of those of the panel with the focus."""
    shown = variants.index(selection.variant(selection.panel, variants)) + distance
    others = tuple(each for each in selection.variants if each[0] != selection.panel)
    chosen = (selection.panel, variants[shown % len(variants)])
    return replace(selection, variants=(*others, chosen))


def next_panel(panel: str, distance: int, hidden: Collection[str] = ()) -> str:
    """Return the panel `distance` further on, of those that are not `hidden`."""
    names = [name for name in PANELS.names if name == panel or name not in hidden]
    return names[(names.index(panel) + distance) % len(names)]


def _clamp(value: int, first: int, last: int) -> int:
    """Return the integer in `first` … `last` that is nearest to `value`."""
    return min(max(value, first), last)


def last_unit(snapshot: Snapshot) -> int:
    """Return the last hidden unit or, where there are more of those, output."""
    sizes = snapshot.window.declaration.architecture
    return max(sizes.hidden, sizes.outputs) - 1


def _first_recurrent_weight(snapshot: Snapshot) -> int:
    """Return the first entry of W_h, the matrix of backpropagation through time; without it, 0."""
    return next((t.start for t in tensors(snapshot) if t.spec.name == "W_h"), 0)
