"""A panel that is one declaration and one line of the registry is on the screen."""

from __future__ import annotations

import asyncio

import pytest
from tui.screen_support import regions

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS, Entry
from rnn_tui.settings import Settings
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines, plain
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panel_widget import Panel


def title(context: DrawContext) -> tuple[str, str]:
    return "sizes", f"{context.snapshot.settings.hidden} units"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    proofs = sorted(context.snapshot.proofs)
    return (((f" {width}×{height}", "strong"), (f" proofs {' '.join(proofs)}", "dim")),)


SIZES = PanelSpec(draw, title, proofs=("ledger",))


@pytest.mark.parametrize("group", ["proof", "chart", "heat"])
@pytest.mark.parametrize("size", [(80, 23), (80, 24), (120, 40)])
def test_a_registered_panel_has_the_focus_in_turn_a_title_lines_and_its_proofs(
    group: str, size: tuple[int, int]
) -> None:
    async def tab_to_it() -> tuple[list[str], str]:
        async with RnnTui(Trainer(Settings())).run_test(size=size) as pilot:
            await pilot.press("n")
            await pilot.press("shift+tab")
            debugger = pilot.app.screen
            for _ in range(100):
                await pilot.pause(0.02)
                panel = next(iter(debugger.query("#sizes").results(Panel)), None)
                text = plain(panel._lines) if panel is not None else ""
                if "ledger" in text:
                    break
            assert panel is not None
            await pilot.pause()
            return text.split("\n"), str(debugger.selection.panel)  # type: ignore[attr-defined]

    with PANELS.registered(Entry("sizes", SIZES, group=group)):
        lines, focused = asyncio.run(tab_to_it())
        region = regions(size, "sizes", settings=Settings())["sizes"]
    assert focused == "sizes"
    assert lines[0].startswith("══ sizes ═")
    assert "32 units" in lines[0]
    shown, _, proofs = lines[1].strip().partition(" proofs ")
    assert shown == f"{region.width}×{region.height - 1}"
    assert {"ledger", "magnitudes"} <= set(proofs.split())  # its own and other panels'
