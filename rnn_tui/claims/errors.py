"""What is wrong with an expression, or why it has no value here, in one line."""

from __future__ import annotations


class ClaimError(ValueError):
    """An expression or a claim that cannot be read, or has no value here; one line."""
