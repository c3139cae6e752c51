"""Asking diffusers' UNet, which several families share."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call


def evaluate(network: Any, call: Call) -> Tensor:
    """Ask a `UNet2DConditionModel`, in the number format of its weights; float32.

    Of the call's inputs, `concat` `[n B, C, h, w]` is put below the latent's channels; `text_embeds`, `time_ids` and
    `class_labels` go to the layers of these names.
    """
    weight = network.conv_in.weight
    _check_width(call.context, network.config.cross_attention_dim)
    x = call.x if "concat" not in call.inputs else torch.cat((call.x, call.inputs["concat"].to(call.x)), 1)
    added = {}
    if "time_ids" in call.inputs:  # sizes, which half precision would round
        added = {"text_embeds": call.inputs["text_embeds"].to(weight), "time_ids": call.inputs["time_ids"].to(x.device)}
    labels = call.inputs.get("class_labels")
    arguments = _residuals(call, network, weight) if call.residuals else {}
    output = network(
        x.to(weight.dtype),
        call.timestep,
        encoder_hidden_states=call.context.to(x.device, weight.dtype),
        class_labels=None if labels is None else labels.to(weight),
        added_cond_kwargs=added or None,
        return_dict=False,
        **arguments,
    )
    return output[0].float()


def activations(config: Mapping[str, Any]) -> int:
    """How many numbers a `UNet2DConditionModel` has in memory at once, for each cell of a latent.

    The most is needed at full size: in the feed-forward layer of a transformer, where there is one, and otherwise
    where the skip connections come back. Counted, for all sizes of SD 1.5 and SDXL.
    """
    has_attention = config.get("down_block_types", ("",))[0].startswith("CrossAttn")
    width = config.get("block_out_channels", (320,))[0]
    return int((26 if has_attention else 16) * width)


def _check_width(context: Tensor, width: int) -> None:
    if context.shape[-1] != width:
        raise SamplingError(
            f"The prompt was encoded to states of {context.shape[-1]} numbers, and this model reads {width}: encode it "
            "with the text encoders of the model's checkpoint."
        )


def _residuals(call: Call, network: Any, weight: Tensor) -> dict[str, Any]:
    assert call.residuals is not None
    arguments: dict[str, Any] = {}
    if call.residuals.down or call.residuals.mid is not None:
        blocks, levels = network.config.layers_per_block, len(network.config.block_out_channels)
        zero = weight.new_zeros(())
        down = [zero if tensor is None else tensor.to(weight.dtype) for tensor in call.residuals.down]
        down += [zero] * (levels * (blocks + 1) - len(down))
        arguments["down_block_additional_residuals"] = down
        mid = call.residuals.mid
        arguments["mid_block_additional_residual"] = zero if mid is None else mid.to(weight.dtype)
    if call.residuals.inside:
        inside = [tensor.to(weight.dtype) for tensor in call.residuals.inside]
        arguments["down_intrablock_additional_residuals"] = inside
    return arguments
