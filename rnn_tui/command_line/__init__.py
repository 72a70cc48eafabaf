"""The command line: options, what they mean together, and the commands.

`rnn_tui.cli` is the entry. `options.py` makes every option from a declaration; `start.py` goes from
the options to a run, `app.py` opens it; `train/`, `inspect.py`, `check.py`, `predict.py` and
`sample.py` are the commands without a screen.
"""
