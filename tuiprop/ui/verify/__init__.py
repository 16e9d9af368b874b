"""The Proof screen."""
