"""A network: stacked cells, a readout and a loss, computed over one window."""
