"""Embeddings in pictures and in LoRAs."""

import base64
import json
import zlib
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from diffusion.text import embedding_cards
from diffusion.text.embeddings import EmbeddingError, bundled_embeddings, find_embedding
from diffusion.text.vocabulary import encode

VECTORS = [[0.5, -1.25, 2.0, 3.0], [4.0, 5.0, 6.0, -7.5]]
FILE = json.dumps({"name": "card", "string_to_param": {"*": {"TORCHTENSOR": VECTORS}}}).encode()
# the numbers that Stable Diffusion WebUI's generator begins with
NUMBERS = [253, 242, 127, 44, 157, 27, 239, 133, 38, 79, 167, 4]


def test_the_generator_gives_the_known_numbers():
    assert list(islice(embedding_cards._generated(), len(NUMBERS))) == NUMBERS


def test_a_text_chunk_is_read(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("sd-ti-embedding", base64.b64encode(FILE).decode())
    Image.new("RGB", (8, 8), "red").save(tmp_path / "chunk.png", pnginfo=info)
    assert find_embedding("chunk", [tmp_path], 4).tolist() == VECTORS


def hidden(height: int = 30) -> np.ndarray:
    """A card as the format's description says, made with numbers of the generator in its closed form."""
    data = zlib.compress(FILE)
    columns = -(-len(data) // (height * 3))
    size = height * columns * 3
    stream = np.frombuffer((data * (size // len(data) + 1))[:size], dtype=np.uint8)  # padded with repetitions
    a, c, m = 1664525, 1013904223, 2**32
    # the n-th state of a linear congruential generator from 0 is c (a^n - 1) / (a - 1)
    states = [c * (pow(a, n, m * (a - 1)) - 1) // (a - 1) % m for n in range(1, size + 1)]
    key = np.array([state % 255 & 15 for state in states], dtype=np.uint8)
    blocks = [((part ^ key) | 0x90).reshape(height, columns, 3) for part in (stream & 15, stream >> 4)]
    black = np.zeros((height, 1, 3), dtype=np.uint8)
    shown = np.full((height, 20, 3), 119, dtype=np.uint8)
    return np.concatenate([blocks[0], black, shown, black, blocks[1]], axis=1)


@pytest.mark.parametrize("extension", ["png", "webp"])
@pytest.mark.parametrize("frame", [0, 3])
def test_vectors_hidden_in_pixels_are_read(tmp_path, extension, frame):
    pixels = np.pad(hidden(), ((frame, frame), (frame, frame), (0, 0)))
    Image.fromarray(pixels).save(tmp_path / f"card.{extension}", lossless=True)
    assert find_embedding("card", [tmp_path], 4).tolist() == VECTORS


@pytest.mark.parametrize("change", ["scaled", "plain", "black", "text"])
def test_other_pictures_are_refused(tmp_path, change):
    pictures = {
        "scaled": Image.fromarray(hidden()).resize((50, 20)),
        "plain": Image.new("RGB", (20, 20), (200, 17, 3)),
        "black": Image.new("RGB", (20, 20)),
    }
    if change == "text":
        (tmp_path / "bad.png").write_text("no picture")
    else:
        pictures[change].save(tmp_path / "bad.png")
    with pytest.raises(EmbeddingError, match=r"bad\.png holds no embedding"):
        find_embedding("bad", [tmp_path], 4)


def test_a_lora_may_bring_embeddings_along(tiny):
    weights = {
        "lora_unet_mid.alpha": torch.tensor(1.0),
        "bundle_emb.mycat.string_to_param.*": torch.tensor(VECTORS),
        "bundle_emb.two.clip_l": torch.ones(1, 4),
        "bundle_emb.two.clip_g": torch.zeros(1, 6),
    }
    bundled = bundled_embeddings(weights)
    assert set(bundled) == {"mycat", "two"}
    assert find_embedding("mycat", [], 4, "l", bundled).tolist() == VECTORS
    assert find_embedding("two", [], 4, "l", bundled).tolist() == [[1, 1, 1, 1]]
    assert find_embedding("two", [], 6, "g", bundled).tolist() == [[0] * 6]
    with tiny.clip.encoders[0].loaded() as network:
        vector = network.embeddings.token_embedding.weight[encode("cat")].clone()
    clip = replace(tiny.clip, embedding_folders=()).with_embeddings({"mycat": {"*": vector}})
    torch.testing.assert_close(clip.encode("a embedding:mycat sits")[0][0], clip.encode("a cat sits")[0][0])
