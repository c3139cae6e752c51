"""Make the sprite sheets from the published art: `python -m tools.pocket.art FOLDER`.

FOLDER holds these npm packages, each unpacked (`npm pack NAME`, then `tar xzf`) into a folder of its own:
`@iconify-json/fluent-emoji-flat` (SVG), `@lobehub/fluent-emoji-3d` (WebP) and `unicode-emoji-json` (names of code
points). Both sets are Microsoft's Fluent Emoji, MIT. The sheets are committed, so training needs none of this.
"""

from __future__ import annotations

import argparse
import io
import json
import random
from pathlib import Path

import resvg_py
from PIL import Image

from tools.pocket.world import NOUNS, RESERVED_NOUN, ROOT, SPARE_PIXELS, SPRITE_PIXELS

# The name that the Unicode data gives the emoji, where it is not the caption's word.
SLUGS = {
    "apple": "red-apple", "donut": "doughnut", "cat": "cat-face", "fish": "tropical-fish",
    "heart": "red-heart", "tree": "deciduous-tree", "car": "automobile",
}  # fmt: skip
SPARE_COLUMNS = 14
SPARES = SPARE_COLUMNS * 10


class Art:
    """The unpacked packages, read by emoji name."""

    def __init__(self, folder: Path) -> None:
        flat = next(folder.glob("*fluent-emoji-flat*/icons.json"))
        names = next(folder.glob("*unicode-emoji-json*/data-by-emoji.json"))
        self._solid = next(folder.glob("*fluent-emoji-3d*/assets"))
        self._flat: dict[str, dict[str, str]] = json.loads(flat.read_text())["icons"]
        self._code_points = {
            entry["slug"].replace("_", "-"): "-".join(f"{ord(character):04x}" for character in emoji)
            for emoji, entry in json.loads(names.read_text()).items()
        }

    def names(self) -> list[str]:
        """Emoji that exist in both sets, sorted."""
        return sorted(name for name in self._flat if name in self._code_points and self._file(name).exists())

    def _file(self, name: str) -> Path:
        stem = self._code_points[name]
        plain = self._solid / f"{stem.replace('-fe0f', '')}.webp"
        return plain if plain.exists() else self._solid / f"{stem}.webp"

    def flat(self, name: str, pixels: int) -> Image.Image:
        """The flat drawing, RGBA."""
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{self._flat[name]["body"]}</svg>'
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=pixels, height=pixels))
        return Image.open(io.BytesIO(png)).convert("RGBA")

    def solid(self, name: str) -> Image.Image:
        """The three-dimensional drawing, RGBA, 256 pixels."""
        return Image.open(self._file(name)).convert("RGBA")


def _fitted(drawing: Image.Image, pixels: int) -> Image.Image:
    """Trim to what is opaque and centre it in a square of `pixels`."""
    trimmed = drawing.crop(drawing.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox())
    side = max(trimmed.size)
    square = Image.new("RGBA", (side, side))
    square.paste(trimmed, ((side - trimmed.width) // 2, (side - trimmed.height) // 2))
    return square.resize((pixels, pixels), Image.Resampling.LANCZOS)


def _save_sheet(sprites: list[Image.Image], columns: int, pixels: int, path: Path) -> None:
    sheet = Image.new("RGBA", (columns * pixels, -(-len(sprites) // columns) * pixels))
    for index, sprite in enumerate(sprites):
        sheet.paste(sprite, (index % columns * pixels, index // columns * pixels))
    sheet.save(path, optimize=True)


def main() -> None:
    """Write sprites.png (a row a noun, a column a style) and spares.png (other emoji, both styles mixed)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where the npm packages are unpacked")
    art = Art(parser.parse_args().folder)
    drawn = [SLUGS.get(noun, noun) for noun in (*NOUNS, RESERVED_NOUN)]
    drawings = [drawing for name in drawn for drawing in (art.flat(name, 2 * SPRITE_PIXELS), art.solid(name))]
    _save_sheet([_fitted(drawing, SPRITE_PIXELS) for drawing in drawings], 2, SPRITE_PIXELS, ROOT / "sprites.png")
    others = random.Random(0).sample([name for name in art.names() if name not in drawn], SPARES)
    spares = [art.flat(name, 2 * SPARE_PIXELS) if index % 2 else art.solid(name) for index, name in enumerate(others)]
    _save_sheet([_fitted(spare, SPARE_PIXELS) for spare in spares], SPARE_COLUMNS, SPARE_PIXELS, ROOT / "spares.png")


if __name__ == "__main__":
    main()
