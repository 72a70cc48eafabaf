"""Going back in a run, and comparing it with one that a what-if left."""
