"""Screens: the main one, `debugger`, and those that open over it.

`dialog` is what those share: they close once, and an error closes one and nothing else.

Parts of the main screen: `selection_moves`, how keys move the selection, and `frame_schedule`,
which widgets are drawn when.
"""
