"""Prompts in the WebUI's syntax to states, against transformers' own forward pass and the formulas written out."""

from dataclasses import replace

import pytest
import torch

from diffusion.sampling.conditions import Frame, resolve
from diffusion.text import vocabulary
from diffusion.text.vocabulary import END, START
from diffusion.text.webui.chunks import Embeddings, chunked, names_of
from diffusion.text.webui.emphasis import parse_emphasis
from diffusion.text.webui.encode import (
    Dialect,
    PromptMoments,
    encode_negative,
    encode_positive,
    weighted,
)
from diffusion.weights import save_weights
from tests.diffusion.sampling.gaussian import SCHEDULE

NONE = Embeddings({}, lambda name: None)


def sizes(text: str, backtrack: int = 20, embeddings: Embeddings = NONE) -> list[int]:
    return [len(chunk) for chunk in chunked(parse_emphasis(text), embeddings, backtrack).chunks]


def words(count: int, comma: int | None = None) -> str:
    """So many tokens, the one at a position (from 1) a comma."""
    return " ".join("," if number == comma else "cat" for number in range(1, count + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0]),
        (words(75), [75]),
        (words(76), [75, 1]),
        (words(80, comma=60), [60, 20]),
        (words(80, comma=55), [75, 5]),
        (words(80, comma=56), [56, 24]),
        (words(80, comma=76), [75, 5]),
        ("cat BREAK dog", [1, 1]),
        ("BREAK cat", [0, 1]),
        ("cat BREAK", [1]),
        ("cat BREAK BREAK", [1, 0]),
    ],
)
def test_chunks(text, expected):
    assert sizes(text) == expected


def test_backtracking_can_be_turned_off():
    assert sizes(words(80, comma=60), backtrack=0) == [75, 5]


def test_an_embedding_is_never_cut_and_takes_its_places():
    names = names_of(["my style", "my"])
    vectors = {"my style": torch.zeros(8, 4), "my": torch.ones(2, 4)}
    embeddings = Embeddings(names, vectors.get)
    assert sizes(f"{words(70)} my style", embeddings=embeddings) == [70, 8]
    assert sizes(f"{words(75, comma=60)} my style", embeddings=embeddings) == [60, 23]  # as before any other token
    assert sizes("My Style", embeddings=embeddings) == [8]
    assert sizes("my cat", embeddings=embeddings) == [3]
    (chunk,) = chunked(parse_emphasis("(my:1.4)"), embeddings).chunks
    assert [token.weight for token in chunk] == [1.4, 1.4]


@pytest.fixture
def states_of(tiny):
    """What transformers gives for a chunk of words."""

    def run(text: str) -> torch.Tensor:
        ids = vocabulary.encode(text)
        tokens = torch.tensor([[START, *ids, *[END] * (76 - len(ids))]])
        with tiny.clip.encoders[0].loaded() as network:
            return network(tokens).last_hidden_state

    return run


def test_weights_multiply_and_the_mean_of_the_chunk_stays(tiny, states_of):
    ((states, _),), warnings = encode_negative(tiny.clip, "a (cat:1.5)", Dialect())
    plain = states_of("a cat")
    multipliers = torch.ones(1, 77, 1)
    multipliers[0, 2] = 1.5
    changed = plain * multipliers
    torch.testing.assert_close(states, changed * (plain.mean() / changed.mean()), rtol=1e-4, atol=1e-5)
    assert warnings == ()
    ((states, _),), _ = encode_negative(tiny.clip, "a (cat:1.5)", Dialect(emphasis="no norm"))
    torch.testing.assert_close(states, changed)
    ((states, _),), _ = encode_negative(tiny.clip, "a (cat:1.5)", Dialect(emphasis="ignore"))
    torch.testing.assert_close(states, plain)
    ((states, _),), _ = encode_negative(tiny.clip, "a (cat:1.5)", Dialect(emphasis="none"))
    torch.testing.assert_close(states, states_of("a (cat:1.5)"))


def test_a_chunk_without_weights_is_left_as_it_is():
    states = torch.randn(2, 77, 4)
    weights = torch.ones(2, 77)
    weights[1, 3] = 2.0
    found = weighted(states, weights, keep_mean=True)
    assert torch.equal(found[0], states[0])
    assert not torch.equal(found[1], states[1])
    torch.testing.assert_close(found.mean(dim=(1, 2)), states.mean(dim=(1, 2)))


def test_chunks_follow_one_another(tiny, states_of):
    ((states, options),), _ = encode_negative(tiny.clip, "a cat BREAK a dog", Dialect())
    torch.testing.assert_close(states, torch.cat([states_of("a cat"), states_of("a dog")], dim=1))
    assert options["pooled_output"].shape == (1, 48)


def test_embeddings_are_found_by_their_bare_names(tiny, tmp_path, states_of):
    with tiny.clip.encoders[0].loaded() as network:
        vector = network.embeddings.token_embedding.weight[vocabulary.encode("cat")].clone()
    (tmp_path / "animals").mkdir()
    save_weights(tmp_path / "animals" / "mycat.safetensors", {"mycat": vector})
    save_weights(tmp_path / "wide.safetensors", {"wide": torch.zeros(1, 99)})
    clip = replace(tiny.clip, embedding_folders=(tmp_path,))
    ((states, _),), warnings = encode_negative(clip, "a MyCat sits", Dialect())
    torch.testing.assert_close(states, states_of("a cat sits"))
    assert warnings == ()
    _, warnings = encode_negative(clip, "wide", Dialect())
    assert "its vectors have 99 numbers, this model's 48" in warnings[0]


def moments(conditioning, calls: int) -> list[list[int]]:
    """At which calls each entry counts."""
    frame = Frame(torch.zeros(1, 4, 8, 8), SCHEDULE, calls=calls)
    fitted = resolve(conditioning, frame)
    return [[call for call in range(calls) if condition.active(1.0, call)] for condition in fitted]


@pytest.mark.parametrize(
    ("text", "calls", "faithful", "corrected"),
    [
        ("[cat:dog:5]", 10, [range(6), range(6, 10)], [range(5), range(5, 10)]),
        ("[a|b]", 4, [[0, 1, 3], [2]], [[0, 2], [1, 3]]),
        ("a [cat:dog:0.5] b", 200, [range(101), range(101, 200)], [range(100), range(100, 200)]),
    ],
)
def test_changes_come_one_call_late_as_in_the_webui_or_where_they_are_written(tiny, text, calls, faithful, corrected):
    for dialect, expected in ((Dialect(), faithful), (Dialect(corrected=True), corrected)):
        conditioning, _ = encode_negative(tiny.clip, text, dialect)
        assert moments(conditioning, calls) == [list(each) for each in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[cat:dog:1.25]", {"cat": range(3), "dog": range(3, 10)}),
        ("[cat:dog:15]", {"cat": range(6), "dog": range(6, 10)}),
        ("[a:b:0.5] [c:d:1.25]", {"b c": range(3), "b d": range(3, 10)}),
    ],
)
def test_in_the_second_pass_of_hires_fix_moments_count_on(tiny, states_of, text, expected):
    conditioning, _ = encode_negative(tiny.clip, text, Dialect(first_pass=10))
    active = moments(conditioning, 10)
    for words, calls in expected.items():
        (index,) = (i for i, (states, _) in enumerate(conditioning) if torch.allclose(states, states_of(words)))
        assert active[index] == list(calls)


def test_a_text_that_was_not_foreseen_falls_to_the_first_one():
    encoded = ("a", "b")
    first, second = (PromptMoments("[c:b:3]", text, encoded) for text in encoded)
    assert [first.active(call, 6) for call in (0, 5)] == [True, False]
    assert [second.active(call, 6) for call in (0, 5)] == [False, True]


def test_composed_prompts_carry_their_weights(tiny, states_of):
    conditioning, _ = encode_positive(tiny.clip, "a cat :1.2 AND [a dog:a bird:0.5] :0.5", Dialect())
    assert [settings["composition"] for _, settings in conditioning] == [1.2, 0.5, 0.5]
    torch.testing.assert_close(conditioning[0][0], states_of("a cat"))
    assert "moments" in conditioning[1][1]
    assert "moments" not in conditioning[0][1]
    ((_, alone),), _ = encode_positive(tiny.clip, "a cat", Dialect())
    assert "composition" not in alone
    ((states, _),), _ = encode_negative(tiny.clip, "a AND b", Dialect())
    torch.testing.assert_close(states, states_of("a AND b"))
