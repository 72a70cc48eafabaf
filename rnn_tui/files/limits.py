"""How large a data file and the memory of a run may be, and how such sizes are written.

They belong to the machine and not to a run, so they are no settings: the options set environment
variables, which the whole process reads.
"""

from __future__ import annotations

import os
import re

from rnn_tui.files.regular_file import GIB, size_text

MAX_DATA = "RNN_TUI_MAX_DATA"
MAX_MEMORY = "RNN_TUI_MAX_MEMORY"
OPTIONS = {"max_data": MAX_DATA, "max_memory": MAX_MEMORY}
"""The options that set an environment variable, and which."""
DEFAULT_DATA = GIB
"""The largest data file that is read, in bytes, unless --max-data says otherwise."""
UNKNOWN_MACHINE = 8 * GIB
"""The memory that a machine is taken to have which does not say."""
SIZE = "a size from 1KiB to 1024TiB, such as 512MiB or 2GiB"

_UNITS = {
    "": 1,
    **{unit: 1000**k for k, unit in enumerate(("b", "kb", "mb", "gb", "tb"))},
    **{unit: 1024**k for k, unit in enumerate(("k", "m", "g", "t"), 1)},
    **{unit: 1024**k for k, unit in enumerate(("kib", "mib", "gib", "tib"), 1)},
}  # fmt: skip
_SMALLEST, _LARGEST = 2**10, 2**50
_CGROUP_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class SizeError(ValueError):
    """A text that is not a size; the message is one line."""


def parse_size(name: str, text: str) -> int:
    """Return the number of bytes that `text` stands for: 512MiB, 2 GiB, 1.5g, 1000000.

    Args:
        name: the option or variable that has the text, for the message.
        text: the size.

    Raises:
        SizeError: it is none, or not in the range.
    """
    match = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([a-zA-Z]*)\s*", text, re.ASCII)
    unit = _UNITS.get(match[2].lower()) if match else None
    size = int(float(match[1]) * unit) if match and unit else 0
    if not _SMALLEST <= size <= _LARGEST:
        shown = repr(text) if len(text) <= 40 else f"{text[:40]!r}…"
        raise SizeError(f"{name} must be {SIZE}, not {shown}")
    return size


def data_limit() -> int:
    """Return the bytes of the largest data file that is read.

    Raises:
        SizeError: the environment variable is no size.
    """
    text = os.environ.get(MAX_DATA)
    return parse_size(MAX_DATA, text) if text else DEFAULT_DATA


def memory_limit() -> int:
    """Return the bytes that a run may take: a third of the memory that this process can have.

    After a restart the run before is kept too, so two of them leave room for all else.

    Raises:
        SizeError: the environment variable is no size.
    """
    text = os.environ.get(MAX_MEMORY)
    return parse_size(MAX_MEMORY, text) if text else available_memory() // 3


def available_memory() -> int:
    """Return the machine's memory, or less if this process is limited to less, in bytes."""
    return min(_physical_memory(), *_limits_of_containers(), *_limits_of_process())


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # AttributeError: Windows
        return UNKNOWN_MACHINE


def _limits_of_containers() -> list[int]:
    """Return the limits that the control groups of Linux set; a container has one."""
    limits = []
    for name in _CGROUP_FILES:
        try:
            with open(name, encoding="ascii") as file:
                limits.append(int(file.read(32)))
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return limits


def _limits_of_process() -> list[int]:
    """Return the limits of ``ulimit -v`` and ``ulimit -d``."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    limits = (resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return [limit for limit in limits if limit != resource.RLIM_INFINITY]


def over_limit(size: int, limit: int) -> str:
    """Return the end of a message: "39.1 GiB; the limit is 8 GiB (--max-memory)"."""
    return f"{size_text(size)}; the limit is {size_text(limit)} (--max-memory)"
