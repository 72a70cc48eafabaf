"""The panels that show proofs: ledger, gradient map, window edge, numeric check."""
