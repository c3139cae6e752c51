"""IP-Adapters against diffusers: the same file in its UNet gives the same prediction."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from diffusion.image_prompts.ip_adapter import Use, load_ip_adapter, with_image_prompt
from diffusion.image_prompts.style_model import load_style_model, with_style
from diffusion.image_prompts.vision import EncodedPicture
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, save_weights

WIDTH, EMBEDS, STATES = 48, 24, 32  # of the tiny model's prompts, and of what the vision model gives
TOKENS = 5


class Side:
    """A condition of which only the side matters."""

    def __init__(self, side: int) -> None:
        self.side = side


@pytest.fixture
def call() -> Call:
    torch.manual_seed(3)
    x, context = torch.randn(2, 4, 8, 12), torch.randn(2, 77, WIDTH)
    return Call(x, torch.tensor([500, 500]), 1.0, context, conditions=(Side(1), Side(0)))


@pytest.fixture
def picture() -> EncodedPicture:
    torch.manual_seed(2)
    states = torch.randn(3, TOKENS, STATES)
    return EncodedPicture(torch.randn(2, EMBEDS), states[:2] * 2, states[:2], states[2:])


def plain() -> dict[str, torch.Tensor]:
    return {
        "proj.weight": torch.randn(4 * WIDTH, EMBEDS) / 4,
        "proj.bias": torch.randn(4 * WIDTH),
        "norm.weight": torch.randn(WIDTH),
        "norm.bias": torch.randn(WIDTH),
    }


def full() -> dict[str, torch.Tensor]:
    sizes = {"proj.0": (STATES, STATES), "proj.2": (WIDTH, STATES), "proj.3": (WIDTH,)}
    return {
        f"{name}.{leaf}": torch.randn(size if leaf == "weight" else size[:1]) / 4
        for name, size in sizes.items()
        for leaf in ("weight", "bias")
    }


def plus(dim: int = 40) -> dict[str, torch.Tensor]:
    inner = 128  # heads of 64 channels, as diffusers reads them
    sizes: dict[str, tuple[int, ...]] = {"latents": (1, 6, dim)}
    for name, size in {"proj_in": (dim, STATES), "proj_out": (WIDTH, dim), "norm_out": (WIDTH,)}.items():
        sizes |= {f"{name}.weight": size, f"{name}.bias": size[:1]}
    for n in range(4):
        sizes |= {f"layers.{n}.0.norm{k}.{leaf}": (dim,) for k in (1, 2) for leaf in ("weight", "bias")}
        sizes |= {f"layers.{n}.0.to_q.weight": (inner, dim), f"layers.{n}.0.to_kv.weight": (2 * inner, dim)}
        sizes |= {f"layers.{n}.0.to_out.weight": (dim, inner), f"layers.{n}.1.0.weight": (dim,)}
        sizes |= {f"layers.{n}.1.0.bias": (dim,), f"layers.{n}.1.1.weight": (4 * dim, dim)}
        sizes |= {f"layers.{n}.1.3.weight": (dim, 4 * dim)}
    return {name: torch.randn(size) / 4 for name, size in sizes.items()}


def attention(unet: nn.Module) -> dict[str, torch.Tensor]:
    """Keys and values for each layer, numbered by diffusers' own list of attention layers."""
    found = {}
    for number, name in enumerate(unet.attn_processors):
        if name.endswith("attn2.processor"):
            rows = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
            found |= {f"{number}.to_{part}_ip.weight": torch.randn(rows, WIDTH) / 3 for part in "kv"}
    return found


def expected(
    unet: nn.Module,
    tensors: dict,
    embeds: torch.Tensor,
    call: Call,
    weight: float,
    blocks: dict[str, float] | None = None,
) -> torch.Tensor:
    """What diffusers predicts; embeds: ``[rows, pictures, …]``; blocks: weights by the start of a layer's name."""
    unet._load_ip_adapter_weights([tensors], low_cpu_mem_usage=False)
    for name, processor in unet.attn_processors.items():
        if hasattr(processor, "scale"):
            processor.scale = [next((own for start, own in (blocks or {}).items() if name.startswith(start)), weight)]
    with torch.no_grad():
        return unet(call.x, call.timestep, call.context, added_cond_kwargs={"image_embeds": [embeds]})[0]


@pytest.mark.parametrize("kind", [plain, plus, full])
@pytest.mark.parametrize("pickled", [False, True])
def test_the_prediction_is_that_of_diffusers(tiny, tmp_path, call, picture, kind, pickled):
    torch.manual_seed(1)
    unet = tiny.model.source.network()
    tensors = {"image_proj": kind(), "ip_adapter": attention(unet)}
    path = tmp_path / ("adapter.bin" if pickled else "adapter.safetensors")
    if pickled:
        torch.save(tensors, path)
    else:
        save_weights(path, {f"{part}.{name}": t for part, table in tensors.items() for name, t in table.items()})
    one = replace(
        picture, image_embeds=picture.image_embeds[:1], penultimate_hidden_states=picture.penultimate_hidden_states[:1]
    )
    model = with_image_prompt(tiny.model, load_ip_adapter(path), one, Use(0.7))
    with model.loaded() as network:
        found = network(call)
    if kind is plain:
        seen, nothing = one.image_embeds, torch.zeros_like(one.image_embeds)
    else:
        seen, nothing = one.penultimate_hidden_states, one.blank
    embeds = torch.stack([nothing, seen])  # the first row is of the negative prompt
    torch.testing.assert_close(found, expected(unet, tensors, embeds, call, 0.7), atol=1e-4, rtol=1e-4)
    with tiny.model.loaded() as network:
        assert (network(call) - found).abs().max() > 1e-3


def test_a_picture_counts_in_each_block_as_asked(tiny, tmp_path, call, picture):
    """Easing out is 0.05 in the first of four blocks and rises by 0.95 / 4 in each; blocks have factors beside it."""
    torch.manual_seed(1)
    unet = tiny.model.source.network()
    tensors = {"image_proj": plain(), "ip_adapter": attention(unet)}
    torch.save(tensors, tmp_path / "a.bin")
    one = replace(picture, image_embeds=picture.image_embeds[:1])
    use = Use(0.8, weight_type="ease out", block_weights="output 3: 2, Middle: 0, rest: 0.5")
    with with_image_prompt(tiny.model, load_ip_adapter(tmp_path / "a.bin"), one, use).loaded() as network:
        found = network(call)
    embeds = torch.stack([torch.zeros_like(one.image_embeds), one.image_embeds])
    blocks = {
        "down_blocks.0.attentions.0": 0.8 * 0.05 * 0.5,
        "mid_block": 0.0,
        "up_blocks.1.attentions.0": 0.8 * (0.05 + 0.95 * 2 / 4) * 0.5,
        "up_blocks.1.attentions.1": 0.8 * (0.05 + 0.95 * 3 / 4) * 2,
    }
    torch.testing.assert_close(found, expected(unet, tensors, embeds, call, 0.8, blocks), atol=1e-4, rtol=1e-4)


def test_several_pictures_stand_side_by_side_or_are_averaged(tiny, tmp_path, call, picture):
    torch.manual_seed(1)
    unet = tiny.model.source.network()
    tensors = {"image_proj": plain(), "ip_adapter": attention(unet)}
    torch.save(tensors, tmp_path / "a.bin")
    adapter = load_ip_adapter(tmp_path / "a.bin")
    embeds = torch.stack([torch.zeros_like(picture.image_embeds), picture.image_embeds])
    with with_image_prompt(tiny.model, adapter, picture).loaded() as network:
        found = network(call)
    torch.testing.assert_close(found, expected(unet, tensors, embeds, call, 1.0), atol=1e-4, rtol=1e-4)
    twice = replace(picture, image_embeds=picture.image_embeds[:1].expand(2, -1))
    once = replace(picture, image_embeds=picture.image_embeds[:1])
    results = []
    for seen, combination in ((twice, "average"), (once, "concat")):
        with with_image_prompt(tiny.model, adapter, seen, Use(combination=combination)).loaded() as network:
            results.append(network(call))
    torch.testing.assert_close(*results)


def test_mask_range_and_weight_limit_it(tiny, tmp_path, call, picture):
    torch.manual_seed(1)
    tensors = {"image_proj": plain(), "ip_adapter": attention(tiny.model.source.network())}
    torch.save(tensors, tmp_path / "a.bin")
    adapter = load_ip_adapter(tmp_path / "a.bin")

    def predicted(**settings) -> torch.Tensor:
        with with_image_prompt(tiny.model, adapter, picture, Use(**settings)).loaded() as network:
            return network(call)

    with tiny.model.loaded() as network:
        without = network(call)
    whole = predicted()
    assert with_image_prompt(tiny.model, adapter, picture, Use(0.0)) is tiny.model
    torch.testing.assert_close(predicted(mask=torch.zeros(1, 64, 96)), without)
    torch.testing.assert_close(predicted(mask=torch.ones(1, 64, 96)), whole)
    assert not torch.allclose(predicted(mask=torch.eye(96)[None, :64]), whole)
    torch.testing.assert_close(predicted(end_percent=0.2), without)  # the call is at a lower level
    torch.testing.assert_close(predicted(start_percent=0.2), whole)


def test_what_does_not_belong_together_is_refused(tiny, tmp_path, picture):
    torch.manual_seed(1)
    layers = attention(tiny.model.source.network())

    def refused(projection, attention, match):
        torch.save({"image_proj": projection, "ip_adapter": attention}, tmp_path / "a.bin")
        with pytest.raises(WeightsError, match=match):
            with_image_prompt(tiny.model, load_ip_adapter(tmp_path / "a.bin"), picture)

    refused({"proj.weight": torch.zeros(96, 7), "proj.bias": torch.zeros(96)}, layers, "gives 7 numbers")
    refused({**plain(), "norm.weight": torch.ones(32), "norm.bias": torch.ones(32)}, layers, "reads prompts of 32")
    refused({"other": torch.zeros(1)}, layers, "kind that is not supported")
    refused({"proj.2.weight": torch.zeros(1), "norm.weight": torch.zeros(1)}, layers, "apply it with FaceIDApply")
    refused(plain(), dict(list(layers.items())[:2]), "another family")
    refused(plain(), {}, "no IP-Adapter")


class StyleAdapter(nn.Module):
    """The adapter's network in torch's own modules."""

    def __init__(self) -> None:
        super().__init__()
        self.style_embedding = nn.Parameter(torch.randn(1, 8, STATES))
        self.ln_pre, self.ln_post = nn.LayerNorm(STATES), nn.LayerNorm(STATES)
        self.proj = nn.Parameter(torch.randn(STATES, WIDTH))
        self.transformer_layes = nn.ModuleList(
            nn.ModuleDict(
                {
                    "attn": nn.MultiheadAttention(STATES, 8, batch_first=True),
                    "ln_1": nn.LayerNorm(STATES),
                    "ln_2": nn.LayerNorm(STATES),
                    "mlp": nn.ModuleDict({"c_fc": nn.Linear(STATES, 128), "c_proj": nn.Linear(128, STATES)}),
                }
            )
            for _ in range(2)
        )

    def forward(self, states):
        x = self.ln_pre(torch.cat([states, self.style_embedding.expand(len(states), -1, -1)], 1))
        for layer in self.transformer_layes:
            y = layer["ln_1"](x)
            x = x + layer["attn"](y, y, y)[0]
            y = layer["mlp"]["c_fc"](layer["ln_2"](x))
            x = x + layer["mlp"]["c_proj"](y * torch.sigmoid(1.702 * y))
        return self.ln_post(x[:, -8:]) @ self.proj


def test_a_style_is_further_tokens_of_the_prompt(tmp_path, picture):
    torch.manual_seed(0)
    module = StyleAdapter().eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.copy_(torch.randn(parameter.shape) / 3)
    save_weights(tmp_path / "style.safetensors", module.state_dict())
    model = load_style_model(tmp_path / "style.safetensors")
    prompt = torch.randn(1, 77, WIDTH)
    [[states, settings]] = with_style([[prompt, {"strength": 2}]], model, picture, 0.5)
    torch.testing.assert_close(states[:, :77], prompt)
    torch.testing.assert_close(states[0, 77:], module(picture.last_hidden_state).flatten(0, 1) * 0.5)
    assert settings == {"strength": 2}
    with pytest.raises(WeightsError, match="numbers a token"):
        with_style([[torch.zeros(1, 77, 7), {}]], model, picture, 1.0)
    with pytest.raises(WeightsError, match="ViT-L"):
        with_style([[prompt, {}]], model, replace(picture, last_hidden_state=torch.zeros(1, 2, 7)), 1.0)
    save_weights(tmp_path / "other.safetensors", {"a": torch.zeros(1)})
    with pytest.raises(WeightsError, match="no style model"):
        load_style_model(tmp_path / "other.safetensors")
