import pytest
import torch

from diffusion.text.embeddings import EmbeddingError, find_embedding
from diffusion.text.tokens import CHUNK, Tokens, tokenize
from diffusion.text.vocabulary import encode
from diffusion.weights import save_weights

CAT = encode("cat")[0]
VECTORS = torch.arange(12.0).reshape(3, 4)


def nothing(name: str) -> torch.Tensor:
    raise EmbeddingError(f"no {name}")


def only(known: str):
    def find(name: str) -> torch.Tensor:
        return VECTORS if name == known else nothing(name)

    return find


def lengths(tokens: Tokens) -> list[int]:
    return [len(chunk) for chunk in tokens.chunks]


def values(tokens: Tokens) -> list[object]:
    return [tuple(v.tolist()) if isinstance(v, torch.Tensor) else v for chunk in tokens.chunks for v, _ in chunk]


def test_an_empty_prompt_is_one_empty_chunk():
    assert tokenize("", nothing) == Tokens(((),))


def test_weights_belong_to_tokens():
    tokens = tokenize("a (red cat:1.3) b", nothing)
    assert [weight for _, weight in tokens.chunks[0]] == [1.0, 1.3, 1.3, 1.0]


@pytest.mark.parametrize(
    ("words", "expected"), [(75, [75]), (76, [75, 1]), (150, [75, 75]), (151, [75, 75, 1]), (400, [75] * 5 + [25])]
)
def test_a_long_stretch_is_cut_at_the_end_of_a_chunk(words, expected):
    assert lengths(tokenize("cat " * words, nothing)) == expected


@pytest.mark.parametrize(("words", "expected"), [(5, [75]), (7, [70, 7]), (8, [75, 3])])
def test_a_short_group_is_kept_whole(words, expected):
    prompt = "cat " * 70 + "(" + "dog " * words + ":1.2)"
    assert lengths(tokenize(prompt, nothing)) == expected


def test_nothing_is_lost_between_chunks():
    prompt = ", ".join(f"(word{index} and more:1.{index % 9})" for index in range(60))
    tokens = tokenize(prompt, nothing)
    assert all(length <= CHUNK for length in lengths(tokens))
    segments = [part for index in range(60) for part in (f"word{index} and more", ",")][:-1]
    assert values(tokens) == [value for text in segments for value in encode(text)]


@pytest.mark.parametrize(
    "prompt", ["cat embedding:x cat", "cat\nembedding:x, cat", "cat (embedding:x:1.2) cat", "cat embedding:x,, cat"]
)
def test_an_embedding_takes_the_place_of_its_word(prompt):
    tokens = tokenize(prompt, only("x"))
    assert not tokens.warnings
    rows = [tuple(row) for row in VECTORS.tolist()]
    found = [value for value in values(tokens) if value not in encode(",") + encode(",,")]
    assert found == [CAT, *rows, CAT]


def test_commas_after_an_embedding_are_kept():
    assert values(tokenize("embedding:x, cat", only("x")))[3:] == encode(", cat")
    assert values(tokenize("embedding:x,", only("x,"))) == [tuple(row) for row in VECTORS.tolist()]


def test_a_word_that_only_contains_the_mark_is_text():
    assert values(tokenize("anembedding:x", only("x"))) == encode("anembedding:x")


def test_a_missing_embedding_is_left_out_with_a_warning():
    tokens = tokenize("cat embedding:lost, cat embedding:gone", nothing)
    assert tokens.warnings == ("no lost", "no gone")
    assert values(tokens) == [CAT, CAT]


@pytest.fixture
def folder(tmp_path):
    vectors = torch.arange(8.0).reshape(2, 4)
    save_weights(tmp_path / "plain.safetensors", {"<token>": vectors})
    save_weights(tmp_path / "one.safetensors", {"<token>": vectors[0]})
    save_weights(tmp_path / "kohya.safetensors", {"emb_params": vectors})
    save_weights(tmp_path / "two.safetensors", {"clip_g": torch.zeros(2, 9), "clip_l": vectors})
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}, "step": 9}, tmp_path / "webui.pt")
    parameters = torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)})
    torch.save({"string_to_param": parameters}, tmp_path / "original.bin")
    save_weights(tmp_path / "pivotal.safetensors", {"text_encoders_0": torch.zeros(2, 9), "text_encoders_1": vectors})
    torch.save([{"a": vectors[0]}, {"a": torch.zeros(9)}, {"a": vectors[1:]}], tmp_path / "tables.pt")
    (tmp_path / "style").mkdir()
    save_weights(tmp_path / "style" / "deep.safetensors", {"x": vectors})
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        *("plain", "plain.safetensors", "kohya", "two", "pivotal", "webui", "original", "tables"),
        *("style/deep", "deep", "webui.pt"),
    ],
)
def test_every_layout_of_embedding_files(folder, name):
    assert find_embedding(name, [folder / "empty", folder], 4).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_single_vector(folder):
    assert find_embedding("one", [folder], 4).tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize(
    ("name", "width", "reason"),
    [
        ("lost", 4, "there is no such file in models/embeddings"),
        ("../plain", 4, "there is no such file"),
        ("plain", 768, "its vectors have 4 numbers, this model's 768"),
        ("broken", 4, "broken.pt is .*corrupt"),
        ("list", 4, "list.pt holds no vectors"),
    ],
)
def test_embeddings_that_cannot_be_used(folder, name, width, reason):
    (folder / "broken.pt").write_bytes(b"nonsense")
    torch.save([1], folder / "list.pt")
    where = folder / "style" if name.startswith("..") else folder
    with pytest.raises(EmbeddingError, match=f"The embedding '{name}' was left out: .*{reason}"):
        find_embedding(name, [where], width)
