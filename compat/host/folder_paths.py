"""ComfyUI's `folder_paths`: where files lie, over the folders of this installation.

`folder_names_and_paths` is read at each call, so what packs put in there counts at once. Names that may come from a
prompt never lead out of the folders.
"""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from compat.host.installation import host
from graph.files.listing import Listing
from graph.files.safe_path import UnsafePathError, inside, safe_parts
from graph.folders import EXTENSIONS, OLDER_NAMES, WEIGHT_EXTENSIONS, filled, highest_counter, similar

_folders = host().folders
_listing = Listing()

base_path = str(_folders.base)
models_dir = str(_folders.models)
output_directory = str(_folders.output)
temp_directory = str(_folders.temp)
input_directory = str(_folders.input)
user_directory = str(_folders.user)
supported_pt_extensions: set[str] = set(WEIGHT_EXTENSIONS)
filename_list_cache: dict[str, tuple[list[str], dict[str, float], float]] = {}
"""Always empty: lists are remembered elsewhere, and read anew when a folder has changed."""

CONTENT_TYPES = {
    "image": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"),
    "video": (".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v"),
    "audio": (".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac"),
    "model": (".gltf", ".glb", ".obj", ".fbx", ".stl"),
}

# Packs take the folder of this file for that of the program.
__file__ = str(_folders.base / "folder_paths.py")


def _known_folders() -> dict[str, tuple[list[str], set[str]]]:
    known = {
        kind: ([str(path) for path in _folders.model_folders(kind)], set(EXTENSIONS.get(kind, WEIGHT_EXTENSIONS)))
        for kind in _folders.kinds()
    }
    return {**known, "custom_nodes": ([str(_folders.custom_nodes)], set())}


folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = _known_folders()


def map_legacy(folder_name: str) -> str:
    """The present name of a kind of models."""
    return OLDER_NAMES.get(folder_name, folder_name)


def get_folder_paths(folder_name: str) -> list[str]:
    """The folders of a kind of models, a copy. Raises KeyError for a kind that there is not."""
    return list(folder_names_and_paths[map_legacy(folder_name)][0])


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Search a further folder for models of a kind, which may be new; `is_default`: before the others."""
    paths, _ = folder_names_and_paths.setdefault(map_legacy(folder_name), ([], set()))
    path = str(full_folder_path)
    if path in paths:
        if not is_default or paths[0] == path:
            return
        paths.remove(path)
    paths.insert(0 if is_default else len(paths), path)


def get_filename_list(folder_name: str) -> list[str]:
    """The files of a kind of models, as names relative to their folders. Raises KeyError."""
    paths, extensions = folder_names_and_paths[map_legacy(folder_name)]
    found = (name for path in paths for name in filter_files_extensions(_listing.files(Path(path)), extensions))
    return list(dict.fromkeys(found))


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The path of a model; None for one that is not there, and for a name that leads out of the folders.

    Raises KeyError for a kind that there is not.
    """
    paths, _ = folder_names_and_paths[map_legacy(folder_name)]
    try:
        parts = safe_parts(str(filename))
    except UnsafePathError:
        return None
    candidates = (Path(path, *parts) for path in paths)
    return next((str(path) for path in candidates if parts and path.is_file()), None)


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """The path of a model. Raises FileNotFoundError, KeyError."""
    path = get_full_path(folder_name, filename)
    if path is None:
        close = similar(str(filename), get_filename_list(folder_name))
        message = (
            f"There is no '{filename}' in models/{map_legacy(folder_name)}. Put the file there, or choose another."
        )
        raise FileNotFoundError(message + close)
    return path


def get_output_directory() -> str:
    """The folder of results."""
    return output_directory


def get_temp_directory() -> str:
    """The folder of previews."""
    return temp_directory


def get_input_directory() -> str:
    """The folder of uploads."""
    return input_directory


def get_user_directory() -> str:
    """The folder of settings and workflows."""
    return user_directory


def set_output_directory(output_dir: str) -> None:
    """Change what the functions of this module take for the output folder; Safelight itself keeps its own."""
    global output_directory
    output_directory = output_dir


def set_temp_directory(temp_dir: str) -> None:
    """Change what the functions of this module take for the temporary folder."""
    global temp_directory
    temp_directory = temp_dir


def set_input_directory(input_dir: str) -> None:
    """Change what the functions of this module take for the input folder."""
    global input_directory
    input_directory = input_dir


def set_user_directory(user_dir: str) -> None:
    """Change what the functions of this module take for the user folder."""
    global user_directory
    user_directory = user_dir


def get_directory_by_type(type_name: str) -> str | None:
    """The folder that is called output, temp or input; None for any other name."""
    folders = {"output": get_output_directory, "temp": get_temp_directory, "input": get_input_directory}
    return folders[type_name]() if type_name in folders else None


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """A name without ` [output]`, ` [input]` or ` [temp]` at its end, and the folder that this means."""
    match = re.fullmatch(r"(.*?) ?\[(output|input|temp)\]", str(name), re.DOTALL)
    return (match[1], get_directory_by_type(match[2])) if match else (str(name), None)


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path of a file in the folder that its name ends with, or in `default_dir`, or in the input folder.

    Raises UnsafePathError, a ValueError, for a name that leads out of it.
    """
    plain, folder = annotated_filepath(name)
    return str(inside(Path(folder or default_dir or get_input_directory()), plain))


def exists_annotated_filepath(name: str) -> bool:
    """Whether there is such a file."""
    try:
        return Path(get_annotated_filepath(name)).exists()
    except UnsafePathError:
        return False


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Where the next file with a prefix goes: its folder, name, number, subfolder, and the prefix filled in.

    Raises UnsafePathError, a ValueError, if the prefix leads out of `output_dir`.
    """
    prefix = filled(str(filename_prefix), int(image_width), int(image_height))
    parts = safe_parts(prefix)
    if prefix.endswith(("/", "\\")) or not parts:
        parts = (*parts, "Safelight")
    *subfolders, stem = parts
    folder = inside(Path(output_dir), *subfolders)
    folder.mkdir(parents=True, exist_ok=True)
    subfolder = str(Path(*subfolders)) if subfolders else ""
    return str(folder), stem, highest_counter(folder, stem) + 1, subfolder, prefix


def recursive_search(
    directory: str, excluded_dir_names: Collection[str] | None = None
) -> tuple[list[str], dict[str, float]]:
    """All files below a folder, as relative names, and the folders with their times of change."""
    root, excluded = Path(directory), set(excluded_dir_names or ())
    files: list[str] = []
    folders: dict[str, float] = {}
    for path, names, found in os.walk(root, followlinks=True):
        names[:] = [name for name in names if name not in excluded]
        folders[path] = Path(path).stat().st_mtime
        files += [str((Path(path) / name).relative_to(root)) for name in found]
    return files, folders


def filter_files_extensions(files: Iterable[str], extensions: Collection[str]) -> list[str]:
    """Those files that have one of the extensions, sorted; with no extensions, all of them."""
    wanted = tuple(extensions)
    return sorted(name for name in files if not wanted or name.lower().endswith(wanted))


def filter_files_content_types(files: Iterable[str], content_types: Sequence[str]) -> list[str]:
    """Those files that are of one of the kinds image, video, audio, model."""
    wanted = tuple(extension for kind in content_types for extension in CONTENT_TYPES[kind])
    return [name for name in files if name.lower().endswith(wanted)]


def get_input_subfolders() -> list[str]:
    """The folders below the input folder, as relative names."""
    root = Path(get_input_directory())
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*/") if path.is_dir() and path != root)
