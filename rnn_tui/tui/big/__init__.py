"""One thing in large: an equation, a timestep or a curve that fills the screen."""
