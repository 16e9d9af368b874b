"""Text, numbers, shades and curves drawn cell by cell."""
