"""Pictures and masks as tensors: files, sizes, compositing; and the same for latents.

Images are float32 `[B, H, W, C]` in 0..1, masks `[B, H, W]` in 0..1, latents dicts with `samples` `[B, C, h, w]`.
"""
