"""Make the screenshots in docs/: every panel and pass, at both design sizes, dark and light.

    python docs/screenshots.py [NAME …]

Without names all are made. They are SVG files; `--list` only names them.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from shooting import Step, shoot
from textual.app import App
from textual.widgets import Input

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.app import RnnTui

HERE = Path(__file__).parent
SMALL, LARGE = (80, 24), (120, 40)


def _at(update: int) -> Step:
    """Wait until the run has come to an update and stands still."""

    def there(app: App[object]) -> bool:
        assert isinstance(app, RnnTui)
        snapshot = app.session.latest
        return not snapshot.running and snapshot.cursor.update == update

    return there


@dataclass(frozen=True)
class Scene:
    """One screenshot: what is trained and which keys are pressed."""

    name: str
    settings: Settings
    steps: tuple[Step, ...]
    size: tuple[int, int]
    theme: str = "dark"
    versus: Versus | None = None


def _keys(text: str) -> tuple[Step, ...]:
    return tuple(text.split())


_TRAINED: tuple[Step, ...] = (*"400u", _at(400))
_PASSES: dict[str, tuple[Step, ...]] = {
    "start": (),
    "batch": _keys("n"),
    "forward": _keys("1 0 n s s s s"),
    "loss": _keys("f f f"),
    "backward": _keys("f f f 1 2 n s s s s s s"),
    "clip": _keys("f f f f f"),
    "update": _keys("u"),
}
_PANELS: dict[str, tuple[Step, ...]] = {
    "panel-loss": _keys("tab"),
    "panel-predictions": _keys("tab tab"),
    "panel-gradients": _keys("tab tab tab"),
    "panel-hyperparameters": _keys("shift+tab shift+tab"),
    "zoom-network": _keys("shift+tab z"),
    "zoom-timestep": _keys("z"),
    "form": _keys("o"),
    "help": _keys("question_mark"),
}


def _field(value: str) -> Step:
    """Wait until the field with the focus holds this text."""

    def holds(app: App[object]) -> bool:
        return isinstance(app.focused, Input) and app.focused.value == value

    return holds


def _typed(text: str) -> tuple[Step, ...]:
    """Text into the field with the focus, in place of what is selected there, and enter."""
    return (_focused, *text, _field(text), "enter")


def _focused(app: App[object]) -> bool:
    return isinstance(app.focused, Input)


def _asked(app: App[object]) -> bool:
    """Whether a what-if stands on the screen beside what it left."""
    assert isinstance(app, RnnTui)
    what_if = app.session.latest.what_if
    return what_if is not None and what_if.before is not None


def _forked(app: App[object]) -> bool:
    assert isinstance(app, RnnTui)
    return bool(app.session.latest.timeline.ghosts)


def _stopped(app: App[object]) -> bool:
    assert isinstance(app, RnnTui)
    return app.session.latest.stop is not None


_BREAK = ("b", *_typed("loss<0.003"), _field(""))
_HOLD = ("e", *_typed("f = 1"), _asked)
_TIME: dict[str, tuple[Step, ...]] = {
    "past": (*_keys("4 0 g"), _at(40), "N", "N", "N"),
    "fork": (
        *_keys("1 5 0 g"),
        _at(150),
        "o",
        *_typed("0.05"),
        _forked,
        *_keys("3 0 0 u"),
        _at(450),
        "tab",
    ),
    "breakpoints": (*_BREAK, *_typed("pass=BACKWARD t=7"), _field("")),
    "stop": (*_BREAK, "escape", "c", _stopped),
    "what-if-question": (*_keys("7 n e"), _focused),
    "what-if": (*_keys("8 n"), *_HOLD),
    "what-if-backward": (*_keys("f f f 1 2 n"), *_HOLD, *_keys("tab tab tab")),
}


def _proved(app: App[object]) -> bool:
    """Whether all that was asked for is proved."""
    assert isinstance(app, RnnTui)
    snapshot = app.session.latest
    return not snapshot.running and snapshot.proving is None and bool(snapshot.proofs)


def _diverged(app: App[object]) -> bool:
    assert isinstance(app, RnnTui)
    return app.session.latest.divergence is not None


_TO_LEDGER, _TO_MAP, _TO_EDGE = ("tab",) * 4, ("tab",) * 5, ("tab",) * 6
_MIDDLE, _END = _keys("f f f 8 n"), _keys("f f f f")  # of the backward pass
_PROOFS: dict[str, tuple[Step, ...]] = {
    "proof-ledger": (*_MIDDLE, *_TO_LEDGER, _proved),
    "proof-map": (*_END, *_TO_MAP, _proved),
    "proof-map-halfway": (*_MIDDLE, *_TO_MAP, _proved),
    "proof-map-zoom": (*_END, *_TO_MAP, "z", _proved),
    "proof-edge": (*_END, *_TO_EDGE, _proved),
    "proof-entry": (*_MIDDLE, "v", _proved),
}
_DIVERGING = Settings(activation="relu", optimizer="sgd", lr=100.0, clip_by="none")


def _proof_scenes(label: str, size: tuple[int, int]) -> Iterator[Scene]:
    """The proofs, dark and light; of the other cells, and of odd sizes, the map."""
    for name, keys in _PROOFS.items():
        for theme in ("dark", "light"):
            steps = (*_TRAINED, *keys)
            yield Scene(f"{name}-{label}-{theme}", Settings(cell="lstm"), steps, size, theme)
    tensor = (*_TRAINED, "u", "V", _proved)
    yield Scene(f"proof-tensor-{label}-dark", Settings(hidden=16, cell="gru"), tensor, size)
    odd = {
        "rnn": Settings(),
        "gru": Settings(cell="gru"),
        "one-step": Settings(steps=1),
        "100-steps": Settings(steps=100),
        "lstm-128": Settings(cell="lstm", hidden=128),
    }
    for name, settings in odd.items():
        steps = (*_keys("u u"), *_TO_MAP, _proved)
        yield Scene(f"proof-map-{name}-{label}-dark", settings, steps, size)
    yield Scene(f"proof-cause-{label}-dark", _DIVERGING, ("space", _diverged), size)


_ASKED = ("text", "recall", "adding", "copy", "oscillator", "waveform", "reber", "neuron")


def _task_scenes(label: str, size: tuple[int, int]) -> Iterator[Scene]:
    """Symbols, classes and topologies: a batch, a loss, both passes."""
    for task in _ASKED:
        settings = compose({"task": task})
        for name in ("batch", "forward", "loss", "backward"):
            keys = _PASSES[name] if task != "neuron" or name in ("batch", "loss") else _keys("n n")
            steps = (*"40u", _at(40), *keys)
            yield Scene(f"task-{task}-{name}-{label}-dark", settings, steps, size)


_LEARNED = {  # updates after which a task shows its point; the whole run would take minutes
    "text": 600,
    "recall": 250,
    "adding": 300,
    "copy": 300,
    "parity": 400,
    "reber": 300,
    "waveform": 300,
    "oscillator": 600,
    "neuron": 400,
}


def _learned_scenes(label: str, size: tuple[int, int]) -> Iterator[Scene]:
    """Every task at the end of a forward pass, its predictions beside it."""
    for task, updates in _LEARNED.items():
        run = (*f"{updates}u", _at(updates), *_keys("n f tab tab"), _predicted)
        yield Scene(f"task-{task}-learned-{label}-dark", compose({"task": task}), run, size)


def _predicted(app: App[object]) -> bool:
    """Whether the predictions are those of the update that is shown."""
    assert isinstance(app, RnnTui)
    snapshot = app.session.latest
    found = snapshot.predictions
    return found is not None and found.update == snapshot.cursor.update


def _beside_scenes(label: str, size: tuple[int, int]) -> Iterator[Scene]:
    """Two networks in lock step, and stacked layers."""
    both = (*_TRAINED, *_keys("n f f 8 n tab tab tab"))
    lstm = Versus("lstm", match=True)
    yield Scene(f"versus-{label}-dark", Settings(), both, size, versus=lstm)
    steps = (*_TRAINED, *_keys("n 4 n s s s s s s s"))
    yield Scene(f"layers-{label}-dark", Settings(cell="lstm", layers=2), steps, size)


def scenes() -> Iterator[Scene]:
    """All of them."""
    lstm, gru, rnn = Settings(cell="lstm"), Settings(cell="gru"), Settings()
    for label, size in (("80", SMALL), ("120", LARGE)):
        for theme in ("dark", "light"):
            for name, keys in _PASSES.items():
                before = () if name == "start" else _TRAINED
                yield Scene(f"lstm-{name}-{label}-{theme}", lstm, before + keys, size, theme)
        for name, keys in _PANELS.items():
            yield Scene(f"{name}-{label}-dark", lstm, (*_TRAINED, *_keys("f f f 8 n"), *keys), size)
        for name, keys in _TIME.items():
            yield Scene(f"time-{name}-{label}-dark", lstm, (*_TRAINED, *keys), size)
        yield from _proof_scenes(label, size)
        yield from _task_scenes(label, size)
        yield from _learned_scenes(label, size)
        yield from _beside_scenes(label, size)
        for settings in (rnn, gru):
            for name in ("forward", "backward"):
                steps = _TRAINED + _PASSES[name]
                yield Scene(f"{settings.cell}-{name}-{label}-dark", settings, steps, size)


def main(names: list[str]) -> None:
    """Make those whose name begins with one of `names`, or all."""
    for scene in scenes():
        if names and not any(scene.name.startswith(name) for name in names):
            continue
        app = RnnTui(Trainer(scene.settings), theme=scene.theme, versus=scene.versus)
        path = shoot(app, scene.size, scene.steps, HERE / "screenshots" / f"{scene.name}.svg")
        print(path.name)


if __name__ == "__main__":
    if "--list" in sys.argv:
        print("\n".join(scene.name for scene in scenes()))
    else:
        main(sys.argv[1:])
