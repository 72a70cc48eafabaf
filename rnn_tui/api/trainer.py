"""`Trainer`, the class that users of Python have: a run that can be stepped, read and opened."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from rnn_tui.api.blas_threads import one_thread
from rnn_tui.api.interrupt import interruptible
from rnn_tui.api.messages import check_used, said_in_python
from rnn_tui.api.values import WindowValues
from rnn_tui.api.window import RunWindow
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer as Engine
from rnn_tui.layouts.torch_layout import gradients_of, tensors_of
from rnn_tui.settings import DECLARATIONS, Value, compose

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import RunView
    from rnn_tui.files.ownership import RunFiles

FloatArray = npt.NDArray[np.floating[Any]]
By = Literal["operation", "timestep", "pass", "update"]
"""How far a step goes."""


@dataclass(frozen=True, slots=True)
class TrainerCursor:
    """A place in a run: what was computed last.

    Attributes:
        update: number of updates completed.
        stage: the pass: "BATCH", "FORWARD", "LOSS", "BACKWARD", "CLIP" or "UPDATE".
        t: the timestep, from 1; 0 in a pass that has none.
        operation: how many operations of this timestep are done; 0 only before the first batch.
        operations: how many it has.
        computed: the name in `Trainer.values` of what the last operation computed; "" outside the
            two passes over time.
    """

    update: int
    stage: str
    t: int
    operation: int
    operations: int
    computed: str

    def __str__(self) -> str:
        place = f" t={self.t}" if self.t else ""
        part = f", operation {self.operation}/{self.operations}" if self.operations > 1 else ""
        return f"update {self.update}, {self.stage}{place}{part}"


class Trainer:
    """A network, what it learns and its optimizer, at a place in a run.

    An update is ``batch → forward t=1 … T → loss → backward t=T … 1 → clip → update``. `run` makes
    whole updates, `step` and `back` any part of one; however a place is reached, all numbers there
    have the same bits. Weights have PyTorch's names and layout.

    Example:
        >>> t = Trainer.from_arrays(x, y, cell="lstm", hidden=16, seed=0)
        >>> losses = t.run(500)
        >>> t.step("pass")
        >>> t.values["f"].shape
        (20, 8, 16)

    Once a number is not finite the run does not go on: `run` and `step` raise FloatingPointError,
    at once and whenever they are called again; what led to it can be looked at, and `back` leads
    out of it. Ctrl-C ends `run`, `step`, `back` and `go_to` between two updates or timesteps, so
    that the trainer can go on from there.
    """

    _timeline: Timeline
    _view: RunView | None
    _files: RunFiles | None

    def __init__(self, task: str = "cos", *, preset: str = "", **settings: Value) -> None:
        """Begin a run of one of the program's own tasks.

        Args:
            task: its name, as ``rnn-tui --task`` takes it.
            preset: the name of a set of settings, as ``rnn-tui --preset`` takes it; "" for none.
            settings: the settings of ``rnn-tui --help`` by name: ``hidden=64, clip_by="norm"``,
                ``data="sales.csv"``. What is left out is as in the program.

        Raises:
            TypeError: there is no such setting.
            ValueError: a value is not allowed, or a file cannot be used.
        """
        chosen = {"task": task, **_plain(settings)}
        if task == "case":
            raise ValueError("task case is a batch of your own: from_arrays(x, y), or load(FILE)")
        with said_in_python(), one_thread():
            made = compose(chosen, preset)
            check_used(settings, made)
            self._begin(Engine(made))

    @classmethod
    def from_arrays(
        cls,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        cell: str = "lstm",
        hidden: int = 16,
        layers: int = 1,
        activation: str = "tanh",
        loss: str = "mse",
        reduction: str = "mean",
        mask: npt.ArrayLike | None = None,
        h0: npt.ArrayLike | None = None,
        c0: npt.ArrayLike | None = None,
        weights: Mapping[str, npt.ArrayLike] | None = None,
        names: Mapping[str, str] | None = None,
        features: int | None = None,
        outputs: int | None = None,
        batch_first: bool = False,
        dtype: npt.DTypeLike | None = None,
        seed: int = 0,
        optimizer: str | None = None,
        lr: float | None = None,
        clip: float | None = None,
        clip_by: str | None = None,
        **settings: Value,
    ) -> Self:
        """Begin a run on one batch of your own, which is learned over and over.

        T timesteps, B samples, D numbers an input, O numbers an output, H hidden units, L layers.
        The arrays are copied. [B, T, D] where [T, B, D] is meant cannot always be seen: both are
        three numbers; say `batch_first` where the batch comes first.

        Args:
            x: inputs [T, B, D]; or symbols as whole numbers [T, B], from 0.
            y: with the loss "mse" what the outputs should be, [T, B, O]; with "cross-entropy"
                classes as whole numbers [T, B], from 0; −100 does not count, as in PyTorch.
            cell: "rnn", "lstm", "gru", "lstm-peephole", "lstm-coupled", "gru-reset-before" or
                "neuron".
            hidden: H.
            layers: L.
            activation: of the cells without gates, "tanh" or "relu".
            loss: "mse" or "cross-entropy".
            reduction: "mean" of all that counts, or "sum" of it.
            mask: [T, B], true where an output counts; y may be anything elsewhere.
            h0: the hidden state that the window begins with, [L, B, H]; [B, H] will do for one
                layer. Zeros if left out.
            c0: the same for the cell state of an LSTM.
            weights: starting weights by PyTorch's names, as `parameters` returns them:
                ``rnn.weight_ih_l0`` … ``readout.bias``; biases may be missing and are zero then.
                Drawn at random from the seed if left out. Names of your own will do, such as those
                of ``model.state_dict()``: which part is which is found, and said by a UserWarning.
            names: what you call the parts, where that is not clear: ``{"encoder.lstm": "rnn",
                "head": "readout"}``.
            features: how many symbols there are; found from x if left out.
            outputs: how many classes there are; found from y if left out.
            batch_first: whether x, y and mask are [B, T, …]. What is read from the trainer has
                time first in any case.
            dtype: "float32" or "float64"; that of x if left out. A UserWarning says where
                float64 among the others becomes float32.
            seed: of the weights.
            optimizer: "sgd", "adagrad", "rmsprop" or "adam".
            lr: learning rate.
            clip: largest gradient let through; with `clip_by` "norm" the largest norm.
            clip_by: "value", "norm" or "none".
            settings: others of ``rnn-tui --help`` by name: ``momentum``, ``beta1``, ``init``.

        Raises:
            TypeError: an array holds no real numbers, or there is no such setting.
            ValueError: a shape or a value does not fit; the message names it.
        """
        sizes: dict[str, Value] = {
            "cell": cell,
            "hidden": hidden,
            "layers": layers,
            "activation": activation,
        }
        sizes = _plain(sizes)
        named = {"optimizer": optimizer, "lr": lr, "clip": clip, "clip_by": clip_by}
        written = _plain({n: v for n, v in named.items() if v is not None} | settings)
        for name in ("task", "data", "steps", "batch"):
            if name in settings:
                raise TypeError(f"{name} cannot be chosen: it follows from the arrays")
        from rnn_tui.api.arrays import checked, make_case
        from rnn_tui.api.case_runs import engine_of_case

        with said_in_python(), one_thread():
            arguments = checked(
                sizes, loss, reduction, dtype, features, outputs, batch_first=batch_first
            )
            case = make_case(arguments, x, y, mask, {"h0": h0, "c0": c0}, weights, names)
            engine = engine_of_case(case, {**written, "seed": _plain({"seed": seed})["seed"]})
            check_used(written, engine.settings)
        if case.assumed:
            warnings.warn(f"weights: {case.assumed}", UserWarning, stacklevel=2)
        return cls._of(engine)

    @classmethod
    def _of(
        cls, engine: Engine, view: RunView | None = None, files: RunFiles | None = None
    ) -> Self:
        """Return a trainer of a run that there is."""
        trainer = cls.__new__(cls)
        trainer._begin(engine, view, files)
        return trainer

    def _begin(
        self, engine: Engine, view: RunView | None = None, files: RunFiles | None = None
    ) -> None:
        """Take over a run.

        Args:
            engine: the run.
            view: how it was looked at; None: it was not.
            files: the files that it owns; None: none yet.
        """
        self._timeline = Timeline(engine, engine.settings.timeline * 2**20)
        self._view, self._files = view, files
        self._run_window: RunWindow | None = None
        self._values: WindowValues | None = None

    @property
    def _engine(self) -> Engine:
        """The run."""
        return self._timeline.trainer

    # Going forward and back

    def run(self, updates: int) -> npt.NDArray[np.float64]:
        """Complete `updates` more updates; an update that is under way counts as one.

        Ctrl-C ends it after the update under way, as a KeyboardInterrupt.

        Returns:
            the loss of each, [updates] float64.

        Raises:
            TypeError, ValueError: `updates` is no whole number, or is negative.
            FloatingPointError: a number is not finite; the message names the first one.
        """
        _check_count("updates", updates, 0)
        engine, losses = self._engine, list[float]()
        with one_thread(), interruptible() as interrupted:

            def until() -> bool:
                """Note the loss; return whether to end."""
                losses.append(engine.loss)
                return interrupted()

            self._timeline.run(updates, until)
        if interrupted():
            raise KeyboardInterrupt
        self._check_finite()
        return np.array(losses)

    def step(self, by: By = "timestep", count: int = 1) -> None:
        """Go forward.

        Args:
            by: "operation" goes to the next equation, "timestep" to the end of the next timestep,
                "pass" to the end of the pass, or of the next one, and "update" to that of the
                update.
            count: how often.

        Raises:
            TypeError, ValueError: `by` is none of these, or `count` no whole number of at least 1.
            FloatingPointError: a number is not finite; the message names the first one.
        """
        stride = _stride(by)
        _check_count("count", count, 1)
        with one_thread(), interruptible() as interrupted:
            for _ in range(count):
                self._timeline.forward(stride)
                if interrupted() or self._engine.divergence is not None:
                    break
        if interrupted():
            raise KeyboardInterrupt
        self._check_finite()

    def back(self, by: By = "timestep", count: int = 1) -> None:
        """Go back, to the same bits as there were.

        It ends at the beginning of the run, or at the earliest update that is kept: see the setting
        ``timeline``, and for a loaded run the update at which it was saved. Going forward again
        meets the same numbers; another setting changed on the way makes it another run.

        Args:
            by: as for `step`.
            count: how often.

        Raises:
            TypeError, ValueError: as for `step`.
        """
        stride = _stride(by)
        _check_count("count", count, 1)
        self._seek(self._timeline.back(stride, count))

    def go_to(self, update: int) -> None:
        """Go to the end of update number `update`, back or forward.

        Raises:
            TypeError, ValueError: `update` is no whole number, negative, or not kept.
            FloatingPointError: a number on the way is not finite.
        """
        _check_count("update", update, 0)
        if update < self._timeline.first:
            raise ValueError(
                f"update {update} is not kept; the first one is {self._timeline.first}"
            )
        self._seek(self._timeline.place_of(update))
        if self._engine.updates < update:
            self._check_finite()

    def _seek(self, place: Any) -> None:
        """Go to a place of the timeline."""
        with one_thread(), interruptible() as interrupted:
            for _ in self._timeline.seek(place):
                if interrupted():
                    break
        if interrupted():
            raise KeyboardInterrupt

    def configure(self, **settings: Value) -> None:
        """Change settings from here on: ``lr``, ``clip``, ``clip_by``, ``optimizer`` and its own.

        Another optimizer begins with an empty memory.

        Raises:
            TypeError: there is no such setting.
            ValueError: a value is not allowed, or a setting cannot change in a run.
        """
        chosen = _plain(settings)
        with said_in_python():
            changed = self._engine.settings.with_(**chosen)
            if fixed := changed.needs_restart(self._engine.settings):
                raise ValueError(f"{fixed[0]} cannot change in a run; begin another one")
            check_used(chosen, changed)
            self._timeline.configure(changed)

    # Reading

    @property
    def cursor(self) -> TrainerCursor:
        """The place in the run."""
        place, operations = self._engine.cursor, self._engine.operations
        shown = operations and place.operation
        computed = (
            operations[place.operation - 1].symbol.replace("_<t-1>", "_prev") if shown else ""
        )
        return TrainerCursor(
            place.update,
            str(place.stage),
            place.t,
            place.operation,
            place.operations,
            value_name(computed),
        )

    @property
    def updates(self) -> int:
        """How many updates are completed."""
        return self._engine.updates

    @property
    def loss(self) -> float:
        """The newest loss that is known: of this window from LOSS on; NaN before the first."""
        return float(self._engine.loss)

    @property
    def gradient_norm(self) -> float:
        """The norm of the newest whole gradient before clipping; NaN before the first."""
        return float(self._engine.grad_norm)

    @property
    def not_finite(self) -> str:
        """The first number that is not finite, and where; "" while all are."""
        divergence = self._engine.divergence
        return "" if divergence is None else str(divergence)

    @property
    def settings(self) -> Mapping[str, Value]:
        """All settings of the run by name."""
        settings = self._engine.settings
        return MappingProxyType({name: getattr(settings, name) for name in DECLARATIONS})

    @property
    def values(self) -> WindowValues:
        """Everything that is computed in the window, by name: ``values["f"]`` is [T, B, H].

        They are of the whole window that the trainer is at, whose end it need not have reached; see
        `rnn_tui.api.values.WindowValues`.
        """
        window = self._window
        if self._values is None:
            self._values = WindowValues(self._engine, window)
        return self._values

    @property
    def _window(self) -> RunWindow:
        """The window that the run is at."""
        if self._run_window is None or not self._run_window.is_of(self._engine):
            self._run_window, self._values = RunWindow(self._engine), None
        return self._run_window

    def parameters(self) -> dict[str, FloatArray]:
        """Return the weights at this place, by PyTorch's names and in its layout.

        ``rnn.weight_ih_l0`` [G·H, D], ``rnn.weight_hh_l0`` [G·H, H], ``rnn.bias_ih_l0`` and
        ``rnn.bias_hh_l0`` [G·H] of each layer, ``readout.weight`` [O, H], ``readout.bias`` [O]. The
        network has one bias where PyTorch has two that are added: ``bias_hh`` is zero, but in the n
        block of a GRU. Cells that PyTorch lacks have the names of the screen, gate by gate, and
        x·W for W·x: ``rnn.W_xf_l0`` [D, H]. After the update they are the new ones. The arrays are
        copies that cannot be written to.
        """
        return _frozen(tensors_of(self._engine.architecture, self._engine.parameters))

    def gradients(self) -> dict[str, FloatArray]:
        """Return the gradient of each of `parameters`, before clipping, of the window at hand.

        Those of ``bias_ih`` and ``bias_hh`` are the same, as in PyTorch, but in the n block of a
        GRU. Before the first window it is that of the first one, and before the backward pass is
        complete it is computed on a copy; the trainer stays where it is. After the update it is the
        gradient that has just been used, at the weights of before.

        Raises:
            FloatingPointError: a number of the window is not finite.
        """
        self._check_finite()
        with one_thread():
            gradient = self._window.complete().network.gradient
        return _frozen(gradients_of(self._engine.architecture, gradient))

    def __repr__(self) -> str:
        s, engine = self._engine.settings, self._engine
        size = f"{s.cell} {s.hidden}" + (f" in {s.layers} layers" if s.layers > 1 else "")
        loss = "" if math.isnan(engine.loss) else f", loss {engine.loss:.6g}"
        return f"<Trainer of {size}, {engine.task.title}, {s.dtype}: {self.cursor}{loss}>"

    def _check_finite(self) -> None:
        """Raise an error once a number of the run is not finite."""
        if self._engine.divergence is not None:
            raise FloatingPointError(f"{self.not_finite} of update {self.updates + 1}")


def _plain(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Return settings with Python's numbers in place of NumPy's.

    Raises:
        TypeError: there is no such setting.
    """
    for name in settings:
        if name not in DECLARATIONS:
            raise TypeError(f"there is no setting {name!r}; there are {', '.join(DECLARATIONS)}")
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in settings.items()
    }


def _stride(by: str) -> Stride:
    """Return the stride of that name."""
    if by not in get_args(By):
        raise ValueError(f"by must be one of {', '.join(get_args(By))}, not {by!r}")
    return Stride(by)


def _check_count(name: str, value: int, low: int) -> None:
    """Check a number of times."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, not {value}")


def _frozen(arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return copies that cannot be written to."""
    copies = {name: np.array(array, order="C") for name, array in arrays.items()}
    for array in copies.values():
        array.flags.writeable = False
    return copies
