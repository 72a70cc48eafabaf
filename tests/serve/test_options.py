"""What the command line of ``rnn-tui serve`` allows; every error is one line and ends with 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import asyncssh
import pytest
from serve.running import START
from shares import share

from rnn_tui.command_line.exit import CommandError
from rnn_tui.command_line.options import OptionError
from rnn_tui.serve.keys import KeyFile, load_host_key
from rnn_tui.serve.options import read_serve
from rnn_tui.setting_declaration import SettingError

REFUSED = {
    (): "--authorized-keys FILE for those whose public key is in it, --anonymous for everybody, "
    "or --present KEYFILE",
    ("--anonymous", "--listen", "0.0.0.0"): "lets everybody in who reaches 0.0.0.0; .* --public",
    ("--anonymous", "--listen", "::"): "--public",
    ("--present", "k.pub", "--listen", "0.0.0.0"): "--present without --authorized-keys .*--public",
    ("--anonymous", "--listen", "no such host"): "--listen must be an address",
    ("--anonymous", "--authorized-keys", "f"): "leave one of them out",
    ("--anonymous", "--resume"): "guests have none",
    ("--anonymous", "--port", "70000"): "--port must be a whole number from 0 to 65535",
    ("--anonymous", "--guests", "0"): "--guests must be a whole number from 1 to 500",
    ("--anonymous", "--idle", "soon"): "--idle must be a time",
    ("--anonymous", "--memory", "10M"): "must be a size from 128MiB to 1TiB, .* not '10M'",
    ("--anonymous", "--memory", "127M"): "must be a size from 128MiB to 1TiB, .* not '127M'",
    ("--anonymous", "--memory", "1"): "must be a size from 128MiB to 1TiB, .* not '1'",
    ("--anonymous", "--memory", "2000TiB"): "must be a size from 128MiB to 1TiB, .* not '2000TiB'",
    ("--anonymous", "--memory", "much"): "must be a size from 128MiB to 1TiB, .* not 'much'",
    ("--anonymous", "--gests", "3"): "did you mean --guests",
    ("--anonymous", "--updates", "3"): "there is no option --updates; see rnn-tui serve --help",
}


@pytest.mark.parametrize("arguments", share((each,) for each in REFUSED), ids=" ".join)
def test_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(
        (CommandError, OptionError, SettingError, ValueError), match=REFUSED[arguments]
    ):
        read_serve([*arguments])


def test_what_is_allowed() -> None:
    options = read_serve(["--anonymous", "--kiosk", "--no-autosave", "--cell", "lstm", "run.st"])
    assert options is not None
    assert (options.guests, options.port, options.listen) == (20, 2222, "127.0.0.1")
    assert (options.idle, options.memory) == (900, 256 * 2**20)
    assert options.app == {
        "cell": "lstm", "checkpoint": "run.st", "idle": 900.0, "max_memory": 256 * 2**20 // 3,
    }  # fmt: skip
    assert options.open_to_all
    for given in (
        ["--anonymous", "--public", "--listen", "0.0.0.0"],
        ["--authorized-keys", "f", "--listen", "0.0.0.0"],
        ["--authorized-keys", "f", "--present", "k", "--listen", "0.0.0.0"],
        ["--present", "k", "--listen", "::1"],
        ["--anonymous", "--listen", "localhost", "--idle", "1h", "--memory", "1G"],
    ):
        assert read_serve(given) is not None


def serve(*arguments: str, folder: Path, program: str = START) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-c", program, "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"XDG_STATE_HOME": str(folder), "PATH": "/usr/bin:/bin"},
        check=False,
    )


def test_errors_of_the_app_come_before_the_first_guest(tmp_path: Path) -> None:
    ended = serve("--anonymous", "--task", "series", "--port", "0", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "--data" in ended.stderr


def test_files_of_keys_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "options").write_text('\n# a line\ncommand="id" ssh-ed25519 AAAA')
    (tmp_path / "private").write_bytes(
        asyncssh.generate_private_key("ssh-ed25519").export_private_key()
    )
    for name, said in (
        ("none", "no such file"),
        ("empty", "there is no key in it"),
        ("options", "line 3: no public key"),
        ("private", "line 1: a private key"),
        (".", "it is a folder"),
    ):
        with pytest.raises(CommandError, match=said):
            KeyFile("--present", str(tmp_path / name), print)


def test_host_keys_that_are_none(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("nothing")
    key.chmod(0o644)
    with pytest.raises(CommandError, match="others may read it"):
        load_host_key(str(key))
    key.chmod(0o600)
    with pytest.raises(CommandError, match="no private key"):
        load_host_key(str(key))
    private = asyncssh.generate_private_key("ssh-ed25519")
    key.write_bytes(private.export_private_key("pkcs8-pem", passphrase="secret"))
    with pytest.raises(CommandError, match="it has a passphrase"):
        load_host_key(str(key))
    public = tmp_path / "key.pub"
    for mode in (0o644, 0o600):
        public.write_bytes(private.export_public_key())
        public.chmod(mode)
        with pytest.raises(CommandError, match="it holds a public key; name the file"):
            load_host_key(str(public))
    with pytest.raises(CommandError, match="/no' to make a new key in"):
        load_host_key(str(tmp_path / "no" / "key"))
    made = load_host_key(str(tmp_path / "new"))
    assert load_host_key(str(tmp_path / "new")).public_data == made.public_data


def test_without_asyncssh_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['asyncssh'] = None; from rnn_tui.cli import main; main()"
    ended = serve("--anonymous", "--port", "0", folder=tmp_path, program=hidden)
    assert ended.returncode == 2
    assert ended.stderr == (
        "rnn-tui: rnn-tui serve needs asyncssh, which is not installed: "
        "pip install 'rnn-tui[serve]'\n"
    )
