"""Checks somebody's numbers for a case: ours beside theirs, the first that differs, and why."""
