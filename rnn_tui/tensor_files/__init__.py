"""Safetensors files, read with care: what a header claims is checked before anything is read."""
