"""The editor's files under a path that changes with their content, so that browsers may keep them for ever.

`index.html` has two marks: `{{base}}` becomes that path, `{{preload}}` a `modulepreload` link for each module that the
start needs, found by following static imports; without them the browser would find one level at a time.
"""

import hashlib
import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

ENTRY = re.compile(r'src="\{\{base\}\}/([^"]+\.js)"')
IMPORT = re.compile(r"""^[ \t]*(?:import|export)\b(?:[^'"();]*?\bfrom)?\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


class EditorFiles:
    """The files below `root`. With `changing`, for development, every look at the start page looks at all of them."""

    def __init__(self, root: Path, changing: bool = False) -> None:
        self._root = root
        self._changing = changing
        self._hash: str | None = None
        self._page = ""

    def page(self) -> str:
        """The start page. Raises FileNotFoundError if there is no editor."""
        if self._hash is None or self._changing:
            found = self._signature() if self._changing else self._content_hash()
            if found != self._hash:
                self._hash = found
                self._page = self._filled()
        return self._page

    def is_current(self, hash: str) -> bool:
        """Whether a path with this hash names the files as they are."""
        return hash == self._hash

    def _files(self) -> Iterator[Path]:
        return (path for path in sorted(self._root.rglob("*")) if path.is_file())

    def _signature(self) -> str:
        digest = hashlib.sha256()
        for path in self._files():
            status = path.stat()
            digest.update(f"{path.relative_to(self._root)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        return digest.hexdigest()[:16]

    def _content_hash(self) -> str:
        digest = hashlib.sha256()
        for path in self._files():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(self._root).as_posix()}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:16]

    def _filled(self) -> str:
        page = (self._root / "index.html").read_text("utf-8")
        base = f"/w/{self._hash}"
        links = (
            f'<link rel="modulepreload" href="{html.escape(f"{base}/{module}")}">' for module in self._modules(page)
        )
        return page.replace("{{preload}}", "\n    ".join(links)).replace("{{base}}", base)

    def _modules(self, page: str) -> list[str]:
        """The modules that the page's scripts import, directly or not, as paths below the root."""
        found = dict.fromkeys(ENTRY.findall(page))
        waiting = list(found)
        while waiting:
            module = waiting.pop(0)
            path = self._root / module
            if not path.is_file():
                continue
            for target in IMPORT.findall(path.read_text("utf-8")):
                name = posixpath.normpath(posixpath.join(posixpath.dirname(module), target))
                if name not in found and not name.startswith(".."):
                    found[name] = None
                    waiting.append(name)
        return list(found)
