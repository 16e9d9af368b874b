"""The Proof view."""
