"""Ctrl-C between two updates, not in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 2  # times that it may be pressed before the update under way is given up


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C within the block instead of raising an error in the middle of an update.

    What is yielded tells whether it was pressed. Where somebody handles it already, or outside the
    main thread, nothing is changed.
    """
    pressed: list[int] = []
    handled = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    if handled or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def press(number: int, frame: FrameType | None) -> None:
        """Note it; one who presses again and again means now."""
        pressed.append(number)
        if len(pressed) > PATIENCE:
            signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
