"""Going back in a run, forking it, and comparing it with the branch that a what-if left."""
