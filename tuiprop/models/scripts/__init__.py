"""Python scripts that hold a network and need nothing of tuiprop."""
