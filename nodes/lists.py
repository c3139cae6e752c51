"""Nodes that make lists, of which each value goes through what follows by itself, and that take them apart again."""

from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion.images.files import PictureError, load_picture
from graph.declare import Choice, Context, Files, Folders, InputError, Multiline, Range, node
from graph.sweeps.choices import by_number
from nodes.sockets import AnyValue, Image

MOST_VALUES = 10_000
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
TEXTS = (".txt", ".md", ".csv", ".json", ".caption")
ALL_PAIRS, SIDE_BY_SIDE = "all combinations", "side by side"
SEPARATORS = {"lines": None, "commas": ",", "blank lines": "\n\n", "spaces": " "}

Index = Annotated[int, Range(-MOST_VALUES, MOST_VALUES)]
Count = Annotated[int, Range(0, MOST_VALUES)]
Number = Annotated[float, Range(-1e12, 1e12, step=0.01)]
Whole = Annotated[int, Range(-(2**53), 2**53)]
TextFile = Annotated[str, Files("input", upload="file", extensions=TEXTS)]


class Pairs(NamedTuple):
    """Two lists of the same length."""

    first: list[AnyValue]
    second: list[AnyValue]


class Pictures(NamedTuple):
    """The pictures of a folder, with the names of their files."""

    images: list[Image]
    names: list[str]


class Texts(NamedTuple):
    """The texts of a folder, with the names of their files."""

    texts: list[str]
    names: list[str]


@node("MakeList", category="lists", search=["combine", "join lists", "for each"])
def make_list(**values: list[AnyValue]) -> list[AnyValue]:
    """Put values one after the other into a list; lists among them are joined."""
    return [value for given in values.values() for value in given]


@node("ListItem", category="lists", title="Item of List", search=["pick", "get", "index", "select"])
def list_item(values: list[AnyValue], index: Index = 0) -> AnyValue:
    """Take one value out of a list.

    index: 0 is the first, -1 the last.
    """
    if not -len(values) <= index < len(values):
        raise InputError("index", f"The list has {len(values)} values, and there is none at {index}. Choose another.")
    return values[index]


@node("ListPart", category="lists", title="Part of List", search=["slice", "first", "last", "limit"])
def list_part(values: list[AnyValue], start: Index = 0, count: Count = MOST_VALUES) -> list[AnyValue]:
    """Take some values of a list that follow each other.

    start: The place of the first, from 0; -2 begins with the last but one.
    count: No more than so many.
    """
    begin = max(0, start + len(values)) if start < 0 else start
    return values[begin : begin + count]


@node("ListLength", category="lists", title="Length of List", search=["count", "size"])
def list_length(values: list[AnyValue]) -> int:
    """Count the values of a list."""
    return len(values)


@node("ListReverse", category="lists", title="Reverse List", search=["backwards", "order"])
def list_reverse(values: list[AnyValue]) -> list[AnyValue]:
    """Turn the order of a list round."""
    return values[::-1]


@node("RepeatList", category="lists", search=["duplicate", "times"])
def repeat_list(
    values: list[AnyValue], times: Annotated[int, Range(1, MOST_VALUES)] = 2, each: bool = False
) -> list[AnyValue]:
    """Repeat a list, or a single value.

    times: How often each value is there afterwards.
    each: Repeat value after value (a a b b) instead of the whole list (a b a b).
    """
    return [value for value in values for _ in range(times)] if each else values * times


@node("PairLists", category="lists", search=["zip", "cross", "product", "combine", "grid"])
def pair_lists(
    first: list[AnyValue],
    second: list[AnyValue],
    how: Annotated[str, Choice((ALL_PAIRS, SIDE_BY_SIDE))] = ALL_PAIRS,
) -> Pairs:
    """Bring two lists to the same length, so that what takes both runs for each pair.

    how: All combinations goes through the whole second list for each value of the first. Side by side stops with the
        shorter list; without this node the shorter one would repeat its last value.
    """
    if how == ALL_PAIRS:
        pairs = [(one, other) for one in first for other in second]
    else:
        pairs = list(zip(first, second, strict=False))
    return Pairs([one for one, _ in pairs], [other for _, other in pairs])


@node("IntRange", category="lists", title="Range of Whole Numbers", search=["sequence", "count", "seeds", "loop"])
def int_range(start: Whole = 0, count: Annotated[int, Range(1, MOST_VALUES)] = 4, step: Whole = 1) -> list[int]:
    """Make a list of whole numbers.

    start: The first one.
    count: How many there are.
    step: From each to the next.
    """
    return [start + index * step for index in range(count)]


@node("FloatRange", category="lists", title="Range of Numbers", search=["sequence", "linspace", "interpolate", "loop"])
def float_range(
    start: Number = 0.0, end: Number = 1.0, count: Annotated[int, Range(1, MOST_VALUES)] = 5
) -> list[float]:
    """Make a list of numbers that lie evenly between two.

    start: The first one.
    end: The last one.
    count: How many there are.
    """
    return [start + (end - start) * index / max(1, count - 1) for index in range(count)]


@node("SplitText", category="text", search=["lines", "list", "csv"])
def split_text(
    text: Annotated[str, Multiline()] = "", at: Annotated[str, Choice(list(SEPARATORS))] = "lines"
) -> list[str]:
    """Cut a text into a list of texts. Spaces around them are taken off, and empty ones left out.

    at: What is between two texts.
    """
    plain = text.replace("\r\n", "\n")
    separator = SEPARATORS[at]
    parts = plain.splitlines() if separator is None else plain.split(separator)
    return [part.strip() for part in parts if part.strip()]


@node("JoinTexts", category="text", search=["concatenate", "list"])
def join_texts(texts: list[str], separator: str = ", ") -> str:
    r"""Put all texts of a list together.

    separator: What is written between two; \n is a new line.
    """
    return separator.replace("\\n", "\n").join(texts)


@node("TextOfFile", category="text", title="Text of File", search=["read", "load", "txt", "prompts from file"])
def text_of_file(ctx: Context, file: TextFile) -> str:
    """Read a text file of the input folder."""
    return _text(ctx.folders.input_path(file), "file")


def _folder_state(folders: Folders, folder_name: str | None, **inputs: object) -> list[tuple[str, int, int]]:
    states = [(path, path.stat()) for path in _files(folders, folder_name or "", (*PICTURES, *TEXTS))]
    return [(path.name, state.st_size, state.st_mtime_ns) for path, state in states]


@node(
    "FolderPictures",
    category="lists",
    title="Pictures of Folder",
    search=["load images", "batch", "directory"],
    fingerprint=_folder_state,
)
def folder_pictures(ctx: Context, folder_name: str = "", start: Count = 0, count: Count = MOST_VALUES) -> Pictures:
    """Read all pictures of a folder as a list, in the order of their names and of the numbers in these.

    Those that cannot be read are named and left out.

    folder_name: A folder inside the input folder; empty is that folder itself.
    start: How many are passed over.
    count: No more than so many.
    """
    files = _some(ctx, folder_name, PICTURES, start, count)
    read = Pictures([], [])
    problem = ""
    for number, path in enumerate(files):
        ctx.progress(number, len(files))
        try:
            read.images.append(load_picture(path).images)
        except PictureError as error:
            problem = str(error)
            ctx.warn(problem)
        else:
            read.names.append(path.name)
    if not read.names:
        raise InputError("folder_name", problem)
    return read


@node(
    "FolderTexts",
    category="lists",
    title="Texts of Folder",
    search=["captions", "txt", "directory"],
    fingerprint=_folder_state,
)
def folder_texts(ctx: Context, folder_name: str = "", start: Count = 0, count: Count = MOST_VALUES) -> Texts:
    """Read all text files of a folder as a list, in the order of their names and of the numbers in these.

    folder_name: A folder inside the input folder; empty is that folder itself.
    start: How many are passed over.
    count: No more than so many.
    """
    files = _some(ctx, folder_name, TEXTS, start, count)
    return Texts([_text(path, "folder_name") for path in files], [path.name for path in files])


def _some(ctx: Context, folder_name: str, endings: tuple[str, ...], start: int, count: int) -> list[Path]:
    files = _files(ctx.folders, folder_name, endings)[start : start + count]
    if not files:
        raise InputError(
            "folder_name", f"There are no such files in '{folder_name or 'input'}'. Choose another folder."
        )
    return files


def _files(folders: Folders, folder_name: str, endings: tuple[str, ...]) -> list[Path]:
    folder = folders.resolve("input", "", folder_name) if folder_name.strip() else folders.input
    if not folder.is_dir():
        raise InputError("folder_name", f"There is no folder '{folder_name}' in the input folder. Choose another one.")
    found = (path for path in folder.iterdir() if path.name.lower().endswith(endings) and path.is_file())
    return sorted(found, key=lambda path: by_number(path.name))


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(name, f"'{path.name}' is no text in UTF-8. Save it as UTF-8.") from None
