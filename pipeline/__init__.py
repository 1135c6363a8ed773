"""dgwatch: dangerous goods that lie too long in ports, from source files to figures that can be defended."""

import os

__version__ = "0.1.0"

# NumPy's linear algebra starts a thread a core, and they wait busily: a tenth of a second of processor time in every
# process. The small matrices here need one. It must be said before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
