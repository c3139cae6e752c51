"""Prompt matrices as in Stable Diffusion WebUI: all combinations of the optional parts of a prompt."""

from dataclasses import dataclass

from diffusion.images.grid import Entry

MOST_PARTS = 8


@dataclass(frozen=True)
class PromptMatrix:
    """A prompt of which `first` is always there, and each of the `optional` parts in half of the prompts."""

    first: str
    optional: tuple[str, ...]

    @property
    def columns(self) -> int:
        """How many columns the grid has: as many as the parts that go across have combinations."""
        return 2 ** len(self._across)

    @property
    def rows(self) -> int:
        """How many rows the grid has."""
        return 2 ** len(self._down)

    @property
    def _across(self) -> tuple[str, ...]:
        return self.optional[: -(-len(self.optional) // 2)]

    @property
    def _down(self) -> tuple[str, ...]:
        return self.optional[len(self._across) :]

    def prompts(self, separator: str = ", ", at_start: bool = False) -> list[str]:
        """All prompts: in the k-th one part j is there if bit j of k is set.

        at_start: the optional parts come before the first one.
        """
        chosen = [_of_bits(self.optional, bits) for bits in range(2 ** len(self.optional))]
        return [separator.join([*some, self.first] if at_start else [self.first, *some]) for some in chosen]

    def column_labels(self) -> list[list[Entry]]:
        """What is written above the columns; parts that are not there are not active."""
        return _labels(self._across)

    def row_labels(self) -> list[list[Entry]]:
        """What is written left of the rows."""
        return _labels(self._down)


def read_matrix(text: str) -> PromptMatrix:
    """Cut a prompt at each `|`: `a girl|with a hat|in snow`.

    The first part stays as it is; spaces, and commas then, are taken off the ends of the others.

    Raises ValueError for more than 8 optional parts, which would make more than 256 prompts.
    """
    first, *others = text.split("|")
    if len(others) > MOST_PARTS:
        raise ValueError(
            f"The prompt has {len(others)} optional parts, which would make {2 ** len(others)} pictures. "
            f"Take out some, up to {MOST_PARTS}."
        )
    return PromptMatrix(first, tuple(part.strip().strip(",") for part in others))


def _of_bits(parts: tuple[str, ...], bits: int) -> list[str]:
    return [part for index, part in enumerate(parts) if bits >> index & 1]


def _labels(parts: tuple[str, ...]) -> list[list[Entry]]:
    return [
        [Entry(part, bool(bits >> index & 1)) for index, part in enumerate(parts)] for bits in range(2 ** len(parts))
    ]
