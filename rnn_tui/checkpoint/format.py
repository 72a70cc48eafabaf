"""The file format: one `.safetensors` file holds a run, and nothing in it can run code.

Tensors (H hidden units, G gate blocks, D inputs, O outputs, B batch, P parameters; those of a
second layer end in ``_l1`` and have H inputs, its states are ``state.h2, state.c2``, and so on):

======================  ===========  ==========================================================
``rnn.weight_ih_l0``    (G·H, D)     of rnn, lstm and gru: PyTorch's names, layout, gate order;
``rnn.weight_hh_l0``    (G·H, H)     with ``rnn.`` stripped torch.nn.RNN, LSTM and GRU load
``rnn.bias_ih_l0``      (G·H)        them, with ``readout.`` stripped torch.nn.Linear does
``rnn.bias_hh_l0``      (G·H)        zeros, but for the GRU's n block, which is b_hn
``rnn.W_xf_l0``, …      (D, H), …    for cells that PyTorch lacks, instead: our names and
                                     layout (x·W), gate by gate, as on the screen
``readout.weight``      (O, H)
``readout.bias``        (O)
``optimizer.<name>``    (P)          its memory, flat, in our order: W_x, W_h, b, …, W_y, b_y,
                                     each row by row in our layout (x·W); LSTM gates o, i, f, g
``state.h, state.c``    (B, H)       carried into the current window, or into the next one
``history.recent``      (N, 2)       float64: loss and gradient norm of the newest updates
``history.buckets``     (M, 6)       float64: the whole curve, decimated
``history.tested``      (K, 2)       float64: updates, and the loss on test data after each
``source.tail``         (K, C)       float64: the last rows of a table, in its own units
``case.…``              …            of a run on a case: all tensors of its case file
``window.parameters``   (P)          only of a run saved right after an update: the state before
``window.optimizer.…``  (P)          that update, from which its window is computed again to be
``window.state.…``      (B, H)       looked at; parameters in our order, like the memory
======================  ===========  ==========================================================

Metadata, text by name: ``format``, ``version``, ``program``, ``cell``, and as JSON ``settings``,
``place`` (updates, position and revealed operations), ``optimizer`` (name; steps, the number of
updates it has made), ``data`` (the position in the data and PCG64's state), ``history`` and
``vocabulary`` (the names of the symbols and of the classes by code, null if there are none: weights
mean nothing with another vocabulary), ``held`` (the pins and cuts in force; they are part of the
run) and ``checksum`` (see `rnn_tui.checkpoint.checksum`). Some files have more: ``view`` (the
breakpoints, the bookmarks and what was selected on the screen, see
`rnn_tui.checkpoint.run_view`), ``source``
(the data that it was trained on, see `rnn_tui.checkpoint.source`), ``case``
(what goes with the tensors of that name, see `rnn_tui.checkpoint.case`), ``window``
(goes with the tensors of that name: the data's state before that window, the number of updates made
and the counters of the history then), ``arithmetic`` (what computed
it, see `rnn_tui.checkpoint.arithmetic`) and ``custom_task`` (the name of a custom task object).

The version is raised whenever a file of the present program could not be read by the one before
or would be read otherwise; `rnn_tui.checkpoint.versions` says what each version lacked.

In memory a product is x·W and there is one bias; PyTorch has W·x and two biases that sum to it.
`rnn_tui.layouts.torch_layout` alone converts between them.
"""

from __future__ import annotations

import os

from rnn_tui.tasks import Task

FORMAT = "rnn-tui checkpoint"
VERSION = "5"
CHECKSUM = "checksum"  # the text that finds damage
TEXTS = (
    "format",
    "version",
    "program",
    "cell",
    "settings",
    "place",
    "optimizer",
    "data",
    "history",
    "vocabulary",
    "held",
    CHECKSUM,
)
CUSTOM_TASK = "custom_task"  # the text that only a run on a custom task object has
VIEW = "view"  # the text of a run that was looked at
WINDOW = "window"  # the text, and the prefix of the tensors, of a run saved right after an update
LARGEST_COUNT = 10**15  # updates; the history counts in float64, exact up to 2^53 ≈ 9·10^15


class CheckpointError(ValueError):
    """A file cannot be read or written; the message is one line that names it."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        """Set the message to the file's path and `reason`, on one line."""
        super().__init__(f"{os.fspath(path)!r}: {' '.join(reason.split())}")


def vocabulary(task: Task) -> dict[str, list[str] | None]:
    """Return the names of the input symbols and of the classes of `task`, each in order of code.

    Weights fit the data only if both are the same as when the weights were trained.
    """
    names = {"symbols": task.symbols, "labels": task.labels}
    return {kind: None if known is None else list(known) for kind, known in names.items()}
