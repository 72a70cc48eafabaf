"""Charts: what they show, their axes, and the lines that draw them."""
