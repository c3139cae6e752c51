"""Reading what no input names: a fingerprint says whether it has changed."""

from pathlib import Path

from graph.declare import Context, Folders, InputError, node


def _newest(folders: Folders, pattern: str) -> Path:
    found = [path for path in folders.input.glob(pattern) if path.is_file()]
    if not found:
        raise InputError("pattern", f"No file of the input folder fits '{pattern}'. Put one there.")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def _fingerprint(folders: Folders, pattern: str | None) -> object:
    """Called before each run with the values of the widgets, None for one that is linked: then nothing is known."""
    if pattern is None:
        return float("nan")
    path = _newest(folders, pattern)
    return path.name, path.stat().st_mtime_ns


@node("ExampleNewestNote", title="Newest Note", category="example", fingerprint=_fingerprint)
def newest_note(ctx: Context, pattern: str = "*.txt") -> str:
    """Read the newest text file of the input folder. It runs again when there is a newer one, and not before."""
    return _newest(ctx.folders, pattern).read_text("utf-8").strip()
