"""The real program in a pseudo-terminal: steps, runs, panels, the form, files, the end.

The form of the header, the numbers and the keys are checked; the places of panels are not.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from terminal.program import Program, assert_ended, program

from rnn_tui.settings import DECLARATIONS, Settings

# ---------------------------------------------------------------- stepping


def places_of_an_update(steps: int = 20) -> list[str]:
    """Return the places of one update and the first of the next: 45 for 20 steps."""
    up = [f"FORWARD t={t}/{steps}" for t in range(1, steps + 1)]
    down = [f"BACKWARD t={t}/{steps}" for t in range(steps, 0, -1)]
    return ["BATCH", *up, "LOSS", *down, "CLIP", "UPDATE", "BATCH"]


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_n_forty_five_times_goes_through_an_update_and_into_the_next(cell: str) -> None:
    places = places_of_an_update()
    assert len(places) == 45
    with program("--cell", cell) as one:
        assert one.header.place == "BATCH"
        for index, place in enumerate(places):
            header = one.reach("n", place, update=int(index >= 43))
            assert header.state == "paused"
            known = index >= 21  # from LOSS on
            assert (header.loss != "–") == known
        one.key("q")
        assert_ended(one)


def test_keys_typed_faster_than_they_can_be_drawn_are_all_carried_out() -> None:
    with program() as one:
        one.reach("n" * 45, "BATCH", update=1)
        one.reach("nnsss" + "f" + "n" * 3, "BACKWARD t=19/20")


def test_a_count_typed_fast_belongs_to_the_key_after_it() -> None:
    with program() as one:
        one.send("3u25n")
        one.until(lambda h: (h.place, h.update) == ("BACKWARD t=18/20", 3), timeout=4)


def test_s_goes_operation_by_operation() -> None:
    with program() as one:
        one.reach("s", "BATCH")
        for t in (1, 2):
            for symbol in ("a_t", "h_t", "y_t"):
                one.reach("s", f"FORWARD t={t}/20")
                one.wait_for(re.compile(rf" {symbol} = ", re.MULTILINE))
        one.reach("ff", "LOSS")
        for symbol in ("dy_t", "dh_y", "dh_t", "da_t", "dh_<t-1>"):
            one.reach("s", "BACKWARD t=20/20")
            one.wait_for(re.compile(rf" {re.escape(symbol)} = ", re.MULTILINE))
        one.reach("s", "BACKWARD t=19/20")


def test_a_count_is_shown_and_used_or_dropped() -> None:
    with program() as one:
        one.send("5")
        one.wait_for(lambda text: text.rstrip().split("\n")[-1].lstrip().startswith("5"))
        one.reach("n", "FORWARD t=4/20")
        one.reach("3u", "UPDATE", update=3)
        one.reach("12s", "FORWARD t=4/20", update=3)  # the batch, three timesteps, two operations
        one.send("17")
        one.wait_for(lambda text: text.rstrip().split("\n")[-1].lstrip().startswith("17"))
        one.key("esc")
        one.wait_for(lambda text: "17" not in text.rstrip().split("\n")[-1])
        one.reach("n", "FORWARD t=4/20")  # the rest of the timestep, once
        one.reach("n", "FORWARD t=5/20")


def test_f_goes_to_the_ends_of_the_passes() -> None:
    with program() as one:
        ends = ["BATCH", "FORWARD t=20/20", "LOSS", "BACKWARD t=1/20", "CLIP"]
        for place in ends:
            one.reach("f", place, update=0)
        one.reach("f", "UPDATE", update=1)
        one.reach("f", "BATCH", update=1)


def test_function_keys_are_those_of_a_debugger() -> None:
    with program() as one:
        one.key("f10")
        one.wait_for("target")  # the batch is drawn
        one.key("f10")
        one.until(lambda h: h.place == "FORWARD t=1/20")
        one.key("f11")
        one.until(lambda h: h.place == "FORWARD t=2/20")
        one.key("f5")
        one.until(lambda h: h.state == "running")
        one.key("f5")
        one.until(lambda h: h.state == "paused")


# ---------------------------------------------------------------- running


def test_space_runs_and_pauses_and_a_paused_screen_sends_nothing() -> None:
    with program() as one:
        one.key("space")
        first = one.until(lambda h: h.state == "running" and h.update > 0)
        one.until(lambda h: h.update > first.update)
        one.key("space")
        paused = one.until(lambda h: h.state == "paused")
        one.terminal.wait_still(0.5)
        received = one.terminal.bytes_received
        one.terminal.wait_still(1.0)
        assert one.terminal.bytes_received == received
        assert one.header == paused


def test_restart_begins_the_same_run_again() -> None:
    with program() as one:
        first = one.reach("u", "UPDATE", update=1)
        one.reach("9u", "UPDATE", update=10)
        one.send("r")
        fresh = one.until(lambda h: h.update == 0)
        assert (fresh.place, fresh.loss) == ("BATCH", "–")
        assert one.reach("u", "UPDATE", update=1).loss == first.loss


# ---------------------------------------------------------------- panels and selection


def test_tab_brings_every_panel_and_z_gives_it_the_screen() -> None:
    proofs = ["ledger", "map", "edge", "proof"]
    heat_maps = ["W_h 32×32: value", "carpet", "code in NumPy"]
    titles = ["loss", "predictions", "gradient", *proofs, *heat_maps, "hyperparameters", "network"]
    with program() as one:
        one.reach("25n", "BACKWARD t=18/20")
        for title in titles:
            one.key("tab")
            one.wait_for(re.compile(rf"^══ {title}", re.MULTILINE))
            one.wait_for("timestep 18")
            one.key("z")
            one.wait_for(lambda text: "timestep 18" not in text)
            assert re.search(rf"══ {title}", one.text())
            assert one.header.place == "BACKWARD t=18/20"
            one.key("z")
            one.wait_for("timestep 18")
        one.key("tab")
        one.wait_for(re.compile("^══ timestep 18", re.MULTILINE))
        one.key("shift+tab")
        one.wait_for(re.compile("^══ network", re.MULTILINE))


def test_all_panels_are_visible_on_a_large_screen() -> None:
    with program("--cell", "gru", size=(120, 40)) as one:
        one.reach("u", "UPDATE")
        one.reach("25n", "BACKWARD t=18/20")
        text = one.settled()
        # Of a narrow chart the legend says which it is.
        for title in (
            "network",
            "timestep 18",
            r".*smooth(ed)? [\d.]+",
            r".*free [\d.]+",
            "gradient",
        ):
            assert re.search(rf"[═─]{{2}} {title}", text), title


def test_an_lstm_shows_its_gates() -> None:
    with program("--cell", "lstm") as one:
        one.reach("8n", "FORWARD t=7/20")
        text = one.settled()
        for row in ("x_t", "h_<t-1>", "c_<t-1>", "i_t", "f_t", "g_t", "o_t", "c_t", "h_t", "y_t"):
            assert re.search(rf"^[ ▸]+{re.escape(row)} ", text, re.MULTILINE), row
        for word in ("input gate", "forget gate", "output gate", "candidate"):
            assert word in text


def test_arrows_select_a_timestep_and_a_unit() -> None:
    with program() as one:
        one.reach("9n", "FORWARD t=8/20")
        for t in (7, 6, 5):
            one.key("left")
            one.wait_for(f"timestep {t}")
        one.key("down", "down")
        one.wait_for("unit 3 of 32")
        assert one.header.place == "FORWARD t=8/20"
        one.key("esc")
        one.wait_for("timestep 8")


def test_arrows_pressed_fast_all_count() -> None:
    with program() as one:
        one.reach("15n", "FORWARD t=14/20")
        one.key(*["left"] * 9)
        one.wait_for("timestep 5", timeout=3)


def test_help_opens_and_closes() -> None:
    with program() as one:
        before = one.settled()
        one.key("?")
        one.wait_for("This panel: ")
        one.key("esc")
        one.wait_for(lambda text: "This panel: " not in text)
        assert one.settled() == before
        one.key("f1")
        one.wait_for("This panel: ")


# ---------------------------------------------------------------- the form


def field(one: Program, name: str) -> None:
    """Open the form, which starts at the learning rate, and go to a field above it."""
    one.key("o")
    one.wait_for("esc cancels")
    shown = [n for n, declaration in DECLARATIONS.items() if declaration.used_by(Settings())]
    one.key(*["up"] * (shown.index("lr") - shown.index(name)))


def test_the_learning_rate_changes_under_a_running_network() -> None:
    with program() as one:
        one.key("space")
        running = one.until(lambda h: h.update > 5)
        field(one, "lr")
        one.send("0.0625")
        one.wait_for("enter changes the running network")
        one.key("enter")
        one.wait_for("changed lr")
        one.focus("hyperparameters")
        assert "lr 0.0625" in one.text()
        header = one.until(lambda h: h.state == "running")
        assert header.update >= running.update


def test_another_size_restarts_the_network() -> None:
    with program() as one:
        one.reach("3u", "UPDATE", update=3)
        field(one, "hidden")
        one.send("40")
        one.wait_for("enter restarts the network: hidden")
        one.key("enter")
        one.until(lambda h: h.update == 0)
        assert "rnn 40 · 1,721 parameters" in one.lines[0]  # 40 + 40² + 40 + 40 + 1
        one.reach("nn", "FORWARD t=1/20")


def test_a_value_that_is_not_allowed_is_explained_and_not_applied() -> None:
    with program() as one:
        field(one, "lr")
        one.wait_for("lr: Learning rate: the size of each update.")
        one.send("-1")
        one.wait_for("must be a number above 0 and at most 100")
        one.key("enter")
        one.settled()
        assert "esc cancels" in one.text()  # still open
        one.key("esc")
        one.wait_for(lambda text: "esc cancels" not in text)
        one.focus("hyperparameters")
        assert re.search(r"\blr 0\.01 ", one.settled())


def test_the_form_takes_the_letters_and_the_keys_do_not_act() -> None:
    with program() as one:
        before = one.header
        field(one, "lr")
        one.send("qnr")
        one.wait_for("must be a number")
        one.key("esc")
        one.wait_for(lambda text: "esc cancels" not in text)
        assert one.header == before


# ---------------------------------------------------------------- files and data


def test_a_written_file_opens_at_the_same_place(tmp_path: Path) -> None:
    with program("--cell", "gru", cwd=tmp_path) as one:
        one.reach("2u", "UPDATE", update=2)
        one.reach("30n", "BACKWARD t=13/20", update=2)
        one.reach("s", "BACKWARD t=12/20")
        before = one.settled().split("\n")
        one.key("w")
        one.wait_for("saved")
        one.key("q")
        assert_ended(one)
    (file,) = tmp_path.glob("*.safetensors")
    with program(file.name, cwd=tmp_path) as one:
        header = one.header
        assert (header.place, header.update) == ("BACKWARD t=12/20", 2)
        # Every number of every panel; the scale of the bars is measured aside.
        one.wait_for(lambda text: text.split("\n")[2:23] == before[2:23])
        one.reach("n", "BACKWARD t=12/20")


def test_a_series_of_ones_own(tmp_path: Path) -> None:
    rows = [f"{k},{(k % 7) / 7:.3f}" for k in range(200)]
    (tmp_path / "tides.csv").write_text("\n".join(["hour,height", *rows]))
    options = ("--task", "series", "--data", "tides.csv", "--column", "height")
    with program(*options, cwd=tmp_path) as one:
        assert "tides" in one.lines[0]
        assert "height" in one.lines[0]
        one.reach("u", "UPDATE", update=1)
        one.reach("4n", "FORWARD t=3/20")


# ---------------------------------------------------------------- the terminal


def test_quitting_while_running_leaves_at_once() -> None:
    with program() as one:
        one.key("space")
        one.until(lambda h: h.update > 5)
        one.key("q")
        assert_ended(one)


def test_sigterm_while_running_restores_the_terminal() -> None:
    with program() as one:
        one.key("space")
        one.until(lambda h: h.update > 5)
        one.terminal.signal(signal.SIGTERM)
        one.terminal.wait_exit()
        assert one.terminal.left_behind() == []
        assert not one.terminal.orphaned()


def test_closing_the_window_ends_the_program() -> None:
    with program() as one:
        one.key("space")
        one.until(lambda h: h.update > 5)
        one.terminal.hang_up()
        one.terminal.process.wait(10)
        assert not one.terminal.orphaned()


@pytest.mark.parametrize("size", [(80, 23), (120, 40)])
def test_frames_sent_as_differences_equal_a_whole_redraw(size: tuple[int, int]) -> None:
    with program("--cell", "lstm", size=size) as one:
        one.reach("3n", "FORWARD t=2/20")
        one.send(" jjll")
        one.until(lambda h: h.state == "running")
        time.sleep(1)
        one.key("space")
        one.until(lambda h: h.state == "paused")
        differences = one.settled()
        one.terminal.resize(size[0], size[1] + 1)
        one.settled()
        one.terminal.resize(*size)
        one.terminal.wait_still(0.5)
        assert one.text() == differences


def test_any_size_at_any_moment() -> None:
    with program(size=(120, 40)) as one:
        one.reach("5n", "FORWARD t=4/20")
        one.terminal.resize(60, 20)
        one.wait_for("80×23")
        lines = [line for line in one.settled().split("\n") if line.strip()]
        assert len(lines) == 1
        assert "60×20" in lines[0]
        one.send("n")
        one.terminal.resize(80, 24)
        one.until(lambda h: h.place == "FORWARD t=5/20")
        one.terminal.resize(80, 23)
        one.reach("N", "FORWARD t=4/20")
        one.reach("n", "FORWARD t=5/20")
        one.terminal.resize(80, 22)
        one.wait_for("80×22")
        one.terminal.resize(200, 60)
        one.until(lambda h: h.place == "FORWARD t=5/20")
        one.reach("n", "FORWARD t=6/20")


@pytest.fixture(scope="module")
def colourful() -> str:
    """Return a screen with many panels, drawn in full colour."""
    return screen_with({})


def screen_with(env: Mapping[str, str | None]) -> str:
    """Return the screen in the backward pass of a program with this environment."""
    with program("--hidden", "8", env=env) as one:
        one.reach("2u", "UPDATE", update=2)
        one.reach("26n", "BACKWARD t=17/20")
        one.key("tab")
        one.wait_for("══ loss")
        one.wait_for("⠶ smoothed")  # on a busy machine, plotext is not imported yet
        return without_speed(one.settled())


def without_speed(text: str) -> str:
    """Return the screen with a placeholder for the measured speed."""
    return re.sub(r"\d+/s", "…/s", text)


def without_pill(text: str) -> str:
    """Return the screen without the brackets that stand for the ground of the pass under way."""
    return re.sub(r"\[(backward [ /\d]*)\]", r" \1 ", text)


@pytest.mark.parametrize(
    "env",
    [
        {"NO_COLOR": "1"},
        {"TERM": "xterm-16color", "COLORTERM": None},
        {"TERM": "vt100", "COLORTERM": None},
    ],
    ids=["NO_COLOR", "16 colours", "monochrome"],
)
def test_without_colour_the_text_is_the_same(colourful: str, env: Mapping[str, str | None]) -> None:
    assert without_pill(screen_with(env)) == colourful


def test_no_color_sends_no_colour() -> None:
    with program(env={"NO_COLOR": "1"}) as one:
        one.reach("3u", "UPDATE")
        one.reach("25n", "BACKWARD t=18/20")
        one.settled()
        raw = one.terminal.raw()
        sent = {code for one in re.findall(rb"\x1b\[([\d;]*)m", raw) for code in one.split(b";")}
        assert sent <= {b"0", b"1", b"4", b"7", b"22", b"24", b"27"}  # attributes only


# ---------------------------------------------------------------- divergence


def test_divergence_is_named_and_no_panel_shows_its_numbers() -> None:
    options = ("--lr", "100", "--clip-by", "none", "--activation", "relu", "--optimizer", "sgd")
    with program(*options) as one:
        one.key("space")
        header = one.until(lambda h: h.state == "diverged")
        assert re.match(r" · \S+ is (−?inf|-inf|nan)", header.rest)
        assert re.fullmatch(r"(FORWARD|BACKWARD) t=\d+/20", header.place)
        screens = [one.settled()]
        for _ in range(5):
            one.key("tab")
            screens.append(one.settled())
        for text in screens:
            drawn = "\n".join(text.split("\n")[2:-1])  # header and footer name what was not finite
            drawn = re.sub(r"\bbecame (−?inf|NaN)\b", "", drawn)  # how it began
            assert not re.search(r"\b(nan|inf)\b|∞|NaN", drawn), drawn
        one.key("n")
        assert one.until(lambda h: h.state == "diverged").place == header.place
        one.key("r")
        one.until(lambda h: (h.state, h.update, h.place) == ("paused", 0, "BATCH"))
        one.reach("nn", "FORWARD t=1/20")
        one.key("q")
        assert_ended(one)


def test_nothing_is_written_to_the_folder_it_runs_in(tmp_path: Path) -> None:
    with program(cwd=tmp_path) as one:
        one.reach("2u", "UPDATE", update=2)
        one.key("q")
        assert_ended(one)
    assert list(tmp_path.iterdir()) == []
