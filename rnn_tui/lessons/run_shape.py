"""What is known of the run of a lesson while its file is read: settings and names of values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rnn_tui.engine.network.interventions import InterventionError
from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.training.breakpoint_conditions import BreakpointError
from rnn_tui.engine.training.breakpoint_parser import parse as parse_breakpoint
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.settings import DECLARATIONS, Settings, Value, quote

if TYPE_CHECKING:
    from rnn_tui.engine.network.declaration import NetworkDeclaration


class MistakeError(ValueError):
    """Something that does not fit the run; the message is one line without its place."""


class RunShape:
    """The run as it is at a step of the lesson, as far as that is known without computing it.

    Attributes:
        settings: those of the run; None where they are in a checkpoint.
    """

    def __init__(self, settings: Settings | None) -> None:
        self.settings = settings

    @cached_property
    def declaration(self) -> NetworkDeclaration | None:
        """What is declared of the network; None where that is not known."""
        if self.settings is None:
            return None
        from rnn_tui.engine.network.architecture import architecture_of
        from rnn_tui.engine.network.declaration import NetworkDeclaration
        from rnn_tui.tasks import make_task

        settings = self.settings
        architecture = architecture_of(settings, make_task(settings))
        return NetworkDeclaration(architecture, settings.steps, settings.batch, settings.dtype)

    def changed(self, changes: Mapping[str, Value], *, restarts: bool) -> RunShape:
        """Return the run with changed settings.

        Raises:
            MistakeError: they need a restart.
            SettingError: they do not fit each other.
        """
        if not restarts:
            for name in changes:
                if DECLARATIONS[name].effect == "restart":
                    what = f"{name}={DECLARATIONS[name].show(changes[name])}"
                    raise MistakeError(f"{name} cannot change in a run: write restart {what}")
        if self.settings is None:
            return self
        return RunShape(self.settings.with_(**changes)) if changes else self

    def check_what_if(self, text: str) -> None:
        """Refuse what is no what-if of this network."""
        if self.declaration is None:
            return
        try:
            parse_what_if(text, self.declaration)
        except InterventionError as error:
            raise MistakeError(str(error)) from None

    def check_condition(self, text: str) -> None:
        """Refuse what is no breakpoint in this run."""
        try:
            condition = parse_breakpoint(text)
            if self.declaration is not None:
                condition.fits(self.declaration)
        except BreakpointError as error:
            raise MistakeError(str(error)) from None
        except ValueError as error:
            raise MistakeError(str(error)) from None

    def most(self, name: str) -> int | None:
        """Return how many units, timesteps, layers or samples there are; None if not known."""
        if self.settings is None:
            return None
        steps = self.settings.steps
        most = {"unit": self.settings.hidden, "t": steps, "shown": steps}
        most |= {"layer": self.settings.layers, "sample": self.settings.batch}
        return most.get(name)

    def check_place(self, place: PlaceLine, text: str) -> None:
        """Refuse a place that no run with these settings has."""
        if self.settings is None:
            return
        for name, value in place.looking:
            most = self.most(name)
            if most is not None and int(value.removeprefix("t=")) > most:
                reason = f"{name} must be from 1 to {most} in this run, not {value}"
                raise MistakeError(f"{quote(text)}: {reason}")
        steps = self.settings.steps
        if place.t > steps:
            raise MistakeError(
                f"{quote(text)}: there is no timestep {place.t}: windows have {steps}"
            )
        if place.operation is None or self.declaration is None:
            return
        if place.stage is Pass.FORWARD:
            operations = len(self.declaration.forward_operations)
        elif place.stage is Pass.BACKWARD:
            operations = len(self.declaration.backward_operations)
        else:
            return
        if place.operation > operations:
            reason = f"there is no operation {place.operation}: a timestep has {operations}"
            raise MistakeError(f"{quote(text)}: {reason}")
