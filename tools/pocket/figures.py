"""Figures with the points of a skeleton: some of the world's objects, and simple dolls that are drawn here.

Points are OpenPose's 18 of a body, in its order, as an array [18, 2] in the unit square of the drawing; those that a
figure lacks are NaN. A figure faces the viewer, so its right side is on the left of the picture.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from diffusion.annotators.skeletons import drawn
from tools.pocket.world import BACKGROUNDS, RESOLUTION, TINTS, sprite

POINTS = (
    "nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist",
    "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
    "right eye", "left eye", "right ear", "left ear",
)  # fmt: skip

Place = tuple[float, float]

# The points of the world's objects that have a face, by hand: "eye" stands for both, the right one's place is given.
SPRITE_POINTS: dict[str, dict[str, Place]] = {
    "penguin": {
        "nose": (0.5, 0.34), "neck": (0.5, 0.44), "shoulder": (0.24, 0.44), "elbow": (0.13, 0.58),
        "wrist": (0.05, 0.71), "hip": (0.34, 0.84), "ankle": (0.26, 0.96), "eye": (0.445, 0.2), "ear": (0.29, 0.25),
    },
    "cat": {"nose": (0.5, 0.62), "neck": (0.5, 0.93), "eye": (0.355, 0.53), "ear": (0.19, 0.25)},
    "frog": {"nose": (0.5, 0.41), "neck": (0.5, 0.93), "eye": (0.27, 0.23), "ear": (0.06, 0.5)},
    "skull": {"nose": (0.5, 0.65), "neck": (0.5, 0.95), "eye": (0.27, 0.51), "ear": (0.05, 0.5)},
}  # fmt: skip

DOLL_PIXELS = 320
ARMLESS_SHARE = 0.2
SIDES = (60, 140)
TILT = 60.0
UPRIGHT_SHARE = 0.2
DOLL_WORDS = ("doll", "robot", "bear", "gnome", "figure", "monster")


class Figure(NamedTuple):
    """A drawing, RGBA and square, and its points [18, 2] in the unit square."""

    drawing: Image.Image
    points: np.ndarray


@dataclass(frozen=True)
class Stand:
    """Where a figure stands: the side of its square and the place of its middle in pixels, and its tilt in degrees,
    counterclockwise.
    """

    side: float
    across: float
    down: float
    tilt: float = 0.0

    def moved(self, points: np.ndarray) -> np.ndarray:
        """Points of the unit square as places of the picture, in 0..1."""
        turn = math.radians(self.tilt)
        x, y = ((points - 0.5) * self.side).T
        across = self.across + x * math.cos(turn) + y * math.sin(turn)
        down = self.down - x * math.sin(turn) + y * math.cos(turn)
        return np.stack([across, down], -1) / RESOLUTION


def points_of(places: Mapping[str, Place]) -> np.ndarray:
    """Points by name; a name without a side stands for both, of which the right one's place is given."""
    points = np.full((len(POINTS), 2), np.nan)
    for number, name in enumerate(POINTS):
        side, _, part = name.partition(" ")
        if name in places:
            points[number] = places[name]
        elif part in places:
            x, y = places[part]
            points[number] = (x if side == "right" else 1 - x), y
    return points


def sprite_figure(noun: str, style: str, tint: str) -> Figure:
    """One of the world's objects that have a face."""
    return Figure(sprite(noun, style, tint, RESOLUTION), points_of(SPRITE_POINTS[noun]))


def skeleton(points: np.ndarray, side: int = RESOLUTION, shown: int = RESOLUTION) -> np.ndarray:
    """A skeleton as the preprocessors draw it on `side` x `side` pixels, uint8 [shown, shown, 3].

    points: places in the picture [18, 2], in 0..1. A drawing that is larger than `shown` is made smaller as hints of
    control networks are: each pixel is one of the drawing's. It has to be larger by a whole number of times.
    """
    from controlnet_aux.open_pose import PoseResult
    from controlnet_aux.open_pose.body import BodyResult, Keypoint

    places = [None if np.isnan(x) else Keypoint(x=float(x), y=float(y)) for x, y in points]
    body = BodyResult(places, 1.0, len(places))
    picture = drawn([PoseResult(body, None, None, None)], side, side, body=True, hand=False, face=False)
    step = side // shown
    return picture[step // 2 :: step, step // 2 :: step]


def standing(figure: Figure, stand: Stand) -> Image.Image:
    """The figure alone where it stands, RGBA, as large as the picture."""
    side = round(stand.side)
    turned = figure.drawing.resize((side, side), Image.Resampling.LANCZOS).rotate(
        stand.tilt, Image.Resampling.BICUBIC, expand=True
    )
    picture = Image.new("RGBA", (RESOLUTION, RESOLUTION))
    picture.paste(turned, (round(stand.across - turned.width / 2), round(stand.down - turned.height / 2)))
    return picture


def on_ground(standing_figure: Image.Image, background: str) -> Image.Image:
    """A figure on a plain background, RGB."""
    picture = Image.new("RGB", standing_figure.size, BACKGROUNDS[background])
    picture.paste(standing_figure, mask=standing_figure)
    return picture


def draw_stand(figure: Figure, rng: random.Random) -> Stand:
    """A size, tilt and place at which all of a figure is in the picture."""
    while True:
        tilt = rng.gauss(0, 3) if rng.random() < UPRIGHT_SHARE else rng.uniform(-TILT, TILT)
        side = rng.uniform(*SIDES)
        middle = RESOLUTION / 2
        left, top, right, bottom = standing(figure, Stand(side, middle, middle, tilt)).getbbox() or (0, 0, 0, 0)
        if min(left, top) > 1 and max(right, bottom) < RESOLUTION - 1:
            across = middle + rng.uniform(-left + 1, RESOLUTION - 1 - right)
            return Stand(side, across, middle + rng.uniform(-top + 1, RESOLUTION - 1 - bottom), tilt)


class _Pencil:
    """Draws on the unit square."""

    def __init__(self) -> None:
        self.picture = Image.new("RGBA", (DOLL_PIXELS, DOLL_PIXELS))
        self._draw = ImageDraw.Draw(self.picture)

    def ellipse(self, x: float, y: float, half_width: float, half_height: float, fill: tuple[int, int, int]) -> None:
        box = (x - half_width, y - half_height, x + half_width, y + half_height)
        self._draw.ellipse([value * DOLL_PIXELS for value in box], fill=fill)

    def block(self, box: tuple[float, float, float, float], radius: float, fill: tuple[int, int, int]) -> None:
        self._draw.rounded_rectangle([value * DOLL_PIXELS for value in box], radius * DOLL_PIXELS, fill=fill)

    def limb(self, places: list[Place], width: float, fill: tuple[int, int, int]) -> None:
        pixels = [(x * DOLL_PIXELS, y * DOLL_PIXELS) for x, y in places]
        self._draw.line(pixels, fill=fill, width=round(width * DOLL_PIXELS), joint="curve")
        for x, y in places:
            self.ellipse(x, y, width / 2, width / 2, fill)


Colour = tuple[int, int, int]
Points = dict[str, Place]


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    first, second, third = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return first, second, third


def _bean(pencil: _Pencil, rng: random.Random, colour: Colour, _: Colour) -> Points:
    """Head and trunk in one."""
    half, top, bottom = rng.uniform(0.19, 0.26), rng.uniform(0.14, 0.24), rng.uniform(0.8, 0.9)
    pencil.block((0.5 - half, top, 0.5 + half, bottom), half, colour)
    pencil.block((0.5 - half, 0.55, 0.5 + half, bottom), rng.uniform(0.02, half), colour)
    face = top + half * rng.uniform(0.75, 1.0)
    neck = face + 0.16
    return {
        "nose": (0.5, face + 0.06), "neck": (0.5, neck), "shoulder": (0.5 - 0.9 * half, neck + 0.02),
        "hip": (0.5 - 0.5 * half, bottom - 0.04), "eye": (0.5 - 0.38 * half, face), "ear": (0.5 - 0.95 * half, face),
    }  # fmt: skip


def _doll(pencil: _Pencil, rng: random.Random, colour: Colour, skin: Colour) -> Points:
    """A round head, a trunk and legs."""
    radius, half, hip = rng.uniform(0.13, 0.17), rng.uniform(0.11, 0.17), rng.uniform(0.64, 0.7)
    face, stride = 0.08 + radius, rng.uniform(0.06, 0.14)
    neck = face + radius
    ankle, legs = (0.5 - stride, 0.92), rng.uniform(0.08, 0.12)
    for x in (ankle[0], 1 - ankle[0]):
        pencil.limb([(0.5 + (x - 0.5) * 0.6, hip), (x, ankle[1])], legs, skin)
    pencil.block((0.5 - half, neck - 0.02, 0.5 + half, hip + 0.04), rng.uniform(0.03, half), colour)
    pencil.ellipse(0.5, face, radius, radius, skin)
    return {
        "nose": (0.5, face + 0.04), "neck": (0.5, neck), "shoulder": (0.5 - half, neck + 0.05),
        "hip": (0.5 - 0.6 * stride, hip), "knee": (0.5 - 0.8 * stride, (hip + ankle[1]) / 2), "ankle": ankle,
        "eye": (0.5 - 0.35 * radius, face - 0.02), "ear": (0.5 - 0.95 * radius, face),
    }  # fmt: skip


def _bear(pencil: _Pencil, rng: random.Random, colour: Colour, skin: Colour) -> Points:
    """A large head with ears on a round belly."""
    radius, half = rng.uniform(0.17, 0.21), rng.uniform(0.18, 0.24)
    face = 0.12 + radius
    for x in (0.5 - 0.8 * radius, 0.5 + 0.8 * radius):
        pencil.ellipse(x, face - 0.75 * radius, 0.07, 0.07, colour)
        pencil.ellipse(0.5 + (x - 0.5) * 0.8, 0.9, 0.08, 0.05, skin)
    pencil.ellipse(0.5, 0.66, half, 0.24, colour)
    if rng.random() < 0.6:
        pencil.ellipse(0.5, 0.7, half * 0.6, 0.15, _mixed(colour, (255, 255, 255), 0.6))
    pencil.ellipse(0.5, face, radius, radius, colour)
    neck = face + radius * 0.9
    return {
        "nose": (0.5, face + 0.06), "neck": (0.5, neck), "shoulder": (0.5 - 0.8 * half, neck + 0.05),
        "hip": (0.5 - 0.6 * half, 0.82), "ankle": (0.5 - 0.64 * radius, 0.9),
        "eye": (0.5 - 0.4 * radius, face - 0.02), "ear": (0.5 - 0.95 * radius, face - 0.04),
    }  # fmt: skip


KINDS: tuple[Callable[[_Pencil, random.Random, Colour, Colour], Points], ...] = (_bean, _bean, _doll, _bear)


def draw_arms(rng: random.Random) -> tuple[float, float]:
    """The angles of both upper arms above the horizontal, in degrees: right, left."""
    down, out, up = (rng.gauss(angle, 9) for angle in (-58, 0, 52))
    any_two = (rng.uniform(-65, 65), rng.uniform(-65, 65))
    pairs = ((down, down + rng.gauss(0, 4)), (up, up + rng.gauss(0, 4)), (up, down), (down, up), (out, out), any_two)
    return rng.choice(pairs)


def draw_doll(tint: str, solid: bool, rng: random.Random, arms: tuple[float, float] | None = None) -> Figure:
    """A doll of a colour, its arms anywhere, and some without; or with arms at the angles given (see `draw_arms`)."""
    colour = TINTS[tint]
    skin = rng.choice((colour, _mixed(colour, (255, 255, 255), 0.5), _mixed(colour, (20, 20, 30), 0.35)))
    pencil = _Pencil()
    places = rng.choice(KINDS)(pencil, rng, colour, skin)
    if arms or rng.random() >= ARMLESS_SHARE:
        width, long, bend = rng.uniform(0.07, 0.1), rng.uniform(0.1, 0.13), rng.gauss(0, 15)
        for side, outward, angle in zip(("right", "left"), (-1, 1), arms or draw_arms(rng), strict=True):
            x, y = places["shoulder"]
            joints = [(x if outward < 0 else 1 - x, y)]
            for turn in (angle, angle + bend):
                x, y = joints[-1]
                turned = math.radians(turn)
                joints.append((x + outward * long * math.cos(turned), y - long * math.sin(turned)))
            pencil.limb(joints, width, skin)
            places[f"{side} elbow"], places[f"{side} wrist"] = joints[1:]
    _face(pencil, places, rng)
    return Figure(_finished(pencil.picture, colour, solid, rng), points_of(places))


def _face(pencil: _Pencil, places: Points, rng: random.Random) -> None:
    size, white = rng.uniform(0.018, 0.035), rng.random() < 0.4
    x, y = places["eye"]
    for eye in (x, 1 - x):
        if white:
            pencil.ellipse(eye, y, size * 1.5, size * 1.7, (250, 250, 250))
        pencil.ellipse(eye, y, size * 0.8, size, (30, 26, 36))
    if rng.random() < 0.5:
        pencil.ellipse(0.5, places["nose"][1] + 0.02, size * 1.3, size * 0.6, (120, 40, 50))


def _finished(drawing: Image.Image, colour: Colour, solid: bool, rng: random.Random) -> Image.Image:
    """With an outline at times, and with light from above if it is to look solid."""
    pixels = np.asarray(drawing).astype(np.float32)
    alpha = pixels[..., 3:]
    if solid:
        light = cv2.GaussianBlur(alpha[..., 0], (0, 0), DOLL_PIXELS / 14)
        rise = np.linspace(1.12, 0.9, DOLL_PIXELS)[:, None]
        pixels[..., :3] = (pixels[..., :3] * ((0.55 + 0.5 * light / 255) * rise)[..., None]).clip(0, 255)
    elif rng.random() < 0.4:
        wide = cv2.dilate(alpha[..., 0], cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13)))
        edge = np.array(_mixed(colour, (20, 20, 30), 0.5), np.float32)
        pixels[..., :3] = np.where(alpha > 0, pixels[..., :3], edge)
        pixels[..., 3] = wide
    return Image.fromarray(pixels.round().astype(np.uint8))
