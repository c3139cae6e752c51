"""CLIP's byte-pair vocabulary and its tokenizer (Radford et al. 2021, arXiv:2103.00020), without a download.

The vocabulary is a data file of the package open-clip-torch, which is located and read but never imported.
"""

import gzip
import importlib.util
from functools import cache
from pathlib import Path

from tokenizers import Tokenizer
from transformers import CLIPTokenizer

PACKAGE = "open_clip"
FILE = "bpe_simple_vocab_16e6.txt.gz"
MERGES = 49152 - 256 - 2  # the file holds more lines than CLIP was trained with

START = 49406
END = 49407


@cache
def tokenizer() -> Tokenizer:
    """The tokenizer of CLIP: lower case, byte pairs; `encode(text, add_special_tokens=False).ids` are the tokens."""
    merges = _merges()
    characters = list(_byte_characters())
    words = [*characters, *(character + "</w>" for character in characters), *(first + last for first, last in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges).backend_tokenizer


def encode(text: str) -> list[int]:
    """The tokens of a text, without start and end."""
    return tokenizer().encode(text, add_special_tokens=False).ids


def _merges() -> list[tuple[str, str]]:
    """The pairs that are merged, most frequent first. Raises FileNotFoundError with a cure."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    path = next((Path(folder, FILE) for folder in folders if Path(folder, FILE).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"CLIP's vocabulary {FILE} is missing: install the package open-clip-torch again.")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    pairs = (line.split() for line in lines[1 : 1 + MERGES])  # the first line is a version
    return [(first, last) for first, last in pairs]


def _byte_characters() -> list[str]:
    """A printable character for each byte, in the order of CLIP's tokens: printable bytes first, then the others."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
