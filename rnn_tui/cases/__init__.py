"""Case files: somebody's own network, one batch, and the numbers that they computed for it."""
