"""The user's data: reading tables, generating them, and preparing them for a network."""
