"""Profiles of the browser that tests share."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

FORGET = """async () => {
    localStorage.clear();
    sessionStorage.clear();
    for (const { name } of await indexedDB.databases())
        await new Promise((resolve, reject) => {
            Object.assign(indexedDB.deleteDatabase(name), { onsuccess: resolve, onerror: reject });
        });
}"""


class Profiles:
    """A profile for each server: it remembers the editor's code, which need not be read and compiled again by each
    test, and nothing of what a test has done.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._made: dict[str, BrowserContext] = {}

    def page(self, url: str, **options: Any) -> Page:
        """A page of the profile for the server at a URL, as if it was new; `options` are those of contexts."""
        key = f"{url} {sorted(options.items())}"
        context = self._made.get(key)
        if context is None:
            context = self._made[key] = self._browser.new_context(base_url=url, **options)
            context.set_default_timeout(20_000)
            context.on("close", lambda _: self._made.pop(key, None))
        for page in context.pages:
            page.close()
        context.clear_permissions()
        page = context.new_page()
        page.goto("/api/settings")
        page.evaluate(FORGET)  # which waits until the pages before have let go of it
        return page
