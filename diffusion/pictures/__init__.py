"""Making pictures from pictures, as Stable Diffusion WebUI does it: inpainting, outpainting, tiles, inversion.

Pictures are float32 `[B, H, W, C]` in 0..1, masks `[B, H, W]` in 0..1 with white where a picture is to be repainted.
"""
