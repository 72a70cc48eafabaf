"""Expressions over the state of a run, in the notation of the screen: ``norm(dh_1)``."""
