"""What the declarations promise, and that nothing else gets in."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.settings import (
    DECLARATIONS,
    PRESETS,
    TRAIN_UPDATES,
    Declaration,
    SettingError,
    Settings,
    Value,
    preset,
)

LIVE = {"timeline",
    "lr", "optimizer", "momentum", "alpha", "beta1", "beta2", "eps", "eps_place", "clip", "clip_by",
}  # fmt: skip


def values_of(declaration: Declaration) -> st.SearchStrategy[Value]:
    """Every value a declaration allows."""
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
        values = st.text()
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
        ("cell", "rn\nn", "--cell must be one of rnn, lstm, gru, not 'rn\\nn'"),
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
    with pytest.raises(SettingError, match=r"^--preset must be one of tutorial, not 'x'$"):
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


def test_options_are_written_with_hyphens_and_switches_with_their_opposite() -> None:
    assert DECLARATIONS["eps_place"].option == "--eps-place"
    assert DECLARATIONS["eps_place"].switch == "--eps-place"
    assert DECLARATIONS["carry"].switch == "--carry/--no-carry"


def test_the_tutorial_is_the_tutorials_run() -> None:
    s = preset("tutorial")
    assert (s.cell, s.hidden, s.steps, s.batch) == ("rnn", 100, 20, 1)
    assert (s.optimizer, s.lr, s.windows, s.carry) == ("adagrad", 0.001, "random", True)
    assert (s.task, s.noise > 0) == ("cos", True)
    assert TRAIN_UPDATES["tutorial"] == 100_000
    assert set(TRAIN_UPDATES) == set(PRESETS)


def test_settings_do_not_pull_in_numpy() -> None:
    code = "import sys, rnn_tui.settings; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
