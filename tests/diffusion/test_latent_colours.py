from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from diffusion.families.sd1 import SD1
from diffusion.latent_colours import with_fitted_colours

MIXING = torch.tensor([[2.0, 0.5, 0.0], [0.0, 1.5, 0.0], [0.3, 0.0, -1.0], [1.0, 1.0, 1.0]])
SHIFT = torch.tensor([0.1, -0.2, 0.3, 0.0])


@dataclass
class LinearVae:
    """Latents that are mixtures of an 8 x 8 block's mean colour, in VAE space."""

    scale: float

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        means = F.avg_pool2d(images.movedim(-1, 1) * 2 - 1, 8)
        return (torch.einsum("lc,bchw->blhw", MIXING, means) + SHIFT[:, None, None]) / self.scale


def test_a_linear_encoder_is_inverted():
    fitted = with_fitted_colours(SD1.latent_format, LinearVae(SD1.latent_format.scale))
    image = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(1))
    latent = fitted.to_model(LinearVae(fitted.scale).encode(image)).movedim(1, -1)
    colours = latent @ torch.tensor(fitted.rgb_factors) + torch.tensor(fitted.rgb_bias)
    expected = F.avg_pool2d(image.movedim(-1, 1) * 2 - 1, 8).movedim(1, -1)
    torch.testing.assert_close(colours, expected, atol=1e-4, rtol=1e-4)


def test_only_colours_change_and_always_in_the_same_way(tiny):
    fitted = with_fitted_colours(SD1.latent_format, tiny.vae)
    torch.testing.assert_close(fitted.rgb_factors, tiny.model.latent_format.rgb_factors, atol=1e-4, rtol=1e-4)
    colours = {"rgb_factors": SD1.latent_format.rgb_factors, "rgb_bias": SD1.latent_format.rgb_bias}
    assert replace(fitted, **colours) == SD1.latent_format
    assert fitted != SD1.latent_format
