"""Autosaves: a run is kept in the user's state folder, and resumed from there."""
