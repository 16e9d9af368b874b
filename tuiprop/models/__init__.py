"""Models: weights with their description, read, written, exported and applied."""
