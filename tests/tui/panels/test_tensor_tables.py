"""CLIP and UPDATE: of the tensors that have no room, the table says how many there are."""

from __future__ import annotations

import re

import pytest
from tui.screen_support import SMALL, SnapshotMaker, context, text_of

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.panels.current_pass import clip_and_update
from rnn_tui.tui.parameter_names import tensors


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_selected_tensor_is_there_and_the_others_are_counted(optimizer: str) -> None:
    trainer = Trainer(SMALL.with_(cell="lstm", layers=3, optimizer=optimizer))
    trainer.run(1)
    maker = SnapshotMaker(trainer)
    for _ in range(5):
        trainer.finish_pass()
    while trainer.cursor.stage in (Pass.CLIP, Pass.UPDATE):
        snapshot = maker.snapshot()
        all_tensors = tensors(snapshot)
        for tensor in all_tensors:
            looked_at = context(snapshot, parameter=tensor.start)
            for height in (10, 12, 15, 29):
                lines = text_of(clip_and_update.draw(looked_at, 80, height))[:height]
                names = [each.spec.name for each in all_tensors]
                rows = [re.match(r" [ ▸] (\w+) +\d+(×\d+)? ", line) for line in lines]
                shown = [row[1] for row in rows if row is not None]
                marked = [line.split()[1] for line in lines if line.startswith(" ▸ ")]
                assert marked == [tensor.spec.name], lines
                if shown == names or len(shown) < 2:
                    continue
                first, last, count = map(
                    int,
                    re.findall(r"\d+", next(line for line in lines if " of " in line[:14])[:14]),
                )
                assert shown == names[first - 1 : last]
                assert count == len(names)
        if trainer.cursor.stage is Pass.UPDATE:
            break
        trainer.finish_pass()
