"""What the nodes that train begin with, where that is a file of an earlier training."""

from pathlib import Path
from typing import Annotated

from blake3 import blake3

from graph.declare import Advanced, Context, Files, InputError

BeginWithLora = Annotated[str, Files("loras", optional=True), Advanced()]
BeginWithEmbedding = Annotated[str, Files("embeddings", optional=True), Advanced()]
BeginWithHypernetwork = Annotated[str, Files("hypernetworks", optional=True), Advanced()]


def beginning(ctx: Context, kind: str, begin_with: str, target: Path) -> Path | None:
    """The file in models/`kind` to go on from; None for none. target: the file that the training writes."""
    if not begin_with:
        return None
    try:
        path = ctx.folders.model_path(kind, begin_with)
    except FileNotFoundError as error:
        raise InputError("begin_with", str(error)) from error
    if path.resolve() == target.resolve():
        raise InputError(
            "begin_with", f"{path.name} is the file that this training writes: give the training another name."
        )
    return path


def content_of(path: Path | None) -> str | None:
    """A hash of a file's content, which makes two runs that begin with other files different ones."""
    return None if path is None else blake3().update_mmap(path).hexdigest()
