"""The sections of the help that are the same for all panels: words and signs, and the keys."""

from __future__ import annotations

from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.help_text import Section
from rnn_tui.tui.key_bindings import PALETTE_KEY, followers_keys, keys_for
from rnn_tui.tui.loss_words import in_words
from rnn_tui.tui.panel_help import Sign


def everywhere(context: DrawContext) -> tuple[Sign, ...]:
    """Return the words and signs that stand on more than one panel, and in the header."""
    loss = in_words(context.snapshot)
    return (
        Sign("BATCH", "the next window: T inputs, T targets"),
        Sign("FORWARD", "timestep by timestep, t=1 to T, each from the h before it"),
        Sign("LOSS", f"{loss}, over what counts in the window"),
        Sign("BACKWARD", "the way back, t=T to 1: backpropagation through time"),
        Sign("CLIP", "the gradient is kept from being too large"),
        Sign("UPDATE", "the optimizer changes the parameters"),
        Sign("many→many", "inputs at many timesteps, and the loss counts at many"),
        Sign("T → 1", "from the last timestep back to the first"),
        Sign("rnn  lstm  gru", "cells: without gates; with three gates and a memory c; with two"),
        Sign("t  T", "a timestep of the window; the last one"),
        Sign("h_7[3]", "a subscript is a time, brackets are a unit: unit 3 of h at timestep 7"),
        Sign("W_h[3,1]", "row 3, column 1 of a parameter"),
        Sign("dh_t", "∂L/∂h_t: how the loss L changes if h_t changes a little"),
        Sign("‖ ‖", "the norm: the root of the sum of squares", "gradient"),
        Sign("σ  tanh", "the logistic function, from 0 to 1; tanh, from −1 to 1"),
        Sign("⊙  ·  ᵀ", "product by entries; product, also of matrices; transposed"),
        Sign("Σ", "the sum"),
        Sign("▸", "here: the row or timestep that the cursor is at", "accent"),
        Sign("·", "not computed yet", "dim"),
        Sign("!  inf  NaN", "not a finite number", "error"),
        Sign("…", "there is more than fits", "dim"),
        Sign("3e−4", "3·10⁻⁴"),
        Sign("with f = 1", "with a what-if in force"),
        Sign("/s", "updates in a second"),
        Sign("lr", "the learning rate"),
        Sign("MiB", "memory of the timeline: how far one can go back"),
        Sign("═ ─", "the title of a panel; double: it has the focus", "title"),
    )


def following(context: DrawContext) -> tuple[Section, ...]:
    """Return what is said of following the presenter: to who follows, and to who is followed."""
    if context.followers is not None:
        meaning = "so many others see what this screen shows, on their own terminals"
        return (Section("You present", (Sign("1 follow", meaning),)),)
    if not context.following:
        return ()
    words = (
        Sign("following the presenter", "what the presenter sees, laid out for your screen"),
        Sign("your own view", "the panel is your choice; what is selected stays the presenter's"),
        Sign("the presenter has left", "the last picture stays, until the presenter comes back"),
    )
    return (Section("Following", words, "All keys that are not named below are the presenter's."),)


def keys(guest: bool = False, follows: bool = False) -> tuple[Section, ...]:
    """Return the keys and what they do: those that a number before them repeats, and the others."""
    keys = followers_keys() if follows else keys_for(guest)
    counted = tuple(Sign(key.shown, key.help) for key in keys if key.takes_count)
    others = tuple(Sign(key.shown, key.help) for key in keys if not key.takes_count)
    note = "Digits before one of these repeat it: 5n, 200u, 12s."
    return (
        Section("Keys that count", counted, note),
        Section("More keys", (*others, Sign(PALETTE_KEY, "the palette: all commands"))),
    )
