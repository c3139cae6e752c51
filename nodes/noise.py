"""Nodes that say where the noise of a run comes from."""

from typing import Annotated, Any, get_args

from diffusion.sampling.noise import BatchNoise, NoNoise, Origin, PictureNoise, source_of
from diffusion.sampling.sample import add_noise as with_noise
from graph.declare import Choice, Range, Seed, node
from nodes.sockets import Latent, Model, Noise, Sigmas

CELL = 8
"""Pixels of a picture that are one cell of a latent."""


@node("RandomNoise", category="sampling/noise", search=["seed"])
def random_noise(noise_seed: Seed = 0) -> Noise:
    """Noise as KSampler draws it: one stream of numbers for the whole batch, on the CPU.

    noise_seed: The same seed, settings and model give the same picture.
    """
    return BatchNoise(noise_seed)


@node("DisableNoise", category="sampling/noise")
def disable_noise() -> Noise:
    """No noise to start from, for a latent that is noisy already."""
    return NoNoise()


@node("VariationNoise", category="sampling/noise", search=["seed", "webui", "subseed", "variation", "ENSD", "resize"])
def variation_noise(
    noise_seed: Seed = 0,
    variation_seed: Seed = 0,
    variation_strength: Annotated[float, Range(0, 1, step=0.01)] = 0.0,
    source: Annotated[str, Choice(list(get_args(Origin)))] = "cpu",
    resize_from_width: Annotated[int, Range(0, 16384, step=CELL)] = 0,
    resize_from_height: Annotated[int, Range(0, 16384, step=CELL)] = 0,
    eta_noise_seed_delta: Annotated[int, Range(0, 2**32 - 1)] = 0,
) -> Noise:
    """Noise as Stable Diffusion WebUI draws it: every picture of a batch has a seed of its own, one more than the last.

    noise_seed: The seed of the first picture.
    variation_seed: The seed to go towards; while it counts, it is the one that grows from picture to picture.
    variation_strength: 0 is the picture of the seed, 1 that of the variation seed, between them are its variations.
    source: What draws. nv gives on every machine what WebUI gives on NVIDIA cards with its default settings.
    resize_from_width: The width of a picture whose composition to keep at another size, in pixels; 0 for none.
    resize_from_height: Its height, in pixels; 0 for none.
    eta_noise_seed_delta: WebUI's ENSD, 31337 where a picture's parameters say so; it counts for the noise within a run.
    """
    resized = resize_from_width > 0 and resize_from_height > 0
    origin: Any = source
    return PictureNoise(
        noise_seed,
        origin,
        variation_seed,
        variation_strength,
        (resize_from_height // CELL, resize_from_width // CELL) if resized else None,
        eta_noise_seed_delta,
    )


@node("AddNoise", category="sampling/noise", search=["noisy", "img2img"])
def add_noise(model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Put noise on a latent, as much as a run over these levels takes away.

    model: The model whose levels they are.
    noise: The noise.
    sigmas: The first of them less the last is the strength.
    latent_image: The latent.
    """
    return with_noise(model, latent_image, source_of(noise, latent_image), sigmas)
