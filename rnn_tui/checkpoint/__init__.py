"""Checkpoints: save a run to a file, and load it again."""
