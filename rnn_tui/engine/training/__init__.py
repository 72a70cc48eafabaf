"""Training: the schedule of an update, the trainer, optimizers, the history and breakpoints."""
