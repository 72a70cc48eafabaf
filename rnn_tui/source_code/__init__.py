"""Writes the declared operations as code of NumPy or PyTorch."""
