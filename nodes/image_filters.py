"""Nodes that blur and sharpen pictures, and that remove or add noise."""

from typing import Annotated

from diffusion.images import filters
from diffusion.images.morphology import OPERATIONS, kernel, morphology
from graph.declare import Choice, Range, Seed, node
from nodes.sockets import Image

Radius = Annotated[int, Range(0, 256)]
Pixels = Annotated[float, Range(0.1, 256.0, step=0.1)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Strength = Annotated[float, Range(0.0, 30.0, step=0.5)]


@node("ImageBlur", category="image/filter", title="Blur Image", search=["gaussian", "soften"])
def image_blur(
    image: Image, blur_radius: Radius = 1, sigma: Annotated[float, Range(0.1, 10.0, step=0.1)] = 1.0
) -> Image:
    """Blur pictures by a Gaussian that ends at a radius.

    blur_radius: In pixels; 0 changes nothing.
    sigma: Standard deviation as a share of the radius; large ones blur evenly over the whole radius.
    """
    return filters.blurred(image, filters.comfy_gaussian(blur_radius, sigma)) if blur_radius else image


@node("GaussianBlur", category="image/filter", title="Gaussian Blur", search=["soften"])
def gaussian_blur(image: Image, sigma: Pixels = 4.0) -> Image:
    """Blur pictures by a whole Gaussian.

    sigma: Standard deviation in pixels.
    """
    return filters.blurred(image, filters.gaussian(sigma))


@node("BoxBlur", category="image/filter", title="Box Blur", search=["mean"])
def box_blur(image: Image, radius: Radius = 2) -> Image:
    """Blur pictures by the mean of a square around each pixel.

    radius: The square has twice as many pixels a side, and one more.
    """
    return filters.blurred(image, filters.box_kernel(radius))


@node("MotionBlur", category="image/filter", title="Motion Blur", search=["speed", "direction"])
def motion_blur(
    image: Image,
    length: Annotated[int, Range(1, 256)] = 15,
    angle: Annotated[float, Range(-180.0, 180.0, step=1.0)] = 0.0,
) -> Image:
    """Blur pictures as if the camera had moved.

    length: How far, in pixels.
    angle: In which direction, in degrees clockwise from the right.
    """
    return filters.convolved(image, filters.motion_kernel(length, angle))


@node("LensBlur", category="image/filter", title="Lens Blur", search=["bokeh", "depth of field", "out of focus"])
def lens_blur(
    image: Image, radius: Pixels = 6.0, highlights: Annotated[float, Range(0.5, 4.0, step=0.1)] = 1.0
) -> Image:
    """Blur pictures as a lens does that is out of focus: bright points become discs.

    radius: Of the discs, in pixels.
    highlights: Above 1 makes bright points shine more.
    """
    return filters.lens_blurred(image, radius, highlights)


@node("ImageSharpen", category="image/filter", title="Sharpen Image", search=["crisp"])
def image_sharpen(
    image: Image,
    sharpen_radius: Annotated[int, Range(0, 31)] = 1,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.01)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 1.0,
) -> Image:
    """Sharpen pictures.

    sharpen_radius: Size of the details, in pixels; 0 changes nothing.
    sigma: Of the Gaussian whose detail is raised, as a share of the radius.
    alpha: How much; 0.1 is gentle, 1 is strong.
    """
    return filters.sharpened(image, sharpen_radius, sigma, alpha)


@node("UnsharpMask", category="image/filter", title="Unsharp Mask", search=["sharpen", "clarity", "local contrast"])
def unsharp_mask(
    image: Image,
    sigma: Pixels = 1.5,
    amount: Annotated[float, Range(0.0, 10.0, step=0.05)] = 0.8,
    threshold: Share = 0.0,
) -> Image:
    """Sharpen pictures, and leave noise alone.

    sigma: Size of the details in pixels; a large one raises the local contrast.
    amount: How much the detail is raised.
    threshold: Weaker detail than this stays as it is.
    """
    return filters.unsharp_masked(image, sigma, amount, threshold)


@node("MedianFilter", category="image/filter", title="Median Filter", search=["denoise", "despeckle", "salt"])
def median_filter(image: Image, radius: Annotated[int, Range(1, 32)] = 1) -> Image:
    """Remove specks and keep edges: each pixel becomes the median of a square around it. Works in 8 bits.

    radius: The square has twice as many pixels a side, and one more.
    """
    return filters.median(image, radius)


@node("BilateralFilter", category="image/filter", title="Bilateral Filter", search=["denoise", "smooth", "skin"])
def bilateral_filter(
    image: Image,
    radius: Annotated[int, Range(1, 32)] = 4,
    color_sigma: Annotated[float, Range(0.01, 2.0, step=0.01)] = 0.1,
    sigma: Pixels = 3.0,
) -> Image:
    """Smooth pictures and keep edges.

    radius: How far around each pixel is averaged.
    color_sigma: How different colours may be that are averaged; more smooths more.
    sigma: How much nearer pixels count more, in pixels.
    """
    return filters.bilateral(image, radius, color_sigma, sigma)


@node("NonLocalDenoise", category="image/filter", title="Denoise (Non-Local Means)", search=["noise", "grain"])
def non_local_denoise(image: Image, strength: Strength = 5.0, color_strength: Strength = 5.0) -> Image:
    """Remove noise by averaging over parts that look alike. Works in 8 bits, and takes its time.

    strength: How strong the noise in brightness is, in levels of 255.
    color_strength: How strong the noise in colour is.
    """
    return filters.non_local_means(image, strength, color_strength)


@node("FilmGrain", category="image/filter", title="Film Grain", search=["noise", "analog", "photo"])
def film_grain(
    image: Image,
    strength: Annotated[float, Range(0.0, 0.5, step=0.005)] = 0.06,
    size: Annotated[float, Range(1.0, 16.0, step=0.1)] = 1.5,
    color: Share = 0.2,
    seed: Seed = 0,
) -> Image:
    """Add the grain of a film to pictures, most of it to middle tones.

    strength: Standard deviation in middle grey, of 1.
    size: Of the grains, in pixels.
    color: 0 is grey grain, 1 grain of its own in each colour.
    seed: Decides on the grain.
    """
    return filters.grain(image, strength, size, color, seed)


@node("ImageAddNoise", category="image/filter", title="Add Noise to Image", search=["gaussian"])
def image_add_noise(image: Image, seed: Seed = 0, strength: Share = 0.5) -> Image:
    """Add Gaussian noise to pictures.

    seed: Decides on the noise.
    strength: Standard deviation, of 1.
    """
    return filters.add_noise(image, strength, seed)


@node("Morphology", category="image/filter", title="Morphology", search=["erode", "dilate", "open", "close", "top hat"])
def image_morphology(
    image: Image,
    operation: Annotated[str, Choice(OPERATIONS)] = "erode",
    kernel_size: Annotated[int, Range(3, 999)] = 3,
) -> Image:
    """Grow or shrink what is bright in pictures, in each colour.

    operation: erode shrinks, dilate grows; open removes small bright parts, close small dark ones; the others show what
        these change.
    kernel_size: Side of the square around each pixel that is looked at.
    """
    return morphology(image, operation, kernel(kernel_size // 2, "square")[:kernel_size, :kernel_size])
