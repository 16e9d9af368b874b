"""For all tests: no run is kept, least of all in the folder of whoever runs them."""

import os

os.environ["TUIPROP_STATE"] = ""
