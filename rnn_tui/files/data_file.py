"""Opening the user's files, with every error as a one-line `DataError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnn_tui.files.limits import data_limit
from rnn_tui.files.regular_file import RefusedFileError, open_regular, read_chunks
from rnn_tui.files.standard_input import NAME as STANDARD_INPUT
from rnn_tui.files.standard_input import piped_content

CHUNK = 2**20
"""Bytes read at once: little enough that no other thread waits long for this one."""


class DataError(ValueError):
    """Data that cannot be used; the message is one line and names the option.

    Attributes:
        option: the option of the command line that names the data: "--data" or "--column".
    """

    def __init__(self, option: str, value: str, reason: str) -> None:
        """Write the message: why `value` of `option` cannot be used."""
        self.option = option
        super().__init__(f"{option} {value!r}: {reason}")


def data_chunks(path: str, size: int = CHUNK) -> Iterator[bytes]:
    """Yield the content of a data file in chunks of `size` bytes; "-" is standard input.

    Raises:
        DataError: it is no regular file, larger than --max-data, or cannot be read.
    """
    if path == STANDARD_INPUT:
        with reading(path):
            content = piped_content()
        for start in range(0, len(content), size):
            yield content[start : start + size]
        return
    limit = data_limit()
    with reading(path) as place:
        yield from read_chunks(place, limit, size)


def file_digest(path: str) -> str:
    """Return the SHA-256 of a data file's bytes, in hexadecimal.

    Raises:
        DataError: as `data_chunks` does.
    """
    import hashlib  # not for the first screen

    digest = hashlib.sha256()
    for chunk in data_chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def data_head(path: str, size: int) -> bytes:
    """Return the first `size` bytes of a data file, however large it is.

    Raises:
        DataError: it is no regular file, or cannot be read.
    """
    with reading(path) as place:
        if path == STANDARD_INPUT:
            return piped_content()[:size]
        with open_regular(place) as file:
            return file.read(size)


@contextmanager
def reading(path: str) -> Iterator[Path]:
    """Yield the path to open, and turn errors while reading it into a `DataError`."""
    try:
        yield Path(path).expanduser()
    except FileNotFoundError:
        raise DataError("--data", path, "there is no such file") from None
    except RefusedFileError as error:
        option = " (--max-data)" if error.too_large else ""
        raise DataError("--data", path, f"{error}{option}") from None
    except OSError as error:
        reason = f"cannot be read ({(error.strerror or 'input/output error').lower()})"
        raise DataError("--data", path, reason) from None
    except (DataError, UnicodeError):
        raise
    except (ValueError, RuntimeError):  # a NUL in the path; a home directory that is not known
        raise DataError("--data", path, "not a usable path") from None


def shown_name(path: str) -> str:
    """Return the file's name without its folder, safe to print."""
    if path == STANDARD_INPUT:
        return "standard input"
    name = Path(path).name
    return name if name.isprintable() else repr(name)
