"""Nodes without torch, for tests of the server: quick ones, slow ones, and ones that go wrong."""

import os
import time

# As long as importing torch takes on a slow machine, if a test wants that.
time.sleep(float(os.environ.get("PLAIN_NODES_DELAY", "0")))
