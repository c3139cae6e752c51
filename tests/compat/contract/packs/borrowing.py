"""A pack that adds its node to the table of all nodes and declares that table, as some do; and uses built-in nodes."""

import nodes
from nodes import NODE_CLASS_MAPPINGS


class Scaled(nodes.EmptyImage):
    CATEGORY = "test/borrowed"


class Squares:
    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"size": ([64, 128, 256], {"default": 128}), "flag": ((True, False),)}}

    RETURN_TYPES = "IMAGE"
    RETURN_NAMES = "square"
    FUNCTION = "run"

    def run(self, size, flag):
        (picture,) = nodes.EmptyImage().generate(size, size, batch_size=2 if flag else 1)
        return picture


NODE_CLASS_MAPPINGS.update(BorrowedScaled=Scaled, BorrowedSquares=Squares)
