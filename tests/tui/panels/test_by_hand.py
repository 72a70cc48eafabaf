"""One step of backpropagation through time, by hand, from what stands on a screen of 80×24 alone.

The panel's text is read as a student reads it: rows, title, equation; where terms have no room, the
table of the whole screen. Nothing else of the program is asked for a number.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tui.equation_calculator import Interval, calculate, shown
from tui.equation_reading import LEFT_OUT
from tui.screen_support import KINDS, power_in

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.layout import Focus, arrange
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_spec import needs_of, panel_spec
from rnn_tui.tui.panels.current_pass import panel

REQUEST = ViewRequest(proofs=frozenset(panel_spec("timestep").proofs))
NUMBER = re.compile(r"(?<![\w⁻])[+−]\d[\d.]*(?:e−?\d+)?|(?<= )0(?= |$)")
FACTOR = r"([+−]?[\d.]+(?:e−?\d+)?)"
TERM = re.compile(rf"(\d+) +{FACTOR} +· +{FACTOR} += ")
POWERS = re.compile(r"  ×(?:10)?(\S+) · ×(?:10)?(\S+) = ×")


class Sheet:
    """What a student reads from the panel at one place, with one unit selected."""

    def __init__(self, snapshot: Snapshot, unit: int) -> None:
        """Read the screen."""
        context = DrawContext(snapshot, Selection(unit=unit))
        size = arrange(80, 24, Focus("timestep", "network"), needs_of(snapshot))["timestep"].size
        title = " ".join(panel.title(context))
        lines = plain(panel.draw(context, size.width, size.height - 1)).split("\n")
        start = next(y for y, line in enumerate(lines) if re.match(r" \S+ = ", line))
        self.power = power_in(title) if "gradient" in title else 0
        self.rows = {line[3:].partition(" ")[0]: line for line in lines[:start] if line.strip()}
        self.symbols = lines[start].strip()
        more = [lines[start + 1].strip()]
        for line in lines[start + 2 :]:
            if not re.match(r" {3}\S", line):
                break
            more.append(line.strip())
        if not more[0].startswith(self.symbols.split("_")[0]):  # folded symbols
            self.symbols = f"{self.symbols} {more.pop(0)}"
        self.numbers = " ".join(more)
        self._context = context

    @property
    def table(self) -> list[tuple[int, Interval, Interval]]:
        """All terms of the equation's products, on the whole screen: entry, both factors."""
        selection = replace(self._context.selection, variants=ROWS)
        whole = replace(self._context, zoomed=True, selection=selection)
        terms: list[tuple[int, Interval, Interval]] = []
        powers = ("1", "1")
        for line in plain(panel.draw(whole, 80, 36)).split("\n"):
            if " = Σ " in line:  # the powers of ten of what stands below
                powers = (POWERS.findall(line) or [("1", "1")])[0]
            for entry, *factors in TERM.findall(line):
                left, right = (scaled(*each) for each in zip(factors, powers, strict=True))
                terms.append((int(entry), left, right))
        return terms

    def of(self, label: str, place: int, power: int = 0) -> Interval:
        """Return a number of a row: 0 is its value, 1 its gradient, 2 what passes through."""
        found = NUMBER.findall(self.rows[label][11:])
        text = found[place]
        return scaled(text, str(power))


def scaled(text: str, power: str) -> Interval:
    """Return a number of a column, of which the heading names the power of ten."""
    exact = shown(text.lstrip("+"))
    if "e" in text:
        return exact
    raised = power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
    scale = 10.0 ** int(raised if power != "1" else 0)
    return Interval(exact.low * scale, exact.high * scale)


ROWS = (("timestep", "rows"),)


def run(kind: str, hidden: int) -> Session:
    """Return a session at the end of the forward pass of the fourth update."""
    settings = Settings(hidden=hidden, steps=2, num_points=100).with_(**KINDS[kind])
    session = Session(Trainer(settings))
    session.perform(Step(Stride.UPDATE, 3), REQUEST)
    session.perform(Step(Stride.PASS, 1), REQUEST)
    return session


def step(session: Session) -> Snapshot:
    """Press `s` once, and wait for what the bars are measured by."""
    snapshot = session.perform(Step(Stride.OPERATION, 1), REQUEST)
    while "magnitudes" not in snapshot.proofs:
        snapshot = session.perform(REQUEST)
    return snapshot


SELDOM = {"rnn-relu", "neuron", "lstm-coupled", "gru-reset-before"}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] * (kind in SELDOM)) for kind in KINDS]
)
def test_every_operation_can_be_computed_from_the_screen(kind: str) -> None:
    """The equation's numbers give its result, and that stands in its row."""
    hidden = 2 if kind.startswith("rnn") else 1 if kind == "neuron" else 3
    session, seen = run(kind, hidden), set()
    while True:
        snapshot = step(session)
        if snapshot.cursor.stage is Pass.CLIP:
            break
        if not snapshot.cursor.t:
            continue
        declaration = snapshot.window.declaration
        revealed = snapshot.backward_revealed(snapshot.t) or snapshot.forward_revealed(snapshot.t)
        operation = revealed[-1]
        seen.add(operation.symbol)
        for unit in range(hidden):
            sheet = Sheet(snapshot, unit)
            _, *middle, result = sheet.numbers.split(" = ")
            assert sheet.symbols.startswith(f"{operation.symbol} = ")
            for text in middle:
                assert calculate(LEFT_OUT.sub(r"(\2)", text)).meets(shown(result)), sheet.numbers
            place = {"value": 0, "gradient": 1, "through": 2}[operation.column]
            in_row = sheet.of(operation.row, place, sheet.power if place else 0)
            wide = shown(result)
            assert in_row.meets(wide), (sheet.numbers, sheet.rows[operation.row])
    network = declaration.forward_operations + declaration.backward_operations
    assert seen == {each.symbol for each in network}


@pytest.mark.parametrize(("kind", "hidden"), [("rnn-tanh", 2), ("lstm", 3)])
def test_one_step_back_through_time_is_found_whole(kind: str, hidden: int) -> None:
    """dh_<t-1> of every unit, from the gradients of all units and the weights, term by term."""
    session = run(kind, hidden)
    snapshot = step(session)
    while not (snapshot.cursor.stage is Pass.BACKWARD and snapshot.cursor.complete):
        snapshot = step(session)
    sheets = [Sheet(snapshot, unit) for unit in range(hidden)]
    gates = [("i", "i_t"), ("f", "f_t"), ("g", "g_t"), ("o", "o_t")] if kind == "lstm" else []
    for sheet in sheets:
        assert sheet.symbols.startswith("dh_<t-1> = ")
        names = re.findall(r"(da_\w+)·W_h", sheet.symbols)
        assert len(names) == max(len(gates), 1)
        assert len(sheet.table) == hidden * len(names)
        total = Interval(0.0, 0.0)
        for (entry, left, right), name in zip(
            sheet.table, [name for name in names for _ in range(hidden)], strict=True
        ):
            other = sheets[entry - 1]
            row = dict(gates).get(name.removeprefix("da_"), "a_t")
            there = other.of(row, 2 if gates else 1, other.power)
            assert there.meets(left), (name, entry, left, other.rows[row])
            total = total + left * right
        result = shown(sheet.numbers.split(" = ")[-1])
        assert total.meets(result), (sheet.numbers, total)
        assert sheet.of("h_<t-1>", 1, sheet.power).meets(result)
        if not LEFT_OUT.search(sheet.numbers):
            assert calculate(sheet.numbers.split(" = ")[1]).meets(result)


SHARE = re.compile(r" d(\S+)  this timestep (?:(\S+·\S+) = )?(\S+)   Σ t=\S+ (\S+)")
CLIPPED = re.compile(r" d(\S+) (\S+) → (\S+)")


@pytest.mark.parametrize(("kind", "hidden"), [("rnn-tanh", 2), ("lstm", 3)])
def test_every_entry_of_the_gradient_is_found_and_what_becomes_of_it(
    kind: str, hidden: int
) -> None:
    """The product that each timestep adds, their sum, what clipping leaves, and the update."""
    session = run(kind, hidden)
    snapshot, places = step(session), []
    while snapshot.cursor.stage is not Pass.UPDATE:
        stage, complete = snapshot.cursor.stage, snapshot.cursor.complete
        if stage is Pass.CLIP or (stage is Pass.BACKWARD and complete):
            places.append(snapshot)
        snapshot = step(session)
    *backward, clip = places
    assert [each.cursor.t for each in backward] == [2, 1]
    size = snapshot.optimizer.parameters.size
    for index in range(0, size, 1 if size < 20 else 5):
        total, sum_ = Interval(0.0, 0.0), Interval(0.0, 0.0)
        for place in backward:  # another operation leaves a line for the share
            found = SHARE.search(screen_of(place, index, operation=1))
            assert found is not None
            share, sum_ = (shown(text.lstrip("+")) for text in found.groups()[2:])
            total = total + share
            assert total.meets(sum_)
            if found[2]:
                assert calculate(found[2]).meets(share)
            else:
                assert found[1].startswith("b")  # its gradient is that of what it is added to
        found = CLIPPED.search(screen_of(clip, index))
        assert found is not None
        assert shown(found[2].lstrip("+")).meets(sum_)
        text = screen_of(snapshot, index)
        last = re.search(rf"p = {re.escape(found[1])}   g (\S+)", text)
        assert last is not None
        assert last[1] == found[3]
        lines = re.sub(r"\n {3,}(?=\S)", " ", text[last.end() :]).split("\n")
        equations = [line.split(" = ") for line in lines if line.count(" = ") > 1]
        assert equations[-1][0].startswith(" p ← p + Δ"), equations
        for _, *middle, result in equations:
            assert calculate(middle[-1]).meets(shown(result)), middle


def screen_of(snapshot: Snapshot, parameter: int, operation: int = 0) -> str:
    """Return the panel at 80×24 with this parameter and operation selected."""
    context = DrawContext(snapshot, Selection(parameter=parameter, operation=operation))
    size = arrange(80, 24, Focus("timestep", "network"), needs_of(snapshot))["timestep"].size
    return plain(panel.draw(context, size.width, size.height - 1))
