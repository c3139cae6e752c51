"""What a prompt says beside its words: comments, and tags such as `<lora:name:0.8>` that ask for further networks."""

import re
from dataclasses import dataclass, field

_TAG = re.compile(r"<(\w+):([^<>]+)>")
_COMMENT = re.compile(r"[ \t]*#[^\n]*")

LORA_KINDS = ("lora", "lyco")
LORA_OPTIONS = frozenset({"te", "unet", "dyn", "lbw"})
"""Names of arguments: the two strengths, the rank, and the weights of blocks of the extension LoRA Block Weight."""
HYPERNETWORK = "hypernet"


@dataclass(frozen=True)
class Tag:
    """One tag: its kind, and its arguments, those with a name apart."""

    kind: str
    arguments: tuple[str, ...]
    named: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The first argument: the name of a file, without its ending."""
        return self.arguments[0] if self.arguments else ""

    def strengths(self) -> tuple[float, float]:
        """Strength for the text encoder and for the denoiser: `<lora:name:te:unet>`, `te=`, `unet=`.

        The second is the first if it is not given, and both are 1 if none is. Raises ValueError for what is no number.
        """
        text = float(self.named.get("te", self._argument(1) or "1"))
        return text, float(self.named.get("unet", self._argument(2) or str(text)))

    def rank(self) -> int | None:
        """How many components of a LoRA are used, `<lora:name:te:unet:dyn>` or `dyn=`; None for all.

        Raises ValueError for what is no number from 1 up.
        """
        text = self.named.get("dyn", self._argument(3))
        if text is None:
            return None
        rank = int(text)
        if rank < 1:
            raise ValueError(text)
        return rank

    def _argument(self, position: int) -> str | None:
        return self.arguments[position] if position < len(self.arguments) else None


def extract(text: str) -> tuple[str, list[Tag]]:
    """The text without its tags, and the tags, in order."""
    tags = []
    for kind, rest in _TAG.findall(text):
        arguments, named = [], {}
        for argument in rest.split(":"):
            key, equals, value = argument.partition("=")
            if equals:
                named[key.strip()] = value.strip()
            else:
                arguments.append(argument.strip())
        tags.append(Tag(kind, tuple(arguments), named))
    return _TAG.sub("", text), tags


def without_comments(text: str) -> str:
    """The text without what stands between a `#` and the end of its line."""
    return _COMMENT.sub("", text)
