"""The terminal: Textual screens and panels that read snapshots and send commands."""

import os

# Textual waits up to this share of a second before it draws what has changed, and the worker may
# be resting meanwhile. How often anything changes is for the debugger's own timer to say.
os.environ.setdefault("TEXTUAL_FPS", "1000")
