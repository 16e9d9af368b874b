"""The stop conditions."""
