"""The panels, one file each, and a folder where several files draw one panel or are of one kind.

To add a panel, write a file that declares ``PANEL``, a `PanelSpec`, and register it in `PANELS` of
rnn_tui/registry.py.
"""
