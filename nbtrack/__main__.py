"""`python -m nbtrack` is the command `nbtrack`."""

from __future__ import annotations

import sys

from nbtrack.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
