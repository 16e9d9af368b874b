"""What one update consists of: its operations, their operands and results."""
