"""Proofs on the spot: what the screen may ask of the window at hand, and what works it out."""
