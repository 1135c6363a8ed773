"""dgwatch: dangerous goods that lie too long in ports, from source files to figures that can be defended."""

__version__ = "0.1.0"
