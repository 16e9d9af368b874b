"""The types that cross between the dashboard and the engine."""
