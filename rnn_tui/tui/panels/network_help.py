"""What the signs of the network panel mean."""

from __future__ import annotations

from rnn_tui.tui import panel_help
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panels.network_states import LOWER_UNIT, UPPER_UNIT, states_of
from rnn_tui.tui.symbols import MARK


def signs(context: DrawContext) -> Signs:
    """Return what the signs in the strip mean."""
    snapshot = context.snapshot
    named, parts = snapshot.task.labels is not None, snapshot.task.parts or ()
    if not snapshot.cursor.has_batch:
        return _unrolled(context)
    return panel_help.joined(
        (
            Sign("batch › forward › loss › backward › clip › update", "the passes of an update"),
            _pill(context),
            Sign("t", "a timestep has a column"),
            Sign(
                "t (z: +2)",
                "so many rows, of targets, inputs or norms, only have room with z",
                "dim",
            ),
            Sign("‹7›", "the cursor: what has just been computed", "accent"),
            Sign("[7]", "selected: the panels show this timestep; esc goes back to the cursor"),
            Sign(
                f"{hidden_sign(context)}12",
                "so many timesteps have no room here; ←→ bring them",
                "dim",
            ),
            Sign("target", "what the output should be", "truth"),
            Sign("y_t", "the likeliest class" if named else "the output", "one-step"),
        ),
        (Sign("✓", "it is the target", "good"), Sign("✗", "it is not", "error")) if named else (),
        _units(context),
        (Sign("x_t", "the input"),) if not parts else (Sign("  ".join(parts), "the input"),),
        (Sign(MARK, "the input that marks this timestep"),) if "mark" in parts else (),
        (Sign("held", "a what-if holds the input"),) if snapshot.task.symbols else (),
        (Sign("e−3", "of a row's name: its numbers are in thousandths", "dim"),),
        _norms(context),
        (Sign("h2  dh2_t", "a digit after a name is a layer"),),
    )


def _unrolled(context: DrawContext) -> Signs:
    """Return the signs of the first screen."""
    return (
        Sign("batch › forward › loss › backward › clip › update", "the passes of an update"),
        _pill(context),
        Sign("[lstm]  ⋯", "a timestep's cells; of many timesteps the last one is drawn, too"),
        Sign("↑ │", "x_t goes in below, y_t comes out above, where there is one"),
        Sign("→  ─", "the state goes on to the next timestep"),
        *panel_help.values(context.snapshot),
        Sign("x_1  h_0", "a number after _ is a timestep: h_0 is the state at the beginning"),
        Sign("h2_0  c2_0", "a digit after a name is a layer"),
    )


def hidden_sign(context: DrawContext) -> str:
    """Return what stands before a number of hidden timesteps: one cell, in ASCII too."""
    return "~" if context.ascii else "⋯"


def _pill(context: DrawContext) -> Sign:
    """Return the pass under way."""
    meaning = "the pass under way; 13 of its 20 timesteps are done"
    if context.grounds:
        return Sign(" backward 13/20 ", meaning, "pill-accent")
    return Sign("[backward 13/20]", meaning, "accent")


def _units(context: DrawContext) -> Signs:
    """Return how hidden units are drawn."""
    states = states_of(context.snapshot)
    others = "; d shows c, the memory" if len(states) > 1 else ""
    first = f"units 1 to 8 of the hidden state h{others}"
    if not context.grounds:
        return (Sign("h 1–8", f"{first}, a bar each, full at 1"), *panel_help.bars(context))
    return (
        Sign("h 1–8", first),
        Sign(UPPER_UNIT, "two units, one above the other: orange above 0", "units-8-6"),
        Sign(LOWER_UNIT, "blue below 0; the brighter, the larger", "units-2-0"),
    )


def _norms(context: DrawContext) -> Signs:
    """Return the norms of gradients."""
    heat = "; the ground is brightest at the largest of the window" if context.grounds else ""
    rows = [
        Sign(
            f"‖d{state}_t‖",
            f"the size of the loss's gradient for {state} at this timestep{heat}",
            "gradient",
        )
        for state in states_of(context.snapshot)
    ]
    rows.append(Sign("2e−9  e−12", "2·10⁻⁹; a digit that has no room is left out: 1 to 9·10⁻¹²"))
    return tuple(rows)
