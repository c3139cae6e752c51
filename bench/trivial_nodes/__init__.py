"""Nodes for measurements of the engine: `numbers.py` has them for Safelight, `comfyui.py` as a pack of ComfyUI."""
