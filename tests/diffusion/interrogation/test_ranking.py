"""Ranking of lists by CLIP, against transformers' whole CLIP with its own preprocessing."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

from diffusion.interrogation.captioner import Description
from diffusion.interrogation.ranking import ClipCaptioner, Ranker, WordList, load_ranker, read_lists, token_ids
from diffusion.weights import WeightsError, save_weights

CPU = torch.device("cpu")
METADATA = {
    "text_encoder": "l",
    "text_config": json.dumps({"num_attention_heads": 2}),
    "vision_config": json.dumps({"num_attention_heads": 2}),
}
ITEMS = ("an oil painting", "pixel art", "a woodcut of " + "very " * 90 + "old trees", "café")


@pytest.fixture(scope="module")
def clip() -> CLIPModel:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_hidden_layers": 2}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": 49408, "eos_token_id": 49407, "bos_token_id": 49406, "projection_dim": 8},
        vision_config={**sizes, "image_size": 28, "patch_size": 14, "projection_dim": 8, "hidden_act": "gelu"},
        projection_dim=8,
        logit_scale_init_value=float(np.log(100)),
    )
    network = CLIPModel(config).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name != "logit_scale":
            parameter.copy_(torch.randn(parameter.shape) / 4)
    return network.half().float()


OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
OPEN_CLIP_ENDS = {
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
    "vision_model.post_layernorm.weight": "visual.ln_post.weight",
    "vision_model.post_layernorm.bias": "visual.ln_post.bias",
}


def open_clip(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights as OpenCLIP has them."""
    found = {new: state[old] for old, new in OPEN_CLIP_ENDS.items()}
    found |= {"text_projection": state["text_projection.weight"].T, "visual.proj": state["visual_projection.weight"].T}
    for tower, prefix in (("text_model.", ""), ("vision_model.", "visual.")):
        for number, leaf in itertools.product(range(2), ("weight", "bias")):
            old, new = f"{tower}encoder.layers.{number}.", f"{prefix}transformer.resblocks.{number}."
            found |= {f"{new}{b}.{leaf}": state[f"{old}{a}.{leaf}"] for a, b in OPEN_CLIP_LAYER.items()}
            found[f"{new}attn.in_proj_{leaf}"] = torch.cat([state[f"{old}self_attn.{p}_proj.{leaf}"] for p in "qkv"])
    return found


@pytest.fixture(scope="module", params=["transformers", "open_clip"])
def path(request, clip, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "model.safetensors"
    state = clip.state_dict()
    save_weights(path, open_clip(state) if request.param == "open_clip" else state, METADATA)
    return path


@pytest.fixture(scope="module")
def ranker(path) -> Ranker:
    return load_ranker(path, CPU)


def test_scores_are_those_of_the_whole_clip(clip, ranker):
    image = torch.rand(40, 60, 3, generator=torch.Generator().manual_seed(1))
    processor = CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    pixels = processor((image.numpy() * 255).round().astype(np.uint8), return_tensors="pt").pixel_values
    expected = clip(input_ids=token_ids(ITEMS), pixel_values=pixels).logits_per_image.softmax(1)[0]
    for _ in range(2):  # the second time the vectors of the list are remembered
        found = ranker.rank(image, WordList("mediums", 1, ITEMS))
        assert [score.score for score in found] == sorted((score.score for score in found), reverse=True)
        by_item = {score.tag: score.score for score in found}
        np.testing.assert_allclose([by_item[item] for item in ITEMS], expected.numpy(), atol=0.02)


def test_texts_that_are_too_long_are_cut_before_the_end_token():
    ids = token_ids(ITEMS)
    assert ids.shape == (4, 77)
    assert ids[2, -1] == 49407
    assert (ids[2, 1:-1] != 49407).all()
    assert (ids[:, 0] == 49406).all()


class Fixed:
    def describe(self, image):
        return Description("a cat")


def test_a_caption_comes_first_and_each_list_tells_as_many_as_its_name_says(ranker):
    image = torch.rand(28, 28, 3)
    lists = (WordList("mediums", 1, ITEMS), WordList("flavors", 2, ITEMS[:3]))
    best = [score.tag for score in ranker.rank(image, lists[0])]
    among = [item for item in best if item in ITEMS[:3]]
    assert ClipCaptioner(ranker, lists).describe(image).text == ", ".join([best[0], *among[:2]])
    found = ClipCaptioner(ranker, lists, Fixed(), ranks=True).describe(image)
    assert found.text.startswith("a cat, (")
    assert {score.group for score in found.scores} == {"mediums", "flavors"}
    first = found.scores[0]
    assert f"({first.tag}:{first.score:.3f})" in found.text


def test_lists_of_the_user_replace_those_of_the_same_name(tmp_path):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    shipped.mkdir()
    (shipped / "mediums.txt").write_text("oil\nink\n")
    (shipped / "flavors.top3.txt").write_text("bright\n\n  dark \nbright\n")
    (shipped / "artists.txt").write_text("by me\n")
    assert list(read_lists(own, shipped=shipped)) == [
        WordList("artists", 1, ("by me",)),
        WordList("flavors", 3, ("bright", "dark")),
        WordList("mediums", 1, ("oil", "ink")),
    ]
    own.mkdir()
    (own / "mediums.top2.txt").write_text("\n".join(f"medium {number}" for number in range(1600)))
    (own / "artists.txt").write_text("\n")
    mediums = next(each for each in read_lists(own, shipped=shipped) if each.name == "mediums")
    assert (mediums.top, len(mediums.items), mediums.items[-1]) == (2, 1500, "medium 1499")
    assert [each.name for each in read_lists(own, shipped=shipped)] == ["flavors", "mediums"]
    assert [each.name for each in read_lists(own, {"flavors"}, shipped)] == ["mediums"]
    with pytest.raises(ValueError, match=r"no list 'colours'. There are: artists, flavors, mediums\."):
        read_lists(own, {"colours"}, shipped)
    (own / "artists.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match=r"artists.txt is no text in UTF-8"):
        read_lists(own, shipped=shipped)


def test_the_shipped_lists_are_there(tmp_path):
    lists = {each.name: each for each in read_lists(tmp_path)}
    assert set(lists) == {"artists", "flavors", "mediums", "movements"}
    assert lists["flavors"].top == 3
    assert all(len(each.items) > 30 for each in lists.values())


def test_a_vision_model_alone_is_refused(clip, tmp_path):
    path = tmp_path / "vision.safetensors"
    tensors = {name: value for name, value in clip.state_dict().items() if name.startswith("vis")}
    save_weights(path, tensors, METADATA)
    with pytest.raises(WeightsError, match="has no text encoder beside the vision model"):
        load_ranker(path, CPU)
