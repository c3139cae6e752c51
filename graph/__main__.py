"""`python -m graph`."""

import sys

from graph.command import main

if __name__ == "__main__":
    sys.exit(main())
