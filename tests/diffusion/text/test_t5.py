"""T5's encoder and tokenizer, against transformers' module and segmentations that follow from the pieces' scores."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from torch import Tensor
from transformers import T5EncoderModel

from diffusion.checkpoint import load_text_encoders
from diffusion.text.clip import Clip
from diffusion.text.sentence_pieces import find_tokenizer
from diffusion.text.webui import encode as webui
from diffusion.weights import WeightsError, load_weights, read_header, save_weights
from tests.diffusion.families.small_transformers import T5_WIDTH, OnlyT5, small_t5, t5_in_file, write_pieces

A, CAT, RED, END, UNKNOWN, SPACE = 4, 5, 6, 1, 2, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("t5")
    write_pieces(found / "tokenizers" / "t5" / "spiece.model")
    return found


@pytest.fixture(scope="module")
def module() -> T5EncoderModel:
    return small_t5()


@pytest.fixture(scope="module")
def clip(folder, module) -> Clip:
    save_weights(folder / "t5.safetensors", {n: t.half() for n, t in t5_in_file(module).items()})
    return load_text_encoders(
        [folder / "t5.safetensors"], families=[OnlyT5()], tokenizer_folders=[folder / "tokenizers"]
    )


def states(module: T5EncoderModel, tokens: list[int], length: int = 256) -> Tensor:
    """What transformers makes of tokens, filled up with padding, which nothing masks."""
    with torch.no_grad():
        return module(torch.tensor([tokens + [0] * (length - len(tokens))])).last_hidden_state


def test_words_are_cut_into_the_likeliest_pieces(folder):
    tokenizer = find_tokenizer([folder, folder / "tokenizers"])
    assert tokenizer.encode("a red  cat").ids == [A, RED, CAT, END]
    assert tokenizer.encode("tat\na").ids == [SPACE, 9, 8, 9, A, END]
    assert tokenizer.encode("a dog").ids == [A, SPACE, UNKNOWN, END]
    tokenizer.save(str(folder / "tokenizer.json"))
    assert find_tokenizer([folder]).encode("a red cat").ids == [A, RED, CAT, END]


def test_a_prompt_has_at_least_256_tokens(clip, module):
    torch.testing.assert_close(clip.encode("a red cat")[0][0], states(module, [A, RED, CAT, END]))
    torch.testing.assert_close(clip.encode("")[0][0], states(module, [END]))
    long = [A] * 300
    torch.testing.assert_close(clip.encode("a " * 300)[0][0], states(module, [*long, END], 301))


def test_weights_move_states_away_from_those_of_the_empty_prompt(clip, module):
    """ComfyUI's rule, which is that of CLIP."""
    plain, empty = states(module, [A, RED, CAT, END]), states(module, [END])
    factors = torch.ones(1, 256, 1)
    factors[0, 1], factors[0, 2] = 1.3, 0.5
    expected = (plain - empty) * factors + empty
    torch.testing.assert_close(clip.encode("a (red:1.3) (cat:0.5)")[0][0], expected)


def test_in_the_dialect_of_the_webui_weights_multiply_states(clip, module):
    (conditioning, _) = webui.encode_negative(clip, "a [cat] BREAK (red:1.5)", webui.Dialect("no norm"))
    factors = torch.ones(1, 256, 1)
    factors[0, 1], factors[0, 2] = 1 / 1.1, 1.5
    torch.testing.assert_close(conditioning[0][0], states(module, [A, CAT, RED, END]) * factors)


def test_an_earlier_layer_is_normalised(clip, module):
    with torch.no_grad():
        found = module(torch.tensor([[A, END] + [0] * 254]), output_hidden_states=True)
        expected = module.encoder.final_layer_norm(found.hidden_states[-2])
    torch.testing.assert_close(clip.with_last_layer(-2).encode("a")[0][0], expected)
    torch.testing.assert_close(clip.with_last_layer(-1).encode("a")[0][0], found.last_hidden_state)


def test_vectors_stand_in_the_place_of_tokens(folder, clip, module):
    torch.manual_seed(3)
    vectors = torch.randn(2, T5_WIDTH)
    (folder / "embeddings").mkdir()
    save_weights(folder / "embeddings" / "style.safetensors", {"clip_l": torch.zeros(1, 768), "t5xxl": vectors})
    embedded = module.shared(torch.tensor([[A, 0, 0, CAT, END] + [0] * 251])).detach()
    embedded[0, 1:3] = vectors
    with torch.no_grad():
        expected = module(inputs_embeds=embedded).last_hidden_state
    found = replace(clip, embedding_folders=(folder / "embeddings",)).encode("a embedding:style cat")[0][0]
    torch.testing.assert_close(found, expected)


def test_the_matrices_are_kept_in_16_bits(clip):
    with clip.encoders[0].loaded() as network:
        layer = network.block[1].layer
        assert layer[0].SelfAttention.q.weight.dtype == torch.float16
        assert layer[1].DenseReluDense.wo.weight.dtype == network.embed_tokens.weight.dtype == torch.float32


def test_other_tokenizers_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="T5's tokenizer is missing: put its file"):
        find_tokenizer([tmp_path])
    (tmp_path / "spiece.model").write_bytes(b"\xff\xff")
    with pytest.raises(WeightsError, match=r"spiece\.model cannot be read as T5's tokenizer"):
        find_tokenizer([tmp_path])
    (tmp_path / "t5").mkdir()
    Tokenizer(BPE()).save(str(tmp_path / "t5" / "tokenizer.json"))
    with pytest.raises(WeightsError, match=r"tokenizer\.json is the tokenizer of another model"):
        find_tokenizer([tmp_path])


def test_a_file_of_t5_is_complete(folder, clip):
    weights = load_weights(folder / "t5.safetensors")
    component = clip.encoders[0].source.component
    assert component.check(read_header(folder / "t5.safetensors")) == sum(
        tensor.numel() for name, tensor in weights.items() if name != "encoder.embed_tokens.weight"
    )
