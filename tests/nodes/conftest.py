"""The small checkpoint of the library's tests, for the nodes'."""

from tests.diffusion.conftest import tiny, tiny_path

__all__ = ["tiny", "tiny_path"]
