"""Training of ControlNets (Zhang et al. 2023, arXiv 2302.05543): a copy of a UNet's encoder that also sees a hint.

It is joined to the UNet, which stays as it is, by convolutions that begin at zero, so that it changes nothing at first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import ControlNetModel
from diffusers.models.controlnets.controlnet import ControlNetConditioningEmbedding
from torch import Tensor, nn

from diffusion.control.hints import SCALE
from diffusion.control.layouts import HINT
from diffusion.control.load import SHUFFLED, ControlNet, encoder_of
from diffusion.control.networks import AsksControlNet
from diffusion.model import LoadedModel, Model
from diffusion.residency import Part
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call, Residuals
from diffusion.saving import denoiser_config
from diffusion.training.samples import Sample
from diffusion.training.trained_model import source_of
from diffusion.training.trainer import Plan, States, Trainer, TrainingError
from diffusion.weights import WeightsError, save_weights

HINT_WIDTHS = (16, 32, 96, 256)  # of the layers that read the hint, as far as the UNet is as wide
JOINTS = ("controlnet_down_blocks.", "controlnet_mid_block.")  # the convolutions to the UNet
_SAME = ("cross_attention_dim", "block_out_channels", "layers_per_block", "addition_embed_type")


class TrainedControlNet:
    """A ControlNet while it is trained. parameters: float32, by diffusers' names, which the file has too.

    averaged: whether what it adds is the same at all places, as loaders have it of files called "shuffle".
    """

    def __init__(
        self, config: Mapping[str, Any], tensors: Mapping[str, Tensor], device: torch.device, name: str
    ) -> None:
        """With copies of tensors of `ControlNetModel(**config)`; name: of the file that it is to become."""
        self.config = dict(config)
        self.averaged = SHUFFLED in name
        with torch.device("meta"):
            self.network: Any = ControlNetModel(**self.config)
        own = {name: tensor.detach().clone().to(device, torch.float32) for name, tensor in tensors.items()}
        self.network.load_state_dict(own, assign=True)
        self.network.requires_grad_(True)
        self.parameters: dict[str, nn.Parameter] = dict(self.network.named_parameters())

    @classmethod
    def new(cls, model: Model, name: str, seed: int) -> TrainedControlNet:
        """A copy of the encoder of a model, with all changes of its weights. Raises `TrainingError`."""
        source = source_of(model)
        config = _config(model)
        tensors = source.tensors(model.patches)
        tensors["conv_in.weight"] = tensors["conv_in.weight"][:, : config["in_channels"]]  # without an inpainting mask
        with torch.device("meta"):
            shapes = {name: tensor.shape for name, tensor in ControlNetModel(**config).state_dict().items()}
        beginning = _hint_layers(config, seed)
        for each in shapes.keys() - beginning.keys():
            beginning[each] = torch.zeros(shapes[each]) if each.startswith(JOINTS) else tensors[each]
        return cls(config, beginning, source.device, name)

    @classmethod
    def of(cls, net: ControlNet, model: Model, name: str) -> TrainedControlNet:
        """A copy of a ControlNet that was trained before. Raises `TrainingError` for other control networks."""
        if not isinstance(net.asked, AsksControlNet):
            raise TrainingError(
                f"{net.name} is no ControlNet that can be trained on: take a plain one, or none.", option="control_net"
            )
        part = net.part if isinstance(net.part, Part) else net.part.on(net.base or model)
        with part.loaded() as network:
            config = {key: value for key, value in network.config.items() if value is not None and key[0] != "_"}
            wanted = _config(model)
            if any(_plain(config.get(key)) != _plain(wanted.get(key)) for key in _SAME):
                raise TrainingError(
                    f"{net.name} is for another model: take one that was made for this one, or none.",
                    option="control_net",
                )
            return cls(config, network.state_dict(), source_of(model).device, name)

    @property
    def joints(self) -> list[str]:
        """The names of the parameters that begin at zero, between it and the UNet."""
        return [name for name in self.parameters if name.startswith(JOINTS)]

    def residuals(self, call: Call, hint: Tensor) -> Residuals:
        """What it adds to a call; hint: ``[B, 3, 8 h, 8 w]``, 0 to 1."""
        found = AsksControlNet().ask(self.network, call, hint)
        if not self.averaged:
            return found
        down, mid = (
            [each.mean((2, 3), keepdim=True).expand_as(each) for each in maps if each is not None]
            for maps in (found.down, (found.mid,))
        )
        return Residuals(tuple(down), mid[0])

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """A context in which it computes its gradients as the UNet does, which is `network`."""
        if network.is_gradient_checkpointing:
            self.network.enable_gradient_checkpointing()
        self.network.train()
        try:
            yield
        finally:
            self.network.disable_gradient_checkpointing()
            self.network.eval()

    def save(self, path: Path, dtype: torch.dtype, metadata: Mapping[str, str]) -> None:
        """Write it as diffusers, and programs that read its files, have it: a safetensors file.

        metadata: further entries. Raises `WeightsError`, and writes nothing, for weights that `dtype` cannot hold.
        """
        tensors = {name: tensor.detach().cpu().to(dtype) for name, tensor in self.network.state_dict().items()}
        for name, tensor in tensors.items():
            if not tensor.isfinite().all():
                raise WeightsError(
                    f"The ControlNet was not saved: {name} has values that are not finite as "
                    f"{str(dtype).removeprefix('torch.')}. Save it in another number format."
                )
        save_weights(path, tensors, {**denoiser_config(self.config), **metadata})


class ControlNetTrainer(Trainer):
    """One whose model is asked with a ControlNet, which alone learns. All samples have hints."""

    def __init__(
        self,
        model: Model,
        control: TrainedControlNet,
        samples: Sequence[Sample],
        states: States,
        plan: Plan,
        *,
        joint_rate: float = 1.0,
    ) -> None:
        """joint_rate: how many times as fast as the rest its joints learn. Raises `TrainingError`."""
        rates = dict.fromkeys(control.joints, joint_rate * plan.learning_rate)
        super().__init__(model, control.parameters, samples, states, plan, rates=rates)
        self.control = control

    def text(self, text: str) -> tuple[Tensor, Mapping[str, Any]]:
        """A text with the hint of the first picture, as sample pictures are of its size."""
        states, settings = super().text(text)
        return states, {**settings, "control": (_Live(self.control, _hints(self.samples[:1])),)}

    def _answer(self, network: LoadedModel, call: Call, samples: Sequence[Sample]) -> Tensor:
        hint = _hints(samples).to(call.x.device)
        return network(replace(call, residuals=self.control.residuals(call, hint)))


@dataclass(frozen=True, eq=False)
class _Live:
    """A ControlNet that is trained, as conditioning carries those that were."""

    control: TrainedControlNet
    hint: Tensor

    @contextmanager
    def loaded(self, frame: Frame) -> Iterator[_Live]:
        """It is on its device already."""
        yield self

    def residuals(self, call: Call) -> Residuals:
        """What it adds to a call; the hint is brought to its size."""
        height, width = (SCALE * side for side in call.x.shape[-2:])
        hint = self.hint.to(call.x.device)
        if hint.shape[-2:] != (height, width):
            hint = F.interpolate(hint, (height, width), mode="bilinear", antialias=True)
        return self.control.residuals(call, hint.expand(call.x.shape[0], -1, -1, -1))


def _hints(samples: Sequence[Sample]) -> Tensor:
    """Those of some samples, ``[B, 3, 8 h, 8 w]``, 0 to 1."""
    found = [sample.hint for sample in samples if sample.hint is not None]
    return torch.stack(found).float() / 255


def _config(model: Model) -> dict[str, Any]:
    """Arguments of the `ControlNetModel` of a model. Raises `TrainingError` for one that is no UNet."""
    config = model.config
    if "cross_attention_dim" not in config:
        raise TrainingError(f"{model.family.label} has no UNet, which a ControlNet is a copy of: train a LoRA.")
    widths = tuple(min(width, config["block_out_channels"][0]) for width in HINT_WIDTHS)
    encoder = encoder_of(config)
    encoder.pop("class_embed_type", None)  # no ControlNet is told what else unCLIP models are
    return {
        **encoder,
        "in_channels": model.latent_format.channels,
        "conditioning_embedding_out_channels": widths,
    }


def _hint_layers(config: Mapping[str, Any], seed: int) -> dict[str, Tensor]:
    """The layers that read the hint, as diffusers begins them: the last one is zero."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        layers = ControlNetConditioningEmbedding(
            config["block_out_channels"][0], block_out_channels=config["conditioning_embedding_out_channels"]
        )
    return {f"{HINT}.{name}": tensor for name, tensor in layers.state_dict().items()}


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
