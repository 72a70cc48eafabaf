"""Predictions for data that the network is never trained on, computed in slices."""
