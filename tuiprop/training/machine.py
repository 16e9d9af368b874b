"""The properties of a machine on which the bits of a result depend."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from threadpoolctl import threadpool_info


def facts() -> dict[str, str]:
    """The properties, by name, that must agree for results that agree bit for bit."""
    blas = [
        f"{each['internal_api']} {each.get('version')} {each.get('architecture', '')}".strip()
        for each in threadpool_info()
        if each["user_api"] == "blas"
    ]
    extensions = (np.show_config(mode="dicts") or {}).get("SIMD Extensions", {})
    return {
        "tuiprop": _version(),
        "NumPy": np.__version__,
        "BLAS": ", ".join(sorted(blas)) or "of NumPy",
        "processor": " ".join([platform.machine(), *extensions.get("found", [])]),
        "system": " ".join([platform.system(), *platform.libc_ver()]).strip(),
    }


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The differences of two machines, as "NumPy 2.3.0, here 2.4.0; …"; "" if there are none."""
    return "; ".join(
        f"{name} {then.get(name, 'unknown')}, here {here}"
        for name, here in now.items()
        if then.get(name) != here
    )


def _version() -> str:
    try:
        return version("tuiprop")
    except PackageNotFoundError:  # run from its sources
        return "of its sources"
