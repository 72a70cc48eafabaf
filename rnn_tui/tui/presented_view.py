"""The presenter's place on the screen, which followers take over until they choose their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from rnn_tui.registry import PROOFS
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.panel_spec import panel_spec

if TYPE_CHECKING:
    from rnn_tui.tui.lesson.room import LessonRoom
    from rnn_tui.tui.lesson.view import Covered, LessonView


@dataclass(frozen=True, slots=True)
class PresentedView:
    """What is selected on the presenter's screen, and how it is arranged.

    Attributes:
        selection: the selection.
        zoomed: whether the panel with the focus has the whole screen.
        above: the panel above the timestep on a narrow screen.
        above_chosen: whether that was chosen while training, where it would be the loss.
        slide: which slide it is; "" where no slides are presented.
        lesson: what is shown of a lesson, without the presenter's notes; None for none.
        covered: what is not to be seen until an answer is in; None for nothing.
        room: what says how many lines a question needs; None for none.
    """

    selection: Selection
    zoomed: bool
    above: str
    above_chosen: bool
    slide: str = ""
    lesson: LessonView | None = None
    covered: Covered | None = None
    room: LessonRoom | None = None


def with_own_view(presented: Selection, own: Selection) -> Selection:
    """Return the presenter's selection, looked at as a follower has chosen to.

    What is selected is the presenter's: unit, operation, entry. A follower's own are the panel in
    focus, what panels show, and how charts and tables are looked at. What a panel shows is the
    presenter's, too, where the presenter's session has to compute it.

    Args:
        presented: the presenter's selection.
        own: the follower's; its pointer is that of the presenter, unless it has one of its own.
    """
    own_variants = [each for each in own.variants if not is_computed(each[0])]
    names = {name for name, _ in own_variants}
    variants = (*(each for each in presented.variants if each[0] not in names), *own_variants)
    return replace(
        presented,
        prefix=own.prefix,
        panel=own.panel,
        page=own.page,
        variants=variants,
        chart_views=own.chart_views,
        big=own.big,
        pointing=own.pointing or presented.pointing,
        pointed=own.pointed if own.pointing else presented.pointed,
    )


@cache
def is_computed(panel: str) -> bool:
    """Return whether a proof depends on what is chosen for a panel to show."""
    from rnn_tui.proofs.base import Selected  # not for the first screen

    def proof(name: str, variant: str) -> object:
        return PROOFS.load(name).at(Selected(0, variants=((panel, variant),)))

    return any(proof(name, "one") != proof(name, "other") for name in panel_spec(panel).proofs)
