"""Preparation of a table: from its columns to the inputs and targets of a network."""
