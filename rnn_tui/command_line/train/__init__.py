"""The command ``rnn-tui train``."""
