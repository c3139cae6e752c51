"""A node that saves a file."""

import time
from typing import Annotated

from graph.declare import Context, Range, node
from graph.types import Socket

Text = Annotated[str, Socket("TEXT")]


@node("SaveText", category="test", output_node=True)
def save_text(
    ctx: Context,
    text: Text,
    filename_prefix: str = "text",
    copies: Annotated[int, Range(1, 100)] = 1,
    seconds: Annotated[float, Range(0, 60)] = 0.0,
) -> None:
    """Save a text a thousand times over, in several files; each of them takes a while."""
    for copy in range(copies):
        place = ctx.folders.save_path(filename_prefix, "txt")
        with place.writing() as path, path.open("w", encoding="utf-8") as file:
            file.write(text * 500)
            file.flush()
            time.sleep(seconds / 2)
            file.write(text * 500)
        ctx.show("files", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])
        ctx.progress(copy + 1, copies)
        time.sleep(seconds / 2)
