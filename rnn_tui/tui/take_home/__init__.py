"""Taking home what is on the screen: figures as SVG, PNG or text, and the numbers as CSV.

Nothing of it is imported before a key or a command asks for it.
"""
