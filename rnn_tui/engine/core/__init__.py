"""Foundations of the engine: equations, operations, parameters and the tape."""
