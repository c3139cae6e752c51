"""Where models, inputs and outputs lie, and how names that come from outside become paths in there."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from graph.files.listing import Listing
from graph.files.model_facts import model_facts
from graph.files.model_notes import ModelNotes
from graph.files.reservations import JobFiles
from graph.files.safe_path import OutsideFolderError, UnsafePathError, inside, safe_parts
from graph.files.saving import Area, SavePath, free_places, highest_counter, take

__all__ = ["Area", "Folders", "OutsideFolderError", "SavePath", "UnsafePathError", "highest_counter"]

MODEL_KINDS = (
    "checkpoints", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision", "style_models", "embeddings",
    "diffusers", "vae_approx", "controlnet", "gligen", "upscale_models", "hypernetworks", "photomaker", "classifiers",
    "model_patches", "audio_encoders", "annotators", "configs", "ipadapter",
    "taggers", "captioners",
)  # fmt: skip
OLDER_NAMES = {"unet": "diffusion_models", "clip": "text_encoders", "t2i_adapter": "controlnet"}
WEIGHT_EXTENSIONS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl")
DIFFUSERS_INDEX = "model_index.json"  # what makes a folder a model, in `diffusers`
EXTENSIONS = {
    "configs": (".yaml", ".yml", ".json"),
    "annotators": (*WEIGHT_EXTENSIONS, ".onnx", ".task", ".tflite"),
    "taggers": (*WEIGHT_EXTENSIONS, ".onnx"),
    "diffusers": (f"/{DIFFUSERS_INDEX}",),
}
PICTURE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of an installation. `extra` lists further folders for a kind of model.

    `models` has a folder for each kind. Links that people make inside it are followed; names cannot climb out of it.
    """

    base: Path
    models: Path
    input: Path
    output: Path
    temp: Path
    user: Path
    custom_nodes: Path
    extra: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    _listing: Listing = field(default_factory=Listing, compare=False, repr=False)
    _saver: tuple[JobFiles, str] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def under(cls, base: Path, models: Path | None = None) -> "Folders":
        """All folders below `base` under their usual names; `models` may lie elsewhere."""
        return cls(
            base=base,
            models=models or base / "models",
            input=base / "input",
            output=base / "output",
            temp=base / "temp",
            user=base / "user",
            custom_nodes=base / "custom_nodes",
        )

    def kinds(self) -> list[str]:
        """The kinds of models: the known ones, and every other folder in `models`."""
        try:
            found = {entry.name for entry in os.scandir(self.models) if entry.is_dir() and entry.name[0] != "."}
        except OSError:
            found = set()
        return [*MODEL_KINDS, *sorted((found | set(self.extra)) - set(MODEL_KINDS) - set(OLDER_NAMES))]

    def model_folders(self, kind: str) -> list[Path]:
        """The folders that are searched for models of a kind, in order; they need not exist."""
        kind = OLDER_NAMES.get(kind, kind)
        names = [kind, *(older for older, name in OLDER_NAMES.items() if name == kind)]
        return [self.models / name for name in names] + [path for name in names for path in self.extra.get(name, ())]

    def model_names(self, kind: str) -> list[str]:
        """The models of a kind, as names relative to their folder, with `/`."""
        extensions = EXTENSIONS.get(OLDER_NAMES.get(kind, kind), WEIGHT_EXTENSIONS)
        names: dict[str, None] = {}
        for folder in self.model_folders(kind):
            names.update(dict.fromkeys(n for n in self._listing.files(folder) if n.lower().endswith(extensions)))
        return list(names)

    def model_choices(self, kind: str) -> list[str]:
        """What can be chosen for a kind: its files, and for `vae` also the pairs of files in `vae_approx`.

        For `diffusers` it is folders.
        """
        if kind == "diffusers":
            return [name.removesuffix(f"/{DIFFUSERS_INDEX}") for name in self.model_names(kind)]
        return [*self.model_names(kind), *(self._pairs() if kind == "vae" else ())]

    def model_path(self, kind: str, name: str) -> Path:
        """The file of a model; of a pair in `vae_approx`, its decoder; of a folder of `diffusers`, its index.

        Raises FileNotFoundError, with names that are similar, and UnsafePathError.
        """
        parts = safe_parts(name)
        if kind == "diffusers" and parts and parts[-1] != DIFFUSERS_INDEX:
            parts = (*parts, DIFFUSERS_INDEX)
        for folder in self.model_folders(kind):
            path = folder.joinpath(*parts)
            if parts and path.is_file():
                return path
        if kind == "vae" and (decoder := self._pairs().get(name)):
            return self.model_path("vae_approx", decoder)
        folder_name = f"models/{OLDER_NAMES.get(kind, kind)}"
        message = f"There is no '{name}' in {folder_name}. Put the file there, or choose another one."
        raise FileNotFoundError(message + similar(name, self.model_choices(kind)))

    def sha256(self, path: Path) -> str:
        """The digest of a model file, computed once and kept in the user folder. Raises OSError."""
        return ModelNotes(self.user / "models").sha256(path)

    def trigger_words(self, kind: str, name: str) -> list[str]:
        """What brings out what a model was taught: the user's words for it, else what its file says, the best first.

        Raises FileNotFoundError.
        """
        path = self.model_path(kind, name)
        return ModelNotes(self.user / "models").of(kind, name).words or model_facts(path).trigger_words

    def _pairs(self) -> dict[str, str]:
        """VAEs that are files `NAME_encoder` and `NAME_decoder` in `vae_approx`, as in ComfyUI: the latter by NAME."""
        files = {name.rpartition(".")[0]: name for name in self.model_names("vae_approx")}
        names = [stem.removesuffix("_decoder") for stem in files if stem.endswith("_decoder")]
        return {name: files[f"{name}_decoder"] for name in sorted(names) if f"{name}_encoder" in files}

    def input_names(self, extensions: Sequence[str] = PICTURE_EXTENSIONS) -> list[str]:
        """The files in the input folder that have one of `extensions`, as relative names with `/`."""
        return [name for name in self._listing.files(self.input) if name.lower().endswith(tuple(extensions))]

    def input_path(self, name: str) -> Path:
        """The file of an input: a name in the input folder, or one that ends with ` [output]` or ` [temp]`.

        Raises FileNotFoundError and UnsafePathError.
        """
        match = re.fullmatch(r"(.*?) ?\[(input|output|temp)\]", name)
        plain, area = (match[1], match[2]) if match else (name, "input")
        path = self.resolve(area, "", plain)
        if not path.is_file():
            message = f"There is no file '{plain}' in the {area} folder. Upload it again, or choose another one."
            raise FileNotFoundError(message + (similar(plain, self.input_names()) if area == "input" else ""))
        return path

    def area(self, name: str) -> Path:
        """The folder that is called `input`, `output` or `temp` over HTTP.

        Raises UnsafePathError for any other name.
        """
        match name:
            case "input":
                return self.input
            case "output":
                return self.output
            case "temp":
                return self.temp
        raise UnsafePathError(f"There is no folder type {name!r}; there are input, output and temp.")

    def resolve(self, area: str, subfolder: str, filename: str) -> Path:
        """The path of a file in the folder `area`; it need not exist.

        Raises UnsafePathError for a name that is absolute, climbs out, or is no file name; OutsideFolderError if a link
        leads out of the folder.
        """
        if not safe_parts(filename):
            raise UnsafePathError("A file name is wanted, and there is none.")
        return inside(self.area(area), subfolder, filename)

    def saving(self, files: JobFiles | None, node: str) -> "Folders":
        """These folders for a node of a job: what it saves when the job is run again are the same files."""
        return replace(self, _saver=(files, node)) if files else self

    def save_path(
        self, prefix: str, extension: str, width: int = 0, height: int = 0, temporary: bool = False
    ) -> SavePath:
        """Reserve the next free file `PREFIX_00001_.EXTENSION` in the output folder, or in the temporary one.

        A `/` in the prefix makes subfolders; %width%, %height%, %year%, %month%, %day%, %hour%, %minute% and %second%
        are filled in. The number is the highest in the folder plus one; two processes never get the same file. It does
        not exist before it is saved with the result's `write` or `writing`. Raises UnsafePathError if the prefix leads
        out of the folder.
        """
        area: Area = "temp" if temporary else "output"
        parts = safe_parts(filled(prefix, width, height))
        if prefix.endswith(("/", "\\")) or not parts:
            parts = (*parts, "Safelight")
        *subfolders, stem = parts
        folder = inside(self.area(area), *subfolders)
        folder.mkdir(parents=True, exist_ok=True)
        candidates = free_places(folder, stem, extension, "/".join(subfolders), area)
        if self._saver is None:
            return next(place for place in candidates if take(place))
        files, node = self._saver
        return files.reserve(node, candidates, self._place)

    def named_path(self, subfolder: str, filename: str) -> SavePath:
        """A file of the output folder under a name that is given: what was there is replaced.

        Raises UnsafePathError if the name leads out of the folder.
        """
        return self._place(filename, subfolder, "output")

    def _place(self, filename: str, subfolder: str, area: Area) -> SavePath:
        path = self.resolve(area, subfolder, filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        return SavePath(path, filename, subfolder, area)


def similar(name: str, names: Sequence[str]) -> str:
    """A sentence that offers the names that look like `name`, or nothing."""
    # The endings of names are all alike, so that they would make any two names similar.
    stems = {_stem(known): known for known in reversed(names)}
    close = [stems[match] for match in get_close_matches(_stem(name), list(stems), n=3, cutoff=0.6)]
    return f" Similar: {', '.join(close)}." if close else ""


def _stem(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1].lower()
    return last.rpartition(".")[0] or last


def filled(prefix: str, width: int, height: int) -> str:
    """The prefix of a file name with the values of `%width%`, `%year%` … in place of their names."""
    now = time.localtime()
    values = {
        "width": str(width),
        "height": str(height),
        "year": str(now.tm_year),
        "month": f"{now.tm_mon:02}",
        "day": f"{now.tm_mday:02}",
        "hour": f"{now.tm_hour:02}",
        "minute": f"{now.tm_min:02}",
        "second": f"{now.tm_sec:02}",
    }
    return re.sub(r"%(\w+)%", lambda match: values.get(match[1], match[0]), prefix)
