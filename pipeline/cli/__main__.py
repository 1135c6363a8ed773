"""`python -m pipeline.cli` is `dgwatch`."""

import sys

from pipeline.cli import main

sys.exit(main())
