"""The dark and the light theme, and the style of each role in them.

A hue has one meaning: orange and blue are signs, purple is a gradient, teal a network that runs
freely, green right, red wrong or not finite, and yellow marks here and now: the cursor, and what
the program is doing. All else has no hue. The second network has the hue of the curve that it is
compared with, dashed.

All is composed in these colours. For terminals with fewer, `terminal_colours` says which stand for
them; every colour here has a line there.
"""

from __future__ import annotations

from functools import cache

from rich.style import Style
from textual.theme import Theme


def _theme(
    name: str,
    *,
    dark: bool,
    ground: str,
    surface: str,
    panel: str,
    foreground: str,
    strong: str,
    dim: str,
    rule: str,
    line: str,
    field: str,
    primary: str,
    accent: str,
    error: str,
    success: str,
) -> Theme:
    """Return a theme with the colours of Textual's widgets, which would else be mixtures."""
    variables = {
        "text-muted": dim,
        "text-disabled": dim,
        "surface-active": field,
        "error": error,  # as they are, not rounded
        "success": success,
        "panel-darken-1": surface,  # of the palette
        "block-cursor-foreground": strong,
        "block-cursor-background": line,
        "block-cursor-blurred-foreground": strong,
        "block-cursor-blurred-background": surface,
        "block-hover-background": panel,
        "input-cursor-foreground": ground,
        "input-cursor-background": accent,
        "input-selection-foreground": ground,
        "input-selection-background": primary,
        "border-blurred": rule,
        **dict.fromkeys(("scrollbar", "scrollbar-hover", "scrollbar-active"), primary),
        **{f"scrollbar-background{state}": panel for state in ("", "-hover", "-active")},
    }
    return Theme(
        name=name,
        dark=dark,
        primary=primary,
        secondary=success,
        accent=accent,
        foreground=foreground,
        background=ground,
        surface=surface,
        panel=panel,
        success=success,
        warning=accent,
        error=error,
        variables=variables,
    )


DARK = _theme(
    "rnn-dark",
    dark=True,
    ground="#14161f",
    surface="#1b1e2b",
    panel="#242838",
    foreground="#d5d9e6",
    strong="#ffffff",
    dim="#9198b0",
    rule="#666a7c",
    line="#3c4362",
    field="#3d4463",
    primary="#a9b1d0",
    accent="#f2cf63",
    error="#ff8a9d",
    success="#9ece6a",
)
LIGHT = _theme(
    "rnn-light",
    dark=False,
    ground="#fbfaf7",
    surface="#f1efe9",
    panel="#e6e3da",
    foreground="#1f2430",
    strong="#000000",
    dim="#5d5b52",
    rule="#8c8877",
    line="#c8c3b5",
    field="#cac5b7",
    primary="#4a4f5c",
    accent="#7a5c00",
    error="#8a0a2e",
    success="#2f6b14",
)
THEMES = {"dark": DARK, "light": LIGHT}

GROUNDS: dict[str, tuple[str, str, str]] = {
    "selected": ("#3b4261", "#c9c4b6", "underline"),
    "computed": ("#242838", "#e6e3da", ""),
    "operand": ("#343b58", "#d5dcf0", "underline"),
    "wrong": ("#4a1f2e", "#f8d9de", ""),
    "grounded": ("#2f3550", "#dcd8c8", ""),
}
"""Grounds that a role may stand on, by the first part of its name: dark, light, attributes.

They are those of the selected unit, the row just computed, the numbers that its equation reads, the
row with the first value that is not finite, and the curve of truth. Those that are not panels,
fields or lines differ a little from these, so that `terminal_colours` can tell them apart: of few
colours, others stand for them.
"""

HEAT_GROUNDS: dict[str, dict[str, tuple[str, str, str, str]]] = {
    DARK.name: {
        "positive": ("#2d2020", "#452b21", "#5e3622", "#774024"),
        "negative": ("#172536", "#1a354d", "#1d4464", "#20537b"),
        "gradient": ("#241e3a", "#342755", "#442f70", "#54388b"),
        "gate": ("#21242e", "#2e313c", "#3a3e4a", "#464a57"),
    },
    LIGHT.name: {
        "positive": ("#f9e8d7", "#f8d8bb", "#f6c99f", "#f5bc8a"),
        "negative": ("#dcecf2", "#c1dfee", "#a6d2e9", "#91c8e6"),
        "gradient": ("#efe6f5", "#e4d4f2", "#dac2f0", "#d2b4ef"),
        "gate": ("#f0efed", "#e5e4e4", "#dadadb", "#cfd0d2"),
    },
}
"""The grounds of cells of a heat map, by theme and hue, from weak to strong."""

UNIT_SHADES: dict[str, tuple[str, ...]] = {
    DARK.name: (
        *("#7dcfff", "#5aa2cc", "#40799b", "#2c5269"),
        "#2b3044",
        *("#63462f", "#8f5d38", "#c57c4a", "#ff9e64"),
    ),
    LIGHT.name: (
        *("#085a84", "#3f87ad", "#7cb4d2", "#a9cde1"),
        "#e4e0d6",
        *("#ebc19c", "#dda377", "#c0723a", "#9c4100"),
    ),
}
"""The shades of a state's units, by theme, from the most negative to the most positive."""

# role: (dark colour, light colour, attributes). Attributes matter where there are no colours.
_ROLES: dict[str, tuple[str, str, str]] = {
    "dim": ("#9198b0", "#5d5b52", ""),
    "rule": ("#666a7c", "#8c8877", ""),
    "title": ("#a9b1d0", "#4a4f5c", ""),
    "title-focus": ("#ffffff", "#000000", "bold"),
    "focus": ("#a9b1d0", "#4a4f5c", ""),
    "strong": ("#ffffff", "#000000", "bold"),
    "accent": ("#f2cf63", "#7a5c00", "bold"),
    "key": ("#a9b1d0", "#4a4f5c", "bold"),
    "positive": ("#ff9e64", "#9c4100", ""),
    "negative": ("#7dcfff", "#085a84", ""),
    "gate": ("#9299b3", "#6d7280", ""),
    "good": ("#9ece6a", "#2f6b14", ""),
    "error": ("#ff8a9d", "#8a0a2e", "bold"),
    "axis": ("#8a91aa", "#605e55", ""),
    "truth": ("#a6adc4", "#5d5b52", ""),
    "one-step": ("#ffffff", "#000000", "bold"),
    "free-run": ("#4fd1bd", "#08685c", ""),
    "raw": ("#737b97", "#7b776a", ""),
    "smooth": ("#ffffff", "#000000", "bold"),
    "gradient": ("#bb92ff", "#6f35a3", ""),
    "second-network": ("#ffffff", "#000000", ""),
    "second-gradient": ("#bb92ff", "#6f35a3", ""),
    "level": ("#9198b0", "#5d5b52", ""),
    "ghost": ("#6c7390", "#8a8675", ""),
}
ROLES = tuple(_ROLES)
FADED: dict[str, str] = {DARK.name: "#6d7391", LIGHT.name: "#8b8776"}
"""The colour of the role ``faded``, by theme: of all that one does not point at.

It is not one of `ROLES`, as no panel draws in it; without colours, it is a dim one.
"""
FAINT = ("dim", "axis", "gate", "level")  # titles on one of the `GROUNDS`, or they are not read


@cache
def style_of(role: str, theme: str) -> Style:
    """Return the style of a role.

    ``selected-…``, ``computed-…`` and so on is another role on one of the `GROUNDS`;
    ``heat-negative3-…`` is one on the third of the `HEAT_GROUNDS` of that hue; ``pill-…`` has the
    role's colour as its ground; ``units-0-8`` is the first of the `UNIT_SHADES` on the last.
    """
    light = theme == LIGHT.name
    ground, _, rest = role.partition("-")
    if ground == "heat":
        heat, _, shown_role = rest.partition("-")
        grounds = HEAT_GROUNDS.get(theme, HEAT_GROUNDS[DARK.name])[heat[:-1]]
        return style_of(shown_role, theme) + Style(bgcolor=grounds[int(heat[-1]) - 1])
    if ground == "units":
        shades = UNIT_SHADES.get(theme, UNIT_SHADES[DARK.name])
        above, below = (shades[int(each)] if each else None for each in rest.split("-"))
        return Style(color=above, bgcolor=below)
    if ground == "pill":
        paper = LIGHT if light else DARK
        return Style(bold=True, color=paper.background, bgcolor=_ROLES[rest][light])
    if ground in GROUNDS:
        shown = style_of("title" if rest in FAINT else rest, theme)
        behind, attributes = GROUNDS[ground][light], GROUNDS[ground][2]
        return shown + Style.parse(f"{attributes} on {behind}".strip())
    if role == "faded":
        return Style(color=FADED[LIGHT.name if light else DARK.name])
    if role not in _ROLES:
        return Style.null()
    ink, attributes = _ROLES[role][light], _ROLES[role][2]
    return Style.parse(f"{attributes} {ink}".strip())


def role_within(role: str) -> str:
    """Return the role of the text where `role` is one on a ground: see `style_of`."""
    ground, _, rest = role.partition("-")
    if ground == "heat":
        return rest.partition("-")[2]
    return rest if ground in GROUNDS or ground == "pill" else role
