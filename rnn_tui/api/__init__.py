"""The program from Python: what `import rnn_tui` offers; see docs/python.md."""
