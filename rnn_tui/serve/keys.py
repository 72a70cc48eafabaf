"""The server's own key, and the files of public keys of those who may come in."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

import asyncssh

from rnn_tui.command_line.exit import CommandError
from rnn_tui.files.regular_file import RefusedFileError, read_regular
from rnn_tui.files.state_folder import state_folder

KEY_TYPE = "ssh-ed25519"
FOLDER = "serve"
HOST_KEY_NAME = "ssh_host_ed25519_key"
LARGEST_KEY_FILE = 2**20  # bytes
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_host_key(path: str) -> asyncssh.SSHKey:
    """Return the server's private key; where there is none yet, one is made.

    Args:
        path: its file; "" for the one in the state folder.

    Raises:
        CommandError: it cannot be read or made, or others may read it.
    """
    where = path or str(state_folder(FOLDER) / HOST_KEY_NAME)
    try:
        content = read_regular(where, LARGEST_KEY_FILE)
    except FileNotFoundError:
        return _make_host_key(where)
    except OSError as error:
        raise CommandError(f"--host-key {where!r}: {_reason(error)}") from None
    if _is_public(content):
        raise CommandError(
            f"--host-key {where!r}: it holds a public key; name the file of the private one, which "
            "has no .pub"
        )
    if os.name == "posix" and os.stat(where).st_mode & _OTHERS:
        raise CommandError(
            f"--host-key {where!r}: others may read it, so it is no secret; chmod 600, or let a "
            "new one be made"
        )
    try:
        return asyncssh.import_private_key(content)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        locked = "passphrase" in str(error).lower()
        reason = "it has a passphrase" if locked else "it is no private key of SSH"
        raise CommandError(f"--host-key {where!r}: {reason}") from None


def _is_public(content: bytes) -> bool:
    """Return whether a file holds the public part of a key."""
    if b"PRIVATE KEY" in content:
        return False
    try:
        asyncssh.import_public_key(content)
    except (asyncssh.KeyImportError, ValueError):
        return False
    return True


def _make_host_key(path: str) -> asyncssh.SSHKey:
    """Return a new key that is kept in a file nobody else may read.

    Raises:
        CommandError: the file cannot be written.
    """
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise CommandError(
            f"--host-key {path!r}: there is no folder {folder!r} to make a new key in"
        )
    key = asyncssh.generate_private_key(KEY_TYPE, comment="rnn-tui serve")
    try:
        # Under a name of its own first: a key that is cut short would be none at the next start.
        new = f"{path}.{os.getpid()}.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(key.export_private_key())
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
    except OSError as error:
        raise CommandError(f"--host-key {path!r}: {_reason(error)}") from None
    return key


class KeyFile:
    """A file of public keys, one a line, which is read again when it has changed."""

    def __init__(self, option: str, path: str, warn: Callable[[str], object]) -> None:
        """Read the file.

        Args:
            option: the option that named it, for messages.
            path: the file.
            warn: takes a line when the file, changed later, cannot be read.

        Raises:
            CommandError: it cannot be read, or holds something else.
        """
        self._option = option
        self._path = path
        self._warn = warn
        self._stamp = self._stamp_now()
        self._keys = self._read()
        if not self._keys:
            raise CommandError(f"{option} {path!r}: there is no key in it")

    def __contains__(self, key: asyncssh.SSHKey) -> bool:
        """Return whether a public key is in the file now."""
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._keys = self._read()
            except CommandError as error:
                self._warn(f"{error}; the keys it held before stay")
        return key.public_data in self._keys

    def _stamp_now(self) -> tuple[int, int, int]:
        """Return what changes with the file."""
        try:
            status = os.stat(self._path)
        except OSError:
            return 0, 0, 0
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> set[bytes]:
        """Return the keys in the file.

        Raises:
            CommandError: it cannot be read, or a line is no key.
        """
        try:
            text = read_regular(self._path, LARGEST_KEY_FILE).decode("utf-8", "replace")
        except OSError as error:
            raise CommandError(f"{self._option} {self._path!r}: {_reason(error)}") from None
        keys = set()
        for number, line in enumerate(text.splitlines(), 1):
            if (line := line.strip()) and not line.startswith("#"):
                keys.add(self._parse(line, number))
        return keys

    def _parse(self, line: str, number: int) -> bytes:
        """Return the key in a line.

        Raises:
            CommandError: there is none, or options that would not be obeyed.
        """
        where = f"{self._option} {self._path!r}, line {number}"
        if "PRIVATE KEY" in line:
            raise CommandError(f"{where}: a private key; name the file with the public one, .pub")
        try:
            return asyncssh.import_public_key(line).public_data
        except (asyncssh.KeyImportError, ValueError, UnicodeError):
            raise CommandError(
                f"{where}: no public key as in a .pub file; options before a key are not supported"
            ) from None


def _reason(error: OSError) -> str:
    """Return why a file cannot be read or written."""
    if isinstance(error, RefusedFileError):
        return str(error)
    return (error.strerror or str(error)).lower()


def fingerprint(key: asyncssh.SSHKey) -> str:
    """Return what people compare keys by: "SHA256:…"."""
    return key.get_fingerprint()
