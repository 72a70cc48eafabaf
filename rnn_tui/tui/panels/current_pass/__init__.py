"""The panel that shows the current pass: a timestep, the window as a table, or the update."""
