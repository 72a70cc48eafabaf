"""The predictions panel, with one file for each kind of prediction."""
