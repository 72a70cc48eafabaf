"""Panels, one file each, named after what they show."""
