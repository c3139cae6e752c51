"""Captioning a folder of pictures: a text file beside each of them, as trainers read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from diffusion.images.files import PictureError, load_picture
from diffusion.interrogation.captioner import Captioner

Existing = Literal["skip", "overwrite", "append", "prepend"]
EXISTING: tuple[Existing, ...] = ("skip", "overwrite", "append", "prepend")
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
CAPTION = ".txt"
SEPARATOR = ", "

OnProgress = Callable[[float, float], None]


@dataclass(frozen=True)
class CaptionFiles:
    """What is written. existing: what becomes of captions that are there; prefix, suffix: around each new one."""

    existing: Existing = "skip"
    prefix: str = ""
    suffix: str = ""

    def caption(self, told: str, old: str) -> str:
        """The text of a caption file from what a picture shows and what the file held."""
        new = f"{self.prefix}{told}{self.suffix}"
        match self.existing:
            case "append":
                parts = [old, new]
            case "prepend":
                parts = [new, old]
            case _:
                parts = [new]
        return SEPARATOR.join(filter(None, (part.strip() for part in parts)))


@dataclass
class Outcome:
    """Names of pictures, relative to their folder: captioned ones with the caption, skipped, failed with the reason."""

    captions: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def twin(self, name: str) -> str | None:
        """A picture done before that has the same caption file, such as `cat.jpg` for `cat.png`."""
        stem = PurePosixPath(name).with_suffix("")
        return next((other for other in self.captions if PurePosixPath(other).with_suffix("") == stem), None)


def pictures(folder: Path, subfolders: bool) -> list[Path]:
    """The pictures in a folder, sorted; hidden files and links that lead out of it are left out."""
    root = folder.resolve()
    found = folder.rglob("*") if subfolders else folder.iterdir()
    return sorted(
        path
        for path in found
        if path.suffix.lower() in ENDINGS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
        and path.parent.resolve().is_relative_to(root)
    )


def caption_folder(
    folder: Path,
    captioner: Captioner,
    files: CaptionFiles,
    *,
    subfolders: bool = False,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Write a caption beside each picture of a folder.

    Pictures that cannot be read, and captions that cannot be written, are noted, and the rest goes on. `on_progress`
    may raise to stop; what is written until then stays, and no caption is ever half written.

    Raises what the captioner raises.
    """
    outcome = Outcome()
    chosen = pictures(folder, subfolders)
    for index, path in enumerate(chosen):
        if on_progress:
            on_progress(index, len(chosen))
        _caption(path, path.relative_to(folder).as_posix(), captioner, files, outcome)
    if on_progress and chosen:
        on_progress(len(chosen), len(chosen))
    return outcome


def _caption(path: Path, name: str, captioner: Captioner, files: CaptionFiles, outcome: Outcome) -> None:
    target = path.with_suffix(CAPTION)
    if twin := outcome.twin(name):
        outcome.failures[name] = f"{target.name} belongs to {twin} already: give one of the two another name."
        return
    try:
        old = target.read_text(encoding="utf-8") if target.exists() else ""
        if old.strip() and files.existing == "skip":
            outcome.skipped.append(name)
            return
        image = load_picture(path).images[0]
    except PictureError as error:
        outcome.failures[name] = str(error)
        return
    except UnicodeDecodeError:
        outcome.failures[name] = f"{target.name} is no text in UTF-8: save it again in that encoding."
        return
    except OSError as error:
        outcome.failures[name] = f"{target.name} cannot be read ({error.strerror})."
        return
    caption = files.caption(captioner.describe(image).text, old)
    try:
        _write(target, caption)
    except OSError as error:
        outcome.failures[name] = f"{target.name} cannot be written ({error.strerror})."
    else:
        outcome.captions[name] = caption


def _write(target: Path, text: str) -> None:
    partial = target.with_name(f".{target.name}.part")
    try:
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
