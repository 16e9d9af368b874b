"""The run screen and its panels."""
