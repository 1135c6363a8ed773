"""What a run was made on: enough to read the figures, nothing that names a machine."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version

from pipeline import __version__
from pipeline.settings import usable_cores

LIBRARIES = ("duckdb", "pandas", "pyarrow", "deltalake")


def described() -> dict[str, str | int | float]:
    """Cores, memory, versions and the day."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cores": usable_cores(),
        "memory_gib": round(memory / 2**30, 1),
        "load_average": round(os.getloadavg()[0], 1),
        "dgwatch": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }
