"""Checkpoints of every version open and go on, and the format does not change unnoticed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from checkpoints.make import (
    EXPECTED,
    FORMATS,
    HERE,
    VIEW,
    outcome,
    present_format,
    rounding,
    settings_format,
)
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.format import CHECKSUM, VERSION, CheckpointError
from rnn_tui.checkpoint.loading import load, load_run
from rnn_tui.checkpoint.run_view import SavedBreakpoint, ScreenView
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.starting_weights import load_weights
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.setting_declaration import Declaration
from rnn_tui.settings import DECLARATIONS, SettingError, Settings

FILES = sorted(HERE.glob("*.safetensors"))
FORMAT_OF: dict[str, Any] = json.loads(FORMATS.read_text())
EXPECTED_OF: dict[str, Any] = json.loads(EXPECTED.read_text())
RAISE = (
    "this changes checkpoints: raise VERSION in rnn_tui/checkpoint/format.py, say in "
    "rnn_tui/checkpoint/versions.py what the version before lacked, give a new setting since= and "
    "before=, and run tests/checkpoints/make.py"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_any_version_goes_on(path: Path) -> None:
    expected, found = EXPECTED_OF["files"][path.name], outcome(path)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-3)
    assert found["updates"] == expected["updates"]
    for name in ("place", "held", "weights"):
        assert found[name] == expected[name]
    if rounding() == EXPECTED_OF["rounding"]:  # another machine may round products otherwise
        assert found == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_any_version_is_saved_in_the_present_one(path: Path, tmp_path: Path) -> None:
    trainer = load(path)
    save(tmp_path / "run", trainer)
    assert texts_of(tmp_path / "run")["version"] == VERSION
    data = trainer.settings.data or None
    again = load(tmp_path / "run", data=data)
    assert (again.cursor, again.network.pins) == (trainer.cursor, trainer.network.pins)
    for each in (trainer, again):
        each.finish_update()
        each.run(3)
    assert again.parameters.tobytes() == trainer.parameters.tobytes()
    task = trainer.task if trainer.settings.task == "case" else None
    weights = load_weights(path, trainer.settings, task)
    assert weights.tobytes() == load(path).keyframe().parameters.tobytes()


def test_ranges_and_test_losses_are_kept() -> None:
    trainer = load(HERE / "v4-range.safetensors")
    assert list(map(str, trainer.network.pins)) == ["h2_4[2:4] = 0.5"]
    assert trainer.history.tested.rows.tolist() == [[2, 0.75], [7, 0.5]]
    trainer.finish_pass()
    assert (trainer.network.tape["h2"][4, :, 1:4] == 0.5).all()


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "peephole", "text"])
def test_what_version_3_lacked_is_computed_again(name: str) -> None:
    """The same run was saved by both versions; v3 kept a smoothed loss that lags."""
    before, after = (load(HERE / f"v{version}-{name}.safetensors").history for version in (3, 4))
    assert before.smoothed == pytest.approx(after.smoothed, rel=1e-12)
    for old, new in zip(before.state()[1].values(), after.state()[1].values(), strict=True):
        np.testing.assert_allclose(old, new, rtol=1e-12)
    assert not len(before.tested.rows)


def test_the_view_is_kept() -> None:
    assert load_run(HERE / f"v{VERSION}-rnn.safetensors").view == VIEW
    assert load_run(HERE / "v2-rnn.safetensors").view is None


SCREEN, BREAKPOINT = asdict(ScreenView()), asdict(SavedBreakpoint("loss<0.01"))
VIEWS: dict[str, tuple[object, str]] = {
    "no object": ([], "its metadata 'view' are not a JSON object"),
    "names": ({"breakpoints": []}, "view: expected an object of bookmarks, breakpoints, screen"),
    "no list": ({"breakpoints": {}, "screen": None}, "view: expected a list of up to 200 break"),
    "too many": (
        {"breakpoints": [{**BREAKPOINT, "text": f"t={k}"} for k in range(1, 202)], "screen": None},
        "view: expected a list of up to 200 breakpoints",
    ),
    "bookmarks": (
        {"breakpoints": [], "screen": None, "bookmarks": [{"place": "40:F", "note": ""}]},
        "view: '40:F': FORWARD needs a timestep",
    ),
    "a note": (
        {"breakpoints": [], "screen": None, "bookmarks": [{"place": "40:L", "note": "a\tb"}]},
        "view: a note is not written",
    ),
    "twice": ({"breakpoints": [BREAKPOINT] * 2, "screen": None}, "view: a breakpoint is there twi"),
    **{
        f"breakpoint {name} {value}": (
            {"breakpoints": [{**BREAKPOINT, name: value}], "screen": None},
            text,
        )
        for name, value, text in (
            ("text", 1, "view: a breakpoint is text, not 1"),
            ("text", "lost<1", "view: 'lost<1' is no breakpoint; allowed: "),
            ("text", "nan", "view: a breakpoint is not written 'nan'"),
            ("enabled", 1, "view: enabled must be true or false, not 1"),
            ("hits", -1, "view: hits must be a whole number from 0 to "),
            ("more", 1, "view: expected an object of enabled, hits, text, waiting"),
        )
    },
    **{
        f"screen {name} {value}": ({"breakpoints": [], "screen": {**SCREEN, name: value}}, text)
        for name, value, text in (
            ("panel", "none", "view: panel must be one of timestep, loss, "),
            ("zoomed", None, "view: zoomed must be true or false, not None"),
            ("unit", True, "view: unit must be a whole number from 0 to "),
            ("t", 0, "view: t must be a whole number from 1 to "),
            ("layer", 1.5, "view: layer must be a whole number from 1 to "),
        )
    },
}


@pytest.mark.parametrize("case", VIEWS)
def test_a_view_that_is_none_is_refused(tmp_path: Path, case: str) -> None:
    view, expected = VIEWS[case]
    source, path = HERE / f"v{VERSION}-rnn.safetensors", tmp_path / "run"
    tensors, texts = load_file(source), {**texts_of(source), "view": json.dumps(view)}
    save_file(tensors, path, {**texts, CHECKSUM: checksums(texts, tensors)})
    with pytest.raises(CheckpointError) as caught:
        load(path)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_version_has_files_and_a_record() -> None:
    versions = {str(number) for number in range(1, int(VERSION) + 1)}
    assert versions == set(FORMAT_OF)
    assert versions == {path.name[1 : path.name.index("-")] for path in FILES}
    assert {path.name for path in FILES} == set(EXPECTED_OF["files"])


# ---------------------------------------------------------------- the format does not change


def test_the_format_is_that_of_its_version(tmp_path: Path) -> None:
    found = json.loads(json.dumps(present_format(tmp_path)))
    recorded = FORMAT_OF[VERSION]
    assert set(found["settings"]) == set(recorded["settings"]), RAISE
    assert found["tensors"] == recorded["tensors"], RAISE
    assert found["texts"] == recorded["texts"], RAISE


def test_what_an_earlier_version_allowed_is_allowed() -> None:
    found = settings_format()
    for version, recorded in FORMAT_OF.items():
        for name, (kind, low, high, choices) in recorded["settings"].items():
            names = [n for n, d in DECLARATIONS.items() if name in (n, d.formerly)]
            assert names, f"{name} of version {version} is gone"
            now = found[names[0]]
            assert now[0] == kind, name
            assert low is None or (now[1] <= low and now[2] >= high), f"{name}: a narrower range"
            assert set(choices) <= set(now[3]), f"{name}: a choice is gone"
        assert set(recorded.get("panels", ())) <= set(FORMAT_OF[VERSION]["panels"])


def test_every_setting_says_since_when() -> None:
    check_since()
    for since in (1, int(VERSION)):
        new = Declaration("new", str, "standard", "", "data", "restart", since=since)
        with pytest.MonkeyPatch.context() as patch:
            more = MappingProxyType({**DECLARATIONS, "new": new})
            patch.setattr("rnn_tui.settings.DECLARATIONS", more)
            patch.setitem(globals(), "DECLARATIONS", more)
            with pytest.raises(AssertionError):  # declared without a new version
                check_since()


def check_since() -> None:
    """Check that files of every version can be read by `Declaration.since` and `before`."""
    for version, recorded in FORMAT_OF.items():
        then = {name for name, each in DECLARATIONS.items() if each.since <= int(version)}
        assert then <= set(recorded["settings"]), RAISE
    for declaration in DECLARATIONS.values():
        if declaration.since > 1:
            declaration.check(declaration.before)


def test_a_setting_that_did_not_exist_is_what_it_was_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A default of today is none of the time of the file."""
    new = Declaration("new", int, 7, "", "data", "restart", since=4, before=3)
    values = Settings(hidden=5).to_json()
    monkeypatch.setattr("rnn_tui.settings.DECLARATIONS", {**DECLARATIONS, "new": new})

    class Wider:
        """Stands for the settings with one more."""

        def __init__(self, **values: object) -> None:
            self.values = values

    from_json = Settings.from_json.__func__  # type: ignore[attr-defined]  # of any class
    assert from_json(Wider, {**values}, 3).values["new"] == 3
    assert from_json(Wider, {**values, "new": 9}, 3).values["new"] == 9
    for version in (4, None):
        with pytest.raises(SettingError, match="--new is missing"):
            from_json(Wider, {**values}, version)


# ---------------------------------------------------------------- other versions


def texts_of(path: Path) -> dict[str, str]:
    with safe_open(path, framework="np") as file:
        return dict(file.metadata())


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6", "it was written by a newer rnn-tui (format 6; this one reads up to 5)"),
        ("9999", "it was written by a newer rnn-tui (format 9999; this one reads up to 5)"),
        ("0", "its format has version '0'; this rnn-tui reads 1 to 5"),
        ("03", "its format has version '03'; this rnn-tui reads 1 to 5"),
        ("", "its format has version ''; this rnn-tui reads 1 to 5"),
        ("٣", "its format has version '٣'; this rnn-tui reads 1 to 5"),
        (None, "its format has version ''; this rnn-tui reads 1 to 5"),
    ],
)
def test_another_version_is_named(tmp_path: Path, version: str | None, expected: str) -> None:
    source = HERE / f"v{VERSION}-rnn.safetensors"
    tensors, texts = load_file(source), texts_of(source)
    texts = {name: text for name, text in texts.items() if name not in ("version", "data")}
    texts |= {} if version is None else {"version": version}
    texts[CHECKSUM] = checksums(texts, tensors)
    save_file(tensors, tmp_path / "run", texts)
    settings = Trainer(Settings(hidden=4, steps=6)).settings
    for read in (lambda path: load(path), lambda path: load_weights(path, settings)):
        with pytest.raises(CheckpointError) as caught:
            read(tmp_path / "run")
        assert str(caught.value).endswith(f": {expected}")


# ---------------------------------------------------------------- checksum


def damaged(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def state_of(path: Path) -> tuple[object, ...]:
    """All that is in a file, to be compared."""
    saved = load_run(path)
    trainer = saved.trainer
    memory = {name: array.tobytes() for name, array in trainer.optimizer.memory.items()}
    history = {name: array.tobytes() for name, array in trainer.history.state()[1].items()}
    rest = (trainer.cursor, trainer.settings, trainer.network.pins, saved.view, saved.remark)
    return (trainer.parameters.tobytes(), memory, history, trainer.task.state().position, *rest)


def check_bits(path: Path, bits: range) -> tuple[int, int]:
    """Check that with any one of `bits` flipped the file is refused, or says the same."""
    content, expected = path.read_bytes(), state_of(path)
    other, refused = path.with_name("damaged"), 0
    for bit in bits:
        other.write_bytes(damaged(content, bit))
        found: tuple[object, ...]
        try:
            found = state_of(other)
        except CheckpointError as error:
            found, refused = expected, refused + ("\n" not in str(error))
        assert found == expected, f"bit {bit} changes the run"
    return refused, len(bits) - refused


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes((HERE / "v3-rnn.safetensors").read_bytes())
    bits = range(0, path.stat().st_size * 8, 401)  # every byte's place in a byte comes up
    refused, _ = check_bits(path, bits)
    assert refused > 0.95 * len(bits)  # what is not refused is spaces, or capitals of an escape


@pytest.mark.long
@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_every_flipped_bit_is_found(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run"
    path.write_bytes((HERE / f"v3-{name}.safetensors").read_bytes())
    refused, the_same = check_bits(path, range(path.stat().st_size * 8))
    print(f"{name}: {refused} bits refused, {the_same} harmless")


def test_a_flipped_bit_in_a_number_names_the_tensor(tmp_path: Path) -> None:
    path = tmp_path / "run"
    content = (HERE / "v3-rnn.safetensors").read_bytes()
    path.write_bytes(damaged(content, 8 * len(content) - 1000))
    with pytest.raises(CheckpointError, match=r"it is damaged: tensor '.*' is not what was saved"):
        load(path)
    texts = content.replace(b"loss<0.01", b"loss<0.91")
    path.write_bytes(texts)
    with pytest.raises(CheckpointError, match="it is damaged: its metadata are not what was saved"):
        load(path)


def test_weights_to_start_from_are_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "run"
    trainer = Trainer(Settings(hidden=3, steps=4))
    save(path, trainer)
    content = path.read_bytes()
    place = content.index(trainer.network.parameters["W_x"].tobytes())
    path.write_bytes(damaged(content, 8 * place))
    with pytest.raises(CheckpointError, match=r"it is damaged: tensor 'rnn\.weight_ih_l0'"):
        load_weights(path, trainer.settings)


EARLIER_TABLE = (HERE / "v4-series.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: [lines[0], *reversed(lines[1:])], "put in order of time now"),
        (lambda lines: [lines[0].replace("visits", "7"), *lines[1:]], "60 rows now|61 rows then"),
        (
            lambda lines: [lines[0], *(line.rpartition(",")[0] for line in lines[1:])],
            "otherwise: line 1 has 3 cells",
        ),
        (lambda lines: [",".join(line.split(",")[::2]) for line in lines], ""),
    ],
)
def test_the_column_of_an_earlier_run_is_read_as_it_was_or_refused(
    change: Any, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "v4-series.safetensors"
    path.write_bytes((HERE / "v4-series.safetensors").read_bytes())
    data = tmp_path / "v4-series.csv"
    data.write_text("\n".join(change(EARLIER_TABLE.splitlines())), encoding="utf-8")
    if not reason:  # the column that was found first is another one, but it is found again
        assert load(path).settings.target == "price"
        return
    with pytest.raises(CheckpointError, match=reason):
        load(path)
