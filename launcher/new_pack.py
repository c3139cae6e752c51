"""Making a pack to begin with: a copy of tools/pack_template under a name of its own."""

import os
import re
import shutil
from pathlib import Path

from launcher.environment import ROOT, SetupError

TEMPLATE = ROOT / "tools" / "pack_template"
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.pyc")


def make_pack(name: str, folder: Path) -> Path:
    """Make the pack `name` in a folder and return its own. Raises SetupError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise SetupError(f"'{name}' cannot be the name of a new pack: use small letters, digits and '_'.")
    target = folder / name
    shutil.copytree(TEMPLATE, target, ignore=LEFT_OUT)
    words = [word for word in name.split("_") if word]
    names = {
        "new_pack": name,
        "new-pack": "-".join(words),
        "New pack": " ".join(words).capitalize(),
        "NewPack": "".join(word.capitalize() for word in words),
        'pythonpath = ["../.."]': f'pythonpath = ["{Path(os.path.relpath(ROOT, target)).as_posix()}"]',
    }
    for path in [path for path in target.rglob("*") if path.is_file()]:
        text = path.read_text(encoding="utf-8")
        for old, new in names.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8", newline="\n")
        path.rename(path.with_name(path.name.replace("new_pack", name)))
    return target
