"""A real OpenSSH server for tests: own port, own keys, all files in a folder of its own.

    with Server(folder) as server:
        subprocess.run(server.client("echo", "hello"))

Whoever runs the tests logs in as themselves; nobody else can. Neither ~/.ssh nor /etc/ssh is read
or written. As root, sshd wants a folder for its separated process, which only its package's start
script makes: it is made here.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from closing import Closing

SEPARATION_FOLDER = Path("/run/sshd")
STARTS_WITHIN = 10.0  # seconds
ATTEMPTS = 5  # a free port may be taken by others before the server listens on it


def missing() -> str:
    """Return why there can be no server here; empty if there can."""
    for name in ("sshd", "ssh", "ssh-keygen"):
        if not _find(name):
            return f"{name} is not installed (package openssh-server)"
    if _needs_separation_folder() and not os.access(SEPARATION_FOLDER.parent, os.W_OK):
        return f"sshd as root needs {SEPARATION_FOLDER}, which cannot be made"
    if os.geteuid() != 0 and not _terminals_are_of_their_group():
        return "sshd gives terminals to the group tty: only root may (devpts without gid)"
    return ""


def _needs_separation_folder() -> bool:
    """Return whether the folder has to be made that only its package's start script makes."""
    return os.geteuid() == 0 and not SEPARATION_FOLDER.is_dir()


def _terminals_are_of_their_group() -> bool:
    """Return whether new pseudo-terminals have the group that sshd wants them to have."""
    try:
        wanted = grp.getgrnam("tty").gr_gid
    except KeyError:
        return True
    ends = os.openpty()
    try:
        return os.fstat(ends[1]).st_gid == wanted
    finally:
        for end in ends:
            os.close(end)


def _find(name: str) -> str:
    """Return the path of a program, also from where only root looks; empty if there is none."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") or ""


class Server(Closing):
    """An OpenSSH server on a port of its own; leaving the `with` block ends it.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    def __init__(self, folder: Path) -> None:
        """Make keys and a configuration in `folder`, and start.

        Raises:
            RuntimeError: it does not start; with what it said.
        """
        if _needs_separation_folder():
            SEPARATION_FOLDER.mkdir(mode=0o755, exist_ok=True)
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._user = pwd.getpwuid(os.geteuid()).pw_name
        for name in ("host_key", "user_key"):
            made = ("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name))
            subprocess.run([_find("ssh-keygen"), *made], check=True, stdin=subprocess.DEVNULL)
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        for _ in range(ATTEMPTS):
            self.port = _free_port()
            self._process = self._start()
            if self._listens():
                return
        raise RuntimeError(f"sshd did not start:\n{self.log()}")

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the server in the foreground, with nothing of the system's configuration."""
        configuration = {
            "ListenAddress": "127.0.0.1",
            "Port": str(self.port),
            "HostKey": str(self._folder / "host_key"),
            "AuthorizedKeysFile": str(self._folder / "authorized_keys"),
            "PidFile": "none",
            "AllowUsers": self._user,
            "AuthenticationMethods": "publickey",
            "PermitRootLogin": "prohibit-password",
            "StrictModes": "no",  # the folder lies within one that others may write to
            "UsePAM": "no",
            "PermitUserRC": "no",
            "PrintMotd": "no",
            "PrintLastLog": "no",
            "AllowTcpForwarding": "no",
            "X11Forwarding": "no",
        }
        path = self._folder / "sshd_config"
        path.write_text("".join(f"{name} {value}\n" for name, value in configuration.items()))
        return subprocess.Popen(
            [_find("sshd"), "-D", "-f", str(path), "-E", str(self._folder / "log")],
            stdin=subprocess.DEVNULL,
        )

    def _listens(self) -> bool:
        """Wait until the server takes connections; False if it has ended."""
        deadline = time.monotonic() + STARTS_WITHIN
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return True
            time.sleep(0.02)
        self.close()
        return False

    def log(self) -> str:
        """Return what the server said."""
        with contextlib.suppress(OSError):
            return (self._folder / "log").read_text()
        return ""

    def client(
        self,
        *command: str,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        compression: bool = False,
    ) -> Sequence[str]:
        """Return the command that runs `command` at the server, in a terminal of its own.

        Args:
            command: the program and its arguments.
            port: where to connect to instead, for example of a throttle before the server.
            env: variables for the program.
            compression: whether the connection is compressed, as with `ssh -C`.
        """
        known = self._folder / f"known_hosts_{port or self.port}"
        key = (self._folder / "host_key.pub").read_text()
        known.write_text(f"[127.0.0.1]:{port or self.port} {key}")
        options = {
            "UserKnownHostsFile": str(known),
            "GlobalKnownHostsFile": "none",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "PreferredAuthentications": "publickey",
            "Compression": "yes" if compression else "no",
            "LogLevel": "QUIET",
            "EscapeChar": "none",
        }
        variables = [f"{name}={value}" for name, value in (env or {}).items()]
        return [
            *(_find("ssh"), "-F", "none", "-tt", "-i", str(self._folder / "user_key")),
            *(f"-o{name}={value}" for name, value in options.items()),
            *("-p", str(port or self.port), f"{self._user}@127.0.0.1"),
            "exec " + shlex.join(["env", *variables, *command]),
        ]

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(10)


def _free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
