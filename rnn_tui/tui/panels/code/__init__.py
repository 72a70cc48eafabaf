"""The panel of the code of an update."""
