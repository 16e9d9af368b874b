"""Readers of files with data: each format becomes a `Table`."""
