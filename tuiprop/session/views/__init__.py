"""What the dashboard shows of a session, computed on request."""
