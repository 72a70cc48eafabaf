"""Going back in a run, forking it, and comparing it with the run without the what-if."""
