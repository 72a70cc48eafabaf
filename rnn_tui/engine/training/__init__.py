"""Training: the schedule of an update, the trainer that follows it, and what stops it."""
