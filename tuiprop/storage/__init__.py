"""Durable files: atomic writes and the state folder."""
