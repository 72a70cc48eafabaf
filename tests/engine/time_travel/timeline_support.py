"""What the tests of the timeline share."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.history import RunCurve
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

SMALL = Settings(hidden=3, steps=4, num_points=60, noise=0.1)


def bits(trainer: Trainer) -> tuple[object, ...]:
    """Everything that a place is: weights, memory, tape so far, counters, random state."""
    tape, cursor = trainer.network.tape, trainer.cursor
    parts: list[object] = [str(cursor), trainer.optimizer.name, trainer.optimizer.updates_made]
    parts.append(trainer.parameters.tobytes())
    parts += [array.tobytes() for array in trainer.optimizer.memory.values()]
    parts += [repr(trainer.loss), repr(trainer.grad_norm), repr(trainer.history.smoothed)]
    if cursor.has_batch:
        parts += [tape["x"].tobytes(), tape["target"].tobytes(), tape["h"][0].tobytes()]
    forward = sum(cursor.revealed_forward(t, 1) > 0 for t in range(1, tape.steps + 1))
    parts.append(tape["h"][: forward + 1].tobytes() if forward else b"")
    backward = sum(cursor.revealed_backward(t, 1) > 0 for t in range(1, tape.steps + 1))
    parts.append(tape["dh"][tape.steps - backward :].tobytes())
    if cursor.stage in (Pass.CLIP, Pass.UPDATE):
        parts += [trainer.network.gradient.tobytes(), trainer.clipped.tobytes()]
    parts += [str(trainer.task.state()), str(trainer.network.pins)]
    return tuple(parts)


def follow(route: Iterator[float]) -> None:
    for _ in route:
        pass


def seek(timeline: Timeline, place: Place) -> None:
    for _ in timeline.seek(place):
        pass


def same_curve(one: RunCurve, other: RunCurve) -> bool:
    columns = ("update", "loss", "low", "high", "smoothed", "grad_norm")
    same = all(getattr(one, c).tobytes() == getattr(other, c).tobytes() for c in columns)
    return same and one.stride == other.stride
