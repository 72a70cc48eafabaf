"""The command line: options, help, both commands; every error is one line and exit code 2."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cli_support import call

from rnn_tui import __version__, registry
from rnn_tui.checkpoint.saving import save
from rnn_tui.cli import run
from rnn_tui.command_line import kiosk as cli_kiosk
from rnn_tui.command_line.exit import BROKEN
from rnn_tui.command_line.options import read
from rnn_tui.command_line.train import job as cli_train
from rnn_tui.command_line.train.job import TrainJob
from rnn_tui.engine.training.breakpoint_parser import ALLOWED
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import Entry
from rnn_tui.second_network import Versus
from rnn_tui.settings import DECLARATIONS, Declaration, Settings, compose, preset

pytestmark = pytest.mark.usefixtures("elsewhere")
CELLS = ", ".join(registry.CELLS.names)


# ---------------------------------------------------------------- help and version


def test_python_m_is_the_program() -> None:
    assert call("--version") == (0, f"rnn-tui {__version__}\n", "")
    assert call("train", "--version") == (0, f"rnn-tui {__version__}\n", "")


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", [[], ["train"]])
def test_help_names_every_option(
    capsys: pytest.CaptureFixture[str], command: list[str], option: str
) -> None:
    assert run([*command, option]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: {' '.join(['rnn-tui', *command])} [OPTIONS] [CHECKPOINT]")
    for declaration in DECLARATIONS.values():
        assert re.search(rf"^  {declaration.option}\b", out, re.MULTILINE)
    for heading in ("Examples:", "Data:", "Windows:", "Network:", "Optimizer:", "Clipping:"):
        assert heading in out
    assert "[default: 32]" in out
    assert max(map(len, out.splitlines())) <= 80
    assert ("\n  --updates" in out) == ("\n  --out" in out) == bool(command)
    assert ("\n  --theme" in out) == ("\n  --remote / --local" in out) == (not command)


def test_help_and_options_name_what_is_registered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry.CELLS.registered(Entry("mini", "rnn_tui.engine.cells.gru:GruCell")):
        run(["--help"])
        listed = " ".join(capsys.readouterr().out.split())
        assert listed.count("neuron, mini.") == 2  # of --cell and --versus
        assert trainer_of(monkeypatch, "--cell", "mini").settings.cell == "mini"


def test_help_says_how_to_get_help_inside(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    assert "? shows the keys" in capsys.readouterr().out


def test_asking_for_help_does_not_import_numpy() -> None:
    program = (
        "import sys; from rnn_tui.cli import run; run(['--help']); "
        "sys.exit(', '.join({'numpy', 'textual', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_threads_are_limited_unless_the_user_says_otherwise() -> None:
    program = (
        "import os; from rnn_tui.cli import run; from rnn_tui.command_line.kiosk import THREADS; "
        "run(['--version']); "
        "print([os.environ[name] for name in THREADS])"
    )
    kept = {name: value for name, value in os.environ.items() if name not in cli_kiosk.THREADS}
    env = kept | {"OMP_NUM_THREADS": "3"}
    out = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert out.stdout.endswith("['1', '3', '1']\n")


# ---------------------------------------------------------------- refusals

NO_TERMINAL = (
    "this needs a terminal (over ssh: ssh -t HOST rnn-tui); without one, use: rnn-tui train"
)
REFUSED: dict[str, str] = {
    "train --lr abc": "--lr must be a number above 0 and at most 100, not 'abc'",
    "train --lr 0": "--lr must be a number above 0 and at most 100, not 0",
    "train --lr nan": "--lr must be a number above 0 and at most 100, not nan",
    "train --hidden 1e3": "--hidden must be a whole number from 1 to 4096, not '1e3'",
    "train --cell foo": f"--cell must be one of {CELLS}, not 'foo'",
    "--cell foo": f"--cell must be one of {CELLS}, not 'foo'",
    "train --eps x": "--eps must be a number above 0 and at most 1, or default, not 'x'",
    "train --steps 400": "--num-points must be at least 401, --steps 400 and one more, not 400",
    "train --task series": "--data must be the path of a CSV file when --task is series, not ''",
    "train --task series --data no.csv": "--data 'no.csv': there is no such file",
    "--task series --data no.csv": "--data 'no.csv': there is no such file",
    "train --task text --data no.txt": "--data 'no.txt': there is no such file",
    "train --task text --data empty": "--data 'empty': the file is empty; it must be a text",
    "--task text --data same": (
        "--data 'same': the text is 50 times 'a'; it must have at least two different characters"
    ),
    "train --task text --data words": (
        "--data 'words': it has 40 characters, but --steps 25 with --batch 8 needs at least 234 "
        "(the last tenth is for testing)"
    ),
    "train --task text --data latin": (
        "--data 'latin': byte 0xe9 at offset 3 is not UTF-8; name its --encoding, such as "
        "cp1252, or save it as UTF-8"
    ),
    "train --task recall --gap 40 --steps 30": (
        "--gap must be at most 21 with --steps 30, 9 fewer, not 40"
    ),
    "train --task recall --gap 4001": "--gap must be a whole number from 0 to 4000, not 4001",
    "train --task copy --copy-length 0": (
        "--copy-length must be a whole number from 1 to 1000, not 0"
    ),
    "train --task copy --blanks 0": "--blanks must be a whole number from 1 to 2000, not 0",
    "train --task copy --steps 9": (
        "--steps must be 40, --blanks 20 and twice --copy-length 10, not 9"
    ),
    "train --task neuron --steps 5": "--steps must be 1 with --task neuron, not 5",
    "train --task parity --parity never": (
        "--parity must be one of per-step, last-step, not 'never'"
    ),
    "train --preset tut": "--preset must be one of tutorial, min-char-rnn, not 'tut'",
    "train --updates -1": "--updates must be a whole number from 0 to 1000000000, not -1",
    "train --updates many": "--updates must be a whole number from 0 to 1000000000, not 'many'",
    "--theme blue": "--theme must be one of dark, light, not 'blue'",
    "train --lrr 1": "there is no option --lrr; did you mean --lr?",
    "--hiden 1": "there is no option --hiden; did you mean --hidden?",
    "train --qqqqqqq": "there is no option --qqqqqqq; see rnn-tui train --help",
    "-x": "there is no option -x; see rnn-tui --help",
    "--updates 3": "there is no option --updates; see rnn-tui --help",
    "train --lr": "--lr needs a value: a number above 0 and at most 100",
    "train --cell": f"--cell needs a value: one of {CELLS}",
    "train --out": "--out needs a value: FILE.safetensors",
    "train --carry=3": "--carry takes no value",
    "train --json=yes": "--json takes no value",
    "one two": "one CHECKPOINT is enough; 'two' is one too many",
    "none.safetensors": "'none.safetensors': there is no such file",
    "train none.safetensors": "'none.safetensors': there is no such file",
    "--lr 1 train": "'train' comes first: rnn-tui train [OPTIONS]",
    "run --hidden 8": "--hidden 8 cannot change in a run: 'run' has --hidden 4",
    "train run --no-carry --cell gru": (
        "--no-carry, --cell gru cannot change in a run: 'run' has --carry, --cell rnn"
    ),
    "run --preset tutorial": ("--preset starts a new run; leave it out, or leave out the file"),
    "train run --init-from run": (
        "--init-from starts a new run; leave it out, or leave out the file"
    ),
    "words": (
        "'words': it is not a safetensors file but looks like a table or a text: --data reads it"
    ),
    "train --init-from none": "'none': there is no such file",
    "train --init-from run --hidden 4 --cell lstm": (
        "'run': it has hidden size 4 and 1 gate block (rnn), not --cell lstm --hidden 4: "
        "tensor rnn.weight_ih_l0 has shape (4, 1); expected (16, 1)"
    ),
    "train --out none/run": "--out 'none/run': cannot be written: there is no folder 'none'",
    "train --out .": "--out '.': cannot be written: it is a folder",
    "train --out words/run": "--out 'words/run': cannot be written: there is no folder 'words'",
    "train --break": "--break needs a value: CONDITION",
    "train --break loss<x": (
        "--break 'loss<x' must compare with a number of at least 0: loss<0.01 (also <=, >, >=)"
    ),
    "train --break clipped --break lost": f"--break 'lost' is no breakpoint; allowed: {ALLOWED}",
    "train --break t=21": "--break 't=21' does not fit a window of 20 timesteps",
    "train run --break t=6": "--break 't=6' does not fit a window of 5 timesteps",
    "train --metrics none/m.csv": "--metrics 'none/m.csv': its folder does not exist",
    "train --metrics .": "--metrics '.': it is a folder",
    "train --metrics run --out ./run": "--out and --metrics both name './run'",
    "--versus lst": f"--versus must be {DECLARATIONS['cell'].allowed}, not 'lst'",
    "--match-parameters": "--match-parameters needs a second network: --versus CELL",
    "": NO_TERMINAL,
    "run": NO_TERMINAL,
}


@pytest.fixture
def files(elsewhere: None) -> None:
    """Write a checkpoint called run, a text called words, and files that cannot be used."""
    trainer = Trainer(Settings(hidden=4, steps=5))
    trainer.run(3)
    save("run", trainer)
    Path("words").write_text("neither numbers nor tensors, only words\n")
    Path("empty").touch()
    Path("same").write_text("a" * 50)
    Path("latin").write_bytes("café".encode("latin-1"))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("line", REFUSED)
def test_refusals(capsys: pytest.CaptureFixture[str], line: str) -> None:
    before = sorted(os.listdir())
    assert run(line.split()) == 2
    shown = capsys.readouterr()
    assert shown.err == f"rnn-tui: {REFUSED[line]}\n"
    assert shown.out == ""
    assert sorted(os.listdir()) == before


def test_a_refusal_for_real() -> None:
    code, out, err = call("train", "--lr", "abc")
    assert (code, out) == (2, "")
    assert err == f"rnn-tui: {REFUSED['train --lr abc']}\n"
    assert call()[2] == f"rnn-tui: {NO_TERMINAL}\n"


@pytest.mark.parametrize(
    ("ssh_tty", "said"),
    [
        (
            None,
            "this needs a terminal, and ssh gave none; use: ssh -t HOST rnn-tui, or rnn-tui train",
        ),
        ("/dev/pts/9", NO_TERMINAL),  # it is a pipe in a command line that has a terminal
    ],
)
def test_ssh_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ssh_tty: str | None,
    said: str,
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    monkeypatch.delenv("TERM", raising=False)  # ssh passes it on only with a terminal
    if ssh_tty:
        monkeypatch.setenv("SSH_TTY", ssh_tty)
    assert run([]) == 2
    assert capsys.readouterr().err == f"rnn-tui: {said}\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("closed").mkdir(mode=0o500)
    assert run(["train", "--out", "closed/run"]) == 2
    expected = "rnn-tui: --out 'closed/run': cannot be written: permission denied\n"
    assert capsys.readouterr().err == expected


def test_too_little_memory_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("Unable to allocate 320. GiB")

    monkeypatch.setattr("rnn_tui.engine.training.trainer.Trainer.__init__", fail)
    assert run(["train"]) == 2
    expected = "rnn-tui: there is not enough memory for a network and windows of this size\n"
    assert capsys.readouterr().err == expected


def test_a_mistake_of_ours_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("two\nlines")

    monkeypatch.setattr("rnn_tui.engine.training.trainer.Trainer.__init__", fail)
    assert run(["train"]) == BROKEN
    line = capsys.readouterr().err
    assert line.startswith("rnn-tui: an unexpected error ended the program; details in ")
    assert "ValueError: two" in Path(line.rpartition(" ")[2].strip()).read_text()
    monkeypatch.setenv("RNN_TUI_TRACEBACK", "1")
    with pytest.raises(ValueError, match="two"):
        run(["train"])


# ---------------------------------------------------------------- settings


def trainer_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Trainer:
    """Return the trainer that `rnn-tui train` would run."""
    trainers: list[Trainer] = []

    def keep(trainer: Trainer, job: object) -> int:
        trainers.append(trainer)
        return 0

    monkeypatch.setattr(cli_train, "run_job", keep)
    assert run(["train", *arguments]) == 0
    return trainers[0]


def another_value(declaration: Declaration) -> str:
    """Return the text of a value that is allowed and is not the default."""
    if declaration.choices:
        return next(word for word in declaration.choices if word != declaration.default)
    low, high = declaration.low, declaration.high
    assert low is not None
    assert high is not None
    return declaration.show(int(low + 2) if declaration.kind is int else min(low + 0.125, high))


def test_every_setting_has_its_option(monkeypatch: pytest.MonkeyPatch) -> None:
    series = {"task": "series", "data": "numbers.csv", "target": "b", "steps": "7", "batch": "2"}
    series |= {"encoding": "utf-8", "inputs": "a,b", "time": "a"}
    series |= {"delimiter": ",", "decimal": ".", "thousands": "none"}
    given = {
        name: series.get(name) or another_value(declaration)
        for name, declaration in DECLARATIONS.items()
        if declaration.kind is not bool
    }
    line = [word for name, value in given.items() for word in (DECLARATIONS[name].option, value)]
    options = read([*line, "--no-carry", "--difference"])
    expected = {name: DECLARATIONS[name].parse(value) for name, value in given.items()}
    assert options == {**expected, "carry": False, "difference": True}
    assert set(Settings(**options).differences(Settings())) == set(DECLARATIONS)
    assert trainer_of(monkeypatch).settings == Settings()
    assert trainer_of(monkeypatch, "--eps", "default").settings.eps is None


def test_a_preset_and_options_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trainer_of(monkeypatch, "--preset", "tutorial").settings == preset("tutorial")
    changed = trainer_of(monkeypatch, "--lr", "0.5", "--preset", "tutorial", "--noise", "0")
    assert changed.settings == preset("tutorial").with_(lr=0.5, noise=0.0)


def test_a_task_brings_its_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = trainer_of(monkeypatch, "--task", "copy", "--blanks", "3", "--lr", "0.5").settings
    assert settings == compose({"task": "copy", "blanks": 3, "lr": 0.5})
    assert (settings.steps, settings.lr, settings.carry) == (23, 0.5, False)
    settings = trainer_of(monkeypatch, "--preset", "min-char-rnn", "--batch", "2").settings
    assert settings == preset("min-char-rnn").with_(batch=2)


@pytest.mark.parametrize(
    ("line", "updates"),
    [
        ("", 20_000),
        ("--preset tutorial", 100_000),
        ("--preset tutorial --updates 7", 7),
        ("--task neuron", 2_000),
    ],
)
def test_how_many_updates(monkeypatch: pytest.MonkeyPatch, line: str, updates: int) -> None:
    jobs: list[TrainJob] = []

    def run_job(trainer: Trainer, job: TrainJob) -> int:
        jobs.append(job)
        return 0

    monkeypatch.setattr(cli_train, "run_job", run_job)
    assert run(["train", *line.split()]) == 0
    assert jobs[0].updates == updates


# ---------------------------------------------------------------- the app


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Trainer, dict[str, Any]]]:
    """Replace the screen, pretend there is a terminal, and return what the app was opened with."""
    calls: list[tuple[Trainer, dict[str, Any]]] = []
    app = ModuleType("rnn_tui.tui.app")

    app.RnnTui = lambda trainer, **rest: (trainer, rest)  # type: ignore[attr-defined]
    app.run_app = lambda call: calls.append(call) or 0  # type: ignore[attr-defined,func-returns-value]
    monkeypatch.setitem(sys.modules, "rnn_tui.tui.app", app)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setattr("gc.disable", lambda: None)  # the screen would enable it again
    return calls


def test_the_app_opens(opened: list[tuple[Trainer, dict[str, Any]]]) -> None:
    assert run(["--cell", "gru", "--theme", "light", "--remote"]) == 0
    trainer, rest = opened[0]
    assert trainer.settings == Settings(cell="gru")
    assert rest.pop("files").path is None
    assert rest["link"].setting == "remote"
    words = {"theme": "light"}
    assert rest.items() >= {**words, "breakpoints": (), "versus": None}.items()


def test_the_app_takes_breakpoints_and_refuses_them_before_it_opens(
    opened: list[tuple[Trainer, dict[str, Any]]],
) -> None:
    assert run(["--break", "loss<0.01", "--break", "update=9"]) == 0
    assert [str(each) for each in opened[0][1]["breakpoints"]] == ["loss<0.01", "update=9"]
    assert run(["--break", "lost<1"]) == 2
    assert run(["--break", "saturated f>0.5"]) == 2
    assert len(opened) == 1


def test_the_app_takes_a_second_network(opened: list[tuple[Trainer, dict[str, Any]]]) -> None:
    assert run(["--versus", "lstm", "--match-parameters"]) == 0
    assert opened[0][1]["versus"] == Versus("lstm", match=True)


def test_the_link_is_measured_unless_the_user_says_what_it_is(
    opened: list[tuple[Trainer, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run([])
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    run([])
    run(["--local"])
    run(["--remote"])
    links = [rest["link"] for _, rest in opened]
    assert [link.setting for link in links] == ["measured", "measured", "local", "remote"]
    assert [link.frames_per_second for link in links] == [5, 4, 5, 4]


@pytest.mark.usefixtures("files")
def test_the_app_opens_a_checkpoint(opened: list[tuple[Trainer, dict[str, Any]]]) -> None:
    os.rename("run", "train")  # any name will do
    assert run(["./train", "--lr", "0.5", "--hidden", "4", "--optimizer", "adam"]) == 0
    trainer, rest = opened[0]
    assert trainer.updates == 3
    assert trainer.settings == Settings(hidden=4, steps=5, lr=0.5, optimizer="adam")
    assert rest.pop("files").path == "./train"
    words = {"theme": "dark"}
    assert rest.items() >= {**words, "breakpoints": (), "versus": None}.items()


# ---------------------------------------------------------------- what a checkpoint keeps


def saved_with_view(path: Path) -> None:
    """Write a run with a what-if in force and breakpoints."""
    from rnn_tui.checkpoint.run_view import RunView, SavedBreakpoint, ScreenView
    from rnn_tui.checkpoint.saving import save
    from rnn_tui.engine.network.pins import Cut, Pin

    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.network.pins = (Pin("x_t", 0.5, None, 2), Cut(3))
    trainer.run(3)
    breakpoints = (SavedBreakpoint("loss<100"), SavedBreakpoint("t=2", enabled=False))
    save(path, trainer, RunView(breakpoints, ScreenView("map", unit=2)))


def test_train_says_what_is_held_and_which_breakpoints_do_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rnn_tui.checkpoint.loading import load_run

    path = tmp_path / "run"
    saved_with_view(path)
    before = load_run(path)
    assert run(["train", str(path), "--updates", "5", "--out", str(path)]) == 0
    said = capsys.readouterr().err
    held = "it trains with x_2 = 0.5, detach @3 held, as it was saved"
    assert held in said
    assert "its breakpoints do not end this training, only --break does: loss<100\n" in said
    after = load_run(path)
    assert (after.view, after.trainer.updates) == (before.view, 8)
    before.trainer.run(5)
    assert after.trainer.parameters.tobytes() == before.trainer.parameters.tobytes()
    assert run(["train", str(path), "--updates", "5", "--break", "loss<100"]) == 0
    output = capsys.readouterr()
    assert "its breakpoints" not in output.err
    assert "stopped by loss" in output.out


def test_the_app_opens_with_the_view_of_the_file(
    tmp_path: Path, opened: list[tuple[Trainer, dict[str, Any]]]
) -> None:
    path = tmp_path / "run"
    saved_with_view(path)
    assert run([str(path), "--break", "grad>9"]) == 0
    ((trainer, rest),) = opened
    assert [str(pin) for pin in trainer.network.pins] == ["x_2 = 0.5", "detach @3"]
    assert [each.text for each in rest["view"].breakpoints] == ["loss<100", "t=2"]
    assert rest["view"].screen.panel == "map"
    assert [str(each) for each in rest["breakpoints"]] == ["grad>9"]


def test_a_directory_that_was_deleted_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["train", "--updates", "2", "--quiet"]) == 0
    assert run(["train", "--updates", "2", "--quiet", "--out", "run"]) == 2
    assert "has been deleted" in capsys.readouterr().err
