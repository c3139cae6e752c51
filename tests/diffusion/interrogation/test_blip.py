"""BLIP's captions from a folder with random weights, against a search that is written out here."""

from pathlib import Path

import numpy as np
import pytest
import torch

from diffusion.annotators.networks import quiet
from diffusion.interrogation.blip import BlipCaptioner, load_blip, pixel_values
from diffusion.weights import WeightsError, save_weights

CPU = torch.device("cpu")
SIDE = 32
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[DEC]",
    "a",
    "picture",
    "of",
    "cat",
    "dog",
    "red",
    "house",
    "on",
]
SEPARATOR, START = WORDS.index("[SEP]"), WORDS.index("[DEC]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    with quiet():
        from transformers import BlipConfig, BlipForConditionalGeneration

        torch.manual_seed(0)
        sizes = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_hidden_layers": 2}
        special = {"bos_token_id": START, "sep_token_id": SEPARATOR, "pad_token_id": 0, "eos_token_id": SEPARATOR}
        config = BlipConfig(
            text_config={**sizes, **special, "vocab_size": len(WORDS), "encoder_hidden_size": 16},
            vision_config={**sizes, "image_size": SIDE, "patch_size": 16},
        )
        network = BlipForConditionalGeneration(config)
        for parameter in network.parameters():
            parameter.data.copy_(torch.randn(parameter.shape) / 2)
        folder = tmp_path_factory.mktemp("captioners") / "blip"
        network.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    return folder


def greedy(folder: Path, image: torch.Tensor, shortest: int, longest: int) -> list[int]:
    """The most likely token after the other, where the end may not come before `shortest` tokens."""
    with quiet():
        from transformers import BlipForConditionalGeneration

        network = BlipForConditionalGeneration.from_pretrained(folder).eval()
    with torch.no_grad():
        seen = network.vision_model(pixel_values=pixel_values(image, SIDE)).last_hidden_state
        tokens = [START, *(WORDS.index(word) for word in ("a", "picture", "of"))]
        while len(tokens) < longest:
            decoder = network.text_decoder(input_ids=torch.tensor([tokens]), encoder_hidden_states=seen)
            scores = decoder.logits[0, -1]
            if len(tokens) < shortest:
                scores[SEPARATOR] = -torch.inf
            tokens.append(int(scores.argmax()))
            if tokens[-1] == SEPARATOR:
                break
    return tokens[4:]


@pytest.mark.parametrize(("shortest", "longest"), [(4, 20), (12, 14)])
def test_captions_go_on_from_the_opening_by_the_likeliest_words(folder, shortest, longest):
    image = torch.rand(20, 30, 3, generator=torch.Generator().manual_seed(2))
    told = BlipCaptioner(load_blip(folder / "model.safetensors", CPU), 1, shortest, longest).describe(image).text
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    expected = [WORDS[token] for token in greedy(folder, image, shortest, longest)]
    assert told.split() == [word for word in expected if word not in special]
    assert len(expected) >= shortest - 4


def test_pictures_are_prepared_as_transformers_prepares_them():
    with quiet():
        from transformers import BlipImageProcessor

        processor = BlipImageProcessor(size={"height": SIDE, "width": SIDE})
    levels = torch.randint(0, 256, (90, 60, 3), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    expected = processor(levels.numpy(), return_tensors="pt").pixel_values
    found = pixel_values(levels.float() / 255, SIDE)
    difference = (
        np.abs(found.numpy() - np.asarray(expected)) * 255 * 0.27
    )  # in levels of 8 bits; theirs are rounded twice
    assert difference.max() < 2.2
    assert difference.mean() < 0.2


def test_what_a_folder_lacks_is_named(folder, tmp_path):
    (tmp_path / "pytorch_model.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"lacks model.safetensors or pytorch_model.bin, config.json, vocab.txt"):
        load_blip(tmp_path / "pytorch_model.safetensors", CPU)
    for name in ("config.json", "vocab.txt"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"model.safetensors is not a safetensors file"):
        load_blip(tmp_path / "model.safetensors", CPU)
    save_weights(tmp_path / "model.safetensors", {"other": torch.zeros(1)})
    with pytest.raises(WeightsError, match=r"lack [0-9]+ of its tensors"):
        BlipCaptioner(load_blip(tmp_path / "model.safetensors", CPU)).describe(torch.rand(8, 8, 3))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="holds no BLIP that can be read"):
        BlipCaptioner(load_blip(tmp_path / "model.safetensors", CPU)).describe(torch.rand(8, 8, 3))
