"""Which kind of adapter the tensors of a module are."""

from collections.abc import Callable

from diffusion.adapters.kinds.full import Difference, Replacement
from diffusion.adapters.kinds.glora import Generalized
from diffusion.adapters.kinds.ia3 import Rescaling
from diffusion.adapters.kinds.kind import Kind, Tensors, alpha_of
from diffusion.adapters.kinds.loha import Hadamard
from diffusion.adapters.kinds.lokr import Kronecker
from diffusion.adapters.kinds.lora import LowRank
from diffusion.adapters.kinds.oft import read_orthogonal

# What changes a module's weight: the first of which a file has the tensor.
_WEIGHTS: tuple[tuple[str, Callable[[Tensors], Kind]], ...] = (
    ("lora_up.weight", LowRank.from_tensors),
    ("hada_w1_a", Hadamard.from_tensors),
    ("lokr_w1", Kronecker.from_tensors),
    ("lokr_w1_a", Kronecker.from_tensors),
    ("oft_blocks", read_orthogonal),
    ("a1.weight", Generalized.from_tensors),
    ("on_input", Rescaling.from_tensors),
    ("diff", Difference.from_tensors),
    ("w_norm", lambda tensors: Difference.from_tensors(tensors, "w_norm")),
    ("set_weight", Replacement.from_tensors),
)
# What changes its bias.
_BIASES: tuple[tuple[str, Callable[[Tensors], Kind]], ...] = (
    ("diff_b", lambda tensors: Difference.from_tensors(tensors, "diff_b")),
    ("b_norm", lambda tensors: Difference.from_tensors(tensors, "b_norm")),
    ("lora_up.bias", lambda tensors: _bias_of_lora(tensors)),
    ("set_bias", lambda tensors: Replacement.from_tensors(tensors, "set_bias")),
)


def read_weight(tensors: Tensors) -> Kind | None:
    """The change of a module's weight; None if the tensors are of no known kind. Raises KeyError if one is missing."""
    return next((read(tensors) for mark, read in _WEIGHTS if mark in tensors), None)


def read_bias(tensors: Tensors) -> Kind | None:
    """The change of a module's bias; None if there is none."""
    return next((read(tensors) for mark, read in _BIASES if mark in tensors), None)


def _bias_of_lora(tensors: Tensors) -> Difference:
    """The bias of a LoRA's second layer is scaled as its product is."""
    rank = tensors["lora_down.weight"].shape[0]
    return Difference(tensors["lora_up.bias"].float() * (alpha_of(tensors, rank) / rank), "diff_b")
