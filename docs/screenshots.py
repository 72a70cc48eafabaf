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

from rnn_tui.engine.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tui.app import RnnTui

HERE = Path(__file__).parent
SMALL, LARGE = (80, 24), (120, 40)


def _at(update: int) -> Step:
    """Wait until the run has come to an update and stands still."""

    def there(app: App[object]) -> bool:
        assert isinstance(app, RnnTui)
        snapshot = app.session.latest
        return not snapshot.running and snapshot.cursor.update >= update

    return there


@dataclass(frozen=True)
class Scene:
    """One screenshot: what is trained and which keys are pressed."""

    name: str
    settings: Settings
    steps: tuple[Step, ...]
    size: tuple[int, int]
    theme: str = "dark"


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
    "panel-hyperparameters": _keys("tab tab tab tab"),
    "zoom-network": _keys("shift+tab z"),
    "zoom-timestep": _keys("z"),
    "form": _keys("o"),
    "help": _keys("question_mark"),
}


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
        for settings in (rnn, gru):
            for name in ("forward", "backward"):
                steps = _TRAINED + _PASSES[name]
                yield Scene(f"{settings.cell}-{name}-{label}-dark", settings, steps, size)


def main(names: list[str]) -> None:
    """Make those whose name begins with one of `names`, or all."""
    for scene in scenes():
        if names and not any(scene.name.startswith(name) for name in names):
            continue
        app = RnnTui(Trainer(scene.settings), theme=scene.theme)
        path = shoot(app, scene.size, scene.steps, HERE / "screenshots" / f"{scene.name}.svg")
        print(path.name)


if __name__ == "__main__":
    if "--list" in sys.argv:
        print("\n".join(scene.name for scene in scenes()))
    else:
        main(sys.argv[1:])
