"""The caches of a worker: made from its settings, and what the server asks about them."""

from graph.caching.cache import ResultCache
from graph.caching.disk_cache import DiskCache
from graph.folders import Folders
from graph.workers.device import default_cache_bytes, release_models
from graph.workers.host import Answerer
from graph.workers.worker import WorkerSettings

TIERS = {"memory": (True, False), "disk": (False, True), "all": (True, True)}


def result_cache(settings: WorkerSettings, folders: Folders) -> ResultCache:
    """The cache that the settings ask for; that on disk lies in the user's folder."""
    budget = default_cache_bytes() if settings.cache_bytes is None else settings.cache_bytes
    folder = folders.user / "cache" / "results"
    disk = None if settings.disk_cache_bytes == 0 else DiskCache(folder, settings.disk_cache_bytes)
    return ResultCache(budget, disk=disk)


def cache_answers(cache: ResultCache) -> dict[str, Answerer]:
    """The questions about results: "cache" is answered with their figures, "clear_cache" names the tier to clear."""

    def clear(tier: str) -> None:
        memory, disk = TIERS[tier]
        cache.clear(memory, disk)

    return {"cache": lambda _: cache.figures(), "clear_cache": clear}


def make_room(cache: ResultCache) -> None:
    """After memory has run out: put the models away, and of the results in memory the half that is worth least."""
    cache.trim(cache.bytes // 2)
    release_models()
