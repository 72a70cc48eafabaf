"""The form: fields at their task's default follow the task, other values stay."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widget import Widget
from tui.screens.form_support import draft, fill, in_the_form

from rnn_tui.settings import DECLARATIONS, OF_FILES, Settings, Value, compose
from rnn_tui.tui.help_text import wrapped
from rnn_tui.tui.screens.settings import Field, SettingsScreen


def test_another_task_brings_its_defaults() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for task in ("adding", "copy", "text", "neuron", "parity", "cos"):
            await fill(pilot, task=task)
            assert draft(pilot) == compose({"task": task})

    in_the_form(Settings(), act)


def test_a_chosen_value_stays() -> None:
    chosen: dict[str, Value] = {"hidden": 9, "lr": 0.5, "clip_by": "none"}

    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, seed=4, task="recall")
        assert draft(pilot) == compose({**chosen, "seed": 4, "task": "recall"})
        await fill(pilot, cell="gru", task="reber")
        assert draft(pilot) == compose({**chosen, "seed": 4, "task": "reber", "cell": "gru"})

    in_the_form(compose(chosen), act)


def test_the_steps_follow_the_length_of_the_task() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, blanks=7)
        assert draft(pilot) == compose({"task": "copy", "blanks": 7})
        pilot.app.screen.query_one("#field-blanks", Field).value = ""
        await pilot.pause()
        assert draft(pilot) is None
        await fill(pilot, blanks=3, copy_length=2)
        assert draft(pilot) == compose({"task": "copy", "blanks": 3, "copy_length": 2})
        await fill(pilot, task="recall", gap=40)
        rest = {"blanks": 3, "copy_length": 2}
        assert draft(pilot) == compose({"task": "recall", "gap": 40, **rest})

    in_the_form(compose({"task": "copy"}), act)


def test_all_that_is_said_of_a_setting_can_be_read_at_80_columns() -> None:
    form = SettingsScreen(Settings())
    for declaration in DECLARATIONS.values():
        said = f"{declaration.name}{form._hint(declaration, changed=True)}"
        assert len(wrapped(said, 60)) <= 5, said


def test_how_weights_are_drawn_is_hidden_while_they_are_given() -> None:
    names = ("seed", "init", "forget_bias")

    async def act(pilot: Pilot[None]) -> None:
        def seen() -> list[bool]:
            return [bool(pilot.app.screen.query_one(f"#field-{name}").display) for name in names]

        await pilot.pause()
        assert seen() == [False, False, False]
        await fill(pilot, hidden=5)
        assert seen() == [True, True, True]
        await fill(pilot, hidden=4)
        assert seen() == [False, False, False]

    in_the_form(Settings(cell="lstm", hidden=4), act, names)


def test_all_groups_are_seen_at_80x24_and_the_learning_rate_has_the_focus() -> None:
    async def act(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        seen = [str(each.render()) for each in screen.query(".group-name") if is_seen(each)]
        assert seen == list(dict.fromkeys(each.group for each in DECLARATIONS.values()))
        assert screen.focused is screen.query_one("#field-lr")
        assert is_seen(screen.query_one("#field-lr"))
        assert is_seen(screen.query_one("#verdict"))

    for settings in (Settings(cell="lstm"), compose({"task": "copy"}), compose({"task": "text"})):
        in_the_form(settings, act)


def is_seen(widget: Widget) -> bool:
    """Return whether all of a widget is drawn, and not cut off by what it is in."""
    place = widget.screen.find_widget(widget)
    return place.region.area > 0 and place.clip.contains_region(place.region)


def test_chosen_steps_are_refused_if_they_are_too_few() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, gap=40)
        assert draft(pilot) is None
        verdict = str(pilot.app.screen.query_one("#verdict").render())
        assert verdict == "--gap must be at most 21 with --steps 30, 9 fewer"

    in_the_form(compose({"task": "recall", "gap": 20, "steps": 30}), act)


def test_each_task_shows_the_settings_it_uses() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for task in DECLARATIONS["task"].choices:
            if task == "series":  # without a file nothing is valid
                continue
            await fill(pilot, task=task)
            settings = compose({"task": task})
            for name, declaration in DECLARATIONS.items():
                line = pilot.app.screen.query_one(f"#field-{name}")
                of_a_file = name in OF_FILES and not settings.data
                used = declaration.used_by(settings) and not of_a_file
                shown = name == "data" or used  # a file says its task
                assert bool(line.display) == shown, (task, name)

    in_the_form(Settings(), act)
