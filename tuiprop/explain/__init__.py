"""Provenance: the equation, the terms and the sum behind one number of an update."""
