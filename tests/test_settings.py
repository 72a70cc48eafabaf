"""Declarations and settings: what is allowed, what is refused, defaults and presets."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui import registry as registries
from rnn_tui.presets import PRESETS
from rnn_tui.registry import Entry
from rnn_tui.settings import (
    DECLARATIONS,
    Declaration,
    SettingError,
    Settings,
    Value,
    compose,
    preset,
    task_defaults,
    train_updates,
)

CELLS = ", ".join(registries.CELLS.names)
LIVE = {"timeline",
    "lr", "optimizer", "momentum", "alpha", "beta1", "beta2", "eps", "eps_place", "clip", "clip_by",
}  # fmt: skip


def values_of(declaration: Declaration) -> st.SearchStrategy[Value]:
    """Return a strategy for every value that a declaration allows."""
    d = declaration
    values: st.SearchStrategy[Value]
    if d.choices:
        values = st.sampled_from(d.choices)
    elif d.kind is bool:
        values = st.booleans()
    elif d.kind is int:
        values = st.integers(int(d.low or 0), int(d.high or 0))
    elif d.kind is float:
        values = st.floats(d.low, d.high, exclude_min=d.low_open, exclude_max=d.high_open)
    else:
        values = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]))
    return values | st.none() if d.optional else values


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=lambda d: d.name)
def test_what_is_shown_reads_back_as_the_same_value(declaration: Declaration) -> None:
    @given(values_of(declaration))
    def check(value: Value) -> None:
        again = declaration.parse(declaration.show(value))
        assert again == value
        assert type(again) is type(value)

    check()


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=lambda d: d.name)
def test_a_declaration_is_complete_and_its_default_allowed(declaration: Declaration) -> None:
    assert declaration.check(declaration.default) == declaration.default
    assert getattr(Settings(), declaration.name) == declaration.default
    assert declaration.help.endswith(".")
    assert "\n" not in declaration.help
    assert declaration.effect == ("live" if declaration.name in LIVE else "restart")
    if declaration.only_with:
        other, *values = declaration.only_with
        assert set(values) <= set(DECLARATIONS[other].choices)


@given(st.data())
def test_settings_survive_json(data: st.DataObject) -> None:
    changes = {
        name: data.draw(values_of(d), label=name)
        for name, d in DECLARATIONS.items()
        if name not in {"task", "x_min", "x_max", "num_points", "steps", "batch"}
    }
    settings = Settings().with_(**changes)
    written = json.dumps(settings.to_json())
    assert Settings.from_json(json.loads(written)) == settings


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("lr", "abc", "--lr must be a number above 0 and at most 100, not 'abc'"),
        ("lr", "", "--lr must be a number above 0 and at most 100, not ''"),
        ("lr", "nan", "--lr must be a number above 0 and at most 100, not nan"),
        ("lr", "inf", "--lr must be a number above 0 and at most 100, not inf"),
        ("lr", "1e999", "--lr must be a number above 0 and at most 100, not inf"),
        ("lr", "0", "--lr must be a number above 0 and at most 100, not 0"),
        ("lr", "101", "--lr must be a number above 0 and at most 100, not 101"),
        ("lr", "default", "--lr must be a number above 0 and at most 100, not 'default'"),
        ("momentum", "1", "--momentum must be a number at least 0 and below 1, not 1"),
        ("noise", "-0.1", "--noise must be a number from 0 to 10, not -0.1"),
        ("eps", "0", "--eps must be a number above 0 and at most 1, or default, not 0"),
        ("steps", "3.5", "--steps must be a whole number from 1 to 5000, not '3.5'"),
        ("steps", "0", "--steps must be a whole number from 1 to 5000, not 0"),
        ("steps", "9" * 5000, f"--steps must be a whole number from 1 to 5000, not '{'9' * 58}…"),
        ("carry", "maybe", "--carry must be on or off, not 'maybe'"),
        (
            "cell",
            "rn\nn",
            f"--cell must be one of {CELLS}, not 'rn\\nn'",
        ),
        ("eps_place", "", "--eps-place must be one of outside, inside, not ''"),
    ],
)
def test_a_value_that_is_not_allowed(name: str, text: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        DECLARATIONS[name].parse(text)
    assert str(caught.value) == message
    assert caught.value.name == name
    assert caught.value.allowed == DECLARATIONS[name].allowed


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "1e-3", 0.001),
        ("lr", " 5 ", 5.0),
        ("steps", "7", 7),
        ("seed", str(2**63 - 1), 2**63 - 1),
        ("eps", "default", None),
        ("eps", "1e-8", 1e-8),
        ("carry", "no", False),
        ("carry", "On", True),
    ],
)
def test_a_value_as_it_is_typed(name: str, text: str, value: Value) -> None:
    parsed = DECLARATIONS[name].parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": True}, "--steps must be a whole number from 1 to 5000, not True"),
        ({"steps": 2.0}, "--steps must be a whole number from 1 to 5000, not 2"),
        ({"carry": 1}, "--carry must be on or off, not 1"),
        ({"lr": None}, "--lr must be a number above 0 and at most 100, not None"),
        ({"x_min": 5, "x_max": 5}, "--x-max must be at least 1e-06 above --x-min 5, not 5"),
        (
            {"num_points": 20},
            "--num-points must be at least 21, --steps 20 and one more, not 20",
        ),
        (
            {"batch": 20},
            "--num-points must be at least 420, --steps 20 and one more for each of "
            "--batch 20 streams, not 400",
        ),
        (
            {"task": "series"},
            "--data must be the path of a CSV file when --task is series, not ''",
        ),
        (
            {"task": "recall", "gap": 30, "steps": 29},
            "--gap must be at most 20 with --steps 29, 9 fewer, not 30",
        ),
        (
            {"task": "recall", "gap": 20, "steps": 8},
            "--steps must be at least 29, --gap 20 and 9 words more, not 8",
        ),
        ({"task": "copy", "blanks": 0}, "--blanks must be a whole number from 1 to 2000, not 0"),
        (
            {"task": "copy", "copy_length": 0},
            "--copy-length must be a whole number from 1 to 1000, not 0",
        ),
        (
            {"task": "copy", "steps": 20},
            "--steps must be 40, --blanks 20 and twice --copy-length 10, not 20",
        ),
        ({"task": "adding", "steps": 1}, "--steps must be at least 2 with --task adding, not 1"),
        (
            {"task": "reber", "steps": 8},
            "--steps must be at least 9, the shortest string of --task reber, not 8",
        ),
        ({"task": "neuron", "steps": 2}, "--steps must be 1 with --task neuron, not 2"),
    ],
)
def test_values_that_do_not_fit(changes: dict[str, Value], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings().with_(**changes)
    assert str(caught.value) == message


def test_a_random_start_does_not_cut_the_range_into_streams() -> None:
    assert Settings(batch=64, windows="random").batch == 64


def test_unknown_and_missing_settings_are_refused() -> None:
    values = Settings().to_json()
    with pytest.raises(SettingError, match=r"^there is no setting 'colour'; it must be one of "):
        Settings.from_json({**values, "colour": 3})
    with pytest.raises(SettingError, match=r"^there is no setting 'colour'"):
        Settings().with_(colour=3)
    del values["lr"]
    with pytest.raises(SettingError, match=r"^--lr is missing; it must be a number above 0"):
        Settings.from_json(values)
    with pytest.raises(SettingError, match=r"^--preset must be one of tutorial, min-char-rnn, not"):
        preset("x")


def test_which_differences_need_a_restart() -> None:
    settings = Settings()
    other = settings.with_(lr=0.1, hidden=64, clip_by="norm", cell="gru")
    assert other.differences(settings) == ("cell", "hidden", "lr", "clip_by")
    assert other.needs_restart(settings) == ("cell", "hidden")
    assert settings.differences(settings) == ()


def test_a_setting_knows_when_it_matters() -> None:
    used = [name for name, d in DECLARATIONS.items() if d.used_by(Settings(clip_by="none"))]
    assert {"eps", "eps_place", "activation", "noise"} <= set(used)
    assert not {"momentum", "beta1", "alpha", "forget_bias", "data", "clip"} & set(used)


def test_what_a_setting_belongs_to() -> None:
    examples = {
        "noise": ("task", "cos", "waveform"),
        "forget_bias": ("cell", "lstm", "lstm-coupled", "lstm-peephole"),
        "eps": ("optimizer", "adagrad", "rmsprop", "adam"),
        "clip": ("clip_by", "value", "norm"),
        "hidden": (),
    }
    for name, values in examples.items():  # what is registered later may use them too
        assert set(values) <= set(DECLARATIONS[name].only_with)
        assert bool(values) == bool(DECLARATIONS[name].only_with)
    for registry in (registries.CELLS, registries.TASKS, registries.OPTIMIZERS):
        for name in registry.names:
            assert set(registry[name].settings) <= set(DECLARATIONS)


def test_the_choices_are_what_is_registered_at_the_moment() -> None:
    before = DECLARATIONS["cell"].choices, DECLARATIONS["activation"].only_with
    with registries.CELLS.registered(Entry("mini", object, ("activation",))):
        assert Settings(cell="mini").cell == DECLARATIONS["cell"].parse("mini") == "mini"
        assert DECLARATIONS["cell"].allowed == f"one of {CELLS}, mini"
        assert DECLARATIONS["activation"].only_with == ("cell", "rnn", "neuron", "mini")
        assert DECLARATIONS["activation"].used_by(Settings(cell="mini"))
    assert (DECLARATIONS["cell"].choices, DECLARATIONS["activation"].only_with) == before
    with pytest.raises(SettingError, match=f"^--cell must be one of {CELLS}, not 'mini'$"):
        Settings(cell="mini")


def test_options_are_written_with_hyphens_and_switches_with_their_opposite() -> None:
    assert DECLARATIONS["eps_place"].option == "--eps-place"
    assert DECLARATIONS["eps_place"].switch == "--eps-place"
    assert DECLARATIONS["carry"].switch == "--carry/--no-carry"


def test_the_tutorial_is_the_tutorials_run() -> None:
    s = preset("tutorial")
    assert (s.cell, s.hidden, s.steps, s.batch) == ("rnn", 100, 20, 1)
    assert (s.optimizer, s.lr, s.windows, s.carry) == ("adagrad", 0.001, "random", True)
    assert (s.task, s.noise > 0) == ("cos", True)
    assert PRESETS["tutorial"].updates == 100_000


def test_min_char_rnn_is_its_run() -> None:
    s = preset("min-char-rnn")
    assert (s.task, s.cell, s.activation, s.hidden) == ("text", "rnn", "tanh", 100)
    assert (s.steps, s.batch, s.windows, s.carry, s.init) == (25, 1, "sweep", True, "small")
    assert (s.optimizer, s.lr, s.eps, s.eps_place) == ("adagrad", 0.1, 1.6e-11, "inside")
    assert (s.clip, s.clip_by) == (0.2, "value")
    # everything that matters is said, so that no task's defaults get in
    used = {n for n, d in DECLARATIONS.items() if d.used_by(s)}
    assert used - set(PRESETS["min-char-rnn"].values) == {
        "data", "encoding", "dtype", "seed", "timeline",
    }  # fmt: skip


TASKS = registries.TASKS.names


@pytest.mark.parametrize("task", TASKS)
def test_every_task_works_with_nothing_else(task: str) -> None:
    s = compose({"task": task, "data": "x.csv" if task == "series" else ""})
    assert s.task == task
    defaults = registries.TASKS.load(task).defaults
    assert set(s.differences(Settings())) <= {"task", "steps", "data", *defaults}
    for name, value in defaults.items():
        assert getattr(s, name) == DECLARATIONS[name].check(value)
        assert DECLARATIONS[name].used_by(s)
        assert name not in {"task", "seed", "data", "dtype", "timeline"}


def test_cos_is_what_the_declarations_say() -> None:
    assert compose({}) == Settings() == compose({"task": "cos"})


def test_declaration_task_preset_and_option_override_each_other_in_this_order() -> None:
    assert Settings().hidden == 32
    assert compose({"task": "text"}).hidden == 64
    assert compose({}, "min-char-rnn").hidden == 100
    assert compose({"hidden": 7}, "min-char-rnn").hidden == 7
    assert compose({"hidden": 7, "task": "text"}).hidden == 7
    # what the preset leaves open, its task fills
    mixed = compose({"task": "adding"}, "tutorial")
    assert (mixed.hidden, mixed.batch, mixed.lr, mixed.steps) == (100, 1, 0.001, 20)
    assert (mixed.clip, mixed.clip_by) == (1.0, "norm")


@given(blanks=st.integers(1, 2000), length=st.integers(1, 1000), gap=st.integers(0, 4000))
def test_a_window_is_as_long_as_its_task_needs(blanks: int, length: int, gap: int) -> None:
    assert compose({"task": "copy", "blanks": blanks}).steps == blanks + 20
    copy = compose({"task": "copy", "blanks": blanks, "copy_length": length})
    assert copy.steps == blanks + 2 * length
    assert compose({"task": "recall", "gap": gap}).steps == gap + 9


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"task": "sums"}, "--task must be one of cos, series, text, recall, adding, "),
        ({"task": "copy", "blanks": "x"}, "--blanks must be a whole number from 1 to 2000, not "),
        ({"task": "recall", "gap": 9999}, "--gap must be a whole number from 0 to 4000, not 9999"),
        ({"task": "copy", "colour": 1}, "there is no setting 'colour'"),
    ],
)
def test_what_cannot_be_composed(chosen: dict[str, Value], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        compose(chosen)
    assert str(caught.value).startswith(message)
    with pytest.raises(SettingError, match=r"^--preset must be one of"):
        compose({}, "x")


def test_defaults_name_every_setting() -> None:
    for task in TASKS:
        assert list(task_defaults({"task": task})) == list(DECLARATIONS)


def test_how_long_a_run_is() -> None:
    assert train_updates("cos") == 20_000
    assert train_updates("adding") == 3_000
    assert train_updates("text", "min-char-rnn") == 100_000


def test_settings_do_not_pull_in_numpy() -> None:
    code = "import sys, rnn_tui.settings; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize(
    "text", ["a\0b", "\x1b]0;title\x07", "two\nlines", "\x9b1m", "\u202e", "x" * 5000]
)
def test_a_text_that_would_act_on_the_terminal_is_refused(text: str) -> None:
    for name in ("data", "target"):
        with pytest.raises(SettingError, match="none of them a control character") as caught:
            Settings(**{name: text})  # type: ignore[arg-type]
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 200
