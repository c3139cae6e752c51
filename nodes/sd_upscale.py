"""Nodes that enlarge pictures by repainting them in tiles."""

from types import MappingProxyType
from typing import Annotated, Any

import torch

from diffusion.images.resize import METHODS
from diffusion.pictures.tile_grid import TileGrid
from graph.declare import Choice, InputError, Range, Seed, Subgraph, node
from nodes.repainting import Denoise, Repainting, TileSide
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps
from nodes.sockets import AnyValue, Conditioning, Image, Model, UpscaleModel, Vae

Overlap = Annotated[int, Range(0, 1024, step=8)]
BatchSize = Annotated[int, Range(1, 64)]

LATENT_METHODS = MappingProxyType(
    {
        "latent": "bilinear",
        "latent (antialiased)": "bilinear-antialiased",
        "latent (bicubic)": "bicubic",
        "latent (nearest)": "nearest-exact",
    }
)
NONE = "none"


@node("SDUpscale", category="image/upscaling", title="SD Upscale", search=["tiles", "enlarge", "ultimate", "img2img"])
def sd_upscale(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    image: Image,
    upscale_method: Annotated[str, Choice((*METHODS, *LATENT_METHODS, NONE))] = "lanczos",
    scale_by: Annotated[float, Range(1, 8, step=0.05)] = 2.0,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "dpmpp_2m",
    scheduler: SchedulerName = "karras",
    denoise: Denoise = 0.3,
    tile_width: TileSide = 512,
    tile_height: TileSide = 512,
    overlap: Overlap = 64,
    batch_size: BatchSize = 1,
    upscale_model: UpscaleModel | None = None,
) -> Image | Subgraph:
    """Enlarge a picture, and repaint it in tiles, so that it gets detail that the model knows to paint.

    positive: What the picture shows; better what is true of every tile.
    negative: What it should not show.
    image: The picture.
    upscale_method: How the picture is enlarged before; none leaves its size.
    scale_by: Sides are rounded down to multiples of eight.
    seed: Of the first batch of tiles; each has the next one.
    steps: So many are done for each tile.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    denoise: 0.15 to 0.4 keeps the picture; more paints the whole prompt into every tile.
    tile_width: Best the size that the model was trained at.
    tile_height: Best the size that the model was trained at.
    overlap: Pixels that neighbouring tiles share at least, over which they fade into each other.
    batch_size: How many tiles are painted at once.
    upscale_model: Enlarges the picture in place of the method.
    """
    graph = Subgraph()
    larger: Any = image
    if upscale_model is not None:
        larger = graph.add("UpscaleImageTo", image=image, scale_by=scale_by, upscale_model=upscale_model)
    elif upscale_method in LATENT_METHODS:
        latent = graph.add("VAEEncode", pixels=image, vae=vae)
        method = LATENT_METHODS[upscale_method]
        scaled = graph.add("LatentUpscaleBy", samples=latent, upscale_method=method, scale_by=scale_by)
        larger = graph.add("VAEDecode", samples=scaled, vae=vae)
    elif upscale_method != NONE:
        larger = graph.add("UpscaleImageTo", image=image, upscale_method=upscale_method, scale_by=scale_by)
    return graph.returns(
        graph.add(
            repaint_tiles, model=model, positive=positive, negative=negative, vae=vae, image=larger, seed=seed,
            steps=steps, cfg=cfg, sampler_name=sampler_name, scheduler=scheduler, denoise=denoise,
            tile_width=tile_width, tile_height=tile_height, overlap=overlap, batch_size=batch_size,
        )
    )  # fmt: skip


@node("RepaintTiles", category="image/upscaling", title="Repaint in Tiles", search=["sd upscale", "tiled", "img2img"])
def repaint_tiles(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    image: Image,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "dpmpp_2m",
    scheduler: SchedulerName = "karras",
    denoise: Denoise = 0.3,
    tile_width: TileSide = 512,
    tile_height: TileSide = 512,
    overlap: Overlap = 64,
    batch_size: BatchSize = 1,
) -> Image | Subgraph:
    """Repaint a picture in tiles that fade into each other.

    positive: What the picture shows; better what is true of every tile.
    negative: What it should not show.
    image: The picture; one that is smaller than a tile is surrounded by its outermost pixels.
    seed: Of the first batch of tiles; each has the next one.
    steps: So many are done for each tile.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    denoise: How much of the picture is replaced.
    tile_width: Best the size that the model was trained at.
    tile_height: Best the size that the model was trained at.
    overlap: Pixels that neighbouring tiles share at least, over which they fade into each other.
    batch_size: How many tiles are painted at once.
    """
    if overlap >= min(tile_width, tile_height):
        raise InputError("overlap", "Tiles would share all of their pixels. Make the overlap smaller than a tile.")
    run = Repainting(model, positive, negative, vae, seed, steps, cfg, sampler_name, scheduler, denoise)
    grid = TileGrid(image.shape[2], image.shape[1], tile_width, tile_height, overlap)
    graph = Subgraph()
    batches = torch.cat(grid.split(image[..., :3])).split(batch_size)
    painted = [run.later(number).image(graph, batch) for number, batch in enumerate(batches)]
    tiles = {f"tile_{number}": tile for number, tile in enumerate(painted)}
    return graph.returns(graph.add(combine_tiles, grid=grid, **tiles))


@node("CombineTiles", category="image/upscaling", internal=True)
def combine_tiles(grid: AnyValue, **tiles: Image) -> Image:
    """Put tiles together.

    grid: How they were cut.
    """
    every = torch.cat(list(tiles.values()))
    combined: torch.Tensor = grid.combine(every.split(len(every) // grid.count))
    return combined
