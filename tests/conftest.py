"""Settings of all tests: no run is saved, least of all in the folder of whoever runs them."""

import os
import signal

from hypothesis import settings

os.environ["TUIPROP_STATE"] = ""

if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup the programs would ignore it

settings.register_profile("tuiprop", deadline=None, derandomize=True, database=None)
settings.load_profile("tuiprop")  # a deadline fails on a busy machine, where nothing is wrong
