"""A node that tells which words bring out what a LoRA was taught."""

from typing import Annotated

from graph.declare import Context, Files, Folders, InputError, Range, node


def _words(folders: Folders, lora_name: str | None = None, **_: object) -> list[str]:
    """What is known of the file now: the user may have noted other words."""
    try:
        return folders.trigger_words("loras", lora_name or "")
    except (OSError, ValueError):
        return []


@node(
    "LoraTriggerWords",
    category="loaders/adapters",
    title="LoRA Trigger Words",
    search=["tags", "metadata", "activation text", "information"],
    fingerprint=_words,
)
def lora_trigger_words(
    ctx: Context, lora_name: Annotated[str, Files("loras")], count: Annotated[int, Range(1, 60)] = 1
) -> str:
    """Give the words that bring out what a LoRA was taught: those that you have noted in the library, else those that
    its file has, and then the tags that most of its pictures had.

    lora_name: A file in models/loras.
    count: How many at most.
    """
    try:
        words = ctx.folders.trigger_words("loras", lora_name)
    except FileNotFoundError as error:
        raise InputError("lora_name", str(error)) from error
    if not words:
        ctx.warn(f"{lora_name} says no words: note some in the model library.")
    text = ", ".join(words[:count])
    ctx.show("text", [text])
    return text
