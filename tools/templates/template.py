"""What a template is, and finding those that there are."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import tools.templates
from tools.templates.sheet import Sheet

CATEGORIES = (
    "text-to-image", "image-to-image", "inpainting", "control", "adapters", "upscaling", "scripts", "video",
    "interrogation", "pictures", "training",
)  # fmt: skip


class Text(NamedTuple):
    """A text in the languages of the editor."""

    english: str
    chinese: str

    def by_language(self) -> dict[str, str]:
        """The text as documents have it."""
        return {"en": self.english, "zh-CN": self.chinese}


@dataclass(frozen=True, slots=True)
class Template:
    """A workflow to begin with: what the gallery says of it, and the function that draws it."""

    name: str
    title: Text
    about: Text
    category: str
    tags: tuple[str, ...]
    draw: Callable[[Sheet], None]


def template(
    *, title: Text, about: Text, category: str, tags: tuple[str, ...] = ()
) -> Callable[[Callable[[Sheet], None]], Template]:
    """Declare a function to be a template of that name. Raises ValueError for a category that there is not."""
    if category not in CATEGORIES:
        raise ValueError(f"There is no category '{category}'; there are {', '.join(CATEGORIES)}.")

    def declare(draw: Callable[[Sheet], None]) -> Template:
        return Template(draw.__name__, title, about, category, tags, draw)

    return declare


def templates() -> dict[str, Template]:
    """All templates of this package by name. Raises ValueError if two have the same."""
    found: dict[str, Template] = {}
    for module in pkgutil.iter_modules(tools.templates.__path__):
        if module.name.startswith("_"):
            continue
        for each in vars(importlib.import_module(f"tools.templates.{module.name}")).values():
            if isinstance(each, Template) and found.setdefault(each.name, each) is not each:
                raise ValueError(f"Two templates are called '{each.name}'. Give one of them another name.")
    return dict(sorted(found.items()))
