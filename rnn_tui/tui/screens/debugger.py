"""The debugger: header, panels, footer, and the keys that walk the training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.predictions import TextRequest
from rnn_tui.proofs.requests import Verify
from rnn_tui.registry import PANELS
from rnn_tui.session.commands import (
    Back,
    BackToStop,
    ClearGhosts,
    Command,
    Configure,
    Discard,
    GoTo,
    Intervene,
    Keep,
    Pause,
    Restart,
    Run,
    RunTo,
    Save,
    Step,
    StopProof,
    Swap,
    Toggle,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui import preload
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.keys import KEYS
from rnn_tui.tui.layout import LEAST, arrange
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panel_widget import LinesWidget, Panel
from rnn_tui.tui.panels import footer, header
from rnn_tui.tui.panels.text_sample import warmer
from rnn_tui.tui.parameters import tensor_of, tensors
from rnn_tui.tui.view import Scene, View

if TYPE_CHECKING:
    from rnn_tui.engine.network.interventions import Intervention

ASK_AFTER = 60.0  # seconds of training that are not thrown away without asking
LONGEST_COUNT = 9  # digits


class Debugger(Screen[None]):
    """The main screen."""

    # Digits are bindings like all else, so that a count belongs to the key typed after it.
    BINDINGS: ClassVar[list[BindingType]] = [
        *(key.binding() for key in KEYS),
        *(Binding(str(digit), f"digit({digit})", show=False) for digit in range(10)),
    ]

    class Arrived(Message):
        """There is a newer snapshot; one such message stands for all before it."""

        def can_replace(self, message: Message) -> bool:
            """Whether `message`, still waiting, says nothing more than this one."""
            return isinstance(message, Debugger.Arrived)

    def __init__(self, session: Session, frames: float, path: str | None) -> None:
        """Show `session` with at most `frames` frames a second; `path` is where it came from."""
        super().__init__()
        self.session = session
        self._frames = frames
        self._path = path
        self.view = View(parameter=_first_recurrent(session.latest))
        self._beside = "network"
        self._zoomed = False
        self._arranged = Size()  # the size that the panels are arranged for
        self._notice = ("", False)
        self._heard = 0  # number of the newest notice of the session that was shown
        self._asked = False
        self._ticker: Timer | None = None
        self._lined: list[LinesWidget] = []  # all of them
        self._frame = session.latest
        self._chart_cache = ChartCache()
        self._ticks = 0
        self._looking = session.latest.request  # what the session was last told

    # Building

    def compose(self) -> ComposeResult:
        """Header, panels, footer; which are visible, and where, `arrange` says.

        Proofs are added when they are first looked at.
        """
        yield LinesWidget(header.draw, "header")
        for name in PANELS.names:
            if name not in PANELS.in_group("proof"):
                yield Panel.registered(name)
        yield LinesWidget(footer.draw, "footer")
        yield Static(id="too-small")

    def on_mount(self) -> None:
        """Frames are drawn only while a run is under way."""
        self._ticker = self.set_interval(1 / self._frames, self._tick, pause=True)
        self._lined = list(self.query(LinesWidget))
        self._chart_cache.postpone()
        self._arrange(*self.app.size)  # before anything is laid out
        self.call_after_refresh(self._chart_cache.import_plotext, self._fetched)

    def on_resize(self, event: events.Resize) -> None:
        """Any size at any moment."""
        if event.size != self._arranged:
            self._arrange(*event.size)

    def _arrange(self, width: int, height: int) -> None:
        regions = arrange(width, height, self.view.panel, self._beside, self._zoomed)
        self._add_missing(regions)
        small = not regions
        notice = self.query_one("#too-small", Static)
        notice.display = small
        if small:
            least = f"rnn-tui needs {LEAST[0]}×{LEAST[1]}, this terminal is {width}×{height}"
            notice.update(least)
        scene = self._scene(self.session.latest)
        for widget in self._lined:
            widget.prepare(scene)
            region = regions.get(widget.id or "")
            widget.display = not small and (widget.id in ("header", "footer") or bool(region))
            if region:
                widget.styles.offset = region.offset
                widget.styles.width, widget.styles.height = region.size
        self._arranged = Size(width, height)
        room = regions.get("predictions", Region())
        wish = replace(self._looking.text, characters=room.area)
        self._look(
            text=wish,
            predictions="predictions" in regions,
            proofs=frozenset(proof for name in regions for proof in panel_spec(name).proofs),
            parameter=self.view.parameter,
        )
        self.call_after_refresh(self.draw)

    def _add_missing(self, wanted: Iterable[str]) -> None:
        """Mount those of the `wanted` panels that are not there yet, importing their modules."""
        for name in {*wanted} - {widget.id for widget in self._lined}:
            panel = Panel.registered(name)
            self._lined.append(panel)
            self.mount(panel)

    def _fetched(self) -> None:
        """Charts can be drawn. Called in a thread, which goes on with all that is not there yet."""
        self.announce()
        preload.import_all()

    # Snapshots in

    def announce(self) -> None:
        """Called by the session's thread."""
        self.post_message(self.Arrived())

    def on_debugger_arrived(self) -> None:
        """Draw the newest snapshot; keep asking while a run is under way."""
        snapshot = self.session.latest
        if self._ticker is not None:
            (self._ticker.resume if snapshot.running else self._ticker.pause)()
        if snapshot.notice is not None and snapshot.notice.number > self._heard:
            self._heard = snapshot.notice.number
            self._notice = (snapshot.notice.text, snapshot.notice.error)
        self._keep_selection_valid(snapshot)
        if not snapshot.running or not self._frame.running:
            self.draw()
        else:
            self._draw_frame(snapshot)

    def _draw_frame(self, snapshot: Snapshot) -> None:
        """While running: all but the charts at once, and those in turn."""
        self._frame = snapshot
        self._show(self._quick(), snapshot)

    def _quick(self) -> list[LinesWidget]:
        """All that is visible but the charts, which take the longest and say nothing of a key."""
        charts = PANELS.in_group("chart")
        return [widget for widget in self._lined if widget.display and widget.id not in charts]

    def _tick(self) -> None:
        """While running: ask for the next frame and, the time after, draw one of the charts."""
        self._ticks += 1
        if self._ticks % 2:
            self.session.refresh()
            return
        charts = PANELS.in_group("chart")
        slow = [widget for widget in self._lined if widget.display and widget.id in charts]
        if slow:
            self._show([slow[self._ticks // 2 % len(slow)]], self._frame)

    def _keep_selection_valid(self, snapshot: Snapshot) -> None:
        """A restart may have made the network smaller."""
        view, size = self.view, snapshot.optimizer.parameters.size
        if view.unit > _last_unit(snapshot) or view.parameter >= size:
            self.view = replace(view, unit=0, parameter=_first_recurrent(snapshot), operation=0)

    def draw(self) -> None:
        """Show the newest snapshot in all visible panels."""
        self._frame = self.session.latest
        self._show(self._lined, self._frame)

    def _answer(self) -> None:
        """Show what a key has changed; while running the charts are left to their turn."""
        if self._frame.running and self.session.latest.running:
            self._show(self._quick(), self._frame)
        else:
            self.draw()

    def _scene(self, snapshot: Snapshot) -> Scene:
        return Scene(snapshot, self.view, *self._notice, self._chart_cache)

    def _show(self, widgets: Iterable[LinesWidget], snapshot: Snapshot) -> None:
        """Draw with the interpreter to ourselves."""
        self.session.hold()
        scene = self._scene(snapshot)
        for widget in widgets:
            widget.show(scene)
        self.call_after_refresh(self.session.release)

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Any key takes back what was said."""
        self.session.hold()
        self.call_after_refresh(self.session.release)
        self._notice = ("", False)
        if event.key != "q":
            self._asked = False

    def action_digit(self, digit: int) -> None:
        """A digit of a count; none begins with 0."""
        prefix = self.view.prefix
        if len(prefix) < LONGEST_COUNT and (prefix or digit):
            self._see(prefix=f"{prefix}{digit}")
        else:
            self._answer()

    def _count(self) -> int:
        """The count typed, which is used up; 1 if none."""
        prefix = self.view.prefix
        self.view = replace(self.view, prefix="")
        return int(prefix) if prefix else 1

    def _see(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        if self._looking.proofs:
            self._look(parameter=self.view.parameter)
        self._answer()

    def _send(self, command: Command) -> None:
        self._count()
        self.session.send(command)
        self._answer()

    def _look(self, **changes: object) -> None:
        """Tell the session what is looked at, if that is something else than before."""
        look = replace(self._looking, **changes)  # type: ignore[arg-type]
        if look != self._looking:
            self._looking = look
            self.session.send(look)

    def action_go(self, stride: str) -> None:
        """Go forward; the timestep and equation shown follow."""
        count = self._count()
        self.view = replace(self.view, operation=0)
        self._look(t=None)
        self._send(Step(Stride(stride), count))

    def action_back_by(self, stride: str) -> None:
        """Go back; the timestep and equation shown follow."""
        count = self._count()
        self.view = replace(self.view, operation=0)
        self._look(t=None)
        self._send(Back(Stride(stride), count))

    def action_go_to(self) -> None:
        """Go to the update whose number was typed."""
        if not self.view.prefix:
            self._notice = ("type the number of an update before g: 40g", False)
            self._answer()
            return
        update = self._count()
        self._look(t=None)
        self._send(GoTo(update))

    def action_go_to_newest(self) -> None:
        """Go to the newest place reached."""
        self._look(t=None)
        self._send(GoTo(None))

    def action_continue(self) -> None:
        """Run; breakpoints stop it."""
        self._look(t=None)
        self._send(Run())

    def action_back_to_stop(self) -> None:
        """Search the past for the last stop."""
        self._look(t=None)
        self._send(BackToStop())

    def action_run_to(self) -> None:
        """Forward to the timestep that the arrows selected."""
        t = self._looking.t
        if t is None:
            self._notice = ("select a timestep with ← → first, then t runs to it", False)
            self._answer()
            return
        self._look(t=None)
        self._send(RunTo(t))

    def action_clear_ghosts(self) -> None:
        """The curves of futures left behind go."""
        self._send(ClearGhosts())

    def action_what_if(self) -> None:
        """Ask what is to be otherwise."""
        from rnn_tui.tui.screens.what_if import WhatIfScreen

        self._count()
        self.app.push_screen(WhatIfScreen(self.session.latest, self.view), self._intervene)

    def _intervene(self, intervention: Intervention | None) -> None:
        if intervention is not None:
            self._send(Intervene(intervention))

    def action_keep(self) -> None:
        """The newest what-if is no longer a question."""
        if self.session.latest.what_if is not None:
            self._send(Keep())

    def action_breakpoints(self) -> None:
        """The list."""
        from rnn_tui.tui.screens.breakpoints import BreakpointsScreen

        self._count()
        self.app.push_screen(BreakpointsScreen(self.session))

    def action_run(self) -> None:
        """Run or pause."""
        self._look(t=None)
        self._send(Toggle())

    def action_restart(self) -> None:
        """From the same seed."""
        self._look(t=None)
        self._send(Restart())

    def action_swap(self) -> None:
        """The network beside this one takes its place."""
        self._send(Swap())

    def action_panel(self, direction: int) -> None:
        """The focus goes to the next or previous panel."""
        names = PANELS.names
        self.focus_panel(names[(names.index(self.view.panel) + direction) % len(names)])

    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus, and on a narrow screen a place."""
        self.view = replace(self.view, panel=panel, prefix="")
        if panel != "timestep":
            self._beside = panel
        self._arrange(*self.size)

    def action_zoom(self) -> None:
        """The panel with the focus on the whole screen, and back."""
        self._zoomed = not self._zoomed
        self._count()
        self._arrange(*self.size)

    def action_timestep(self, direction: int) -> None:
        """Select a timestep; at an update, a parameter."""
        count = self._count()
        if self._at_update():
            self._move_parameter(direction * count)
            return
        here = self._looking.t or self.session.latest.t
        self._select_timestep(here + direction * count)

    def _select_timestep(self, t: int) -> None:
        snapshot = self.session.latest
        t = min(max(t, 1), snapshot.steps)
        self._look(t=None if t == snapshot.cursor.t else t)
        self.view = replace(self.view, operation=0)
        self._answer()

    def action_unit(self, direction: int) -> None:
        """Select a unit; at an update, a tensor."""
        count, snapshot = self._count(), self.session.latest
        if "↑" in panel_spec(self.view.panel).timestep_keys:  # the last timestep is on top
            self._select_timestep((self._looking.t or snapshot.t) - direction * count)
            return
        if self.view.panel == "predictions" and self._writes():
            self._set_temperature(warmer(self._looking.text.temperature, -direction * count))
            return
        if self._at_update():
            found = tensors(snapshot)
            here = found.index(tensor_of(snapshot, self.view.parameter))
            place = min(max(here + direction * count, 0), len(found) - 1)
            self._see(parameter=found[place].start)
            return
        unit = self.view.unit + direction * count
        self._see(unit=min(max(unit, 0), _last_unit(snapshot)))

    def action_layer(self, direction: int) -> None:
        """Look at another layer; beyond the last one, at that of the newest operation again."""
        snapshot = self.session.latest
        layer = snapshot.layer + direction
        beyond = layer > snapshot.settings.layers
        self._look(layer=None if beyond else max(layer, 1))
        self._answer()

    def _writes(self) -> bool:
        """Whether the network writes text."""
        return self.session.latest.vocabulary is not None

    def _set_temperature(self, temperature: float) -> None:
        self._look(text=replace(self._looking.text, temperature=temperature))
        self._answer()

    def action_prompt(self) -> None:
        """Type a beginning, and see what the network makes of it."""
        self._count()
        if not self._writes():
            self._notice = ("a prompt is for networks that write: --task text", False)
            self._answer()
            return
        from rnn_tui.tui.screens.prompt import PromptScreen

        screen = PromptScreen(self.session, self._looking.text, self._wish)
        self.app.push_screen(screen, self._prompted)

    def _wish(self, wish: TextRequest) -> None:
        """What the prompt asks for."""
        self._look(text=wish)

    def _prompted(self, temperature: float | None) -> None:
        """The prompt is closed; its temperature stays."""
        if temperature is not None:
            self._wish(replace(self._looking.text, prompt=None, temperature=temperature))

    def action_sample(self, direction: int) -> None:
        """Look at another sample of the batch."""
        batch = self.session.latest.settings.batch
        self._look(sample=(self._looking.sample + direction * self._count()) % batch)
        self._answer()

    def action_parameter(self, direction: int) -> None:
        """Select a parameter anywhere."""
        self._move_parameter(direction * self._count())

    def _move_parameter(self, distance: int) -> None:
        last = self.session.latest.optimizer.parameters.size - 1
        self._see(parameter=min(max(self.view.parameter + distance, 0), last))

    def action_operation(self, direction: int) -> None:
        """Look at the equation of another operation of this timestep."""
        snapshot = self.session.latest
        revealed = snapshot.backward_revealed(snapshot.t) or snapshot.forward_revealed(snapshot.t)
        place = self.view.operation + direction * self._count()
        self._see(operation=min(max(place, 0), max(len(revealed) - 1, 0)))

    def _at_update(self) -> bool:
        """Whether the arrows choose parameters: at CLIP and UPDATE, where the panel shows them."""
        snapshot = self.session.latest
        choosing = not panel_spec(self.view.panel).timestep_keys
        at = snapshot.cursor.stage in (Pass.CLIP, Pass.UPDATE) and snapshot.request.t is None
        return at and choosing and not snapshot.running

    def action_back(self) -> None:
        """Undo the last thing that can be undone here."""
        snapshot = self.session.latest
        if self.view.prefix:
            self._see(prefix="")
        elif snapshot.proving is not None and snapshot.proving[0] == "proof":
            self._send(StopProof())
        elif self._zoomed:
            self.action_zoom()
        elif self._looking.t is not None:
            self._look(t=None)
        elif self._looking.layer is not None:
            self._look(layer=None)
        elif snapshot.running:
            self._send(Pause())
        elif snapshot.what_if is not None:
            self._send(Discard())
        else:
            self._answer()

    def action_verify(self, whole: bool) -> None:
        """Check the gradient of the selected parameter, or of its tensor, and show the proof."""
        self.focus_panel("proof")
        self._send(Verify(self.view.parameter, whole))

    # Other screens, files, leaving

    def action_settings(self) -> None:
        """The form."""
        from rnn_tui.tui.screens.settings import SettingsScreen

        self._count()
        self.app.push_screen(SettingsScreen(self.session.latest.settings), self._apply)

    def _apply(self, settings: Settings | None) -> None:
        current = self.session.latest.settings
        if settings is None or settings == current:
            return
        restart = settings.needs_restart(current)
        if restart:
            self._look(t=None, sample=0)
        self._send(Restart(settings) if restart else Configure(settings))
        names = ", ".join(settings.differences(current))
        self._notice = (f"{'restarted with' if restart else 'changed'} {names}", False)
        self.draw()

    def action_help(self) -> None:
        """The help screen."""
        from rnn_tui.tui.screens.help import HelpScreen

        self._count()
        self.app.push_screen(HelpScreen())

    def action_write(self) -> None:
        """Write a checkpoint where it came from, or under a name that says what it is."""
        snapshot = self.session.latest
        s = snapshot.settings
        name = f"{s.task}-{s.cell}{s.hidden}-{snapshot.cursor.update}.safetensors"
        self._send(Save(self._path or str(Path.cwd() / name)))

    def action_leave(self) -> None:
        """Quit; ask first when much would be lost."""
        snapshot = self.session.latest
        if self._asked or not snapshot.unsaved or snapshot.trained < ASK_AFTER:
            self.app.exit()
            return
        self._asked = True
        minutes = snapshot.trained / 60
        lost = f"update {snapshot.cursor.update} is not saved ({minutes:.0f} min of training)"
        self._notice = (f"{lost}: q again quits, w saves, any other key stays", True)
        self.draw()

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A panel gets the focus; a column of the network is selected."""
        widget = event.widget
        if not isinstance(widget, Panel) or widget.id is None:
            return
        if (timestep_at := panel_spec(widget.id).timestep_at) is not None:
            t = timestep_at(self.session.latest, widget.size.width, event.x)
            if t is not None:
                self._select_timestep(t)
        if widget.id != self.view.panel:
            self.focus_panel(widget.id)


def _last_unit(snapshot: Snapshot) -> int:
    """The last hidden unit or, where there are more of those, output."""
    sizes = snapshot.window.network.architecture
    return max(sizes.hidden, sizes.outputs) - 1


def _first_recurrent(snapshot: Snapshot) -> int:
    """The first weight of W_h: what backpropagation through time is about; without, the first."""
    return next((t.start for t in tensors(snapshot) if t.spec.name == "W_h"), 0)
