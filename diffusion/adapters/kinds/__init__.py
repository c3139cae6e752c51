"""What adapters do to a weight: the algorithms of LoRA and LyCORIS files, one class each.

Each is made of the tensors that a file has for one module, by the names that LyCORIS writes, and gives them back; in
between it turns a weight into another, as a pure function. `docs/adapters.md` has the table.
"""

from diffusion.adapters.kinds.full import Difference, Replacement
from diffusion.adapters.kinds.glora import Generalized
from diffusion.adapters.kinds.ia3 import Rescaling
from diffusion.adapters.kinds.kind import Additive, Kind, Tensors
from diffusion.adapters.kinds.loha import Hadamard
from diffusion.adapters.kinds.lokr import Factor, Kronecker
from diffusion.adapters.kinds.lora import LowRank
from diffusion.adapters.kinds.oft import Butterfly, DiagonalOrthogonal, Orthogonal
from diffusion.adapters.kinds.reading import read_bias, read_weight

__all__ = [
    "Additive",
    "Butterfly",
    "DiagonalOrthogonal",
    "Difference",
    "Factor",
    "Generalized",
    "Hadamard",
    "Kind",
    "Kronecker",
    "LowRank",
    "Orthogonal",
    "Replacement",
    "Rescaling",
    "Tensors",
    "read_bias",
    "read_weight",
]
