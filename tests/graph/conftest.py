import sys

import pytest


@pytest.fixture
def forget_packs():
    """Packs that a test imports are gone after it, so that the next may have others of the same names."""
    yield
    for name in [name for name in sys.modules if name.startswith("custom_nodes.")]:
        del sys.modules[name]
