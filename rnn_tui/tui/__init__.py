"""The terminal: Textual screens and panels that read snapshots and send commands."""
