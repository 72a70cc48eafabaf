"""The loss chart: raw and smoothed loss against updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.baselines import LAST, Baseline
from rnn_tui.tui import panel_help
from rnn_tui.tui.charts.chart_view import cursor_at
from rnn_tui.tui.charts.curves import Chart, Curve, Level, Mark
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.loss_words import in_words
from rnn_tui.tui.number_format import UNKNOWN, count, number
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import second_network_words

if TYPE_CHECKING:
    from rnn_tui.engine.training.history import RunCurve
    from rnn_tui.tui.charts.legend import LegendEntry

GHOSTS = 2  # ghosts that are drawn, the newest ones


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the cursor's place, or what the test loss covers."""
    at = cursor_at(chart(context), context.selection.chart_view("loss"))
    covered = _covered(context.snapshot)
    words = f"test: {covered}" if covered else ""
    if at is None or context.selection.panel != "loss":
        return "loss", words
    stride = context.snapshot.curve.stride
    if stride == 1:
        return f"loss at update {count(int(at))}", ""
    first = count(max(int(at) - stride + 1, 1))
    return f"loss at updates {first}–{count(int(at))}, raw: lowest…highest", ""


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw raw, smoothed and test loss of the whole run, on a logarithmic scale."""
    seen = context.looked_at("loss", chart(context))
    return context.chart_cache.draw_or_say(seen, width, height)


def legend(context: DrawContext) -> tuple[LegendEntry, ...]:
    """Return the legend, newest values or those at the cursor; futures that were left are last."""
    whole, snapshot = chart(context), context.snapshot
    seen = context.looked_at("loss", whole)
    entries, ghosts = context.chart_cache.legend(seen), len(_ghosts(snapshot))
    shown = (*entries[ghosts:], *entries[:ghosts])
    if context.selection.panel == "loss" and len(snapshot.baselines) > 1:
        at = cursor_at(whole, context.selection.chart_view("loss"))
        if at is not None:  # its place needs the room, and the lines have their names
            return tuple(each for each in shown if each.role != "level")
    return shown


def chart(context: DrawContext) -> Chart:
    """Return the chart; its range is that of the run so far, in halves of decades."""
    snapshot = context.snapshot
    curve, timeline = snapshot.curve, snapshot.timeline
    here = snapshot.cursor.update
    raw, smoothed = number(snapshot.loss, 3), number(snapshot.smoothed, 3)
    curves = (
        *_ghosts(snapshot),
        _raw_loss(curve, raw),
        *_second_loss(snapshot),
        *_test_loss(snapshot),
        Curve(
            "smoothed",
            "smooth",
            curve.update,
            curve.smoothed,
            values=(smoothed,),
            briefs=("smoothed", "smoothed", "smooth"),
            named=True,
        ),
    )
    levels = tuple(map(_baseline, snapshot.baselines))
    return Chart(
        curves,
        log_y=True,
        marks=(Mark(float(here), str(here)),) if timeline.in_past else (),
        levels=levels,
        x_label="update",
        x_range=_updates(curves),
        empty="the loss of every update appears here",
        y_range=_range(context, curves, levels),
        legend=False,
    )


def _updates(curves: tuple[Curve, ...]) -> tuple[float, float] | None:
    """Return the range of the updates: while training, most of the picture then stays."""
    from rnn_tui.tui.charts.axes import steady_end

    newest = max((float(each.x[-1]) for each in curves if each.x.size), default=0.0)
    return (1.0, steady_end(newest)) if newest > 1 else None


def _range(
    context: DrawContext, curves: tuple[Curve, ...], levels: tuple[Level, ...]
) -> tuple[float, float] | None:
    """Return the range of the losses so far."""
    from rnn_tui.tui.charts.axes import steady_log_range  # the first screen does without

    snapshot = context.snapshot
    values = np.concatenate([np.asarray(each.y, dtype=np.float64) for each in curves])
    return context.chart_cache.ranges.hold(
        "loss",
        snapshot.settings,
        snapshot.timeline.newest,
        steady_log_range(values, parts=2, least=0.5, levels=levels),
        keep=snapshot.divergence is None,
    )


def _ghosts(snapshot: Snapshot) -> tuple[Curve, ...]:
    """Return the newest futures that were left, each drawn as long as it is there in one way."""
    ghosts = tuple(enumerate(snapshot.timeline.ghosts))[-GHOSTS:]
    return tuple(
        Curve(
            f"before {ghost.label}, update {count(ghost.update)}",
            "ghost",
            ghost.curve.update,
            ghost.curve.smoothed,
            briefs=(f"before {ghost.label}", ghost.label, _brief_change(ghost.label)),
            style="sparse" if place % 2 else "",
        )
        for place, ghost in ghosts
    )


def _brief_change(label: str) -> str:
    """Return a change with the new value alone: "lr 0.05" of "lr 0.01 → 0.05"."""
    if " → " not in label or "," in label:
        return label
    return f"{label.split()[0]} {label.rpartition(' → ')[2]}"


def _raw_loss(curve: RunCurve, newest: str) -> Curve:
    """Return the raw loss: of each update; of a longer run, the lowest and highest of several."""
    if curve.stride == 1:
        return Curve("raw", "raw", curve.update, curve.loss, "cloud", (newest,))
    both = np.column_stack((curve.low, curve.high)).ravel()
    label = f"raw, range of {count(curve.stride)}"
    updates = np.repeat(curve.update, 2)
    return Curve(label, "raw", updates, both, "cloud", (newest,), briefs=("raw",))


def _baseline(baseline: Baseline) -> Level:
    """Return the horizontal line at a loss to compare with."""
    return Level(baseline.loss, baseline.words, baseline.brief, number(baseline.loss, 3))


def _second_loss(snapshot: Snapshot) -> tuple[Curve, ...]:
    """Return the second network's smoothed loss; empty if there is none."""
    second = snapshot.second_network
    if second is None:
        return ()
    words, curve = second_network_words(snapshot, second), second.curve
    label, cell = f"{words}, smoothed", second.settings.cell
    briefs, newest = (f"{cell} smoothed", f"{cell} smooth"), number(second.smoothed, 3)
    return (
        Curve(
            label,
            "second-network",
            curve.update,
            curve.smoothed,
            values=(newest,),
            briefs=briefs,
        ),
    )


def _covered(snapshot: Snapshot) -> str:
    """Return what the test loss is measured on; "" while that is not known."""
    coverage = snapshot.test_losses.coverage
    if coverage is None:
        return ""
    which = "all" if coverage.first == coverage.all else f"first {count(coverage.first)} of"
    return f"{which} {count(coverage.all)} {coverage.what}"


def _test_loss(snapshot: Snapshot) -> tuple[Curve, ...]:
    """Return the loss on test data, with its newest value so far; empty if none is measured."""
    test, here = snapshot.test_losses, snapshot.cursor.update
    known = test.loss[test.update <= here]
    if not test.update.size:
        return ()
    newest = number(float(known[-1]), 3) if known.size else UNKNOWN
    return (Curve("test", "one-step", test.update, test.loss, values=(newest,)),)


def _level_signs(context: DrawContext) -> Signs:
    """Return what the horizontal lines mean."""
    if any(each.brief == LAST for each in context.snapshot.baselines):
        what = "the test loss of a forecast without a network"
        return (
            Sign("last ╍", f"{what}: the last value again", "level"),
            Sign("drift ╍", f"{what}: the last value and the mean change", "level"),
            Sign("season ╍", f"{what}: the value a season ago", "level"),
        )
    return (Sign("no memory  no mem ╍", "the loss that is reached without memory", "level"),)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    loss = in_words(context.snapshot)
    return panel_help.joined(
        (
            Sign("raw", f"the loss of each update: {loss} of its window", "raw"),
            Sign(
                "range of 2",
                "of a long run, the lowest and the highest loss of so many updates each",
                "raw",
            ),
            Sign(
                "smoothed  smooth",
                "its mean over up to 50 updates, its lag taken out",
                "smooth",
            ),
            Sign("test", f"the loss on test data: {_covered(context.snapshot)}", "one-step"),
            Sign("at 340", "the update that a value is of, where it is not the cursor's"),
            *_level_signs(context),
            Sign("lr 0.01", "a future that was left: the curve before such a change", "ghost"),
            Sign("gru beside", "the second network's loss, dashed", "second-network"),
            Sign("┊", "the update one is at, in the past", "accent"),
            Sign("↑  ↓", "above or below what is drawn"),
        ),
        panel_help.chart(log=True, x="updates"),
    )


PANEL = PanelSpec(
    draw,
    title,
    legend,
    brief="loss",
    chart=chart,
    help=signs,
    table="charts:loss",
)
