"""A terminal step debugger for training recurrent networks."""

__version__ = "0.1.0"
