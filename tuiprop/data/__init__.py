"""Tables and generators in; (X, Y, names) out."""
