"""Corrections of Textual that the dashboard needs."""
