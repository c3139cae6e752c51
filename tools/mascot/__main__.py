"""The pictures that templates train with: `python -m tools.mascot [FOLDER]` draws them anew into a folder for each."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from tools.mascot import blueprint, egg, ghost

INPUTS = Path(__file__).resolve().parents[2] / "workflows" / "inputs"
COUNT = 8
SIDE = 128


def write(folder: Path, drawn: Iterable[tuple[Image.Image, str]]) -> None:
    """Write pictures with their captions, by number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (picture, caption) in enumerate(drawn):
        picture.save(folder / f"{folder.name}_{number:02}.png", optimize=True)
        (folder / f"{folder.name}_{number:02}.txt").write_text(caption + "\n", "utf-8")


def main() -> None:
    """Draw a subject each of which no model has seen, and a style."""
    parser = argparse.ArgumentParser(prog="python -m tools.mascot", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=INPUTS)
    folder = parser.parse_args().folder
    ghost.write(folder / "ghost", COUNT, SIDE, "a ghst on a {ground} background, flat style")
    eggs = (egg.picture(number, SIDE) for number in range(COUNT))
    write(folder / "egg", ((picture, f"a zwx on a {ground} background, flat style") for picture, ground in eggs))
    nouns = blueprint.NOUNS
    captions = (f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}, blueprint style" for noun in nouns)
    write(folder / "blueprint", zip(map(blueprint.picture, nouns), captions, strict=True))


if __name__ == "__main__":
    main()
