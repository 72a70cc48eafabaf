"""What can be measured of a window or a network, aside from training."""
