"""The training engine: NumPy and the standard library, no terminal."""
