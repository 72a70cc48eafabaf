"""What a guest may do with `--kiosk`, a value that travels from the command line to the session.

A guest reads and writes no file beyond what the command line names, and makes nothing larger than
the caps: those of settings are in their declarations (`Declaration.kiosk_high`), the others here.

Example:
    >>> Kiosk().check(Settings(hidden=4096))
    Traceback (most recent call last):
    rnn_tui.setting_declaration.SettingError: --hidden must be at most 128 in a kiosk, not 4096
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rnn_tui.settings import DECLARATIONS, SettingError, Settings, Value

IDLE = 15 * 60.0
"""Seconds without a key after which a session ends, unless --idle says otherwise."""
EARLY_TIMES = 4
"""For so many times that long, who waits for the first presenter is not idle."""
IDLE_CODE = 3
"""The exit code then."""
WARNING = 60.0
"""Seconds before the end at which the guest is told."""
MAX_MEMORY = 64 * 2**20
"""Bytes that a run may take, unless --max-memory says otherwise; the one before a restart stays."""
MOST_BREAKPOINTS = 30
"""How many breakpoints a guest may have."""
MOST_CHANGES = 100
"""How many changes a run may have: what-ifs that were kept, and settings changed on the way."""
MOST_GHOSTS = 30
"""How many futures left behind are kept for the charts."""


class KioskError(ValueError):
    """What a guest may not do; the message is one line."""


def capped(error: SettingError) -> SettingError:
    """Return why a value of a setting cannot be, with a kiosk's cap for the largest of users."""
    declaration = DECLARATIONS.get(error.name)
    if declaration is None or declaration.kiosk_high is None:
        return error
    allowed = replace(declaration, high=declaration.kiosk_high).allowed
    return SettingError(error.name, error.value, f"{allowed} in a kiosk")


def waits_for_presenter(idle: float, waited: float) -> bool:
    """Return whether who has waited so many seconds for the first presenter is not idle yet.

    Args:
        idle: seconds without a key after which a session ends.
        waited: seconds since the session began.
    """
    return waited < EARLY_TIMES * idle


@dataclass(frozen=True, slots=True)
class Kiosk:
    """What a guest may do.

    Attributes:
        idle: seconds without a key after which the session ends.
        data: the data file that the command line names, as it is written there; "" for none.
        served: whether a server tells the guest why it has ended the session.
    """

    idle: float = IDLE
    data: str = ""
    served: bool = False

    @property
    def warning(self) -> float:
        """Seconds before the end at which the guest is told."""
        return min(WARNING, self.idle / 2)

    def lowered(
        self, chosen: Mapping[str, Value], settings: Settings | None = None
    ) -> dict[str, Value]:
        """Return what a guest has in place of what nobody has chosen and is beyond a cap.

        Args:
            chosen: the settings that are chosen; they stay as they are.
            settings: those of a run, of which only what can change in it is lowered; None for the
                defaults.
        """
        lowered: dict[str, Value] = {}
        for name, declaration in DECLARATIONS.items():
            most = declaration.kiosk_high
            value = declaration.default if settings is None else getattr(settings, name)
            fixed = settings is not None and declaration.effect == "restart"
            if most is None or fixed or name in chosen:
                continue
            if isinstance(value, int) and value > most:
                lowered[name] = most
        return lowered

    def allow(self, settings: Settings) -> None:
        """Refuse the settings of a run that cannot be lowered; see `check`."""
        self.check(settings.with_(**self.lowered({}, settings)))

    def check_chosen(self, chosen: Mapping[str, Value]) -> None:
        """Refuse what is beyond a cap before it is judged beside other settings.

        Raises:
            SettingError: there is something.
        """
        for name, value in chosen.items():
            most = DECLARATIONS[name].kiosk_high if name in DECLARATIONS else None
            if most is not None and isinstance(value, int | float) and value > most:
                raise SettingError(name, value, f"at most {most} in a kiosk")

    def check(self, settings: Settings) -> None:
        """Refuse settings beyond the caps, or with a file that the command line does not name.

        Raises:
            SettingError: there is one.
        """
        self.check_chosen({name: getattr(settings, name) for name in DECLARATIONS})
        if settings.data not in ("", self.data):
            message = "a kiosk reads no file but those that its command line names: --data FILE"
            raise SettingError("data", "", "a file that the command line names", message=message)

    def check_breakpoints(self, number: int) -> None:
        """Refuse one more breakpoint than `number`, if those are as many as there may be.

        Raises:
            KioskError: they are.
        """
        if number >= MOST_BREAKPOINTS:
            raise KioskError(f"not added: a kiosk has at most {MOST_BREAKPOINTS} breakpoints")

    def check_changes(self, changes: int, ghosts: int) -> None:
        """Refuse one more change of a run, if there are as many as there may be.

        Args:
            changes: the changes of the run so far.
            ghosts: the futures left behind.

        Raises:
            KioskError: there are.
        """
        if changes >= MOST_CHANGES:
            raise KioskError(f"not changed: a run in a kiosk has at most {MOST_CHANGES} changes")
        if ghosts >= MOST_GHOSTS:
            most = f"a kiosk keeps at most {MOST_GHOSTS} futures left behind"
            raise KioskError(f"not changed: {most}; del forgets them")
