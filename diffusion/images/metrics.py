"""How much pictures `[B, H, W, C]` differ from others of the same size; a value for each picture."""

from torch import Tensor

from diffusion.images.composite import repeat_to

WINDOW = 11  # side of the Gaussian window of SSIM, as its authors chose


def same_size(images: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """The colours of both, as many of each.

    Raises ValueError if they differ in size.
    """
    if images.shape[1:3] != reference.shape[1:3]:
        (h, w), (height, width) = images.shape[1:3], reference.shape[1:3]
        raise ValueError(f"The pictures have {w} x {h} and {width} x {height} pixels. Scale one of them.")
    count = max(len(images), len(reference))
    first, second = (repeat_to(each[..., :3].float(), count) for each in (images, reference))
    return first, second.to(first.device)


def mse(images: Tensor, reference: Tensor) -> Tensor:
    """The mean square of the differences, `[B]`."""
    first, second = same_size(images, reference)
    return ((first - second) ** 2).mean((1, 2, 3))


def mae(images: Tensor, reference: Tensor) -> Tensor:
    """The mean of the absolute differences, `[B]`."""
    first, second = same_size(images, reference)
    return (first - second).abs().mean((1, 2, 3))


def psnr(images: Tensor, reference: Tensor) -> Tensor:
    """The peak signal-to-noise ratio in decibels, `[B]`; equal pictures have an infinite one."""
    return -10 * mse(images, reference).log10()


def ssim(images: Tensor, reference: Tensor) -> Tensor:
    """The structural similarity, `[B]`; 1 for equal pictures (Wang, Bovik, Sheikh and Simoncelli, 2004).

    Raises ValueError if the pictures are smaller than its window.
    """
    from kornia.metrics import ssim as similarity

    first, second = same_size(images, reference)
    if min(first.shape[1:3]) < WINDOW:
        raise ValueError(f"SSIM needs pictures of {WINDOW} pixels a side or more. Scale them up.")
    planes = (each.double().movedim(-1, 1) for each in (first, second))  # variances are small differences
    return similarity(*planes, WINDOW, eps=0.0, padding="valid").mean((1, 2, 3))
