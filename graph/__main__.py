"""`python -m graph`."""

import sys

from graph.headless.command import main

if __name__ == "__main__":
    sys.exit(main())
