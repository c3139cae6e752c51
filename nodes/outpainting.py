"""Nodes that continue pictures beyond their edges."""

from typing import Annotated, Any, NamedTuple

from diffusion.pictures import outpainting, overlay
from diffusion.pictures.masked_content import CONTENTS
from diffusion.pictures.tile_grid import TileGrid
from graph.declare import Choice, InputError, Range, Seed, Subgraph, node
from nodes.repainting import Blur, Denoise, Repainting, TileSide
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps
from nodes.sockets import Conditioning, Image, InpaintPlace, Mask, Model, Vae

Pixels = Annotated[int, Range(8, 1024, step=8)]
FallOff = Annotated[float, Range(0, 4, step=0.01)]
Variation = Annotated[float, Range(0, 1, step=0.01)]


class Extended(NamedTuple):
    """What is to be repainted of an extended picture, its mask, and where it belongs."""

    image: Image
    mask: Mask
    place: InpaintPlace


@node("ExtendPicture", category="inpaint/outpaint", search=["outpainting", "matched noise", "uncrop"])
def extend_picture(
    image: Image,
    direction: Annotated[str, Choice(outpainting.DIRECTIONS)] = "right",
    pixels: Pixels = 128,
    mask_blur: Blur = 8,
    fall_off: FallOff = 1.0,
    color_variation: Variation = 0.05,
    context: TileSide = 512,
) -> Extended:
    """Make room at one side of a picture, filled with noise that has its shapes and colours.

    Encode the result for inpainting, sample it, and put it back by Finish Inpainting.

    direction: Which side.
    pixels: How far.
    mask_blur: Width in pixels of the seam that is repainted with it.
    fall_off: Less makes the noise finer, more makes its shapes larger.
    color_variation: How colourful the noise is.
    context: Length in pixels, new part included, of what the model sees of the picture.
    """
    return Extended(
        *outpainting.extend(
            image, direction, pixels, blur=mask_blur, fall_off=fall_off, variation=color_variation, context=context
        )
    )


@node("OutpaintMk2", category="inpaint/outpaint", title="Outpainting mk2", search=["uncrop", "extend", "expand"])
def outpaint_mk2(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    image: Image,
    seed: Seed = 0,
    steps: Steps = 80,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "euler_ancestral",
    scheduler: SchedulerName = "normal",
    denoise: Denoise = 0.8,
    pixels: Pixels = 128,
    mask_blur: Blur = 8,
    left: bool = True,
    right: bool = True,
    up: bool = True,
    down: bool = True,
    fall_off: FallOff = 1.0,
    color_variation: Variation = 0.05,
    context: TileSide = 512,
) -> Image | Subgraph:
    """Continue a picture beyond its edges, one after the other, from noise that has its shapes and colours.

    The new sides are multiples of 64.

    positive: What the whole picture should show.
    negative: What it should not show.
    image: The picture.
    seed: The same seed, settings and model give the same picture.
    steps: Many are wanted, as most of the picture is new.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    denoise: How much of the noise that fills the new part is replaced.
    pixels: How far at each side; a little more where that is no multiple of 64.
    mask_blur: Width in pixels of the seam that is repainted too.
    fall_off: Less makes the filling finer, more makes its shapes larger.
    color_variation: How colourful the filling is.
    context: Length in pixels, new part included, of what the model sees along the direction.
    """
    wanted = dict(zip(outpainting.DIRECTIONS, (left, right, up, down), strict=True))
    directions = _directions(wanted)
    room = outpainting.margins(image.shape[2], image.shape[1], pixels, directions)
    run = Repainting(model, positive, negative, vae, seed, steps, cfg, sampler_name, scheduler, denoise)
    graph = Subgraph()
    current: Any = image
    for direction in directions:
        extended = graph.add(
            extend_picture, image=current, direction=direction, pixels=getattr(room, direction), mask_blur=mask_blur,
            fall_off=fall_off, color_variation=color_variation, context=context,
        )  # fmt: skip
        painted = run.masked(graph, extended.out(0), extended.out(1), "original")
        current = graph.add("FinishInpaint", image=painted, place=extended.out(2))
    return graph.returns(current)


@node("OutpaintPoorMan", category="inpaint/outpaint", title="Poor Man's Outpainting", search=["uncrop", "extend"])
def outpaint_poor_man(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    image: Image,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "euler_ancestral",
    scheduler: SchedulerName = "normal",
    denoise: Denoise = 0.8,
    pixels: Pixels = 128,
    mask_blur: Blur = 4,
    masked_content: Annotated[str, Choice(CONTENTS)] = "fill",
    left: bool = True,
    right: bool = True,
    up: bool = True,
    down: bool = True,
    tile_width: TileSide = 512,
    tile_height: TileSide = 512,
) -> Image | Subgraph:
    """Continue a picture beyond its edges in tiles, from the colours of its edges.

    The new sides are multiples of 64; neighbouring tiles share as many pixels as are added.

    positive: What the whole picture should show.
    negative: What it should not show.
    image: The picture.
    seed: Of the first tile; each has the next one.
    steps: So many are done for each tile.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    denoise: How much of what fills the new part is replaced.
    pixels: How far at each side; a little more where that is no multiple of 64.
    mask_blur: Width in pixels of the seam that is repainted too.
    masked_content: What the new part is filled with.
    tile_width: Larger than pixels.
    tile_height: Larger than pixels.
    """
    wanted = dict(zip(outpainting.DIRECTIONS, (left, right, up, down), strict=True))
    if pixels >= min(tile_width, tile_height):
        raise InputError("pixels", "Tiles share as many pixels as are added. Make tiles larger than that.")
    height, width = image.shape[1:3]
    room = outpainting.margins(width, height, pixels, _directions(wanted))
    canvas = outpainting.canvas(image, room, mask_blur)
    grid = TileGrid(canvas.images.shape[2], canvas.images.shape[1], tile_width, tile_height, pixels)
    run = Repainting(model, positive, negative, vae, seed, steps, cfg, sampler_name, scheduler, denoise)
    graph = Subgraph()
    parts, masks = grid.split(canvas.images), grid.split(canvas.mask[..., None])
    changing = grid.split(canvas.latent_mask[..., None])
    tiles: list[Any] = []
    runs = 0
    for part, mask, inner in zip(parts, masks, changing, strict=True):
        if not mask.any():
            tiles.append(part)
            continue
        prepared = overlay.prepare(part, mask[..., 0], blur=2 * mask_blur)
        painted = run.later(runs).masked(graph, prepared.images, prepared.mask, masked_content, inner[..., 0])
        tiles.append(graph.add("FinishInpaint", image=painted, place=prepared.place))
        runs += 1
    return graph.returns(
        graph.add("CombineTiles", grid=grid, **{f"tile_{number}": tile for number, tile in enumerate(tiles)})
    )


def _directions(wanted: dict[str, bool]) -> list[str]:
    directions = [direction for direction, is_wanted in wanted.items() if is_wanted]
    if not directions:
        raise InputError("left", "No direction is chosen. Turn one on.")
    return directions
