"""Screens, one file each, named after what is on them."""
