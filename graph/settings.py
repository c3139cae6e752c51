"""What the server was told at its start."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.folders import Folders
from graph.workers.worker import WorkerSettings

MEGABYTE = 1 << 20
SOURCES = ("diffusion", "compat")
"""Packages beside the nodes' own whose code schemas and results depend on."""
EXTENSIONS = ("compat",)
"""Packages that are installed before packs are loaded; see `graph.workers.host`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a server; `python server.py --help` says what each is for.

    `previews` is one of `graph.messages.PREVIEW_METHODS`. `cors_origin` is the other site that may use the server (`*`:
    any), or None.
    """

    folders: Folders
    host: str = "127.0.0.1"
    port: int = 8188
    packages: tuple[str, ...] = ("nodes",)
    packs: bool = True
    device: str | None = None
    previews: str = "auto"
    metadata: bool = True
    cache_bytes: int | None = None
    disk_cache_bytes: int | None = None
    history_limit: int = 10_000
    history_days: float | None = None
    upload_limit: int = 100 * MEGABYTE
    cors_origin: str | None = None
    dev: bool = False

    def for_worker(self, sources: Sequence[str] = (), extensions: Sequence[str] = ()) -> WorkerSettings:
        """What a worker has to know, with the `sources` and `extensions` of its settings."""
        folders = self.folders
        return WorkerSettings(
            packages=list(self.packages),
            sources=list(sources),
            extensions=list(extensions),
            base=str(folders.base),
            models=str(folders.models),
            input=str(folders.input),
            output=str(folders.output),
            temp=str(folders.temp),
            user=str(folders.user),
            custom_nodes=str(folders.custom_nodes),
            packs=self.packs,
            device=self.device,
            cache_bytes=self.cache_bytes,
            disk_cache_bytes=self.disk_cache_bytes,
            metadata=self.metadata,
        )
