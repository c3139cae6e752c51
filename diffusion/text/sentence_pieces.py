"""T5's tokenizer, from the file that comes with the model; nothing is downloaded."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import Unigram
from transformers import T5Tokenizer
from transformers.convert_slow_tokenizer import import_protobuf

from diffusion.weights import WeightsError

NAMES = ("t5/spiece.model", "t5/tokenizer.json", "spiece.model", "tokenizer.json")
PADDING, END = 0, 1
SENTINELS = 100  # tokens after those of the file that stand for masked words


def find_tokenizer(folders: Sequence[Path]) -> Tokenizer:
    """The tokenizer in the first of the folders that has one (`NAMES`); `encode(text).ids` are the tokens.

    Raises `WeightsError` that names the file if there is none, or one of another model.
    """
    for path in _files(folders):
        return _read(path)
    raise WeightsError(
        "T5's tokenizer is missing: put its file spiece.model or tokenizer.json, which models in diffusers' layout "
        "have in the folder tokenizer_2 or tokenizer_3, into models/text_encoders/t5."
    )


def has_tokenizer(folders: Sequence[Path]) -> bool:
    """Whether one of the folders has a tokenizer's file."""
    return any(True for _ in _files(folders))


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    return (folder / name for folder in folders for name in NAMES if (folder / name).is_file())


@cache
def _read(path: Path) -> Tokenizer:
    try:
        found = Tokenizer.from_file(str(path)) if path.suffix == ".json" else _from_sentence_pieces(path.read_bytes())
    except Exception as error:  # the readers raise bare ones for damaged files
        raise WeightsError(f"{path.name} cannot be read as T5's tokenizer ({error}): get the file again.") from error
    if not isinstance(found.model, Unigram) or found.token_to_id("</s>") != END:
        raise WeightsError(f"{path.name} is the tokenizer of another model than T5: choose T5's.")
    return found


def _from_sentence_pieces(content: bytes) -> Tokenizer:
    """The tokenizer of a SentencePiece model (a protocol buffer), without the library of that name."""
    model = import_protobuf().ModelProto.FromString(content)
    pieces = [(piece.piece, piece.score) for piece in model.pieces]
    pieces += [(f"<extra_id_{number}>", 0.0) for number in reversed(range(SENTINELS))]
    rules = model.normalizer_spec.precompiled_charsmap or None
    return T5Tokenizer(vocab=pieces, _spm_precompiled_charsmap=rules, extra_ids=SENTINELS).backend_tokenizer
