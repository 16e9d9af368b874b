"""A run and every question that can be asked of it, without a process."""
