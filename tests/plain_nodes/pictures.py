"""A node that saves pictures."""

from typing import Annotated

from PIL import Image

from graph.declare import Context, Range, Seed, node


@node("Paint", category="test", output_node=True)
def paint(
    ctx: Context,
    color: str = "red",
    count: Annotated[int, Range(1, 100)] = 1,
    seed: Seed = 0,
    filename_prefix: str = "painted",
) -> None:
    """Save pictures of one colour."""
    for _ in range(count):
        place = ctx.folders.save_path(filename_prefix, "png")
        with place.writing() as path:
            Image.new("RGB", (64, 48), color).save(path, "PNG")
        ctx.show("images", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])
