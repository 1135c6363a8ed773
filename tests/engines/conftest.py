"""Spark's client in a process of pytest-xdist."""

from __future__ import annotations

import sys

# Spark's client takes a main module that has neither a file nor a specification, as that of a pytest-xdist worker has,
# for a run of its own documentation tests, and ends the process.
_main = sys.modules["__main__"]
if not hasattr(_main, "__file__"):
    _main.__file__ = __file__
