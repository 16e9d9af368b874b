"""Preparation of a table: from its columns to the inputs and the targets of a network."""
