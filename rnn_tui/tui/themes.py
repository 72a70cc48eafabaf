"""The dark and the light theme, and the style of each role in them."""

from __future__ import annotations

from functools import cache

from rich.style import Style
from textual.theme import Theme

DARK = Theme(
    name="rnn-dark",
    primary="#7aa2f7",
    secondary="#9ece6a",
    accent="#e0af68",
    foreground="#d5d9e6",
    background="#14161f",
    surface="#1b1e2b",
    panel="#242838",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    dark=True,
)
LIGHT = Theme(
    name="rnn-light",
    primary="#2b5fb3",
    secondary="#3d7a1f",
    accent="#9a5b00",
    foreground="#1f2430",
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#e6e3da",
    success="#3d7a1f",
    warning="#9a5b00",
    error="#b3203f",
    dark=False,
)
THEMES = {"dark": DARK, "light": LIGHT}

# role: (dark colour, light colour, attributes). Attributes matter where there are no colours.
_ROLES: dict[str, tuple[str, str, str]] = {
    "dim": ("#7b8298", "#767469", ""),
    "rule": ("#3b4159", "#c3beb0", ""),
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
    "error": ("#f7768e", "#b3203f", "bold"),
    "warning": ("#e0af68", "#9a5b00", ""),
    "axis": ("#565d78", "#a5a093", ""),
    "truth": ("#7b8298", "#8a8577", ""),
    "one-step": ("#9ece6a", "#3d7a1f", "bold"),
    "free-run": ("#bb9af7", "#7a3fb0", ""),
    "raw": ("#51618f", "#aab6d0", ""),
    "smooth": ("#7aa2f7", "#2b5fb3", "bold"),
    "gradient": ("#ff9e64", "#b04a00", ""),
    "second-network": ("#73daca", "#0f7a6a", ""),
    "level": ("#e0af68", "#9a5b00", ""),
    "ghost": ("#454b63", "#cfcabd", ""),
}


@cache
def style_of(role: str, theme: str) -> Style:
    """Return the style of a role; ``selected-…`` is another role, underlined and highlighted."""
    if role.startswith("selected-"):
        highlight = Style(underline=True, bgcolor="#c9c4b6" if theme == LIGHT.name else "#4a5170")
        return style_of(role.removeprefix("selected-"), theme) + highlight
    if role not in _ROLES:
        return Style.null()
    dark, light, attributes = _ROLES[role]
    return Style.parse(f"{attributes} {light if theme == LIGHT.name else dark}".strip())
