"""Experiments, epochs and time."""
