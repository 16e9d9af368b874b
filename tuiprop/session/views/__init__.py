"""Views of a session for the dashboard, computed on request."""
