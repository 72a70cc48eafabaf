"""The command ``rnn-tui exercise``: made of a lesson, solved in the debugger, and marked."""
