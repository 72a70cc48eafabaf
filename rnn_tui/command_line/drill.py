"""The command ``rnn-tui drill``: questions on small random networks, in the debugger."""
