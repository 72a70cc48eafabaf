"""Make the screenshots in docs/screenshots: every panel and pass, at two sizes, dark and light.

    python docs/screenshots.py [NAME …]   those whose name begins with one of these, or all
    python docs/screenshots.py --list     their names only
    python docs/screenshots.py --kept     make those anew that are there

They are SVG files; beside each is the text on the screen. Tests fail where that has changed.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from case_with_mistake import case_with_mistake
from headless_screenshot import Action, take_screenshot
from textual.app import App
from textual.widgets import Input

from rnn_tui.cases.case import Case
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.second_network import Versus
from rnn_tui.settings import Settings, compose
from rnn_tui.tasks.case import case_settings
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.charts.steady_ranges import SteadyRanges
from rnn_tui.tui.screens.debugger import Debugger

FOLDER = Path(__file__).parent / "screenshots"
SMALL, LARGE = (80, 24), (120, 40)


def _at(update: int) -> Action:
    """Return the condition that the cursor has come to `update` and nothing is running."""

    def reached(app: App[object]) -> bool:
        assert isinstance(app, RnnTui)
        snapshot = app.session.latest
        return not snapshot.running and snapshot.cursor.update == update

    return reached


@dataclass(frozen=True)
class Screenshot:
    """One screenshot: the network that is trained and the keys that are pressed.

    Attributes:
        name: of the file, without its suffix.
        settings: of the network.
        actions: keys and conditions.
        size: columns and rows.
        theme: "dark" or "light".
        versus: a second network in lock step, if any.
        case: what makes the case that the run is on, if it is on one.
    """

    name: str
    settings: Settings
    actions: tuple[Action, ...]
    size: tuple[int, int]
    theme: str = "dark"
    versus: Versus | None = None
    case: Callable[[], Case] | None = None


def _keys(text: str) -> tuple[Action, ...]:
    """Return the keys named in `text`, separated by blanks."""
    return tuple(text.split())


_TRAINED: tuple[Action, ...] = (*"400u", _at(400))
_PASSES: dict[str, tuple[Action, ...]] = {
    "start": (),
    "batch": _keys("n"),
    "forward": _keys("1 0 n s s s s"),
    "loss": _keys("f f f"),
    "backward": _keys("f f f 1 2 n s s s s s s"),
    "clip": _keys("f f f f f"),
    "update": _keys("u"),
}
_PANELS: dict[str, tuple[Action, ...]] = {
    "panel-loss": _keys("tab"),
    "panel-predictions": _keys("tab tab"),
    "panel-gradients": _keys("tab tab tab"),
    "panel-hyperparameters": _keys("shift+tab shift+tab"),
    "zoom-network": _keys("shift+tab z"),
    "zoom-timestep": _keys("z"),
    "form": _keys("o"),
    "help": _keys("question_mark"),
}


def _field(value: str) -> Action:
    """Return the condition that the field with the focus holds `value`."""

    def holds(app: App[object]) -> bool:
        return isinstance(app.focused, Input) and app.focused.value == value

    return holds


def _typed(text: str) -> tuple[Action, ...]:
    """Return the actions that type `text` over the selected text of a field, and enter."""
    return (_in_field, *text, _field(text), "enter")


def _in_field(app: App[object]) -> bool:
    """Return whether a field has the focus."""
    return isinstance(app.focused, Input)


def _what_if_shown(app: App[object]) -> bool:
    """Return whether a what-if is shown with the values before it."""
    assert isinstance(app, RnnTui)
    what_if = app.session.latest.what_if
    return what_if is not None and what_if.before is not None


def _forked(app: App[object]) -> bool:
    """Return whether a future was left."""
    assert isinstance(app, RnnTui)
    return bool(app.session.latest.timeline.ghosts)


def _stopped(app: App[object]) -> bool:
    """Return whether a breakpoint has stopped the run."""
    assert isinstance(app, RnnTui)
    return app.session.latest.stop is not None


_BREAKPOINT = ("b", *_typed("loss<0.003"), _field(""))
_HOLD_GATE = ("e", *_typed("f = 1"), _what_if_shown)
_TIME_TRAVEL: dict[str, tuple[Action, ...]] = {
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
    "breakpoints": (*_BREAKPOINT, *_typed("pass=BACKWARD t=7"), _field("")),
    "stop": (*_BREAKPOINT, "escape", "c", _stopped),
    "what-if-question": (*_keys("7 n e"), _in_field),
    "what-if": (*_keys("8 n"), *_HOLD_GATE),
    "what-if-backward": (*_keys("f f f 1 2 n"), *_HOLD_GATE, *_keys("tab tab tab")),
}


def _proved(app: App[object]) -> bool:
    """Return whether all proofs are computed."""
    assert isinstance(app, RnnTui)
    snapshot = app.session.latest
    return not snapshot.running and snapshot.proving is None and bool(snapshot.proofs)


def _diverged(app: App[object]) -> bool:
    """Return whether training has diverged."""
    assert isinstance(app, RnnTui)
    return app.session.latest.divergence is not None


_TO_LEDGER, _TO_MAP, _TO_EDGE = ("tab",) * 4, ("tab",) * 5, ("tab",) * 6
_MIDDLE, _END = _keys("f f f 8 n"), _keys("f f f f")  # of the backward pass
_PROOFS: dict[str, tuple[Action, ...]] = {
    "proof-ledger": (*_MIDDLE, *_TO_LEDGER, _proved),
    "proof-map": (*_END, *_TO_MAP, _proved),
    "proof-map-halfway": (*_MIDDLE, *_TO_MAP, _proved),
    "proof-map-zoom": (*_END, *_TO_MAP, "z", _proved),
    "proof-edge": (*_END, *_TO_EDGE, _proved),
    "proof-entry": (*_MIDDLE, "v", _proved),
}
_TO_WEIGHTS, _TO_CARPET = ("tab",) * 8, ("tab",) * 9
_HEAT_MAPS: dict[str, tuple[Action, ...]] = {
    "carpet": (*_MIDDLE, *_TO_CARPET, _proved),
    "weights": ("u", *_TO_WEIGHTS, *_keys("5 down 9 right"), _proved),
    "code": (*_MIDDLE, *_keys("s s s s s s s i")),
}
_DIVERGING = Settings(activation="relu", optimizer="sgd", lr=100.0, clip_by="none")


def _proof_screenshots(label: str, size: tuple[int, int]) -> Iterator[Screenshot]:
    """Yield the proofs, dark and light; the map also for other cells and unusual sizes."""
    for name, keys in _PROOFS.items():
        for theme in ("dark", "light"):
            actions = (*_TRAINED, *keys)
            yield Screenshot(f"{name}-{label}-{theme}", Settings(cell="lstm"), actions, size, theme)
    for name, keys in _HEAT_MAPS.items():
        actions = (*_TRAINED, *keys)
        yield Screenshot(f"{name}-{label}-dark", Settings(cell="lstm"), actions, size)
    tensor = (*_TRAINED, "u", "V", _proved)
    yield Screenshot(f"proof-tensor-{label}-dark", Settings(hidden=16, cell="gru"), tensor, size)
    unusual = {
        "rnn": Settings(),
        "gru": Settings(cell="gru"),
        "one-step": Settings(steps=1),
        "100-steps": Settings(steps=100),
        "lstm-128": Settings(cell="lstm", hidden=128),
    }
    for name, settings in unusual.items():
        actions = (*_keys("u u"), *_TO_MAP, _proved)
        yield Screenshot(f"proof-map-{name}-{label}-dark", settings, actions, size)
    yield Screenshot(f"proof-cause-{label}-dark", _DIVERGING, ("space", _diverged), size)


_TASKS = ("text", "recall", "adding", "copy", "oscillator", "waveform", "reber", "neuron")


def _task_screenshots(label: str, size: tuple[int, int]) -> Iterator[Screenshot]:
    """Yield every task: a batch, a loss, both passes."""
    for task in _TASKS:
        settings = compose({"task": task})
        for name in ("batch", "forward", "loss", "backward"):
            keys = _PASSES[name] if task != "neuron" or name in ("batch", "loss") else _keys("n n")
            actions = (*"40u", _at(40), *keys)
            yield Screenshot(f"task-{task}-{name}-{label}-dark", settings, actions, size)


_LEARNED_AFTER = {  # updates until a result can be seen; learning it fully takes minutes
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


def _learned_screenshots(label: str, size: tuple[int, int]) -> Iterator[Screenshot]:
    """Yield every task at the end of a forward pass, with its predictions."""
    for task, updates in _LEARNED_AFTER.items():
        actions = (*f"{updates}u", _at(updates), *_keys("n f tab tab"), _predicted)
        yield Screenshot(
            f"task-{task}-learned-{label}-dark", compose({"task": task}), actions, size
        )


def _predicted(app: App[object]) -> bool:
    """Return whether the predictions are those of the update that is shown."""
    assert isinstance(app, RnnTui)
    snapshot = app.session.latest
    predictions = snapshot.predictions
    return predictions is not None and predictions.update == snapshot.cursor.update


def _versus_and_layers(label: str, size: tuple[int, int]) -> Iterator[Screenshot]:
    """Yield two networks in lock step, and stacked layers."""
    both = (*_TRAINED, *_keys("n f f 8 n tab tab tab"))
    lstm = Versus("lstm", match=True)
    yield Screenshot(f"versus-{label}-dark", Settings(), both, size, versus=lstm)
    actions = (*_TRAINED, *_keys("n 4 n s s s s s s s"))
    yield Screenshot(f"layers-{label}-dark", Settings(cell="lstm", layers=2), actions, size)


def _guessed(app: App[object]) -> bool:
    """Return whether theirs are compared and a mistake is guessed."""
    assert isinstance(app, RnnTui)
    return {"theirs", "guess"} <= app.session.latest.proofs.keys()


def _backward(app: App[object]) -> bool:
    """Return whether the cursor is in a backward pass."""
    assert isinstance(app, RnnTui)
    return app.session.latest.cursor.stage is Pass.BACKWARD


def screenshots() -> Iterator[Screenshot]:
    """Yield all screenshots."""
    lstm, gru, rnn = Settings(cell="lstm"), Settings(cell="gru"), Settings()
    for label, size in (("80", SMALL), ("120", LARGE)):
        actions = (*_keys("slash i"), _guessed, "enter", _backward, *_keys("slash i"), _guessed)
        for theme in ("dark", "light"):
            name = f"theirs-{label}-{theme}"
            yield Screenshot(name, lstm, actions, size, theme, case=case_with_mistake)
            for name, keys in _PASSES.items():
                before = () if name == "start" else _TRAINED
                yield Screenshot(f"lstm-{name}-{label}-{theme}", lstm, before + keys, size, theme)
        for name, keys in _PANELS.items():
            yield Screenshot(
                f"{name}-{label}-dark", lstm, (*_TRAINED, *_keys("f f f 8 n"), *keys), size
            )
        for name, keys in _TIME_TRAVEL.items():
            yield Screenshot(f"time-{name}-{label}-dark", lstm, (*_TRAINED, *keys), size)
        yield from _proof_screenshots(label, size)
        yield from _task_screenshots(label, size)
        yield from _learned_screenshots(label, size)
        yield from _versus_and_layers(label, size)
        for settings in (rnn, gru):
            for name in ("forward", "backward"):
                actions = _TRAINED + _PASSES[name]
                yield Screenshot(f"{settings.cell}-{name}-{label}-dark", settings, actions, size)


def _done(app: App[object]) -> bool:
    """Return whether nothing is under way whose result will be seen."""
    assert isinstance(app, RnnTui)
    snapshot = app.session.latest
    second, predictions = snapshot.second_network, snapshot.predictions
    together = second is None or not second.behind
    predicted = predictions is None or predictions.update == len(snapshot.curve.update)
    requested = snapshot.request.proofs <= {*snapshot.proofs, "contributions", "proof"}
    proved = snapshot.proving is None and (requested or not snapshot.cursor.has_batch)
    return not snapshot.running and together and predicted and proved


def _axes_of_now(app: App[object]) -> bool:
    """Draw the charts as if they were first seen now; return True.

    Axes hold all that was drawn of a run, and which updates were drawn depends on the machine.
    """
    for screen in app.screen_stack:
        if isinstance(screen, Debugger):
            screen._chart_cache.ranges = SteadyRanges()
            context = screen._draw_context(screen._frames.frame)
            for widget in screen._frames.widgets:  # all, though nothing else has changed
                widget.draw_anew(context)
    return True


def kept() -> list[str]:
    """Return the names of the screenshots that are in the folder, in their order."""
    return [one.name for one in screenshots() if (FOLDER / f"{one.name}.svg").exists()]


def make(one: Screenshot, folder: Path = FOLDER) -> Path:
    """Make one screenshot in `folder`; return its file."""
    case = one.case() if one.case is not None else None
    settings = one.settings if case is None else case_settings(case)
    app = RnnTui(new_trainer(settings, case), theme=one.theme, versus=one.versus)
    return take_screenshot(
        app, one.size, (*one.actions, _done, _axes_of_now), folder / f"{one.name}.svg"
    )


def main(names: list[str]) -> None:
    """Make the screenshots whose name begins with one of `names`, or all."""
    for one in screenshots():
        if not names or any(one.name.startswith(name) for name in names):
            print(make(one).name)


if __name__ == "__main__":
    if "--list" in sys.argv:
        print("\n".join(one.name for one in screenshots()))
    else:
        main(kept() if "--kept" in sys.argv else sys.argv[1:])
