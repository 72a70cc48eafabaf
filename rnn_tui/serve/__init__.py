"""``rnn-tui serve``: an SSH server that gives each guest a process of its own.

Two processes run always. The *server* owns the network, the keys and the terminals' other ends; it
imports no screen. The *fork server*, forked from it before it has a thread or an event loop,
imports all that a guest needs and forks one *guest* a session. Guests have nothing of the server's
but their terminal, and one socket where the presenter is followed.
"""
