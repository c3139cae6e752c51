"""Enlarging pictures with upscale models: ESRGAN, SwinIR, DAT and the other architectures that spandrel knows.

Pictures are float32 `[B, H, W, C]` in 0..1, with one (grey), three or four channels (alpha).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion import devices
from diffusion.families.recognition import looks_like
from diffusion.images.resize import resize, resize_images
from diffusion.residency import Part
from diffusion.tiles import Tile, blend
from diffusion.weights import Header, TensorInfo, WeightsError, is_pickle, load_pickle, load_weights

TILES = (512, 256, 128)
"""Sides of tiles in pixels; the largest that there is memory for is used."""
CONTEXT = 16
"""Pixels around a tile that the network sees as well, so that the tile's edges are not those of a picture to it."""
FEATHER = 16
"""Pixels over which neighbouring tiles fade into each other."""
MOST_PASSES = 3
MULTIPLE = 8

# The peak of activations, measured: this many numbers for each pixel of a tile (ESRGAN 2,800, SwinIR 2,600 at 4x).
ACTIVATIONS = 3000
ACTIVATIONS_SCALE = 4

OnProgress = Callable[[float, float], None]
"""Called with how much is done and how much there is; may raise to stop."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UpscaleModel:
    """A network that enlarges pictures, or with a scale of 1 restores them.

    channels: of the pictures that the network takes and gives: 1 (grey), 3 or 4.
    """

    part: Part
    scale: int
    channels: int

    def upscale(self, images: Tensor, on_progress: OnProgress | None = None) -> Tensor:
        """Pictures `[B, H * scale, W * scale, C]`, made in tiles that fade into each other.

        A grey picture stays grey; alpha is resized where the network does not know it.
        """
        if images.shape[-1] not in (1, 3, 4):
            raise ValueError(
                f"The picture has {images.shape[-1]} channels; an upscale model takes grey, RGB or RGBA pictures."
            )
        pictures = images.float().movedim(-1, 1).split(1)
        results = []
        with self.part.loaded() as network:
            for index, picture in enumerate(pictures):
                progress = _share(on_progress, index, len(pictures))
                results.append(_answer(self._asked(network, picture, progress), picture))
        return torch.cat(results).movedim(1, -1).contiguous()

    def upscale_to(self, images: Tensor, width: int, height: int, on_progress: OnProgress | None = None) -> Tensor:
        """Pictures of a size, as Stable Diffusion WebUI makes them.

        The model is run until both sides reach the size, but three times at most; then Lanczos resizes to it exactly. A
        model that does not enlarge is run once.
        """
        passes = self.passes(images.shape[2], images.shape[1], width, height)
        for index in range(passes):
            images = self.upscale(images, _share(on_progress, index, passes))
        return images if images.shape[1:3] == (height, width) else resize_images(images, width, height, "lanczos")

    def passes(self, width: int, height: int, target_width: int, target_height: int) -> int:
        """How often `upscale_to` runs the model for a picture of `width` x `height`."""
        if self.scale == 1:
            return 1
        passes = 0
        while passes < MOST_PASSES and (width < target_width or height < target_height):
            width, height, passes = width * self.scale, height * self.scale, passes + 1
        return passes

    def _asked(self, network: Any, picture: Tensor, on_progress: OnProgress | None) -> Tensor:
        """What the network makes of a picture `[1, C, H, W]`, and alpha where the picture has it."""
        colours, alpha = picture[:, :3], picture[:, 3:]
        if self.channels == 1:
            planes = colours.split(1, dim=1)
            shares = [_share(on_progress, index, len(planes)) for index in range(len(planes))]
            results = [_in_tiles(network, plane, share) for plane, share in zip(planes, shares, strict=True)]
            enlarged = torch.cat(results, dim=1)
        else:
            seen = colours.expand(-1, 3, -1, -1)
            if self.channels == 4:
                seen = torch.cat([seen, alpha if alpha.shape[1] else torch.ones_like(seen[:, :1])], dim=1)
            enlarged = _in_tiles(network, seen, on_progress)
        if alpha.shape[1] and self.channels != 4:
            resized = resize(alpha, enlarged.shape[-1], enlarged.shape[-2], "bicubic").clamp(0, 1)
            enlarged = torch.cat([enlarged, resized], dim=1)
        return enlarged


def load_upscale_model(path: Path, *, device: torch.device | None = None) -> UpscaleModel:
    """Open an upscale model; its architecture is recognised by the names and shapes of its tensors.

    Raises `WeightsError` for a file that is corrupt, or no upscale model of a known architecture.
    """
    device = device or devices.current()
    weights = _weights(path)
    size = sum(tensor.numel() for tensor in weights.values()) * torch.float32.itemsize
    part = Part(f"{path.name}: upscale model", device, size, lambda: _network(path, weights, device))
    with part.loaded() as network:
        channels = int(network.input_channels)
        if network.output_channels != channels or channels not in (1, 3, 4):
            raise WeightsError(
                f"{path.name} turns pictures of {channels} channels into pictures of {network.output_channels}, which "
                "no picture here can be: choose another upscale model."
            )
        return UpscaleModel(part, int(network.scale), channels)


def scaled_size(width: int, height: int, factor: float) -> tuple[int, int]:
    """A size times a factor, with sides rounded down to multiples of eight, as Stable Diffusion WebUI does."""
    across, down = (max(MULTIPLE, int(side * factor) // MULTIPLE * MULTIPLE) for side in (width, height))
    return across, down


def _weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; training programs keep them in a table inside of it."""
    from spandrel import canonicalize_state_dict

    if not is_pickle(path):
        return dict(canonicalize_state_dict(load_weights(path)))
    content = load_pickle(path)
    table = canonicalize_state_dict(dict(content)) if isinstance(content, Mapping) else {}
    tensors = {str(name): value for name, value in table.items() if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsError(f"{path.name} holds no tensors: get the file again, or choose another one.")
    return tensors


def _network(path: Path, weights: Mapping[str, Tensor], device: torch.device) -> Any:
    """The network in spandrel's wrapping, which pads pictures to a size that the network can take."""
    import spandrel

    try:
        network = spandrel.ModelLoader(device).load_from_state_dict(dict(weights))
    except spandrel.UnsupportedModelError:
        tensors = {name: TensorInfo(tuple(tensor.shape), tensor.dtype) for name, tensor in weights.items()}
        raise WeightsError(
            f"{path.name} is no upscale model of a known architecture: it is {looks_like(Header(path, tensors))}."
        ) from None
    except (RuntimeError, LookupError, ValueError, TypeError, AssertionError) as error:
        if devices.is_out_of_memory(error):
            raise
        raise WeightsError(
            f"{path.name} looks like an upscale model, but cannot be loaded as one: get the file again."
        ) from error
    if isinstance(network, spandrel.MaskedImageModelDescriptor):
        raise WeightsError(
            f"{path.name} is a model for inpainting ({network.architecture.name}), not for upscaling: choose another "
            "file."
        )
    return network.eval()


def _answer(enlarged: Tensor, picture: Tensor) -> Tensor:
    """What the network made of a picture, with the channels that the picture has."""
    if picture.shape[1] == 1:
        return enlarged[:, :3].mean(dim=1, keepdim=True)
    return enlarged[:, : picture.shape[1]]


def _in_tiles(network: Any, picture: Tensor, on_progress: OnProgress | None) -> Tensor:
    """The enlarged picture `[1, C, H, W]`, in smaller tiles where memory runs out."""
    sides = [side for side in TILES[:-1] if _needed(network, picture, side) <= devices.free_bytes(network.device)]
    for side in sides:
        try:
            return _tiled(network, picture, side, on_progress)
        except (RuntimeError, MemoryError) as error:
            if not devices.is_out_of_memory(error):
                raise
        log.warning("There was not enough memory to enlarge tiles of %d pixels: they are made smaller.", side)
    return _tiled(network, picture, TILES[-1], on_progress)


def _tiled(network: Any, picture: Tensor, side: int, on_progress: OnProgress | None) -> Tensor:
    scale = network.scale

    def run(place: Tile) -> Tensor:
        top, left = max(0, place.y - CONTEXT), max(0, place.x - CONTEXT)
        bottom, right = place.y + place.height + CONTEXT, place.x + place.width + CONTEXT
        seen = picture[..., top:bottom, left:right].to(network.device, network.dtype)
        rows = slice((place.y - top) * scale, (place.y - top + place.height) * scale)
        columns = slice((place.x - left) * scale, (place.x - left + place.width) * scale)
        result: Tensor = network(seen)
        return result[..., rows, columns].float().cpu()

    return blend(run, (picture.shape[-2], picture.shape[-1]), [(side, side)], FEATHER, scale, on_progress)


def _needed(network: Any, picture: Tensor, side: int) -> int:
    """Bytes that the network needs for a tile."""
    pixels = min(side + 2 * CONTEXT, picture.shape[-2]) * min(side + 2 * CONTEXT, picture.shape[-1])
    larger = max(1.0, network.scale / ACTIVATIONS_SCALE) ** 2
    return int(pixels * ACTIVATIONS * larger * network.dtype.itemsize)


def _share(on_progress: OnProgress | None, index: int, count: int) -> OnProgress | None:
    """For the part at `index` of so many that take equally long, a function to report its progress to."""
    if on_progress is None:
        return None
    return lambda done, total: on_progress(index * total + done, count * total)
