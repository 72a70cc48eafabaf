"""The panels that show proofs: ledger, gradient map, window edge, gradient check."""
