"""Training without a screen: updates in short chunks, then the figures of the run."""

from rnn_tui.train.figures import Summary, summarise
from rnn_tui.train.loop import newest_row, train
from rnn_tui.train.progress import TrainProgress

__all__ = ["Summary", "TrainProgress", "newest_row", "summarise", "train"]
