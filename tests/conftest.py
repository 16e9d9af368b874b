"""For all tests: no run is kept, least of all in the folder of whoever runs them."""

import os

from hypothesis import settings

os.environ["TUIPROP_STATE"] = ""

settings.register_profile("tuiprop", deadline=None, derandomize=True, database=None)
settings.load_profile("tuiprop")  # a deadline fails on a busy machine, where nothing is wrong
