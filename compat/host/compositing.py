"""ComfyUI's `comfy_extras.nodes_mask`: the function beside its node classes."""

from torch import Tensor

from diffusion.images.composite import composite as put


def composite(
    destination: Tensor,
    source: Tensor,
    x: int,
    y: int,
    mask: Tensor | None = None,
    multiplier: int = 8,
    resize_source: bool = False,
) -> Tensor:
    """Put `source` `[B, C, h, w]` on `destination` where `mask` `[B, H, W]` is 1, all of it without one.

    The place is given in pixels, `multiplier` of them to an entry of the tensors.
    """
    return put(destination, source, x // multiplier, y // multiplier, mask, resize_source)
