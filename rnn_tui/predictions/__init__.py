"""What the network makes of data that it is never trained on, computed in slices."""
