"""A terminal step debugger for training recurrent networks."""

__version__ = "0.1.0"
PROGRAM = "rnn-tui"
THEME = "dark"  # the default of --theme
