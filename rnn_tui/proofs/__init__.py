"""Proofs: checks and measurements of the present window, made on request and on a copy of it.

rnn_tui.engine.analysis contains the computations. Here each becomes a `Proof` that is computed in
small parts, so that the session can do it while the screen stays responsive: `base` is the base
class, `prover` computes the requested proofs, the other files are one proof each.
"""
