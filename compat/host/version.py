"""ComfyUI's `comfyui_version`: the version whose interface these modules have."""

__version__ = "0.3.64"
