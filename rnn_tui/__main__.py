"""``python -m rnn_tui`` is the same as ``rnn-tui``."""

from rnn_tui.cli import main

main()
