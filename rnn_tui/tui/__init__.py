"""The terminal: Textual screens and panels that read snapshots and send commands."""

import os

# Textual waits up to 1/TEXTUAL_FPS seconds before it draws a change, and the session's thread may
# rest meanwhile. Frames are limited by `FrameSchedule` instead.
os.environ.setdefault("TEXTUAL_FPS", "1000")
