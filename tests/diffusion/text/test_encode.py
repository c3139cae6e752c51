"""Hidden states against transformers' own forward pass and the definition of prompt weights."""

from dataclasses import replace

import pytest
import torch

from diffusion.text.encode import layer_count
from diffusion.text.vocabulary import END, START, encode
from diffusion.weights import save_weights


def ids(text: str) -> torch.Tensor:
    numbers = encode(text)
    return torch.tensor([[START, *numbers, *[END] * (76 - len(numbers))]])


@pytest.fixture
def forward(tiny):
    """transformers' forward pass: last states, pooled state, all hidden states."""

    def run(tokens: torch.Tensor):
        with tiny.clip.encoders[0].part.loaded() as network, torch.no_grad():
            return network(tokens, output_hidden_states=True)

    return run


def test_states_and_pooled_state_equal_transformers(tiny, forward):
    ((states, options),) = tiny.clip.encode("a photo of a cat")
    expected = forward(ids("a photo of a cat"))
    torch.testing.assert_close(states, expected.last_hidden_state)
    torch.testing.assert_close(options["pooled_output"], expected.pooler_output)


@pytest.mark.parametrize("layer", [-1, -2, -3])
def test_an_earlier_layer_goes_through_the_last_normalisation(tiny, forward, layer):
    ((states, options),) = tiny.clip.with_last_layer(layer).encode("a cat")
    expected = forward(ids("a cat"))
    with tiny.clip.encoders[0].part.loaded() as network, torch.no_grad():
        normalised = network.final_layer_norm(expected.hidden_states[layer])
        assert layer_count(network) == tiny.clip.encoders[0].layers
    # the last entry of hidden_states may or may not be normalised already, which normalising again does not change
    torch.testing.assert_close(states, expected.last_hidden_state if layer == -1 else normalised)
    torch.testing.assert_close(options["pooled_output"], expected.pooler_output)


def test_a_layer_that_is_not_there_is_ignored_with_a_warning(tiny):
    clip = tiny.clip.with_last_layer(-5)
    assert clip.tokenize("a cat").warnings == ("The text encoder has 3 layers: stopping at layer -5 was ignored.",)
    assert torch.equal(clip.encode("a cat")[0][0], tiny.clip.encode("a cat")[0][0])


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.3, -1.0])
def test_a_weight_moves_states_away_from_the_empty_prompt(tiny, forward, weight):
    ((states, options),) = tiny.clip.encode(f"a (cat:{weight}) sits")
    plain, empty = forward(ids("a cat sits")).last_hidden_state, forward(ids("")).last_hidden_state
    expected = plain.clone()
    expected[0, 2] = empty[0, 2] + weight * (plain[0, 2] - empty[0, 2])
    torch.testing.assert_close(states, expected)
    torch.testing.assert_close(options["pooled_output"], tiny.clip.encode("a cat sits")[0][1]["pooled_output"])


def test_chunks_follow_one_another(tiny, forward):
    ((states, options),) = tiny.clip.encode("cat " * 75 + "dog")
    first, second = forward(ids("cat " * 75)), forward(ids("dog"))
    torch.testing.assert_close(states, torch.cat([first.last_hidden_state, second.last_hidden_state], dim=1))
    torch.testing.assert_close(options["pooled_output"], first.last_hidden_state[:, 76])


def test_an_embedding_equal_to_a_word_gives_the_same_states(tiny, tmp_path):
    with tiny.clip.encoders[0].part.loaded() as network:
        vector = network.embeddings.token_embedding.weight[encode("cat")].clone()
    save_weights(tmp_path / "mycat.safetensors", {"mycat": vector})
    clip = replace(tiny.clip, embedding_folders=(tmp_path,))
    torch.testing.assert_close(clip.encode("a embedding:mycat sits")[0][0], clip.encode("a cat sits")[0][0])


def test_the_encoder_is_rounded_to_half_precision(tiny_path, tiny):
    with tiny.clip.encoders[0].part.loaded() as network:
        weight = network.encoder.layers[0].mlp.fc1.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, weight.half().float())
