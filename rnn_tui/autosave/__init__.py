"""Autosaves: a run is kept in the user's state folder, and resumed from there."""

INTERVAL = 60.0  # seconds of running between two autosaves; after a failure, until the next attempt

NEWEST, LIST = "newest", "list"
"""What `--resume` means without a value, and what shows the list; else it takes a number of it."""
