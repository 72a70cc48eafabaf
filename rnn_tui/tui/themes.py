"""The dark and the light theme, and the style of each role in them.

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
    dim="#8b92a9",
    rule="#5c6380",
    line="#3c4362",
    field="#3d4463",
    primary="#7aa2f7",
    accent="#e0af68",
    error="#f7768e",
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
    dim="#66645a",
    rule="#94907f",
    line="#c8c3b5",
    field="#cac5b7",
    primary="#2b5fb3",
    accent="#9a5b00",
    error="#9a1035",
    success="#3d7a1f",
)
THEMES = {"dark": DARK, "light": LIGHT}

SELECTED_GROUNDS = {"rnn-dark": "#3b4261", "rnn-light": "#c9c4b6"}
"""The ground of the selected unit, by theme. Those of lines and fields differ a little, so that
`terminal_colours` can tell them apart: of few colours, others stand for them."""
TRUTH_GROUNDS = {"rnn-dark": "#2f3550", "rnn-light": "#dcd8c8"}
"""The ground behind the curve of truth, by theme."""

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

# role: (dark colour, light colour, attributes). Attributes matter where there are no colours.
_ROLES: dict[str, tuple[str, str, str]] = {
    "dim": ("#8b92a9", "#66645a", ""),
    "rule": ("#5c6380", "#94907f", ""),
    "title": ("#a9b1d0", "#4a4f5c", ""),
    "title-focus": ("#ffffff", "#000000", "bold"),
    "focus": ("#7aa2f7", "#2b5fb3", ""),
    "strong": ("#ffffff", "#000000", "bold"),
    "accent": ("#e0af68", "#9a5b00", "bold"),
    "key": ("#e0af68", "#9a5b00", "bold"),
    "positive": ("#ff9e64", "#b04a00", ""),
    "negative": ("#7dcfff", "#0a6a99", ""),
    "gate": ("#9d8cf0", "#5b46c4", ""),
    "good": ("#9ece6a", "#3d7a1f", ""),
    "error": ("#f7768e", "#9a1035", "bold"),
    "warning": ("#e0af68", "#9a5b00", ""),
    "axis": ("#7b8298", "#737166", ""),
    "truth": ("#7b8298", "#737166", ""),
    "one-step": ("#9ece6a", "#3d7a1f", "bold"),
    "free-run": ("#bb9af7", "#7a3fb0", ""),
    "raw": ("#6f7fb3", "#6f83ad", ""),
    "smooth": ("#7aa2f7", "#2b5fb3", "bold"),
    "gradient": ("#ff9e64", "#b04a00", ""),
    "second-network": ("#73daca", "#006655", ""),
    "level": ("#e0af68", "#9a5b00", ""),
    "ghost": ("#5c6380", "#94907f", ""),
}
ROLES = tuple(_ROLES)


@cache
def style_of(role: str, theme: str) -> Style:
    """Return the style of a role.

    ``selected-…`` is another role, underlined and highlighted; ``grounded-…`` is another one on the
    ground of truth; ``heat-negative3-…`` is one on the third of the `HEAT_GROUNDS` of that hue.
    """
    if role.startswith("heat-"):
        _, heat, role = role.split("-", 2)
        grounds = HEAT_GROUNDS.get(theme, HEAT_GROUNDS[DARK.name])[heat[:-1]]
        return style_of(role, theme) + Style(bgcolor=grounds[int(heat[-1]) - 1])
    if role.startswith("grounded-"):
        ground = TRUTH_GROUNDS.get(theme, TRUTH_GROUNDS[DARK.name])
        return style_of(role.removeprefix("grounded-"), theme) + Style(bgcolor=ground)
    if role.startswith("selected-"):
        role = role.removeprefix("selected-")
        shown = style_of("title" if role == "dim" else role, theme)
        return shown + Style(
            underline=True, bgcolor=SELECTED_GROUNDS.get(theme, SELECTED_GROUNDS[DARK.name])
        )
    if role not in _ROLES:
        return Style.null()
    dark, light, attributes = _ROLES[role]
    return Style.parse(f"{attributes} {light if theme == LIGHT.name else dark}".strip())


def role_within(role: str) -> str:
    """Return the role of the text where `role` is one on a ground: see `style_of`."""
    if role.startswith("heat-"):
        return role.split("-", 2)[2]
    return role.removeprefix("grounded-").removeprefix("selected-")
