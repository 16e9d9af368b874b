"""The messages between the dashboard and the engine."""
