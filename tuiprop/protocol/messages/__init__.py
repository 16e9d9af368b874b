"""The messages between the dashboard and the engine, by subject.

Experiments travel as the tables of their file and matrices as lists of the visible numbers, so
that the dashboard needs neither NumPy nor the propagation core.
"""
