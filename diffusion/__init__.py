"""The diffusion library: model families, text encoding, autoencoders and sampling, usable from a script on its own.

Nothing here knows of graphs, nodes or servers, and nothing is fetched from a network.
"""

from diffusion import torchvision_ops

# diffusers and transformers import torchvision when it is installed, so it has to be importable before they are.
torchvision_ops.ensure()
