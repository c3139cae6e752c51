"""Example pictures with paint on them: `python -m tools.templates.strokes` draws them anew into workflows/inputs.

sketch.png is a drawing from nothing, heart_painted.png the heart with strokes on it, heart_mask.png a mask around it.
"""

from PIL import Image, ImageDraw

from graph.files.example_inputs import EXAMPLES

BLUE, RED, GREEN, BROWN, YELLOW = (70, 130, 225), (215, 45, 45), (60, 150, 60), (110, 70, 40), (245, 215, 40)
SPOT = (44, 40, 84, 80)
MASK = (8, 8, 119, 119)


def sketch() -> Image.Image:
    """A house as a child paints it: a red box, a green roof, a door."""
    picture = Image.new("RGB", (128, 128), BLUE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((30, 62, 98, 112), fill=RED)
    draw.polygon(((20, 64), (64, 22), (108, 64)), fill=GREEN)
    draw.rectangle((56, 82, 72, 112), fill=BROWN)
    return picture


def painted(heart: Image.Image) -> Image.Image:
    """The heart with a thick yellow spot in its middle."""
    picture = heart.convert("RGB")
    ImageDraw.Draw(picture).ellipse(SPOT, fill=YELLOW)
    return picture


def mask() -> Image.Image:
    """White where the heart is to be repainted."""
    picture = Image.new("L", (128, 128), 0)
    ImageDraw.Draw(picture).rectangle(MASK, fill=255)
    return picture


if __name__ == "__main__":
    sketch().save(EXAMPLES / "sketch.png")
    with Image.open(EXAMPLES / "heart.png") as whole:
        painted(whole).save(EXAMPLES / "heart_painted.png")
    mask().save(EXAMPLES / "heart_mask.png")
