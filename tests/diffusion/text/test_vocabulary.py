import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.tokenizer import SimpleTokenizer

from diffusion.text import vocabulary


@pytest.fixture(scope="module")
def reference() -> SimpleTokenizer:
    """OpenAI's own byte-pair code, as open_clip carries it; without its repair of text and its lower case."""
    return SimpleTokenizer(clean="whitespace")


def test_known_tokens():
    assert vocabulary.encode("a photo of a cat") == [320, 1125, 539, 320, 2368]
    assert vocabulary.encode("") == []
    assert vocabulary.tokenizer().get_vocab_size() == 49408
    assert vocabulary.tokenizer().token_to_id("<|startoftext|>") == vocabulary.START
    assert vocabulary.tokenizer().token_to_id("<|endoftext|>") == vocabulary.END


@pytest.mark.parametrize(
    "text",
    [
        "A Photo OF a CAT",
        "it's we're they'll I'd",
        "8k, f/1.8, 35mm!!! ...",
        "café naïve über",
        "一只猫 坐在 垫子上",
        "emoji 😀🎉",
        "tabs\tand\nnew  lines ",
        "masterpiece,best_quality,(x)",
        "antidisestablishmentarianism",
    ],
)
def test_tokens_equal_those_of_the_original_code(reference, text):
    assert vocabulary.encode(text) == reference.encode(text.lower())


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_any_ascii_text_equals_the_original_code(reference, text):
    assert vocabulary.encode(text) == reference.encode(text.lower())
