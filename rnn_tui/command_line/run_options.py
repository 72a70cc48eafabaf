"""What is said of a run that is trained without a screen: the declarations of its own options."""

from __future__ import annotations

from rnn_tui.setting_declaration import Declaration

UPDATES = Declaration(
    name="updates", kind=int, default=None, help="How many updates to run (from a checkpoint: "
    "how many more); left out, as many as the preset or the task takes: 20000 for cos.",
    group="run", effect="live",
    low=0, high=10**9,
)  # fmt: skip
OUT = Declaration(
    name="out", kind=str, default="", help="Save a checkpoint here at the end, on Ctrl-C and "
    "when training diverges.", group="run", effect="live",
)  # fmt: skip
METRICS = Declaration(
    name="metrics", kind=str, default="", help="Write update,loss,grad_norm for every update to "
    "this CSV file.", group="run", effect="live",
)  # fmt: skip
INIT_FROM = Declaration(
    name="init_from", kind=str, default="", help="Start from the weights in this .safetensors "
    "file: a checkpoint, a case file, or an RNN, LSTM or GRU of PyTorch's with a linear readout, "
    "whatever they are called. Cell, hidden size and layers come from it where they are not said.",
    group="start", effect="restart",
)  # fmt: skip
SAVE_EVERY = Declaration(
    name="save_every", kind=int, default=None, help="Save to --out each time so many updates are "
    "done, not only at the end.", group="run", effect="live", low=1, high=10**9,
)  # fmt: skip
TEST_EVERY = Declaration(
    name="test_every", kind=int, default=None, help="Measure the loss on the whole test data each "
    "time so many updates are done: for --metrics, the loss chart and what follows here; left out, "
    "each hundredth of the run where that is needed.", group="run", effect="live",
    low=1, high=10**9,
)  # fmt: skip
PATIENCE = Declaration(
    name="patience", kind=int, default=None, help="Stop after so many tests without an "
    "improvement.", group="run", effect="live", low=1, high=10**9,
)  # fmt: skip
KEEP = Declaration(
    name="keep", kind=str, default="last", help="Which network --out has: that of the last update "
    "or that of the best test loss.", group="run", effect="live", fixed_choices=("last", "best"),
)  # fmt: skip
SEEDS = Declaration(
    name="seeds", kind=str, default="", help="Train once with each of these seeds, such as 0-4 or "
    "0,3,7: a line for each run, then median and range; -seedN is added to the names of --out and "
    "--metrics.", group="run", effect="live",
)  # fmt: skip
FORCE = Declaration(
    name="force", kind=bool, default=False, help="Let --out and --metrics replace files that this "
    "run neither loaded nor made; never what it reads.", group="run", effect="live",
)  # fmt: skip
QUIET = Declaration(
    name="quiet", kind=bool, default=False, help="No progress and no figures at the end.",
    group="run", effect="live",
)  # fmt: skip

OF_RUN = (UPDATES, OUT, METRICS, INIT_FROM, SAVE_EVERY, TEST_EVERY, PATIENCE, KEEP, SEEDS)
"""Those with a value, in the order of the help."""
SWITCHES = (QUIET, FORCE)
TRAIN_HELP = """\
Train without a screen. Progress goes to stderr, the figures to stdout at the end.

With a CHECKPOINT, a file saved earlier, training goes on from there.

\b
Examples:
  rnn-tui train --cell gru                 20,000 updates, then figures
  rnn-tui train --preset tutorial --out run.safetensors
  rnn-tui train --preset min-char-rnn --data book.txt
  rnn-tui train run.safetensors --updates 5000 --out run.safetensors
  rnn-tui train --lr 0.1 --json --quiet    one line of JSON for a script
  rnn-tui train --task text --patience 10 --keep best --out run.safetensors
                                           the network of the best test
  rnn-tui train --seeds 0-4                a table of five runs
  rnn-tui train --break "loss<0.001" --out run.safetensors
                                           end there; rnn-tui run.safetensors
                                           shows it

\b
Exit codes:
  0    done, or stopped by --break or --patience
  1    training diverged; the last finite state is saved
  2    bad usage
  130  stopped by Ctrl-C; what there is, is saved
"""
