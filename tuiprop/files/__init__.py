"""Weights out and in: atomic and verified."""
