"""Other frameworks' weights: their names, their layout of gates, and the way to ours and back."""
