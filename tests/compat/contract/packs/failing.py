"""A pack whose extension cannot list its nodes."""

from comfy_api.latest import ComfyExtension


def comfy_entrypoint():
    return ComfyExtension()
