"""The session between the engine and the screen: a trainer in a thread of its own."""

import logging

# stderr is the screen: nothing is logged unless a program that uses this package adds a handler.
logging.getLogger("rnn_tui").addHandler(logging.NullHandler())
