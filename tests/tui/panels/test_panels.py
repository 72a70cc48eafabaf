"""Every panel at every place: it fits, it tells nothing too early, and nothing jumps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from shares import share
from tui.screen_support import (
    KINDS,
    SMALL,
    ProofSnapshotMaker,
    SnapshotMaker,
    context,
    panels,
    place,
    places_of_an_update,
    power_of,
    regions,
    snapshot_after,
    stands_for,
    text_of,
)

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.session.commands import ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import cell_width
from rnn_tui.tui.number_format import number, signed
from rnn_tui.tui.panels import footer, header, hyperparameters, network
from rnn_tui.tui.panels.current_pass import panel as current_pass

DRAWN = panels("fixed", "chart")
TINY = Settings(hidden=4, steps=3, num_points=100)
each_kind = pytest.mark.parametrize("kind", sorted(KINDS))


@cache
def sizes(panel: str) -> set[tuple[int, int]]:
    """Return the sizes of this panel below its title on screens of 80×23, 80×24 and 120×40."""
    found = set()
    for screen in ((80, 23), (80, 24), (120, 40)):
        for focus in PANELS.names:
            for zoomed in (False, True):
                beside = "loss" if focus == "timestep" else focus
                region = regions(screen, focus, beside, zoomed=zoomed).get(panel)
                if region:
                    found.add((region.width, region.height - 1))
    return found


def odd_places() -> Iterator[tuple[str, Snapshot]]:
    """Extreme networks at a few places of an update."""
    extremes = {
        "hidden 1": SMALL.with_(hidden=1),
        "hidden 128": SMALL.with_(hidden=128, cell="lstm"),
        "one timestep": SMALL.with_(steps=1, cell="gru"),
        "200 timesteps": Settings(steps=200, hidden=3),
        "5000 timesteps": Settings(steps=5000, hidden=2, num_points=6000),
        "batch 3": SMALL.with_(batch=3),
        "unclipped": SMALL.with_(clip_by="none", optimizer="adam", carry=False),
        "by norm": SMALL.with_(clip_by="norm", clip=1e-3, optimizer="sgd", momentum=0.9),
    }
    for name, chosen in extremes.items():
        trainer = Trainer(chosen)
        maker = SnapshotMaker(trainer, predictions=True)
        for _ in range(8):
            yield name, maker.snapshot()
            trainer.finish_pass()
            if trainer.cursor.t:
                trainer.reveal()
                yield name, maker.snapshot(sample=chosen.batch - 1)


# ---------------------------------------------------------------- it fits


def check_fits(
    snapshot: Snapshot,
    what: str,
    names: Iterable[str] = DRAWN,
    every: tuple[int, int] = (0, 1),
    **view: object,
) -> None:
    """Check that the panels called `names` fit at their sizes; of n = every[1] the every[0]-th."""
    looked_at = context(snapshot, **view)
    for panel in names:
        for width, height in sorted(sizes(panel))[every[0] :: every[1]]:
            lines = DRAWN[panel].draw(looked_at, width, height)
            where = f"{panel} {width}×{height}, {what}, {place(snapshot.cursor)}"
            assert len(lines) <= height, where
            for line in lines:
                assert cell_width(line) <= width, f"{where}: {text_of((line,))}"
        left, _ = DRAWN[panel].title(
            looked_at
        )  # what stands right gives way where there is no room
        assert len(left) + 4 <= min(width for width, _ in sizes(panel)), left


@pytest.mark.parametrize("kind", share(sorted(KINDS), first=1))
def test_every_line_fits_at_every_place_of_a_walk(kind: str) -> None:
    chosen = TINY.with_(hidden=16, **KINDS[kind])
    for k, snapshot in enumerate(places_of_an_update(chosen, predictions=True)):
        # Neighbours are much alike: each is drawn at every ninth size.
        check_fits(snapshot, kind, every=(k % 9, 9), unit=15)


@pytest.mark.long
def test_every_line_fits_for_extreme_networks() -> None:
    for k, (name, snapshot) in enumerate(odd_places()):
        unit, parameter = snapshot.settings.hidden - 1, snapshot.optimizer.parameters.size - 1
        check_fits(snapshot, name, every=(k % 2, 2), unit=unit, parameter=parameter)


@pytest.mark.parametrize("optimizer", share(["sgd", "adagrad", "rmsprop", "adam"], first=1))
def test_the_equations_of_an_update_are_not_cut(optimizer: str) -> None:
    trainer = Trainer(SMALL.with_(optimizer=optimizer, clip=1e-5, momentum=0.9))
    maker = SnapshotMaker(trainer)
    for _ in range(3):
        trainer.finish_update()
        for parameter in range(0, trainer.parameters.size, 5):
            check_fits(maker.snapshot(), optimizer, parameter=parameter)


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (7, 3), (20, 2), (35, 5), (80, 1)])
def test_no_panel_fails_however_small_it_is(size: tuple[int, int]) -> None:
    maker = ProofSnapshotMaker(Trainer(TINY), predictions=True)
    for _ in range(2 * TINY.steps + 30):
        snapshot = maker.proved()
        for spec in panels("fixed", "chart", "proof", "heat").values():
            spec.draw(context(snapshot), *size)
        maker.step()


def test_every_setting_that_matters_is_in_the_panel() -> None:
    for changes in KINDS.values():
        for optimizer in ("sgd", "adagrad", "rmsprop", "adam"):
            snapshot = snapshot_after(SMALL.with_(optimizer=optimizer, **changes))
            for size in sizes("hyperparameters"):
                text = "\n".join(text_of(hyperparameters.draw(context(snapshot), *size)))
                for name, declaration in DECLARATIONS.items():
                    if declaration.used_by(snapshot.settings):
                        value = declaration.show(getattr(snapshot.settings, name))
                        assert re.search(rf"{name.replace('_', '-')} +{value}", text), (name, size)


def test_the_header_is_whole_even_for_large_numbers() -> None:
    for snapshot in places_of_an_update():
        late = replace(
            snapshot,
            settings=snapshot.settings.with_(steps=50),
            cursor=replace(snapshot.cursor, update=123_456_789, t=snapshot.cursor.t and 42),
            loss=1.234e-12,
            speed=98765.4,
        )
        for one in (snapshot, late):
            _, line = text_of(header.draw(context(one), 80, 2))
            assert re.fullmatch(
                r" (BATCH|FORWARD|LOSS|BACKWARD|CLIP|UPDATE)( t=\d+/\d+ *)? · update \d+"
                r" · loss (–|[\d.e−]+) * · \d+/s · paused *",
                line,
            ), line


def test_the_footer_shows_the_count_then_what_was_said_then_the_keys() -> None:
    snapshot = snapshot_after()
    assert text_of(footer.draw(context(snapshot, prefix="25"), 80, 1))[0].startswith(" 25")
    said = DrawContext(snapshot, context(snapshot).selection, "saved run.safetensors")
    assert text_of(footer.draw(said, 80, 1))[0].strip() == "saved run.safetensors"
    assert "help" in text_of(footer.draw(context(snapshot), 80, 1))[0]
    covered = replace(context(snapshot), covered=True)  # by a dialog, which has keys of its own
    assert not text_of(footer.draw(covered, 80, 1))[0].strip()


# ---------------------------------------------------------------- nothing too early


def spoiled(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with garbage in place of all values that are not yet revealed."""
    tape = snapshot.window.tape
    arrays = {name: array.copy() for name, array in tape.arrays.items()}
    copy = object.__new__(type(tape))
    copy.steps, copy.batch, copy.dtype = tape.steps, tape.batch, tape.dtype
    copy.arrays, copy.states = arrays, {name: arrays[name] for name in tape.states}
    picture = replace(snapshot.window, tape=copy)
    garbage, norms = -54321.0, snapshot.gradient_norms.copy()
    if not snapshot.cursor.has_batch:
        for name in ("x", "target"):
            arrays[name][...] = garbage
        for name in tape.states:
            arrays[name][0] = garbage
    for t in range(1, snapshot.steps + 1):
        values = picture.values(t)
        known = {op.symbol for op in snapshot.forward_revealed(t) + snapshot.backward_revealed(t)}
        declaration = picture.declaration
        for operation in declaration.forward_operations + declaration.backward_operations:
            array = values[operation.symbol]
            on_tape = any(np.shares_memory(array, one) for one in arrays.values())
            if operation.symbol not in known and on_tape:
                array[...] = garbage
        if "dh_t" not in known:
            norms[t - 1] = garbage
    return replace(snapshot, window=picture, gradient_norms=norms)


VARIANTS = {
    "gru",
    "rnn-tanh",
    "lstm-peephole",
    "lstm-coupled",
    "gru-reset-before",
    "rnn-relu",
}  # of cells: they are drawn by the same code


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] * (kind in VARIANTS)) for kind in KINDS]
)
def test_no_number_is_drawn_before_its_operation_is_revealed(kind: str) -> None:
    """What has not been computed cannot be seen: with garbage in its place all looks the same."""
    trainer = Trainer(TINY.with_(**KINDS[kind]))
    trainer.run(2)  # so that the window before has left its numbers everywhere
    maker = SnapshotMaker(trainer)
    for k, _ in enumerate(places_of_an_update(TINY.with_(**KINDS[kind]))):
        trainer.reveal()
        if k % 2:  # neighbours are much alike
            continue
        snapshot = maker.snapshot()
        for t in (None, 1 + k % 3):
            real = replace(snapshot, request=ViewRequest(t=t), contributions=None)
            false = spoiled(real)
            for panel in ("timestep", "network", "gradients"):
                sizes = ((80, 14), (120, 30))
                for size in sizes[panel == "gradients" :]:  # a chart's curves are those of any size
                    draw = DRAWN[panel].draw
                    seen = text_of(draw(context(real), *size))
                    assert seen == text_of(draw(context(false), *size)), (
                        f"{panel} at {place(snapshot.cursor)}, looking at t={t}:\n"
                        + "\n".join(seen)
                    )


@each_kind
def test_a_share_of_the_gradient_is_drawn_only_once_its_factors_are_revealed(kind: str) -> None:
    for snapshot in places_of_an_update(TINY.with_(**KINDS[kind])):
        if snapshot.cursor.stage is not Pass.BACKWARD:
            continue
        revealed = {op.symbol for op in snapshot.backward_revealed(snapshot.t)}
        needed = {op.symbol for op in snapshot.window.declaration.backward_operations}
        needed = {symbol for symbol in needed if symbol.startswith("da_")}
        text = "\n".join(text_of(current_pass.draw(context(snapshot, parameter=4), 80, 21)))
        to_come = re.search(
            r"^ dW_\w+\[\d,\d\]: what this timestep adds comes with its end *$", text, re.M
        )
        shares = re.search(r"^ dW_\w+\[\d,\d\] .*\d *$", text, re.M)
        assert not (shares and to_come), text
        assert bool(shares) <= (needed <= revealed), f"{place(snapshot.cursor)}\n{text}"


@each_kind
def test_after_a_divergence_no_such_number_is_drawn(kind: str) -> None:
    chosen = TINY.with_(optimizer="sgd", lr=100.0, clip_by="none", **KINDS[kind])
    for scale in (1e19, 1e38):
        trainer = Trainer(chosen)
        with np.errstate(all="ignore"):
            trainer.parameters *= np.float32(scale)
        while trainer.divergence is None and trainer.updates < 100:
            trainer.reveal()
        if trainer.divergence is None:
            continue
        snapshot = SnapshotMaker(trainer, predictions=True).snapshot()
        for t in (None, 1, 2, 3):
            looked_at = context(replace(snapshot, request=ViewRequest(t=t)))
            for panel, spec in DRAWN.items():
                text = "\n".join(text_of(spec.draw(looked_at, 100, 40))) + " ".join(
                    spec.title(looked_at)
                )
                told = re.sub(r"\bbecame (−?inf|NaN)\b", "", text)  # how the divergence began
                bad = re.search(r"(?i)\b(nan|inf)\b|∞", told)
                assert not bad, f"{panel}, {trainer.divergence}, looking at t={t}:\n{text}"


# ---------------------------------------------------------------- nothing jumps


def lines_of_rows(lines: list[str], symbols: list[str]) -> dict[str, int]:
    """On which line each row begins."""
    found = {}
    for symbol in symbols:
        row = re.compile(rf"[ ▸]+{re.escape(symbol)} +[^ =]")
        found[symbol] = next(k for k, line in enumerate(lines) if row.match(line))
    return found


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        pytest.param(kind, size, marks=[pytest.mark.long] * (kind in VARIANTS and size[0] != 80))
        for kind in sorted(KINDS)
        for size in ((80, 14), (74, 21), (120, 30))
    ],
)
def test_rows_keep_their_lines_through_both_passes(kind: str, size: tuple[int, int]) -> None:
    kept: dict[str, int] = {}
    for snapshot in places_of_an_update(TINY.with_(hidden=16, **KINDS[kind])):
        if snapshot.cursor.t:
            symbols = [row.symbol for row in snapshot.rows]
            found = lines_of_rows(text_of(current_pass.draw(context(snapshot), *size)), symbols)
            kept = kept or found
            assert found == kept, place(snapshot.cursor)


@each_kind
def test_the_network_keeps_its_lines(kind: str) -> None:
    kept: list[str] = []
    first, *snapshots = places_of_an_update(TINY.with_(**KINDS[kind]))
    assert "y_3" in "".join(text_of(network.draw(context(first), 80, 5)))  # the first screen
    for snapshot in snapshots:
        lines = text_of(network.draw(context(snapshot), 80, 5))
        labels = [line[: network.LABEL] for line in lines]
        kept = kept or labels
        assert labels == kept


# ---------------------------------------------------------------- numbers of the tables


def test_the_batch_shows_the_window_as_it_is() -> None:
    snapshot = snapshot_after(steps=1)
    text = "\n".join(text_of(current_pass.draw(context(snapshot), 80, 14)))
    tape = snapshot.window.tape
    for k in range(snapshot.steps):
        x, target = float(tape["x"][k, 0, 0]), float(tape["target"][k, 0, 0])
        row = re.search(rf"(?<!\d){k + 1} +([+−]\S+|0) +([+−]\S+|0)", text)
        assert row is not None
        assert stands_for(row[1], x, power_of(text, "x_t"))
        assert stands_for(row[2], target, power_of(text, "target"))


def test_the_shares_of_the_loss_add_up_to_it() -> None:
    snapshot = snapshot_after(steps=7)
    assert snapshot.cursor.stage is Pass.LOSS
    text = "\n".join(text_of(current_pass.draw(context(snapshot), 80, 14)))
    rows = re.findall(r"(\d+) +([+−][\d.e−]+|0) +([+−][\d.e−]+|0) +([\d.e−]+)", text)
    assert len(rows) == snapshot.steps
    shares = [float(share.replace("−", "-")) for *_, share in rows]
    scale = 10.0 ** power_of(text, "error²/N")
    assert sum(shares) * scale == pytest.approx(snapshot.loss, rel=1e-3)
    assert f"= {number(snapshot.loss)}" in text


def test_clipping_tells_what_it_did() -> None:
    chosen = SMALL.with_(clip=1e-4)
    snapshot = snapshot_after(chosen, steps=13)
    assert snapshot.cursor.stage is Pass.CLIP
    gradient = snapshot.gradient
    assert gradient is not None
    text = "\n".join(text_of(current_pass.draw(context(snapshot, parameter=3), 80, 14)))
    assert number(float(np.linalg.norm(gradient.raw))) in text
    assert number(float(np.linalg.norm(gradient.clipped))) in text
    assert f"{int((np.abs(gradient.raw) > 1e-4).sum())} of {gradient.raw.size} changed" in text
    assert signed(float(gradient.raw[3])) in text
    assert signed(float(gradient.clipped[3])) in text


@pytest.mark.parametrize("kind", ["rnn-tanh", "neuron"])
def test_the_title_says_where_nothing_goes_from_timestep_to_timestep(kind: str) -> None:
    snapshot = snapshot_after(TINY.with_(**KINDS[kind]))
    assert ("no recurrence" in network.title(context(snapshot))[1]) == (kind == "neuron")


def test_the_first_screen_of_a_follower_names_the_keys_that_are_theirs() -> None:
    shown = replace(context(snapshot_after()), following="live")
    for height in (12, 21, 40):
        text = "\n".join(text_of(current_pass.draw(shown, 80, height)))
        assert "another panel" in text
        assert not re.search(r"^ {3}(n|s|o|space|q) {4}", text, re.MULTILINE), text
