"""What the screens read and command: a session, or whatever else gives snapshots of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from rnn_tui.session.commands import Command
from rnn_tui.session.snapshot import Snapshot

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import ScreenView


class SnapshotSource(Protocol):
    """Commands in, immutable snapshots out. All methods but `stop` and `autosave_now` are quick."""

    @property
    def latest(self) -> Snapshot:
        """The newest snapshot."""
        ...

    @property
    def own_file(self) -> str | None:
        """The file that the run shown is saved to; None for none yet."""
        ...

    def listen(self, notify: Callable[[], None]) -> None:
        """Have `notify` called, from any thread, whenever there is a new snapshot."""
        ...

    def look_through(self, screen_view: Callable[[], ScreenView | None]) -> None:
        """Have what `screen_view` returns, at any time and in any thread, saved with the run."""
        ...

    def start(self) -> None:
        """Begin to work, once the screen is there."""
        ...

    def stop(self, timeout: float = 1.0, *, left: bool = False) -> None:
        """End all work; `left`: the user has left on purpose."""
        ...

    def send(self, command: Command) -> None:
        """Have a command carried out."""
        ...

    @property
    def waiting(self) -> int:
        """The number of commands that wait to be carried out."""
        ...

    def refresh(self) -> None:
        """Ask for a snapshot newer than `latest`, if training is under way."""
        ...

    def suspend(self) -> None:
        """Have work wait while the screen answers a key or draws."""
        ...

    def resume(self) -> None:
        """Let work go on after `suspend`."""
        ...

    def call_beside(self, work: Callable[[], None]) -> None:
        """Have `work` done in another thread than the screen's, and return at once."""
        ...

    def autosave_now(self, timeout: float = 1.0) -> bool:
        """Save what is to be kept; return whether all of it is on the disk."""
        ...
