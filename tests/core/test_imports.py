import json
import subprocess
import sys

PROGRAM = """
import importlib, json, pkgutil, sys
import tuiprop.core
for module in pkgutil.walk_packages(tuiprop.core.__path__, "tuiprop.core."):
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


def test_the_core_imports_numpy_and_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    modules = set(json.loads(done.stdout))
    assert {"numpy", "tuiprop.core.propagation", "tuiprop.core.optimizer"} <= modules
    heavy = {"textual", "rich", "plotext", "polars", "msgspec", "click", "threadpoolctl", "tomli_w"}
    assert modules & heavy == set()
    ours = {name for name in modules if name.startswith("tuiprop.")}
    assert {name for name in ours if not name.startswith("tuiprop.core")} == set()
