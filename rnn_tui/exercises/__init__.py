"""Exercises that grade themselves: the drill, and lessons handed out with numbers of their own."""
