"""One update: its operations, their operands and results."""
