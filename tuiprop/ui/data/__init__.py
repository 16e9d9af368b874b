"""The Data view."""
