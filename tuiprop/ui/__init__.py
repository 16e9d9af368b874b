"""The dashboard, drawn by Textual."""
