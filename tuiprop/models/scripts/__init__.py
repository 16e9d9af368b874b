"""Python scripts that hold a network and do not need tuiprop."""
