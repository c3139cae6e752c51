"""Nodes that find parts of pictures, cut them out to be worked on at a size of their own, and put them back."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from diffusion.images import details, detection, faces
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.sockets import Image, Mask, PicturePlace

OUTLINE = "outline"
Growth = Annotated[float, Range(0.5, 4.0, step=0.05)]
Most = Annotated[int, Range(1, 100)]
Side = Annotated[int, Range(0, 16384, step=8)]


class Part(NamedTuple):
    """A part of a picture, what of it the mask marks, and where it was."""

    image: Image
    mask: Mask
    place: PicturePlace


@node("FindFaces", category="image/details", search=["face detection", "detailer", "portrait", "adetailer"])
def find_faces(
    image: Image,
    growth: Growth = 1.3,
    shape: Annotated[str, Choice(faces.SHAPES)] = "ellipse",
    smallest: Annotated[float, Range(0.01, 1.0, step=0.01)] = 0.08,
    certainty: Annotated[int, Range(1, 20)] = 4,
    most: Most = 8,
    tilted: bool = False,
) -> Iterator[Mask]:
    """Find the faces of people who look at the viewer, and make a list of masks, one for each, largest first.

    It needs no model, and knows faces seen from the front in photographs. Find Things knows more with a file of yours.

    image: A single picture.
    growth: How much larger than the face the mask is.
    smallest: Side of the smallest face, as a share of the shorter side of the picture.
    certainty: More finds fewer faces, and errs less.
    most: No more faces than this.
    tilted: Look for inclined heads too, up to 50 degrees; takes five times as long, and wants more certainty.
    """
    if len(image) > 1:
        raise InputError("image", "Faces are found in one picture at a time. Take one by Image from Batch.")
    height, width = image.shape[1:3]
    for box in faces.find_faces(image[0], smallest, certainty, tilted)[:most]:
        yield faces.face_mask(box, height, width, growth, shape)


@node(
    "FindThings",
    category="image/details",
    title="Find Things (YOLO)",
    search=["object detection", "detailer", "adetailer", "face", "hand", "person", "onnx", "ultralytics"],
)
def find_things(
    ctx: Context,
    image: Image,
    detector: Annotated[str, Files("annotators", extensions=(".onnx",))],
    threshold: Annotated[float, Range(0.01, 1.0, step=0.01)] = 0.3,
    names: str = "",
    growth: Growth = 1.0,
    shape: Annotated[str, Choice((*faces.SHAPES, OUTLINE))] = "rectangle",
    most: Most = 8,
) -> Iterator[Mask]:
    """Find faces, hands, people or other things by a YOLO network, and make a list of masks, one for each.

    Detectors such as face_yolov8n are published as .pt files, which are programs in part and not opened. The package
    ultralytics makes ONNX files of them: yolo export model=face_yolov8n.pt format=onnx.

    image: A single picture.
    detector: An ONNX file in models/annotators, of YOLO 8 or later.
    threshold: Finds only what it is at least so sure of.
    names: Takes only things with these names, with commas between them, as in person, dog; empty for all.
    growth: How much larger than the thing the mask is; outlines stay as they are.
    shape: outline is for networks that give one, whose names end in -seg.
    most: No more things than this, the largest first.
    """
    if len(image) > 1:
        raise InputError("image", "Things are found in one picture at a time. Take one by Image from Batch.")
    try:
        found = detection.load_detector(ctx.folders.model_path("annotators", detector)).find(image[0], threshold)
    except (WeightsError, detection.DetectorError, FileNotFoundError) as error:
        raise InputError("detector", str(error)) from error
    wanted = {name.strip().lower() for name in names.split(",") if name.strip()}
    for each in [each for each in found if not wanted or each.label.lower() in wanted][:most]:
        if shape != OUTLINE:
            yield faces.face_mask(each.box, image.shape[1], image.shape[2], growth, shape)
        elif each.outline is None:
            raise InputError("shape", "This detector gives no outlines. Choose a rectangle or an ellipse.")
        else:
            yield each.outline[None]


@node("CropByMask", category="image/details", search=["cut", "zoom", "only masked", "detailer", "inpaint"])
def crop_by_mask(
    image: Image,
    mask: Mask,
    padding: Annotated[int, Range(0, 16384)] = 32,
    width: Side = 512,
    height: Side = 512,
) -> Part:
    """Cut out what a mask marks, with some of what is around it, and scale it to a size to work on.

    mask: White is what may change later; as large as the picture.
    padding: Pixels around the marked part.
    width: 0 keeps the proportions; 0 for both keeps the size.
    height: 0 keeps the proportions; 0 for both keeps the size.
    """
    try:
        return Part(*details.cut(image, mask, padding, width, height))
    except ValueError as error:
        raise InputError("mask", str(error)) from error


@node("PasteCrop", category="image/details", search=["put back", "detailer", "uncrop", "stitch"])
def paste_crop(
    image: Image, parts: list[Image], places: list[PicturePlace], feather: Annotated[int, Range(0, 1024)] = 8
) -> Image:
    """Put parts back where Crop by Mask cut them out; what their masks do not mark stays exactly as it was.

    image: The picture that the parts were cut out of.
    parts: What became of the parts: one, or a list.
    places: From Crop by Mask, in the same order.
    feather: Over how many pixels, from the edge of the mask inwards, old and new are mixed.
    """
    if len(parts) != len(places):
        raise InputError("parts", f"There are {len(parts)} parts for {len(places)} places. Connect a part for each.")
    try:
        for part, place in zip(parts, places, strict=True):
            image = details.paste(image, part, place, feather)
    except ValueError as error:
        raise InputError("image", str(error)) from error
    return image
