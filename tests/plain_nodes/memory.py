import gc
import sys

from graph.declare import Context, node


@node("Blocks", category="test", output_node=True, always=True)
def blocks(ctx: Context) -> None:
    """Show how many objects the worker's Python has allocated."""
    gc.collect()
    ctx.show("blocks", [sys.getallocatedblocks()])


@node("Hoard", category="test", output_node=True)
def hoard(width: int = 1 << 20, batch_size: int = 4) -> None:
    """Want more memory than there is."""
    bytearray(width**2 * batch_size * 1024)
