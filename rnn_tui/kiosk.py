"""What a guest may do with `--kiosk`, a value that travels from the command line to the session.

A guest reads and writes no file beyond what the command line names, and makes nothing larger than
the caps: those of settings are in their declarations (`Declaration.kiosk_high`), the others here.

Example:
    >>> Kiosk().check(Settings(hidden=4096))
    Traceback (most recent call last):
    rnn_tui.setting_declaration.SettingError: --hidden must be at most 256 in a kiosk, not 4096
"""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.settings import DECLARATIONS, SettingError, Settings

IDLE = 15 * 60.0
"""Seconds without a key after which a session ends, unless --idle says otherwise."""
WARNING = 60.0
"""Seconds before the end at which the guest is told."""
MAX_MEMORY = 256 * 2**20
"""Bytes that a run may take, unless --max-memory says otherwise."""
MOST_BREAKPOINTS = 30
"""How many breakpoints a guest may have."""
MOST_WHAT_IFS = 30
"""How many what-ifs, kept ones too, a run of a guest may have."""


class KioskError(ValueError):
    """What a guest may not do; the message is one line."""


@dataclass(frozen=True, slots=True)
class Kiosk:
    """What a guest may do.

    Attributes:
        idle: seconds without a key after which the session ends.
        data: the data file that the command line names, as it is written there; "" for none.
    """

    idle: float = IDLE
    data: str = ""

    @property
    def warning(self) -> float:
        """Seconds before the end at which the guest is told."""
        return min(WARNING, self.idle / 2)

    def check(self, settings: Settings) -> None:
        """Refuse settings beyond the caps, or with a file that the command line does not name.

        Raises:
            SettingError: there is one.
        """
        for name, declaration in DECLARATIONS.items():
            value, most = getattr(settings, name), declaration.kiosk_high
            if most is not None and value > most:
                raise SettingError(name, value, f"at most {most} in a kiosk")
        if settings.data not in ("", self.data):
            allowed = "the file that the command line names" if self.data else "left out"
            raise SettingError("data", "another file", f"{allowed} in a kiosk")
