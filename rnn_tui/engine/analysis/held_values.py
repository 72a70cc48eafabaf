"""What-ifs in predictions: which values are held at a constant there, and which are not."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.network.pins import Pins, forward_pins


@dataclass(frozen=True, slots=True)
class HeldValues:
    """The what-ifs that predictions are made with, and without.

    Cuts are in neither: they change no output.

    Attributes:
        used: the pins in force.
        left_out: those at one timestep, where that means nothing: in windows of another length, in
            a series, after a prompt.
    """

    used: Pins = ()
    left_out: Pins = ()

    @classmethod
    def of(cls, pins: Pins, *, timed: bool) -> HeldValues:
        """Divide the pins of training.

        Args:
            pins: pins and cuts in force in training.
            timed: True where those at one timestep are used, too.
        """
        used = forward_pins(pins, timed=timed)
        others = (pin for pin in forward_pins(pins, timed=True) if pin not in used)
        return cls(used, tuple(others))

    @property
    def at_one_timestep(self) -> bool:
        """True if a pin of `used` holds at one timestep only."""
        return self.used != forward_pins(self.used, timed=False)
