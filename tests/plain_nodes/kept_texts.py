import json
from typing import Annotated

from graph.declare import Context, Multiline, node
from tests.plain_nodes.texts import Text


@node("KeepText", category="test", output_node=True)
def keep_text(ctx: Context, text: Text, filename_prefix: str = "text", temporary: bool = False) -> None:
    place = ctx.folders.save_path(filename_prefix, "txt", temporary=temporary)
    place.write(text.encode())
    ctx.show("files", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])


@node("Prompt", category="test")
def prompt(text: Annotated[str, Multiline(prompt=True)] = "") -> Text:
    return text


@node("Warn", category="test")
def warn(ctx: Context, text: Text) -> Text:
    ctx.warn(f"{text} is odd")
    return text


@node("Noisy", category="test")
def noisy(text: Text) -> Text:
    print("a node prints")
    return text


@node("Metadata", category="test", always=True)
def metadata(ctx: Context, name: str = "workflow") -> Text:
    """What a saved file would say under a name."""
    return json.dumps(ctx.extra_pnginfo.get(name))
