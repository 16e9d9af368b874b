"""A run and everything that can be asked about it, without a process of its own."""
