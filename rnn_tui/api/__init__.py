"""What `import rnn_tui` offers to Python; docs/python.md explains it.

trainer       `Trainer`: a network, what it learns, and its optimizer, at a place in a run
arrays        the arrays of the caller, checked, as a case
interrupt     Ctrl-C between two updates
window        the window that the run is at, with both passes done
values        everything computed in the window, by name
verification  `verify`: the gradient beside numeric derivatives
files         `save` and `load`
checking      `check`: the numbers in a case file beside ours
dump          `dump`: a model of PyTorch's as a case file
screen        `open`: the debugger on a trainer

Everything here is imported when it is first asked for: see `rnn_tui.__getattr__`.
"""
