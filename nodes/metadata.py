"""What saved files say about their making."""

import json

from graph.declare import Context


def file_metadata(ctx: Context) -> dict[str, str]:
    """The texts to write into a file: `prompt`, and an entry for each thing that the client sent (`workflow`)."""
    if not ctx.metadata:
        return {}
    texts = {"prompt": json.dumps(ctx.prompt)}
    texts.update((key, json.dumps(value)) for key, value in ctx.extra_pnginfo.items())
    return texts
