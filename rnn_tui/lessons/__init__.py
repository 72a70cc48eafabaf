"""Lessons: files that show a network that really trains, ask for predictions, and make claims.

`files/` has the program's own lessons, one file each.
"""
