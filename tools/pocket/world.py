"""The world of the embedded checkpoint: one emoji a picture, and the words that say which.

A scene is an object in one of two drawing styles, in its own colours or tinted, small, medium or large, somewhere on a
plain background. Every attribute is a word of the caption, so that a prompt can ask for combinations that no training
picture shows.
"""

from __future__ import annotations

import math
import random
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent
RESOLUTION = 128
SPRITE_PIXELS = 128
SPARE_PIXELS = 96

NOUNS = (
    "apple", "banana", "mushroom", "donut", "cat", "frog", "penguin", "fish",
    "skull", "heart", "star", "tree", "cactus", "house", "car", "rocket",
)  # fmt: skip
# Drawn in the sheet but shown to no training stage: it is what adapters trained on this checkpoint learn.
RESERVED_NOUN = "ghost"
STYLES = ("flat", "3d")
NATURAL = ""
TINTS = {
    "red": (225, 40, 45),
    "orange": (250, 140, 20),
    "yellow": (252, 215, 30),
    "green": (50, 170, 70),
    "blue": (40, 100, 235),
    "purple": (140, 60, 205),
    "pink": (255, 130, 190),
}
BACKGROUNDS = {
    "red": (220, 60, 60),
    "orange": (245, 160, 60),
    "yellow": (250, 225, 90),
    "green": (95, 190, 110),
    "blue": (80, 140, 235),
    "purple": (155, 100, 215),
    "pink": (250, 175, 210),
    "white": (250, 250, 250),
    "black": (22, 22, 26),
    "gray": (150, 150, 155),
}
MEDIUM = ""
SIZES = {"small": 64, MEDIUM: 88, "large": 120}
CENTRE = ""
PLACES = {CENTRE: (0, 0), "left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}
PLACE_WORDS = {
    CENTRE: "",
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
}
# Multiples of 8 pixels: a shifted object is then the same latent, shifted, which a convolutional network gets for free.
PLACE_SHIFT = {"small": 24, MEDIUM: 16, "large": 0}
SWAY = {"small": 8, MEDIUM: 8, "large": 0}


@dataclass(frozen=True)
class Scene:
    """What one picture shows; every field is a key of the tables above."""

    noun: str
    style: str
    tint: str
    background: str
    size: str
    place: str


def is_held_out(noun: str, tint: str) -> bool:
    """Whether no training picture shows this noun in this tint (about one pair in ten, fixed by a hash)."""
    return tint != NATURAL and zlib.crc32(f"{noun} in {tint}".encode()) % 10 == 0


def draw_scene(rng: random.Random, held_out: bool = False) -> Scene:
    """Draw a scene at random: one for training, or one whose (noun, tint) pair training never shows."""
    while True:
        tint = rng.choice(tuple(TINTS)) if held_out or rng.random() < 0.5 else NATURAL
        size = rng.choices((MEDIUM, "small", "large"), (0.5, 0.2, 0.3))[0]
        movable = size != "large" and rng.random() < 0.4
        scene = Scene(
            noun=rng.choice(NOUNS),
            style=rng.choice(STYLES),
            tint=tint,
            background=rng.choice(tuple(BACKGROUNDS)),
            size=size,
            place=rng.choice(("left", "right", "top", "bottom")) if movable else CENTRE,
        )
        if tint != scene.background and is_held_out(scene.noun, tint) == held_out:
            return scene


@cache
def _sheet(name: str, pixels: int) -> list[Image.Image]:
    sheet = Image.open(ROOT / name).convert("RGBA")
    boxes = [
        (x, y, x + pixels, y + pixels) for y in range(0, sheet.height, pixels) for x in range(0, sheet.width, pixels)
    ]
    return [sheet.crop(box) for box in boxes]


def spare_sprites() -> list[Image.Image]:
    """Other emoji, RGBA, which widen what the autoencoder sees and appear in no caption."""
    return _sheet("spares.png", SPARE_PIXELS)


def tinted(sprite: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Recolour an RGBA sprite: its brightness, levelled to a mean of a half, walks from dark over `colour` to light."""
    pixels = np.asarray(sprite, np.float32) / 255
    alpha = pixels[..., 3:]
    luma = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    mean = float((luma * alpha[..., 0]).sum() / alpha.sum())
    luma = (luma ** (math.log(0.5) / math.log(min(max(mean, 0.1), 0.9))))[..., None]
    middle = np.array(colour, np.float32) / 255
    dark, light = middle * 0.25, middle * 0.25 + 0.75
    shaded = np.where(luma < 0.5, dark + (middle - dark) * luma * 2, middle + (light - middle) * (luma * 2 - 1))
    return Image.fromarray((np.concatenate([shaded, alpha], -1).clip(0, 1) * 255).round().astype(np.uint8))


@cache
def sprite(noun: str, style: str, tint: str, pixels: int) -> Image.Image:
    """An object alone, RGBA, in a square of `pixels`."""
    drawn = (*NOUNS, RESERVED_NOUN)
    drawing = _sheet("sprites.png", SPRITE_PIXELS)[drawn.index(noun) * len(STYLES) + STYLES.index(style)]
    if tint != NATURAL:
        drawing = tinted(drawing, TINTS[tint])
    return drawing.resize((pixels, pixels), Image.Resampling.LANCZOS)


def render(scene: Scene, sway: tuple[int, int] = (0, 0)) -> Image.Image:
    """Paint a scene, RGB, 128 x 128 pixels; `sway` moves the object by so many pixels right and down."""
    return placed(sprite(scene.noun, scene.style, scene.tint, SIZES[scene.size]), scene, sway)


def placed(drawing: Image.Image, scene: Scene, sway: tuple[int, int] = (0, 0)) -> Image.Image:
    """Paint a drawing, RGBA and as large as the scene says, in the place of its object, on its background."""
    picture = Image.new("RGB", (RESOLUTION, RESOLUTION), BACKGROUNDS[scene.background])
    across, down = PLACES[scene.place]
    shift = PLACE_SHIFT[scene.size]
    margin = (RESOLUTION - drawing.width) // 2
    picture.paste(drawing, (margin + across * shift + sway[0], margin + down * shift + sway[1]), drawing)
    return picture


def draw_sway(scene: Scene, rng: random.Random) -> tuple[int, int]:
    """A small random displacement along the axes about which the caption says nothing, in pixels."""
    step = SWAY[scene.size]
    across, down = PLACES[scene.place]
    return (0 if across else rng.choice((-step, 0, 0, step)), 0 if down else rng.choice((-step, 0, 0, step)))


def _article(words: str) -> str:
    return "an" if words[0] in "aeiou" else "a"


def full_caption(scene: Scene) -> str:
    """The caption that tells every attribute; evaluation prompts are made of it."""
    return _sentence(scene, tell_background=True, tell_style=True)


def _sentence(scene: Scene, tell_background: bool, tell_style: bool) -> str:
    subject = " ".join(filter(None, (scene.size, scene.tint, scene.noun)))
    words = f"{_article(subject)} {subject}"
    if scene.place != CENTRE:
        words += f" {PLACE_WORDS[scene.place]}"
    if tell_background:
        words += f" on a {scene.background} background" if scene.background != "orange" else " on an orange background"
    return f"{words}, {scene.style} style" if tell_style else words


def draw_caption(scene: Scene, rng: random.Random) -> str:
    """One of several wordings of a scene; the background is left out in one of seven, the style in one of three."""
    tell_background, tell_style = rng.random() < 0.85, rng.random() < 0.67
    subject = " ".join(filter(None, (scene.size, scene.tint, scene.noun)))
    place = PLACE_WORDS[scene.place]
    background = f"{scene.background} background" if tell_background else ""
    wording = rng.choices(("sentence", "tags", "icon", "reversed"), (0.5, 0.2, 0.15, 0.15))[0]
    if wording == "sentence":
        return _sentence(scene, tell_background, tell_style)
    if wording == "tags":
        return ", ".join(filter(None, (subject, place, background, scene.style if tell_style else "")))
    if wording == "icon":
        opening = f"{_article(scene.style)} {scene.style} icon of" if tell_style else "an icon of"
        return ", ".join(filter(None, (f"{opening} {_article(subject)} {subject}", place, background)))
    return ", ".join(filter(None, (f"{scene.style} style" if tell_style else "", background, subject, place)))
