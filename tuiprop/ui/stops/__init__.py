"""The Stops screen."""
