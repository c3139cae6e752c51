"""Training of the embedded checkpoint, models/checkpoints/pocket.safetensors."""

# Makes torchvision importable beside a CPU-only torch, which importing diffusers needs.
import diffusion  # noqa: F401
