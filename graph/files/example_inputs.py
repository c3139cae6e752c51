"""Pictures that the templates load: files of the program, of which the input folder has copies in `examples`."""

import shutil
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "workflows" / "inputs"
FOLDER = "examples"


def lay_examples(inputs: Path) -> None:
    """Copy the examples that are missing in the input folder, with their folders. Raises OSError."""
    for source in sorted(EXAMPLES.rglob("*")):
        copy = inputs / FOLDER / source.relative_to(EXAMPLES)
        if source.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
