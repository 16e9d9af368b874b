"""Durable files: atomic writes, arrays of NumPy, packed messages, and the state folder."""
