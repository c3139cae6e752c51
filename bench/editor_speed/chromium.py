"""One headless Chromium, and the processor time of the threads behind a page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from launcher.browser import HEADLESS_ARGUMENTS, MISSING, find_browser

MEGABYTE = 1e6


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser of this machine, without a window. Raises RuntimeError if there is none."""
    path = find_browser()
    if path is None:
        raise RuntimeError(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=HEADLESS_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


def _nanoseconds(process: int) -> dict[int, int]:
    """Time on a processor of each thread of a process."""
    found = {}
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            found[int(thread.name)] = int((thread / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # the thread has just ended
            continue
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor time in milliseconds: of the page's main thread, and of all other threads that draw it."""

    main: float
    others: float


class PageClock:
    """The processor time that a page costs.

    Read from the system for each thread: what Chromium counts itself (`TaskDuration`) leaves out what its main thread
    does between tasks, and nothing of the other threads, to which an editor may move its work.
    """

    def __init__(self, renderer: int, screen: int | None, before: float) -> None:
        self._renderer = renderer
        self._screen = screen
        self.before = before
        """Milliseconds of the main thread before this clock was made."""

    @classmethod
    async def of(cls, browser: Browser, page: Page) -> "PageClock":
        """Find the page's process: the one whose main thread is busy while the page is."""
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        await session.detach()
        renderers = [process["id"] for process in processes if process["type"] == "renderer"]
        before = {process: _nanoseconds(process).get(process, 0) for process in renderers}
        await page.evaluate("() => { const end = performance.now() + 60; while (performance.now() < end); }")
        used = {process: _nanoseconds(process).get(process, 0) - before[process] for process in renderers}
        screen = next((process["id"] for process in processes if process["type"] == "GPU"), None)
        found = max(used, key=used.__getitem__)
        return cls(found, screen, before[found] / 1e6)

    def read(self) -> Spent:
        """Since the process began. Its first thread is the main thread."""
        threads = _nanoseconds(self._renderer)
        main = threads.pop(self._renderer)
        screen = _nanoseconds(self._screen).values() if self._screen else ()
        return Spent(main / 1e6, (sum(threads.values()) + sum(screen)) / 1e6)


async def heap_megabytes(session: CDPSession) -> float:
    """The memory of the page's JavaScript after two garbage collections."""
    for _ in range(2):
        await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"]) / MEGABYTE
