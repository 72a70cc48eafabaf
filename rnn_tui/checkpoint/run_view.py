"""The view of a run that a checkpoint keeps: breakpoints, and what was selected on the screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SavedBreakpoint:
    """A breakpoint of the list.

    Attributes:
        text: the condition as it is written: "loss<0.01".
        enabled: whether it stops the run.
        hits: how often it fired in this run.
        waiting: whether its condition held when last checked: it fires again only after it has
            been false in between.
    """

    text: str
    enabled: bool = True
    hits: int = 0
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class ScreenView:
    """What was selected on the screen; see `rnn_tui.tui.draw_context.Selection`.

    Attributes:
        panel: the name of the panel with the focus.
        zoomed: whether it filled the screen.
        unit: the selected hidden unit, from 0.
        operation: the operation whose equation is shown, counted back from the newest revealed.
        parameter: index into the flat parameter vector.
        sample: the sample of the batch, from 0.
        t: the timestep, from 1; None: the cursor's.
        layer: the layer, from 1; None: that of the newest operation.
    """

    panel: str = "timestep"
    zoomed: bool = False
    unit: int = 0
    operation: int = 0
    parameter: int = 0
    sample: int = 0
    t: int | None = None
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """How a run was looked at when it was saved.

    The values held and the paths cut by what-ifs are not here: they change the numbers, so they
    belong to the run itself (`Trainer.network.pins`), with or without a view.

    Attributes:
        breakpoints: the list of breakpoints, `nan` left out.
        screen: what was selected; None for a run without a screen.
    """

    breakpoints: tuple[SavedBreakpoint, ...] = ()
    screen: ScreenView | None = None
